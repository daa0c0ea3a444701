//! Shared store under a lease: whoever needs a new token looks at the store, takes the lease, looks again, renews,
//! publishes, and releases once the publication is acknowledged. The others wait and look.
//!
//! Who does so: WxJava with Redisson, Nango, n8n, oauth2-proxy, neon's MCP server; with leases from 2 s to 60 s.
//! What breaks it: a lease shorter than the renewal it protects; a wait limit shorter than the holder's work; a store that
//! is down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::renew_ahead::ahead;
use crate::base::{Delay, Duration, Millis};
use crate::node::{Command, Input, Me, Names, Outbox, Shared, Strategy, Timer, View};
use crate::oauth::{Failure, Grant, Lane, Token};
use crate::store::{Answer, Asked, Entry, Operation, When};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The store takes the lease back after this time.
    #[serde(default = "default_ttl")]
    pub ttl: Duration,
    /// How often a waiter looks whether the holder is done.
    #[serde(default = "default_poll")]
    pub poll: Duration,
    /// How long a waiter waits in all before it gives up.
    #[serde(default = "default_wait")]
    pub wait: Duration,
    /// What a node does that has waited too long, or finds no store.
    #[serde(default)]
    pub when_stuck: WhenStuck,
    /// The token is replaced this long before it expires; without it, once it is refused.
    pub renew_ahead: Option<Duration>,
    /// A planned renewal starts up to this much earlier, at random for each node.
    #[serde(default)]
    pub jitter: Duration,
}

/// What a node does that cannot get the lease in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenStuck {
    /// The waiting calls fail this try.
    #[default]
    Fail,
    /// It renews without the lease.
    GoAlone,
}

// 10 s, 100 ms and 12 s are Nango's lease and wait, and the poll interval that neon and WxJava use.
fn default_ttl() -> Duration {
    Duration::from_secs(10)
}

fn default_poll() -> Duration {
    Duration::from_millis(100)
}

fn default_wait() -> Duration {
    Duration::from_secs(12)
}

/// One node's part of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The token to be replaced: a look that finds it again finds nothing new.
    stale: Option<Token>,
    /// Lane that the newest token known here came from.
    lane: u8,
    /// Calls are parked.
    wanted: bool,
    phase: Phase,
    /// Our acquisition of the lease, zero for none.
    fence: u32,
    /// Looks at a held lease so far.
    polls: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    /// Reading the store before taking the lease.
    Looking,
    Acquiring,
    /// Waiting for another holder.
    Waiting,
    /// Reading the store again under the lease.
    Checking,
    Asking,
    /// The new token is on its way to the store; the lease is kept until that is acknowledged.
    Publishing,
}

/// Where new tokens come from: rotation takes several lanes in turn.
pub(super) trait Lanes {
    fn count(&self) -> u8;
    fn lane(&self, turn: u8) -> Lane;
}

/// The app's default slot, always.
struct OneLane;

impl Lanes for OneLane {
    fn count(&self) -> u8 {
        1
    }

    fn lane(&self, _: u8) -> Lane {
        Lane::default()
    }
}

impl Lease {
    fn look(node: &mut Memory, out: &mut Outbox) {
        node.phase = Phase::Looking;
        out.push(Command::Store(Operation::Read));
    }

    fn need(node: &mut Memory, out: &mut Outbox) {
        node.wanted = true;
        if node.phase == Phase::Idle {
            node.polls = 0;
            Self::look(node, out);
        }
    }

    fn release(node: &mut Memory, out: &mut Outbox) {
        if node.fence != 0 {
            out.push(Command::Store(Operation::Release { fence: node.fence }));
            node.fence = 0;
        }
    }

    /// The protocol has come to an end; another round begins when a call has been refused meanwhile.
    fn rest(node: &mut Memory, out: &mut Outbox) {
        Self::release(node, out);
        node.phase = Phase::Idle;
        if node.wanted && node.token.is_none() {
            Self::need(node, out);
        }
    }

    fn hold(&self, node: &mut Memory, token: Token, lane: u8, life: Millis, out: &mut Outbox) {
        node.token = Some(token);
        node.lane = lane;
        node.wanted = false;
        out.push(Command::AttemptParked { token });
        if let Some(margin) = self.renew_ahead {
            out.push(Command::Arm {
                timer: Timer::Renew,
                delay: ahead(life, margin, self.jitter),
            });
        }
    }

    fn adopt(&self, node: &mut Memory, entry: Entry<Shared>, out: &mut Outbox) {
        let left = Duration::from(entry.value.life).saturating_sub(entry.age.into());
        self.hold(node, entry.value.token, entry.value.lane, left.into(), out);
        Self::rest(node, out);
    }

