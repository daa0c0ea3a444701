//! A shared store under a lease, right and wrong.

use tokenstorm::base::{CallId, Delay, Duration, Millis};
use tokenstorm::node::{self, Command, Input, Me, Names, Outbox, Shared, Strategy, Timer, View};
use tokenstorm::oauth::{Failure, Token, TokenSlot};
use tokenstorm::store::{Answer, Asked, Operation, When};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    /// It gives the lease back before the store has acknowledged the new token.
    ReleasesTooSoon,
    /// The lease never ends by itself.
    NoExpiry,
    /// It clears the store when its token request fails.
    Wipes,
    /// It does not look into the store once it has the lease.
    LooksNot,
    /// Its calls fail when another has the lease: it never waits.
    FailsAtOnce,
}

#[derive(Clone, Copy, Debug)]
pub struct Lease(pub Wrong);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    Locking,
    Waiting,
    Looking,
    Asking,
    Publishing,
    Releasing,
}

/// In the order of [`Phase`].
const PHASES: [&str; 7] = [
    "idle",
    "locking",
    "waiting",
    "looking",
    "asking",
    "publishing",
    "releasing",
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The last token that was refused.
    refused: Option<Token>,
    phase: Phase,
    fence: u32,
    /// Calls are parked.
    wanted: bool,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
        self.refused = self.refused.map(|token| names.token(token));
        self.fence = names.fence(self.fence);
    }
}

impl Strategy for Lease {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => self.serve(node, call, out),
            Input::Rejected { call, token } => {
                refuse(node, token);
                if let Some(call) = call {
                    self.serve(node, call, out);
                }
            }
            Input::Store(answer) => self.hear(node, answer, out),
            Input::Timer(Timer::Wait) if node.phase == Phase::Waiting => self.lock(node, out),
            Input::Token { grant, .. } if node.phase == Phase::Asking => {
                use_token(node, grant.token, out);
                node.phase = Phase::Publishing;
                out.push(Command::Store(Operation::Write {
                    value: Shared::of(grant, 0),
                    when: When::Always,
                }));
                if self.0 == Wrong::ReleasesTooSoon {
                    release(node, out);
                }
            }
            Input::TokenFailed { why, .. } if node.phase == Phase::Asking => {
                if self.0 == Wrong::Wipes {
                    out.push(Command::Store(Operation::Clear { when: When::Always }));
                }
                fail(node, why, out);
                release(node, out);
            }
            _ => {}
        }
    }
}

impl Lease {
    fn serve(self, node: &mut Memory, call: CallId, out: &mut Outbox) {
        match node.token {
            Some(token) => out.push(Command::Attempt { call, token }),
            None => {
                out.push(Command::Park { call });
                node.wanted = true;
                if node.phase == Phase::Idle {
                    self.lock(node, out);
                }
            }
        }
    }

    fn lock(self, node: &mut Memory, out: &mut Outbox) {
        node.phase = Phase::Locking;
        let ttl = (self.0 != Wrong::NoExpiry).then(|| Millis::from(Duration::from_secs(10)));
        out.push(Command::Store(Operation::Acquire { ttl }));
    }

    fn hear(self, node: &mut Memory, answer: Answer<Shared>, out: &mut Outbox) {
        match (answer, node.phase) {
            (Answer::Acquired { fence }, Phase::Locking) => {
                node.fence = fence;
                if self.0 == Wrong::LooksNot {
                    ask(node, out);
                } else {
                    node.phase = Phase::Looking;
                    out.push(Command::Store(Operation::Read));
                }
            }
            (Answer::Busy, Phase::Locking) if self.0 == Wrong::FailsAtOnce => {
                fail(node, Failure::Unreachable, out);
                node.phase = Phase::Idle;
            }
            (Answer::Busy, Phase::Locking) => {
                node.phase = Phase::Waiting;
                out.push(Command::Arm {
                    timer: Timer::Wait,
                    delay: Delay::exactly(Duration::from_millis(50)),
                });
            }
            (Answer::Failed(Asked::Acquire), Phase::Locking) => {
                fail(node, Failure::Unreachable, out);
                node.phase = Phase::Idle;
            }
            (Answer::Value(Some(entry)), Phase::Looking) if node.refused != Some(entry.value.token) => {
                use_token(node, entry.value.token, out);
                release(node, out);
            }
            (Answer::Value(_), Phase::Looking) => ask(node, out),
            (Answer::Failed(Asked::Read), Phase::Looking) => {
                fail(node, Failure::Unreachable, out);
                release(node, out);
            }
            (Answer::Written | Answer::Kept(_) | Answer::Failed(Asked::Write), Phase::Publishing) => release(node, out),
            (Answer::Released { .. } | Answer::Failed(Asked::Release), Phase::Releasing) => {
                node.phase = Phase::Idle;
                node.fence = 0;
                if node.wanted {
                    self.lock(node, out);
                }
            }
            _ => {}
        }
    }
}

fn refuse(node: &mut Memory, token: Token) {
    if node.token == Some(token) {
        node.token = None;
        node.refused = Some(token);
    }
}

fn use_token(node: &mut Memory, token: Token, out: &mut Outbox) {
    (node.token, node.refused, node.wanted) = (Some(token), None, false);
    out.push(Command::AttemptParked { token });
}

fn fail(node: &mut Memory, why: Failure, out: &mut Outbox) {
    node.wanted = false;
    out.push(Command::FailParked { why });
}

fn ask(node: &mut Memory, out: &mut Outbox) {
    node.phase = Phase::Asking;
    out.push(Command::RequestToken {
        slot: TokenSlot::default(),
        call: None,
        with: None,
    });
}

fn release(node: &mut Memory, out: &mut Outbox) {
    node.phase = Phase::Releasing;
    out.push(Command::Store(Operation::Release { fence: node.fence }));
}
