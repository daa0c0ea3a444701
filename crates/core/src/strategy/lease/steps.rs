//! One node's way through the protocol: look, take the lease, look again, renew, publish, give the lease back.

use super::super::renew_ahead::{again, ahead};
use super::{Covers, Lease, OnInvalidGrant, Publish, Release, Slots, Ttl, WhenStuck, Write};
use crate::base::{Delay, Duration, Millis};
use crate::node::{self, Command, Input, Me, Names, Outbox, Shared, StoreAnswer, Timer, View};
use crate::oauth::{Failure, Grant, Token};
use crate::store::{Answer, Asked, Entry, Operation, When};

/// One node's part of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The token to be replaced: a look that finds it again finds nothing new.
    stale: Option<Token>,
    /// Which of the slots that take turns the newest token known here came from.
    turn: u8,
    /// Calls are parked.
    wanted: bool,
    phase: Phase,
    /// Our acquisition of the lease, zero for none.
    fence: u32,
    /// The lease was found to have ended under our hands.
    lapsed: bool,
    /// Looks at a held lease so far.
    polls: u16,
    /// A token that waits for the lease to be written.
    unwritten: Option<Shared>,
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
    /// Reading the store after `invalid_grant`.
    Rereading,
    /// The new token is on its way to the store; the lease is kept until that is acknowledged.
    Publishing,
}

impl Memory {
    /// In the order of [`Phase`].
    pub(in super::super) const PHASES: &'static [&'static str] = &[
        "idle",
        "looking",
        "acquiring",
        "waiting",
        "checking",
        "asking",
        "rereading",
        "publishing",
    ];

    fn look(&mut self, out: &mut Outbox) {
        self.phase = Phase::Looking;
        out.push(Command::Store(Operation::Read));
    }

    fn need(&mut self, out: &mut Outbox) {
        self.wanted = true;
        if self.phase == Phase::Idle {
            self.polls = 0;
            self.look(out);
        }
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    /// The newest token known, dead or alive.
    fn credential(&self) -> Option<Token> {
        self.token.or(self.stale)
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
        self.stale = self.stale.map(|token| names.token(token));
        self.fence = names.fence(self.fence);
        self.unwritten = self.unwritten.map(|shared| shared.renamed(names));
    }
}