    fn give_up(node: &mut Memory, why: Failure, out: &mut Outbox) {
        node.wanted = false;
        out.push(Command::StumbleParked { why });
        Self::rest(node, out);
    }

    fn stuck(&self, node: &mut Memory, lanes: &impl Lanes, out: &mut Outbox) {
        match self.when_stuck {
            WhenStuck::Fail => Self::give_up(node, Failure::Unreachable, out),
            WhenStuck::GoAlone => Self::ask(node, lanes, out),
        }
    }

    fn ask(node: &mut Memory, lanes: &impl Lanes, out: &mut Outbox) {
        node.phase = Phase::Asking;
        out.push(Command::RequestToken {
            lane: lanes.lane(Self::next(node, lanes)),
            call: None,
            with: node.token.or(node.stale),
        });
    }

    fn next(node: &Memory, lanes: &impl Lanes) -> u8 {
        (node.lane + 1) % lanes.count()
    }

    fn obtained(&self, lanes: &impl Lanes, node: &mut Memory, grant: Grant, out: &mut Outbox) {
        let lane = Self::next(node, lanes);
        self.hold(node, grant.token, lane, grant.life, out);
        node.phase = Phase::Publishing;
        out.push(Command::Store(Operation::Write {
            value: Shared::of(grant, lane),
            when: When::Always,
        }));
    }

    /// The protocol, with tokens taken in turn from `lanes`.
    pub(super) fn step(&self, lanes: &impl Lanes, node: &mut Memory, input: Input, out: &mut Outbox) {
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
                    Self::need(node, out);
                }
            },
            (Input::Timer(Timer::Renew), Phase::Idle) => {
                node.stale = node.token;
                node.polls = 0;
                Self::look(node, out);
            }
            (Input::Store(Answer::Value(Some(entry))), Phase::Looking | Phase::Checking)
                if Some(entry.value.token) != node.stale =>
            {
                self.adopt(node, entry, out);
            }
            (Input::Store(Answer::Value(_)), Phase::Looking) => {
                node.phase = Phase::Acquiring;
                out.push(Command::Store(Operation::Acquire {
                    ttl: Some(self.ttl.into()),
                }));
            }
            (Input::Store(Answer::Value(stored)), Phase::Checking) => {
                // The lane to use next follows the stored one, so that nodes that slept agree on it.
                node.lane = stored.map_or(node.lane, |entry| entry.value.lane);
                Self::ask(node, lanes, out);
            }
            (Input::Store(Answer::Acquired { fence }), Phase::Acquiring) => {
                node.fence = fence;
                node.phase = Phase::Checking;
                out.push(Command::Store(Operation::Read));
            }
            (Input::Store(Answer::Busy), Phase::Acquiring) => {
                node.polls = node.polls.saturating_add(1);
                if self.poll.saturating_mul(u64::from(node.polls)) > self.wait {
                    self.stuck(node, lanes, out);
                } else {
                    node.phase = Phase::Waiting;
                    out.push(Command::Arm {
                        timer: Timer::Wait,
                        delay: Delay::exactly(self.poll),
                    });
                }
            }
            (Input::Timer(Timer::Wait), Phase::Waiting) => Self::look(node, out),
            (
                Input::Store(Answer::Failed(Asked::Read | Asked::Acquire)),
                Phase::Looking | Phase::Acquiring | Phase::Checking,
            ) => {
                self.stuck(node, lanes, out);
            }
            (Input::Store(Answer::Written | Answer::Failed(Asked::Write)), Phase::Publishing) => Self::rest(node, out),
            (Input::Token { grant, late: false, .. }, Phase::Asking) => self.obtained(lanes, node, grant, out),
            // An answer that was given up may carry the only live token; publish it, unless another round is under way.
            (Input::Token { grant, late: true, .. }, Phase::Idle) if node.token.is_none() => {
                self.obtained(lanes, node, grant, out);
            }
            (Input::TokenFailed { why, .. }, Phase::Asking) => Self::give_up(node, why, out),
            _ => {}
        }
    }
}

impl Strategy for Lease {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        self.step(&OneLane, node, input, out);
    }

    fn view(node: &Memory) -> View {
        View { token: node.token }
    }

    fn rename(node: &mut Memory, names: &mut dyn Names) {
        node.token = node.token.map(|token| names.token(token));
        node.stale = node.stale.map(|token| names.token(token));
        node.fence = names.fence(node.fence);
    }
}
