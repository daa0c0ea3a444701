#![doc = include_str!("pages/clock_first.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{Circumstances, Offer, Offers};
use super::renew_ahead::ahead;
use super::{Listed, SPAN, Small};
use crate::base::{CallId, Duration, Millis};
use crate::node::{self, Command, Input, Me, Names, Outbox, Strategy, Timer, View};
use crate::oauth::{Failure, Grant, Token, TokenSlot};

/// The token has come into the margin of the background.
const SOON: Timer = Timer::Own(0);

/// Each node with a token of its own; before each call it looks at the clock, and the call renews what is too near its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockFirst {
    /// A token with no more life left than this is renewed before a call is sent, and the call waits for it. A token whose whole life
    /// is no longer is used for the calls that it was requested for, and for no other.
    #[serde(default)]
    pub margin: Duration,
    /// Up to so much earlier, by chance: a margin with jitter, or a client that counts in whole seconds.
    #[serde(default)]
    pub jitter: Duration,
    /// How long the client believes that a token lives.
    #[serde(default)]
    pub believes: Believes,
    /// Who asks when several calls of a node find no usable token.
    #[serde(default)]
    pub flight: WhoAsks,
    /// What a refused token is to the node whose call may be tried again.
    #[serde(default)]
    pub refused: OnRefused,
    /// The first call that finds no more life left than this sets off a renewal in the background, and goes on with the token that
    /// there is; longer than `margin`. Left out, nothing happens in the background.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<Duration>,
}

/// How long a client believes that a token lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Believes {
    /// As long as the answer said, counted by the node's own clock from when the answer came.
    #[default]
    ExpiresIn,
    /// As long as somebody has configured, or as long as the answer's number means in the wrong unit.
    Configured(Duration),
    /// Until it is refused.
    Forever,
}

/// Who asks the token endpoint when several calls of a node find no usable token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhoAsks {
    /// Each call for itself, all at once.
    #[default]
    Each,
    /// Each call for itself, one after another: a lock without a second look at the cache.
    Queue,
    /// One for all: a shared promise, or a lock with a second look.
    Shared,
}

/// What a refused token is to a node whose call may be tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnRefused {
    /// A reason for a new one, whichever is cached by now; other calls go on with the cached one meanwhile.
    #[default]
    Renew,
    /// The same, and the cached one is dropped at once, whichever it is.
    Drop,
    /// A reason for a new one if it is still the cached one, which is dropped; else the cached one is tried.
    Compare,
}

/// The cache of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    /// The token that came last.
    held: Option<Token>,
    /// By the clock, and for all that the node has kept of refusals, it can be sent.
    usable: bool,
    /// It has come into the margin of the background.
    soon: bool,
    /// A request of the node as a whole, or the one whose turn it is, is on its way.
    asking: bool,
    /// Calls that wait for their turn to ask.
    queued: u16,
}

impl Memory {
    fn token(&self) -> Option<Token> {
        self.held.filter(|_| self.usable)
    }

    fn keep(&mut self, token: Token) {
        self.held = Some(token);
        (self.usable, self.soon) = (true, false);
    }

    fn discard(&mut self, me: Me) {
        self.usable = false;
        // Its refresh token may be worth presenting.
        self.held = self.held.filter(|_| me.refreshes);
    }

    fn ask(&mut self, out: &mut Outbox) {
        if !self.asking {
            self.asking = true;
            out.push(Command::RequestToken {
                slot: TokenSlot::default(),
                call: None,
                with: self.held,
            });
        }
    }

    /// The first in the queue asks, if nobody does.
    fn next(&mut self, out: &mut Outbox) {
        if self.queued > 0 && !self.asking {
            self.asking = true;
            self.queued -= 1;
            out.push(Command::RequestForParked {
                slot: TokenSlot::default(),
                with: self.held,
            });
        }
    }
}

impl ClockFirst {
    /// The call gets a new token.
    fn renew(&self, node: &mut Memory, call: CallId, out: &mut Outbox) {
        match self.flight {
            WhoAsks::Each => out.push(Command::RequestToken {
                slot: TokenSlot::default(),
                call: Some(call),
                with: node.held,
            }),
            WhoAsks::Queue => {
                out.push(Command::Park { call });
                node.queued = node.queued.saturating_add(1);
                node.next(out);
            }
            WhoAsks::Shared => {
                out.push(Command::Park { call });
                node.ask(out);
            }
        }
    }

