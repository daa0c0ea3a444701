#![doc = include_str!("pages/leader.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{Circumstances, Offer, Offers};
use super::renew_ahead::{again, ahead};
use super::{Listed, SPAN, Shares, Small};
use crate::base::{Delay, Duration};
use crate::node::{self, Command, Input, Me, Names, Note, Outbox, Shared, StoreAnswer, Strategy, Timer, View, Whom};
use crate::oauth::{Failure, Token, TokenSlot};
use crate::store::{Answer, Asked, Operation, When};

/// One elected node renews for all, and writes the token into the shared store.
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
    /// The token in use, as the store should have it.
    newest: Option<Shared>,
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

impl Memory {
    fn token(&self) -> Option<Token> {
        self.newest.map(|newest| newest.token)
    }

    /// The token in use is given up: it was refused, or is to be replaced.
    fn discard(&mut self) {
        self.stale = self.token().or(self.stale);
        self.newest = None;
    }

    /// What is in use and need not be replaced.
    fn good(&self) -> Option<Shared> {
        self.newest.filter(|newest| Some(newest.token) != self.stale)
    }
}

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

    fn hold(&self, node: &mut Memory, newest: Shared, out: &mut Outbox) {
        node.newest = Some(newest);
        node.wanted = false;
        out.push(Command::AttemptParked { token: newest.token });
        if let Some(margin) = self.renew_ahead
            && Self::leads(node)
        {
            out.push(Command::Arm {
                timer: Timer::Renew,
                delay: ahead(newest.life, margin, Duration::ZERO),
            });
        }
    }

    fn publish(node: &mut Memory, value: Shared, out: &mut Outbox) {
        node.phase = Phase::Publishing;
        out.push(Command::Store(Operation::Write {
            value,
            when: When::Fence(node.fence),
        }));
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
        out.push(Command::FailParked { why });
        if let Some(margin) = self.renew_ahead
            && Self::leads(node)
            && node.newest.is_some()
        {
            out.push(Command::Arm {
                timer: Timer::Renew,
                delay: again(margin),
            });
        }
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
            // The leader looks whether others find its token: the write may have been lost, or the store may have lost it. Its
            // life is counted from the second write, too long by what has passed, which at worst delays a planned renewal.
            (Answer::Value(stored), Phase::Looking) if let Some(own) = node.good() => {
                if Self::leads(node) && stored.is_none_or(|entry| entry.value.token != own.token) {
                    Self::publish(node, own, out);
                } else {
                    self.rest(node, out);
                }
            }
            (Answer::Value(Some(entry)), Phase::Looking) if Some(entry.value.token) != node.stale => {
                let left = Duration::from(entry.value.life).saturating_sub(entry.age.into());
                let life = left.into();
                self.hold(node, Shared { life, ..entry.value }, out);
                node.phase = Phase::Idle;
            }
            (Answer::Value(stored), Phase::Looking) if Self::leads(node) => {
                node.phase = Phase::Asking;
                let stored = stored.map(|entry| entry.value.token);
                out.push(Command::RequestToken {
                    slot: TokenSlot::default(),
                    call: None,
                    with: stored.or(node.token()).or(node.stale),
                });
            }
            (Answer::Value(_), Phase::Looking) => self.wait(node, out),
            (Answer::Written | Answer::Failed(Asked::Write), Phase::Publishing) => self.rest(node, out),
            (Answer::Kept(_), Phase::Publishing) => {
                // A newer leader has written: this one has been deposed without noticing.
                node.fence = 0;
                node.discard();
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

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token() }
    }

    fn credential(&self) -> Option<Token> {
        self.token().or(self.stale)
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.newest = self.newest.map(|newest| newest.renamed(names));
        self.stale = self.stale.map(|token| names.token(token));
        self.fence = names.fence(self.fence);
    }
}

impl Strategy for Leader {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn renews_as_planned(&self) -> bool {
        self.renew_ahead.is_some()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.token() == Some(token)
        {
            node.discard();
        }
        match (input, node.phase) {
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, _) => match node.token() {
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
            (Input::Timer(Timer::Renew), _) if Self::leads(node) => {
                node.stale = node.token().or(node.stale);
                self.need(node, out);
            }
            (Input::Timer(Timer::Wait), Phase::Waiting) => self.next(node, out),
            (
                Input::Note {
                    note: Note::Wanted(dead),
                    ..
                },
                Phase::Idle,
            ) if Self::leads(node) => match node.good() {
                Some(own) if Some(own.token) != dead => {
                    node.phase = Phase::Looking;
                    out.push(Command::Store(Operation::Read));
                }
                _ => {
                    node.discard();
                    node.stale = dead.or(node.stale);
                    self.need(node, out);
                }
            },
            (Input::Token { grant, late, .. }, phase) if phase == Phase::Asking || (late && phase == Phase::Idle) => {
                if late && node.newest.is_some() {
                    return;
                }
                let newest = Shared::of(grant, 0);
                self.hold(node, newest, out);
                Self::publish(node, newest, out);
            }
            (Input::TokenFailed { why, .. }, Phase::Asking) => self.give_up(node, why, out),
            _ => {}
        }
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "waiting" && self.poll > self.wait
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for Leader {
    fn small(_: u16) -> Vec<Small<Self>> {
        let once = Self {
            ttl: Duration::SECOND,
            poll: SPAN,
            wait: SPAN,
            renew_ahead: None,
        };
        vec![Small::of("leader", "", once)]
    }

    fn scaled_down(self) -> Self {
        Self {
            wait: self.poll,
            ..self
        }
    }

    fn shares(&self) -> Shares {
        Shares {
            lease: Some("the leadership, which its holder keeps"),
            notes: Some("requests to the leader"),
            ..Shares::plain(true)
        }
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let plain = Self {
            ttl: default_ttl(),
            poll: default_poll(),
            wait: here.patience(),
            renew_ahead: None,
        };
        let ahead = Self {
            renew_ahead: Some(here.margin()),
            ..plain
        };
        Ok(vec![Offer::of("", plain), Offer::of("ahead", ahead)])
    }
}

#[cfg(test)]
mod tests;
