//! What a worker does that reads what the refresher stores.

use super::{Meanwhile, Memory, Phase, ScheduledRefresher, ask, left, look, store};
use crate::base::{Delay, Duration};
use crate::node::{Command, Input, Outbox, Shared, Timer};
use crate::oauth::{Failure, Grant, Token};
use crate::store::{Answer, Asked, Entry};

impl ScheduledRefresher {
    pub(super) fn work(&self, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.held == Some(token)
        {
            (node.dead, node.usable) = (true, false);
        }
        match (input, node.phase) {
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, phase) => match node.token() {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    if phase == Phase::Idle {
                        node.done = 0;
                        look(node, out);
                    }
                }
            },
            (Input::Store(Answer::Value(Some(entry))), Phase::Looking) if node.can_use(&entry) => {
                self.adopt(node, entry.value.token, left(&entry), out);
            }
            (Input::Store(Answer::Value(entry)), Phase::Looking) => {
                self.lack(node, entry.map(|entry| entry.value.token), out);
            }
            (Input::Store(Answer::Failed(Asked::Read)), Phase::Looking) => self.lack(node, None, out),
            (Input::Timer(Timer::Wait), Phase::Waiting) => look(node, out),
            (Input::Timer(Timer::Renew), _) => node.usable = false,
            (Input::Token { grant, late, .. }, phase)
                if !late || (node.token().is_none() && phase != Phase::Asking) =>
            {
                self.obtained(node, grant, out);
                store(Shared::of(grant, 0), out);
            }
            (Input::TokenFailed { why, .. }, Phase::Asking) => Self::give_up(node, why, out),
            (Input::Login { grant }, _) => self.obtained(node, grant, out),
            _ => {}
        }
    }

    /// There is no usable token in the store.
    fn lack(&self, node: &mut Memory, stored: Option<Token>, out: &mut Outbox) {
        match self.meanwhile {
            Meanwhile::Wait(span) if u64::from(node.done) < self.looks(span) => {
                node.done = node.done.saturating_add(1);
                node.phase = Phase::Waiting;
                out.push(Command::Arm {
                    timer: Timer::Wait,
                    delay: Delay::exactly(self.poll),
                });
            }
            Meanwhile::Fail | Meanwhile::Wait(_) => Self::give_up(node, Failure::Unreachable, out),
            Meanwhile::Ask => ask(node, stored.or(node.held), out),
        }
    }

    /// Whether a worker that finds no usable token waits for one.
    pub(super) fn workers_wait(&self) -> bool {
        matches!(self.meanwhile, Meanwhile::Wait(span) if self.looks(span) > 0)
    }

    /// How often a worker looks again in such a span.
    pub(super) fn looks(&self, span: Duration) -> u64 {
        let looks = span.nanos() / self.poll.nanos().max(1);
        looks.min(u16::MAX.into())
    }

    fn obtained(&self, node: &mut Memory, grant: Grant, out: &mut Outbox) {
        self.adopt(node, grant.token, grant.life.into(), out);
    }

    fn adopt(&self, node: &mut Memory, token: Token, left: Duration, out: &mut Outbox) {
        node.hold(token);
        node.phase = Phase::Idle;
        out.push(Command::AttemptParked { token });
        out.push(Command::Arm {
            timer: Timer::Renew,
            delay: Delay::exactly(self.fresh_for.map_or(left, |span| span.min(left))),
        });
    }

    fn give_up(node: &mut Memory, why: Failure, out: &mut Outbox) {
        node.phase = Phase::Idle;
        out.push(Command::FailParked { why });
    }
}

impl Memory {
    /// Whether a stored token has life left, and is not the one that was refused.
    fn can_use(&self, entry: &Entry<Shared>) -> bool {
        let refused = self.dead && self.held == Some(entry.value.token);
        !refused && !left(entry).is_zero()
    }
}