    fn refuse(&self, me: Me, node: &mut Memory, call: CallId, token: Token, out: &mut Outbox) {
        match (self.refused, node.token()) {
            (OnRefused::Compare, Some(cached)) if cached != token => {
                out.push(Command::Attempt { call, token: cached });
                return;
            }
            (OnRefused::Renew, _) => {}
            _ => node.discard(me),
        }
        self.renew(node, call, out);
    }

    /// A new token is kept, and the clock is looked at for it from now on.
    fn keep(&self, node: &mut Memory, grant: Grant, out: &mut Outbox) {
        node.keep(grant.token);
        let life = match self.believes {
            Believes::ExpiresIn => grant.life,
            Believes::Configured(life) => Millis::from(life),
            Believes::Forever => return,
        };
        out.push(Command::Arm {
            timer: Timer::Renew,
            delay: ahead(life, self.margin, self.jitter),
        });
        if let Some(background) = self.background {
            out.push(Command::Arm {
                timer: SOON,
                delay: ahead(life, background, self.jitter),
            });
        }
    }

    fn answered(&self, node: &mut Memory, call: Option<CallId>, grant: Grant, out: &mut Outbox) {
        let token = grant.token;
        self.keep(node, grant, out);
        if call.is_none() || self.flight == WhoAsks::Queue {
            node.asking = false;
        }
        match call {
            Some(call) => out.push(Command::Attempt { call, token }),
            None if self.flight == WhoAsks::Shared => out.push(Command::AttemptParked { token }),
            None => {}
        }
        node.next(out);
    }

    fn failed(&self, node: &mut Memory, call: Option<CallId>, why: Failure, out: &mut Outbox) {
        if call.is_none() || self.flight == WhoAsks::Queue {
            node.asking = false;
        }
        match call {
            Some(call) => out.push(Command::FailAttempt { call, why }),
            None if self.flight == WhoAsks::Shared => out.push(Command::FailParked { why }),
            None => {}
        }
        node.next(out);
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
        self.asking.into()
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.held = self.held.map(|token| names.token(token));
    }
}

impl Strategy for ClockFirst {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &["idle", "asking"]
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "asking" && self.flight == WhoAsks::Each && self.background.is_none()
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn renews_as_planned(&self) -> bool {
        self.believes != Believes::Forever
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => match node.token() {
                Some(token) => {
                    out.push(Command::Attempt { call, token });
                    if node.soon {
                        node.ask(out);
                    }
                }
                None => self.renew(node, call, out),
            },
            Input::Rejected {
                call: Some(call),
                token,
            } => self.refuse(me, node, call, token, out),
            // Its call is over, but the token is known to be dead.
            Input::Rejected { call: None, token } => {
                if node.token() == Some(token) || self.refused == OnRefused::Drop {
                    node.discard(me);
                }
            }
            // Whoever gave the request up has hung up: its answer is lost.
            Input::Token { late: true, .. } => {}
            Input::Token { call, grant, .. } => self.answered(node, call, grant, out),
            Input::TokenFailed { call, why, .. } => self.failed(node, call, why, out),
            Input::Timer(Timer::Renew) => node.usable = false,
            Input::Timer(SOON) => node.soon = true,
            Input::Login { grant } => {
                self.keep(node, grant, out);
                node.queued = 0;
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::Store(_) | Input::Timer(_) | Input::Note { .. } => {}
        }
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Default for ClockFirst {
    fn default() -> Self {
        Self {
            margin: Duration::ZERO,
            jitter: Duration::ZERO,
            believes: Believes::default(),
            flight: WhoAsks::default(),
            refused: OnRefused::default(),
            background: None,
        }
    }
}

impl Listed for ClockFirst {
    fn small(_: u16) -> Vec<Small<Self>> {
        let each = Self {
            margin: SPAN,
            ..Self::default()
        };
        let queue = Self {
            flight: WhoAsks::Queue,
            ..each
        };
        let shared = Self {
            flight: WhoAsks::Shared,
            refused: OnRefused::Compare,
            ..each
        };
        vec![
            Small::of("clock_first", "each call renews for itself", each),
            Small::of("clock_first_queue", "one after another, without a second look", queue),
            Small::of("clock_first_shared", "one for all, and compares", shared),
        ]
    }

    fn believes_otherwise(&self) -> bool {
        matches!(self.believes, Believes::Configured(_))
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let careful = Self {
            margin: here.stagger(),
            flight: WhoAsks::Shared,
            refused: OnRefused::Compare,
            ..Self::default()
        };
        Ok(vec![Offer::of("one flight", careful)])
    }
}

#[cfg(test)]
mod tests;
