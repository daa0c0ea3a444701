#![doc = include_str!("pages/reread.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, Small};
use crate::node::{self, Command, Input, Me, Names, Outbox, Shared, Strategy, View};
use crate::oauth::{Failure, Grant, Token, TokenSlot};
use crate::store::{Answer, Asked, Operation, When};

/// A copy of the stored credential in each process, which is read again when the copy is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reread {
    /// Reads the stored credential before each refresh too, and not only after one was refused.
    #[serde(default)]
    pub before: bool,
    /// Never asks for a token: what is stored is somebody else's to renew. For some fleets of a strategy, beside one that does.
    #[serde(default, skip_serializing_if = "renews")]
    pub only_reads: bool,
}

fn renews(only_reads: &bool) -> bool {
    !only_reads
}

/// When a process reads the stored credential beside its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// When its refresh token was refused.
    Late,
    /// Before it refreshes, too.
    Before,
    /// In place of a refresh.
    Only,
}

impl Reads {
    pub(super) const fn of(before: bool) -> Self {
        if before { Self::Before } else { Self::Late }
    }
}

/// A process's own copy of the stored credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    held: Option<Token>,
    /// Refused; but the refresh token that came with it may be good.
    dead: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    /// Reading the store before a refresh.
    Looking,
    Asking,
    /// Reading the store after `invalid_grant`.
    Rereading,
}

/// What a process does whose refresh token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loser {
    Rereads,
    /// Takes the stored credential away.
    Wipes {
        /// Only if it is the one that was refused.
        compare: bool,
    },
}

impl Memory {
    /// In the order of [`Phase`].
    pub(super) const PHASES: &'static [&'static str] = &["idle", "looking", "asking", "rereading"];

    pub(super) fn on(&mut self, reads: Reads, loser: Loser, me: Me, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input {
            self.dead |= self.held == Some(token);
        }
        match (input, self.phase) {
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, phase) => match self.token() {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    if phase == Phase::Idle {
                        self.renew(reads, out);
                    }
                }
            },
            (Input::Store(Answer::Value(Some(entry))), Phase::Looking | Phase::Rereading)
                if Some(entry.value.token) != self.held =>
            {
                self.keep(entry.value.token, out);
            }
            (Input::Store(Answer::Value(_) | Answer::Failed(Asked::Read)), Phase::Looking) if reads == Reads::Only => {
                self.fail(Failure::Unreachable, out);
            }
            (Input::Store(Answer::Value(_)), Phase::Looking) => self.ask(out),
            (Input::Store(Answer::Failed(Asked::Read)), Phase::Looking) => match self.held {
                Some(_) => self.ask(out),
                None => self.fail(Failure::Unreachable, out),
            },
            (Input::Store(Answer::Value(_) | Answer::Failed(Asked::Read)), Phase::Rereading) => {
                self.fail(Failure::InvalidGrant, out);
            }
            (Input::Token { grant, late, .. }, _) if !late || self.welcomes(me) => self.obtained(grant, out),
            (Input::TokenFailed { why, .. }, Phase::Asking) => match (why, loser) {
                (Failure::InvalidGrant, Loser::Rereads) => {
                    self.phase = Phase::Rereading;
                    out.push(Command::Store(Operation::Read));
                }
                (Failure::InvalidGrant, Loser::Wipes { compare }) => {
                    let own = When::Still(self.held.map(|token| token.0));
                    let when = if compare { own } else { When::Always };
                    self.held = None;
                    out.push(Command::Store(Operation::Clear { when }));
                    self.fail(why, out);
                }
                _ => self.fail(why, out),
            },
            _ => {}
        }
    }

    /// The token to send.
    fn token(&self) -> Option<Token> {
        self.held.filter(|_| !self.dead)
    }

    /// An answer that was given up may carry the only live token; where the refresh token is spent, no other is to come.
    fn welcomes(&self, me: Me) -> bool {
        self.token().is_none() && (me.refreshes || self.phase != Phase::Asking)
    }

    fn renew(&mut self, reads: Reads, out: &mut Outbox) {
        // A process that has just started reads what there is.
        if reads != Reads::Late || self.held.is_none() {
            self.phase = Phase::Looking;
            out.push(Command::Store(Operation::Read));
        } else {
            self.ask(out);
        }
    }

    fn ask(&mut self, out: &mut Outbox) {
        self.phase = Phase::Asking;
        out.push(Command::RequestToken {
            slot: TokenSlot::default(),
            call: None,
            with: self.held,
        });
    }

    fn keep(&mut self, token: Token, out: &mut Outbox) {
        self.held = Some(token);
        self.dead = false;
        self.phase = Phase::Idle;
        out.push(Command::AttemptParked { token });
    }

    fn obtained(&mut self, grant: Grant, out: &mut Outbox) {
        self.keep(grant.token, out);
        out.push(Command::Store(Operation::Write {
            value: Shared::of(grant, 0),
            when: When::Always,
        }));
    }

    fn fail(&mut self, why: Failure, out: &mut Outbox) {
        self.phase = Phase::Idle;
        out.push(Command::FailParked { why });
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token() }
    }

    fn credential(&self) -> Option<Token> {
        self.held
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.held = self.held.map(|token| names.token(token));
    }
}

