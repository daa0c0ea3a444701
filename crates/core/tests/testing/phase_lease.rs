//! A lease whose nodes remember the phase that they are in, and not the fence: it is not given back, but runs out.

use tokenstorm::base::{CallId, Delay, Duration, Millis};
use tokenstorm::node::{self, Command, Input, Me, Names, Outbox, Shared, StoreAnswer, Strategy, Timer, View};
use tokenstorm::oauth::{Grant, Token, TokenSlot};
use tokenstorm::store::{Answer, Operation, When};

/// Look into the store, take the lease, look again, ask, write, and only then use the token.
#[derive(Clone, Copy, Debug)]
pub struct PhaseLease {
    /// Looks into the store again once it has the lease.
    pub looks_again: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    #[default]
    Idle,
    Looking,
    Locking,
    Waiting,
    LookingAgain,
    Asking,
    Writing,
}

/// What a node remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The token that was refused last.
    dead: Option<Token>,
    /// What it obtained, and has not written yet.
    unwritten: Option<Token>,
    phase: Phase,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        for token in [&mut self.token, &mut self.dead, &mut self.unwritten] {
            *token = token.map(|token| names.token(token));
        }
    }
}

impl Memory {
    fn serve(&mut self, call: CallId, out: &mut Outbox) {
        match self.token {
            Some(token) => out.push(Command::Attempt { call, token }),
            None => {
                out.push(Command::Park { call });
                if self.phase == Phase::Idle {
                    self.look(Phase::Looking, out);
                }
            }
        }
    }

    fn look(&mut self, phase: Phase, out: &mut Outbox) {
        self.phase = phase;
        out.push(Command::Store(Operation::Read));
    }

    fn ask(&mut self, out: &mut Outbox) {
        self.phase = Phase::Asking;
        out.push(Command::RequestToken {
            slot: TokenSlot::default(),
            call: None,
            with: None,
        });
    }

    fn write(&mut self, grant: Grant, out: &mut Outbox) {
        self.phase = Phase::Writing;
        self.unwritten = Some(grant.token);
        out.push(Command::Store(Operation::Write {
            value: Shared::of(grant, 0),
            when: When::Always,
        }));
    }

    fn use_token(&mut self, token: Token, out: &mut Outbox) {
        self.phase = Phase::Idle;
        (self.token, self.dead, self.unwritten) = (Some(token), None, None);
        out.push(Command::AttemptParked { token });
    }
}

impl PhaseLease {
    fn answered(self, node: &mut Memory, answer: StoreAnswer, out: &mut Outbox) {
        match (answer, node.phase) {
            (Answer::Value(Some(entry)), Phase::Looking | Phase::LookingAgain)
                if node.dead != Some(entry.value.token) =>
            {
                node.use_token(entry.value.token, out);
            }
            (Answer::Value(_), Phase::Looking) => {
                node.phase = Phase::Locking;
                out.push(Command::Store(Operation::Acquire {
                    ttl: Some(Millis::new(10_000)),
                }));
            }
            (Answer::Acquired { .. }, Phase::Locking) if self.looks_again => node.look(Phase::LookingAgain, out),
            (Answer::Acquired { .. }, Phase::Locking) | (Answer::Value(_), Phase::LookingAgain) => node.ask(out),
            (Answer::Busy, Phase::Locking) => {
                node.phase = Phase::Waiting;
                out.push(Command::Arm {
                    timer: Timer::Wait,
                    delay: Delay::exactly(Duration::SECOND),
                });
            }
            (Answer::Written, Phase::Writing) => {
                if let Some(token) = node.unwritten {
                    node.use_token(token, out);
                }
            }
            (Answer::Failed(_), _) => {
                node.phase = Phase::Idle;
                node.unwritten = None;
                let why = tokenstorm::oauth::Failure::Unreachable;
                out.push(Command::FailParked { why });
            }
            _ => {}
        }
    }
}

impl Strategy for PhaseLease {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &[
            "idle",
            "looking",
            "locking",
            "waiting",
            "looking again",
            "asking",
            "writing",
        ]
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "looking again" && !self.looks_again
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => node.serve(call, out),
            Input::Rejected { call, token } => {
                if node.token == Some(token) {
                    (node.token, node.dead) = (None, Some(token));
                }
                if let Some(call) = call {
                    node.serve(call, out);
                }
            }
            Input::Store(answer) => self.answered(node, answer, out),
            Input::Timer(Timer::Wait) if node.phase == Phase::Waiting => node.look(Phase::Looking, out),
            Input::Token { grant, late: false, .. } => node.write(grant, out),
            Input::TokenFailed { why, .. } => {
                node.phase = Phase::Idle;
                out.push(Command::FailParked { why });
            }
            _ => {}
        }
    }
}
