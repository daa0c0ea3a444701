//! One token per process with single-flight and a comparison: the part that several strategies share.

use crate::base::CallId;
use crate::node::{self, Command, Input, Me, Names, Outbox, View};
use crate::oauth::{Token, TokenSlot};

/// A process-wide cache. No token means that it needs one; calls wait in the meantime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cache {
    /// The newest token known here. A dead one is kept where a refresh token came with it.
    held: Option<Token>,
    dead: bool,
    /// A token request is on its way.
    pub asking: bool,
}

impl Cache {
    pub const PHASES: &'static [&'static str] = &["idle", "asking"];

    /// Reacts to everything but store answers, timers and what other nodes say.
    #[inline(always)]
    pub fn on(&mut self, me: Me, slot: TokenSlot, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => self.serve(slot, call, out),
            Input::Rejected { call, token } => {
                // Only the token that was rejected is dropped: a late 401 must not cost a fresh one.
                if self.token() == Some(token) {
                    self.discard(me);
                }
                if let Some(call) = call {
                    self.serve(slot, call, out);
                }
            }
            Input::Token { grant, late, .. } => {
                // After a time-out another request is on its way or has been answered: its token is the newer one. Unless the
                // refresh token is spent by the first one: then no other is to come.
                if late && (self.asking && !me.refreshes || self.token().is_some()) {
                    return;
                }
                self.asking &= late;
                self.keep(grant.token);
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::TokenFailed { why, .. } => {
                self.asking = false;
                out.push(Command::FailParked { why });
            }
            Input::Login { grant } => {
                self.keep(grant.token);
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::Store(_) | Input::Timer(_) | Input::Note { .. } => {}
        }
    }

    /// The token to send.
    #[inline(always)]
    pub fn token(&self) -> Option<Token> {
        if self.dead { None } else { self.held }
    }

    /// The token whose refresh token is to be presented.
    #[inline(always)]
    pub fn held(&self) -> Option<Token> {
        self.held
    }

    #[inline(always)]
    pub fn keep(&mut self, token: Token) {
        self.held = Some(token);
        self.dead = false;
    }

    /// The token is not to be sent any more.
    #[inline(always)]
    pub fn discard(&mut self, me: Me) {
        if me.refreshes {
            self.dead = self.held.is_some();
        } else {
            self.held = None;
        }
    }

    #[inline(always)]
    fn serve(&mut self, slot: TokenSlot, call: CallId, out: &mut Outbox) {
        match self.token() {
            Some(token) => out.push(Command::Attempt { call, token }),
            None => {
                out.push(Command::Park { call });
                self.ask(slot, out);
            }
        }
    }

    /// Requests a token unless a request is on its way.
    #[inline(always)]
    pub fn ask(&mut self, slot: TokenSlot, out: &mut Outbox) {
        if !self.asking {
            self.asking = true;
            out.push(Command::RequestToken {
                slot,
                call: None,
                with: self.held,
            });
        }
    }
}

impl node::Memory for Cache {
    #[inline]
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
