#![doc = include_str!("../manual/strategies/leader.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::renew_ahead::ahead;
use crate::base::{Delay, Duration, Millis};
use crate::node::{Command, Input, Me, Names, Note, Outbox, Shared, StoreAnswer, Strategy, Timer, View, Whom};
use crate::oauth::{Failure, Lane, Token};
use crate::store::{Answer, Asked, Operation, When};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leader {
    /// The store takes the leadership back after this time unless it is extended, which happens at each third of it.
    #[serde(default = "default_ttl")]
    pub ttl: Duration,
    /// How often a follower that needs a token looks whether there is one, or the leadership is free.
    #[serde(default = "default_poll")]
    pub poll: Duration,
    /// How long a follower waits in all before its calls fail this try.
    #[serde(default = "default_wait")]
    pub wait: Duration,
    /// The leader replaces the token this long before it expires; left out, once it is refused.
    pub renew_ahead: Option<Duration>,
}

// 15 s is the lease of Kubernetes' leader election (client-go's defaults); poll and wait are those of `lease`.
fn default_ttl() -> Duration {
    Duration::from_secs(15)
}

fn default_poll() -> Duration {
    Duration::from_millis(100)
}

fn default_wait() -> Duration {
    Duration::from_secs(12)
}

/// One node's part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The token that was refused last, or is to be replaced.
    stale: Option<Token>,
    /// Calls wait, or a renewal is due.
    wanted: bool,
    phase: Phase,
    /// The leadership, as it was acquired; zero for a follower.
    fence: u32,
    polls: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    /// Standing for leader, or waiting for an answer to it.
    Standing,
    Looking,
    Waiting,
    /// Leader: a token request is on its way, or its token on the way to the store.
    Asking,
    Publishing,
}

/// In the order of [`Phase`].
const PHASES: [&str; 6] = ["idle", "standing", "looking", "waiting", "asking", "publishing"];

impl Leader {
    fn leads(node: &Memory) -> bool {
        node.fence != 0
    }

    /// Begins to look for a token, unless that is under way.
    fn need(&self, node: &mut Memory, out: &mut Outbox) {
        node.wanted = true;
        if node.phase == Phase::Idle {
            node.polls = 0;
            self.next(node, out);
        }
    }

    /// A leader looks what lies in the store before it renews; anyone else stands for leader first.
    fn next(&self, node: &mut Memory, out: &mut Outbox) {
        if Self::leads(node) {
            node.phase = Phase::Looking;
            out.push(Command::Store(Operation::Read));
        } else {
            node.phase = Phase::Standing;
            out.push(Command::Store(Operation::Acquire {
                ttl: Some(self.ttl.into()),
            }));
        }
    }

    fn heartbeat(&self, out: &mut Outbox) {
        out.push(Command::Arm {
            timer: Timer::Extend,
            delay: Delay::exactly(self.ttl.ratio(1, 3)),
        });
    }

    fn hold(&self, node: &mut Memory, token: Token, life: Millis, out: &mut Outbox) {
        node.token = Some(token);
        node.wanted = false;
        out.push(Command::AttemptParked { token });
        if let Some(margin) = self.renew_ahead
            && Self::leads(node)
        {
            out.push(Command::Arm {
                timer: Timer::Renew,
                delay: ahead(life, margin, Duration::ZERO),
            });
        }
    }

    fn rest(&self, node: &mut Memory, out: &mut Outbox) {
        node.phase = Phase::Idle;
        if node.wanted {
            self.need(node, out);
        }
    }

    fn give_up(&self, node: &mut Memory, why: Failure, out: &mut Outbox) {
        node.wanted = false;
        node.phase = Phase::Idle;
        out.push(Command::StumbleParked { why });
    }

    fn wait(&self, node: &mut Memory, out: &mut Outbox) {
        node.polls = node.polls.saturating_add(1);
        if self.poll.saturating_mul(u64::from(node.polls)) > self.wait {
            self.give_up(node, Failure::Unreachable, out);
            return;
        }
        if node.polls == 1 {
            // The leader may not have met the dead token itself.
            out.push(Command::Tell {
                whom: Whom::All,
                note: Note::Wanted(node.stale),
            });
        }
        node.phase = Phase::Waiting;
        out.push(Command::Arm {
            timer: Timer::Wait,
            delay: Delay::exactly(self.poll),
        });
    }