impl Lease {
    /// The protocol, with tokens taken in turn from `slots`.
    pub(in super::super) fn step(&self, slots: &impl Slots, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.token == Some(token)
        {
            node.token = None;
            node.stale = Some(token);
        }
        match (input, node.phase) {
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, _) => match node.token {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    node.need(out);
                }
            },
            (Input::Timer(Timer::Renew), Phase::Idle) if node.token.is_some() => {
                node.stale = node.token;
                node.polls = 0;
                node.look(out);
            }
            (Input::Timer(Timer::Wait), Phase::Waiting) => {
                if self.read_before_lock || node.unwritten.is_some() {
                    self.acquire(node, out);
                } else {
                    node.look(out);
                }
            }
            (Input::Timer(Timer::Extend), _) => self.extend(node, out),
            (Input::Store(answer), _) => self.answered(slots, node, answer, out),
            (Input::Token { grant, late, .. }, _) if welcomes(me, node, late) => self.obtained(slots, node, grant, out),
            (
                Input::TokenFailed {
                    why: Failure::InvalidGrant,
                    ..
                },
                Phase::Asking,
            ) if self.on_invalid_grant == OnInvalidGrant::Reread => {
                node.phase = Phase::Rereading;
                out.push(Command::Store(Operation::Read));
            }
            (Input::TokenFailed { why, .. }, Phase::Asking) => self.give_up(node, why, out),
            _ => {}
        }
    }

    fn answered(&self, slots: &impl Slots, node: &mut Memory, answer: StoreAnswer, out: &mut Outbox) {
        match (answer, node.phase) {
            (Answer::Value(Some(entry)), Phase::Looking | Phase::Checking | Phase::Rereading)
                if Some(entry.value.token) != node.stale =>
            {
                self.adopt(node, entry, out);
            }
            (Answer::Value(_), Phase::Looking) if self.covers == Covers::Write => Self::ask(node, slots, out),
            (Answer::Value(_), Phase::Looking) => self.acquire(node, out),
            (Answer::Value(stored), Phase::Checking) => {
                // The turn that comes next follows the stored one, so that nodes that slept agree on it.
                node.turn = stored.map_or(node.turn, |entry| entry.value.turn);
                Self::ask(node, slots, out);
            }
            (Answer::Value(_) | Answer::Failed(Asked::Read), Phase::Rereading) => {
                self.give_up(node, Failure::InvalidGrant, out);
            }
            (Answer::Acquired { fence }, Phase::Acquiring) => self.acquired(slots, node, fence, out),
            // Another answer came first, and the lease is not wanted any more.
            (Answer::Acquired { fence }, _) => {
                node.fence = fence;
                self.release(node, out);
            }
            (Answer::Busy, Phase::Acquiring) => {
                node.polls = node.polls.saturating_add(1);
                if self.poll.saturating_mul(u64::from(node.polls)) > self.wait {
                    self.stuck(node, slots, out);
                } else {
                    node.phase = Phase::Waiting;
                    out.push(Command::Arm {
                        timer: Timer::Wait,
                        delay: Delay::exactly(self.poll),
                    });
                }
            }
            (Answer::Extended { held: false }, _) => node.lapsed = true,
            (Answer::Failed(Asked::Read | Asked::Acquire), Phase::Looking | Phase::Acquiring | Phase::Checking) => {
                self.stuck(node, slots, out)
            }
            // Somebody else's token was found to be the one to use, unless it is the one that was to be replaced.
            (Answer::Kept(Some(entry)), Phase::Publishing) if Some(entry.value.token) != node.stale => {
                self.adopt(node, entry, out);
            }
            (Answer::Written | Answer::Kept(_) | Answer::Failed(Asked::Write), Phase::Publishing) => {
                self.rest(node, out);
            }
            _ => {}
        }
    }

    fn acquire(&self, node: &mut Memory, out: &mut Outbox) {
        node.phase = Phase::Acquiring;
        out.push(Command::Store(match self.ttl {
            Ttl::WhileAlive => Operation::Lock,
            Ttl::After(_) | Ttl::Never => Operation::Acquire {
                ttl: self.ttl.span().map(Millis::from),
            },
        }));
    }

    fn acquired(&self, slots: &impl Slots, node: &mut Memory, fence: u32, out: &mut Outbox) {
        node.fence = fence;
        node.lapsed = false;
        node.polls = 0;
        self.extend_later(out);
        if let Some(value) = node.unwritten.take() {
            self.publish(node, value, out);
        } else if self.read_before_lock {
            Self::ask(node, slots, out);
        } else {
            node.phase = Phase::Checking;
            out.push(Command::Store(Operation::Read));
        }
    }

    fn extend_later(&self, out: &mut Outbox) {
        if let (Some(every), Some(_)) = (self.extend_every, self.ttl.span()) {
            out.push(Command::Arm {
                timer: Timer::Extend,
                delay: Delay::exactly(every),
            });
        }
    }

    fn extend(&self, node: &mut Memory, out: &mut Outbox) {
        if let (Some(ttl), 1.., false) = (self.ttl.span(), node.fence, node.lapsed) {
            out.push(Command::Store(Operation::Extend {
                fence: node.fence,
                ttl: ttl.into(),
            }));
            self.extend_later(out);
        }
    }

    fn release(&self, node: &mut Memory, out: &mut Outbox) {
        let fence = std::mem::take(&mut node.fence);
        let lapsed = std::mem::take(&mut node.lapsed);
        match self.release {
            _ if fence == 0 => {}
            Release::Unchecked => out.push(Command::Store(Operation::Unlock)),
            // There is nothing left to give back.
            Release::Owner if lapsed => {}
            Release::Owner => out.push(Command::Store(Operation::Release { fence })),
        }
    }

    /// The protocol has come to an end; another round begins when a call has been refused meanwhile.
    fn rest(&self, node: &mut Memory, out: &mut Outbox) {
        self.release(node, out);
        node.phase = Phase::Idle;
        // What the next round does not look at is no part of the memory.
        node.polls = 0;
        node.stale = node.stale.filter(|_| node.token.is_none());
        if node.wanted && node.token.is_none() {
            node.need(out);
        }
    }

    fn hold(&self, node: &mut Memory, token: Token, turn: u8, life: Millis, out: &mut Outbox) {
        node.token = Some(token);
        node.turn = turn;
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
        self.hold(node, entry.value.token, entry.value.turn, left.into(), out);
        self.rest(node, out);
    }

    fn give_up(&self, node: &mut Memory, why: Failure, out: &mut Outbox) {
        node.wanted = false;
        out.push(Command::FailParked { why });
        self.plan_again(node, out);
        self.rest(node, out);
    }

    /// A renewal that was planned has failed, and the token still lives.
    fn plan_again(&self, node: &Memory, out: &mut Outbox) {
        if let (Some(margin), Some(_)) = (self.renew_ahead, node.token) {
            out.push(Command::Arm {
                timer: Timer::Renew,
                delay: again(margin),
            });
        }
    }

    fn stuck(&self, node: &mut Memory, slots: &impl Slots, out: &mut Outbox) {
        if node.unwritten.take().is_some() {
            // The token is in use here; the others will not learn of it.
            self.rest(node, out);
            return;
        }
        match (self.when_stuck, node.stale) {
            (WhenStuck::GoAlone, _) => Self::ask(node, slots, out),
            (WhenStuck::UseStale, Some(token)) => {
                node.wanted = false;
                out.push(Command::AttemptParked { token });
                self.plan_again(node, out);
                self.rest(node, out);
            }
            (WhenStuck::Fail | WhenStuck::UseStale, _) => self.give_up(node, Failure::Unreachable, out),
        }
    }

    fn ask(node: &mut Memory, slots: &impl Slots, out: &mut Outbox) {
        node.phase = Phase::Asking;
        node.polls = 0;
        out.push(Command::RequestToken {
            slot: slots.at(next(node, slots)),
            call: None,
            with: node.token.or(node.stale),
        });
    }

    fn obtained(&self, slots: &impl Slots, node: &mut Memory, grant: Grant, out: &mut Outbox) {
        let turn = next(node, slots);
        self.hold(node, grant.token, turn, grant.life, out);
        let value = Shared::of(grant, turn);
        if self.covers == Covers::Write && node.fence == 0 {
            node.unwritten = Some(value);
            node.polls = 0;
            self.acquire(node, out);
        } else {
            self.publish(node, value, out);
        }
    }

    fn publish(&self, node: &mut Memory, value: Shared, out: &mut Outbox) {
        out.push(Command::Store(Operation::Write {
            value,
            when: match self.write {
                Write::Blind => When::Always,
                Write::Fenced => When::Fence(node.fence),
                Write::PutIfNewer => When::NotOlder,
            },
        }));
        match self.publish {
            Publish::Acknowledged => node.phase = Phase::Publishing,
            Publish::Unacknowledged => self.rest(node, out),
        }
    }
}

/// An answer that was given up may carry the only live token, above all where the refresh token that was presented for it is
/// spent. Otherwise a request that is on its way brings a newer one.
fn welcomes(me: Me, node: &Memory, late: bool) -> bool {
    match node.phase {
        Phase::Asking => !late || me.refreshes && node.token.is_none(),
        Phase::Publishing => !late,
        _ => node.token.is_none(),
    }
}

fn next(node: &Memory, slots: &impl Slots) -> u8 {
    (node.turn + 1) % slots.count()
}