impl Strategy for Reread {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        Memory::PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        let reads = match self.only_reads {
            true => Reads::Only,
            false => Reads::of(self.before),
        };
        node.on(reads, Loser::Rereads, me, input, out);
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for Reread {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![
            Small::of("reread", "without refresh tokens", reading(false)),
            Small::refreshing("reread_before", reading(true)),
        ]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        Ok(vec![
            Offer::of("when refused", reading(false)),
            Offer::of("before each refresh", reading(true)),
        ])
    }
}

fn reading(before: bool) -> Reread {
    Reread {
        before,
        only_reads: false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Node, entry, invalid_grant, rejected, token};
    use super::*;
    use crate::base::CallId;

    const READ: Command = Command::Store(Operation::Read);

    fn ask(with: u32) -> Command {
        Command::RequestToken {
            slot: TokenSlot::default(),
            call: None,
            with: Some(token(with)),
        }
    }

    /// A node that holds token 1, which has been refused.
    fn refused(before: bool) -> (Node<Reread>, Vec<Command>) {
        let mut node = Node::new(reading(before));
        let call = CallId(0);
        assert_eq!(node.hear(Input::Call { call }), [Command::Park { call }, READ]);
        assert_eq!(node.hear(entry(1)), [Command::AttemptParked { token: token(1) }]);
        let said = node.hear(rejected(1));
        (node, said)
    }

    #[test]
    fn after_invalid_grant_it_uses_what_another_has_stored() {
        let (mut node, said) = refused(false);
        assert_eq!(said[1], ask(1));
        assert_eq!(node.hear(invalid_grant()), [READ]);
        assert_eq!(node.hear(entry(2)), [Command::AttemptParked { token: token(2) }]);
        // Nothing but its own there: the grant is lost.
        node.hear(rejected(2));
        node.hear(invalid_grant());
        let why = Failure::InvalidGrant;
        assert_eq!(node.hear(entry(2)), [Command::FailParked { why }]);
    }

    #[test]
    fn a_look_before_spares_the_refresh() {
        let (mut node, said) = refused(true);
        assert_eq!(said[1], READ);
        assert_eq!(node.hear(entry(2)), [Command::AttemptParked { token: token(2) }]);
        node.hear(rejected(2));
        assert_eq!(node.hear(entry(2)), [ask(2)]);
    }

    #[test]
    fn a_reader_waits_for_another_to_renew() {
        let mut node = Node::new(Reread {
            before: false,
            only_reads: true,
        });
        let (call, why) = (CallId(0), Failure::Unreachable);
        node.hear(Input::Call { call });
        assert_eq!(node.hear(entry(1)), [Command::AttemptParked { token: token(1) }]);
        for _ in 0..2 {
            assert_eq!(node.hear(rejected(1)), [Command::Park { call }, READ]);
            assert_eq!(node.hear(entry(1)), [Command::FailParked { why }]);
        }
        node.hear(Input::Call { call });
        assert_eq!(node.hear(entry(2)), [Command::AttemptParked { token: token(2) }]);
    }
}
