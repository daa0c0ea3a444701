#![doc = include_str!("pages/xfetch.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{self, Circumstances, Offers};
use super::{Listed, Shares, Small};
use crate::base::{Delay, Duration, Factor, Rough};
use crate::node::{self, Command, Input, Me, Names, Outbox, Shared, StoreAnswer, Strategy, Timer, View};
use crate::oauth::{Failure, Grant, Token, TokenSlot};
use crate::store::{Answer, Asked, Operation, When};

/// Renewal ahead of expiry, decided by chance at each read of the stored token: the likelier, the nearer its expiry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Xfetch {
    /// Above 1 renews earlier, below 1 later.
    #[serde(default = "one")]
    pub beta: Factor,
}

// The value that the paper calls optimal in its model.
fn one() -> Factor {
    Factor::ONE
}

/// One process's part. It keeps no copy: each call reads the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    /// What was read or obtained last, unless it is refused or has expired.
    token: Option<Token>,
    /// Refused before it has expired: as good as none, but its refresh token may be worth presenting.
    refused: Option<Token>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    /// A read is under way, for all calls that are parked.
    Reading,
    /// The stored token is good, and it is being drawn whether to renew it nevertheless.
    Deciding,
}

impl Memory {
    fn read(&mut self, out: &mut Outbox) {
        if self.phase == Phase::Idle {
            self.phase = Phase::Reading;
            out.push(Command::Store(Operation::Read));
        }
    }

    /// The call that has waited longest renews.
    fn renew(&mut self, stored: Option<Token>, out: &mut Outbox) {
        self.phase = Phase::Idle;
        out.push(Command::RequestForParked {
            slot: TokenSlot::default(),
            with: stored.or(self.token).or(self.refused),
        });
    }

    /// The others use what is stored.
    fn go_on(&mut self, out: &mut Outbox) {
        self.phase = Phase::Idle;
        if let Some(token) = self.token {
            out.push(Command::AttemptParked { token });
        }
    }

    /// What a new token is used for: the call that has asked for it, and whoever waits meanwhile.
    fn obtained(&mut self, grant: Grant, took: Rough, out: &mut Outbox) {
        let token = grant.token;
        self.token = Some(token);
        let value = Shared {
            took,
            ..Shared::of(grant, 0)
        };
        out.push(Command::Store(Operation::Write {
            value,
            when: When::Always,
        }));
        out.push(Command::AttemptParked { token });
    }
}

impl Xfetch {
    fn store(&self, node: &mut Memory, answer: StoreAnswer, out: &mut Outbox) {
        match answer {
            Answer::Value(stored) if node.phase == Phase::Reading => {
                let left = |entry: &crate::store::Entry<Shared>| {
                    Duration::from(entry.value.life).saturating_sub(entry.age.into())
                };
                let good = stored.filter(|entry| Some(entry.value.token) != node.refused && !left(entry).is_zero());
                let Some(entry) = good else {
                    node.token = None;
                    node.renew(stored.map(|entry| entry.value.token), out);
                    return;
                };
                node.token = Some(entry.value.token);
                node.phase = Phase::Deciding;
                // Some time at least, so that something is drawn.
                let lead = self.beta.of(entry.value.took.into()).max(Duration::from_nanos(1));
                out.push(Command::Arm {
                    timer: Timer::Renew,
                    delay: Delay::at_once_or_never(left(&entry), lead),
                });
                // Rings in the same instant, after the other if that rings at all.
                out.push(Command::Arm {
                    timer: Timer::Wait,
                    delay: Delay::NONE,
                });
            }
            Answer::Failed(Asked::Read) if node.phase == Phase::Reading => {
                node.phase = Phase::Idle;
                let why = Failure::Unreachable;
                out.push(Command::FailParked { why });
            }
            _ => {}
        }
    }