    fn store(&self, node: &mut Memory, answer: StoreAnswer, out: &mut Outbox) {
        match (answer, node.phase) {
            (Answer::Acquired { fence }, _) => {
                node.fence = fence;
                self.heartbeat(out);
                if node.phase == Phase::Standing {
                    node.phase = Phase::Looking;
                    out.push(Command::Store(Operation::Read));
                }
            }
            (Answer::Busy, Phase::Standing) => {
                node.phase = Phase::Looking;
                out.push(Command::Store(Operation::Read));
            }
            (Answer::Value(Some(entry)), Phase::Looking) if Some(entry.value.token) != node.stale => {
                let left = Duration::from(entry.value.life).saturating_sub(entry.age.into());
                self.hold(node, entry.value.token, left.into(), out);
                node.phase = Phase::Idle;
            }
            (Answer::Value(stored), Phase::Looking) if Self::leads(node) => {
                node.phase = Phase::Asking;
                let stored = stored.map(|entry| entry.value.token);
                out.push(Command::RequestToken {
                    lane: Lane::default(),
                    call: None,
                    with: stored.or(node.token).or(node.stale),
                });
            }
            (Answer::Value(_), Phase::Looking) => self.wait(node, out),
            (Answer::Written | Answer::Failed(Asked::Write), Phase::Publishing) => self.rest(node, out),
            (Answer::Kept(_), Phase::Publishing) => {
                // A newer leader has written: this one has been deposed without noticing.
                node.fence = 0;
                node.stale = node.token.take();
                node.wanted = true;
                self.rest(node, out);
            }
            (Answer::Extended { held: true }, _) => self.heartbeat(out),
            (Answer::Extended { held: false } | Answer::Failed(Asked::Extend), _) => node.fence = 0,
            (Answer::Failed(Asked::Read | Asked::Acquire), Phase::Standing | Phase::Looking) => {
                self.give_up(node, Failure::Unreachable, out);
            }
            _ => {}
        }
    }
}

impl Strategy for Leader {
    type Node = Memory;
    const PHASES: &'static [&'static str] = &PHASES;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } | Input::Refused { token } = input
            && node.token == Some(token)
        {
            node.token = None;
            node.stale = Some(token);
        }
        match (input, node.phase) {
            (Input::Call { call } | Input::Rejected { call, .. }, _) => match node.token {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    self.need(node, out);
                }
            },
            (Input::Store(answer), _) => self.store(node, answer, out),
            (Input::Timer(Timer::Extend), _) if Self::leads(node) => out.push(Command::Store(Operation::Extend {
                fence: node.fence,
                ttl: self.ttl.into(),
            })),
            (Input::Timer(Timer::Renew), Phase::Idle) if Self::leads(node) => {
                node.stale = node.token;
                self.need(node, out);
            }
            (Input::Timer(Timer::Wait), Phase::Waiting) => self.next(node, out),
            (
                Input::Told {
                    note: Note::Wanted(dead),
                    ..
                },
                Phase::Idle,
            ) if Self::leads(node) && (node.token.is_none() || node.token == dead) => {
                node.stale = node.token.take().or(dead);
                self.need(node, out);
            }
            (Input::Token { grant, late, .. }, phase) if phase == Phase::Asking || (late && phase == Phase::Idle) => {
                if late && node.token.is_some() {
                    return;
                }
                self.hold(node, grant.token, grant.life, out);
                node.phase = Phase::Publishing;
                out.push(Command::Store(Operation::Write {
                    value: Shared::of(grant, 0),
                    when: When::Fence(node.fence),
                }));
            }
            (Input::TokenFailed { why, .. }, Phase::Asking) => self.give_up(node, why, out),
            _ => {}
        }
    }

    fn view(node: &Memory) -> View {
        View { token: node.token }
    }

    fn credential(node: &Memory) -> Option<Token> {
        node.token.or(node.stale)
    }

    fn phase(node: &Memory) -> usize {
        node.phase as usize
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "waiting" && self.poll > self.wait
    }

    fn rename(node: &mut Memory, names: &mut dyn Names) {
        node.token = node.token.map(|token| names.token(token));
        node.stale = node.stale.map(|token| names.token(token));
        node.fence = names.fence(node.fence);
    }
}