    /// A renewal has failed. One that came early fails nobody: the stored token is still good.
    fn failed(node: &Memory, call: Option<crate::base::CallId>, why: Failure, out: &mut Outbox) {
        if let Some(call) = call {
            out.push(match node.token {
                Some(token) => Command::Attempt { call, token },
                None => Command::FailAttempt { call, why },
            });
        }
        // Whoever is parked while nothing is read has waited for it.
        if node.phase == Phase::Idle {
            out.push(match node.token {
                Some(token) => Command::AttemptParked { token },
                None => Command::FailParked { why },
            });
        }
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn credential(&self) -> Option<Token> {
        self.token.or(self.refused)
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        for token in [&mut self.token, &mut self.refused] {
            *token = token.map(|token| names.token(token));
        }
    }
}

impl Strategy for Xfetch {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &["idle", "reading", "deciding"]
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn renews_as_planned(&self) -> bool {
        true
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input {
            node.refused = Some(token);
            node.token = node.token.filter(|&own| own != token);
        }
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => {
                out.push(Command::Park { call });
                node.read(out);
            }
            Input::Store(answer) => self.store(node, answer, out),
            Input::Timer(Timer::Renew) if node.phase == Phase::Deciding => {
                node.renew(node.token, out);
                node.go_on(out);
            }
            Input::Timer(Timer::Wait) if node.phase == Phase::Deciding => node.go_on(out),
            // Given up, and perhaps the only one that lives: so it is where a refresh token was spent for it.
            Input::Token { late: true, .. } if node.token.is_some() && !me.refreshes => {}
            Input::Token { call, grant, took, .. } => {
                node.obtained(grant, took, out);
                if let Some(call) = call {
                    let token = grant.token;
                    out.push(Command::Attempt { call, token });
                }
            }
            Input::TokenFailed { call, why, .. } => Self::failed(node, call, why, out),
            Input::Login { grant } => {
                node.token = Some(grant.token);
                node.go_on(out);
            }
            _ => {}
        }
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn times_requests(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for Xfetch {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("xfetch", "", Self { beta: Factor::ONE })]
    }

    fn shares(&self) -> Shares {
        Shares {
            entry: Some("the token and how long it took to obtain".into()),
            ..Shares::default()
        }
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self { beta: Factor::ONE })
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Node, entry, grant, obtained, rejected, token};
    use super::*;
    use crate::base::CallId;

    fn call() -> Input {
        Input::Call { call: CallId(0) }
    }

    fn renewal(with: Option<Token>) -> Command {
        Command::RequestForParked {
            slot: TokenSlot::default(),
            with,
        }
    }

    #[test]
    fn each_read_decides_by_the_stored_expiry_and_the_stored_duration() {
        let mut node = Node::new(Xfetch {
            beta: "1.5".parse().unwrap(),
        });
        let attempt = Command::AttemptParked { token: token(1) };
        assert_eq!(node.hear(call())[1], Command::Store(Operation::Read));
        let Input::Store(Answer::Value(Some(mut stored))) = entry(1) else {
            panic!("something lies there")
        };
        let took = Rough::from(Duration::from_millis(80));
        stored.value.took = took;
        stored.age = crate::base::Millis::new(100_000);
        let left = Duration::from(grant(1).life).saturating_sub(Duration::from_secs(100));
        let decide = node.hear(Input::Store(Answer::Value(Some(stored))));
        let delay = Delay::at_once_or_never(left, Duration::from_millis(120));
        assert_eq!(
            decide[0],
            Command::Arm {
                timer: Timer::Renew,
                delay
            }
        );
        // Not this time, and the late alarm of that read is of no use.
        assert_eq!(node.hear(Input::Timer(Timer::Wait)), [attempt]);
        assert!(node.hear(Input::Timer(Timer::Renew)).is_empty());
        // The next read decides anew: the call that has read renews, others use what is stored.
        node.hear(call());
        node.hear(entry(1));
        assert_eq!(
            node.hear(Input::Timer(Timer::Renew)),
            [renewal(Some(token(1))), attempt]
        );
        assert!(node.hear(Input::Timer(Timer::Wait)).is_empty());
    }

    #[test]
    fn a_renewal_is_stored_with_the_time_that_it_took() {
        let mut node = Node::new(Xfetch { beta: Factor::ONE });
        let took = Duration::from_millis(80).into();
        let Input::Token { grant, .. } = obtained(2) else {
            panic!("a token is obtained")
        };
        let said = node.hear(Input::Token {
            call: Some(CallId(0)),
            tag: 0,
            grant,
            took,
            late: false,
        });
        assert!(
            matches!(said[0], Command::Store(Operation::Write { value, .. }) if value.took == took),
            "{said:?}"
        );
        assert!(matches!(said[2], Command::Attempt { .. }), "{said:?}");
    }

    #[test]
    fn a_refused_token_is_as_good_as_none() {
        let mut node = Node::new(Xfetch { beta: Factor::ONE });
        node.hear(rejected(1));
        assert_eq!(node.hear(entry(1)), [renewal(Some(token(1)))]);
        // It fails, and there is no other: the call fails this try, and so does whoever has waited.
        let why = Failure::ServerError;
        let call = Some(CallId(0));
        let failed = node.hear(Input::TokenFailed { call, tag: 0, why });
        assert!(
            matches!(failed[..], [Command::FailAttempt { .. }, Command::FailParked { .. }]),
            "{failed:?}"
        );
        // An early one that fails: the stored token is still good.
        node.hear(rejected(1));
        node.hear(entry(2));
        node.hear(Input::Timer(Timer::Renew));
        let failed = node.hear(Input::TokenFailed { call, tag: 0, why });
        assert!(
            matches!(failed[..], [Command::Attempt { .. }, Command::AttemptParked { .. }]),
            "{failed:?}"
        );
    }
}
