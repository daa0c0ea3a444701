//! One token per process with single-flight and a comparison: the part that several strategies share.

use crate::base::Seat;
use crate::node::{Command, Input, Outbox, View};
use crate::oauth::{Lane, Token};

/// A process-wide cache. No token means that it needs one; calls wait in the meantime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cache {
    pub token: Option<Token>,
    /// A token request is on its way.
    pub asking: bool,
}

impl Cache {
    /// Reacts to everything but store answers and timers, which it ignores.
    #[inline(always)]
    pub fn on(&mut self, lane: Lane, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => self.serve(lane, call, out),
            Input::Rejected { call, token } => {
                // Only the token that was refused is dropped: a late 401 must not cost a fresh one.
                if self.token == Some(token) {
                    self.token = None;
                }
                self.serve(lane, call, out);
            }
            Input::Token { grant, late, .. } => {
                // After a time-out another request is on its way or has been answered: its token is the newer one.
                if late && (self.asking || self.token.is_some()) {
                    return;
                }
                self.asking = false;
                self.token = Some(grant.token);
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::TokenFailed { why, .. } => {
                self.asking = false;
                out.push(Command::StumbleParked { why });
            }
            Input::Refused { token } => {
                if self.token == Some(token) {
                    self.token = None;
                }
            }
            Input::Store(_) | Input::Timer(_) => {}
        }
    }

    #[inline(always)]
    fn serve(&mut self, lane: Lane, call: Seat, out: &mut Outbox) {
        match self.token {
            Some(token) => out.push(Command::Attempt { call, token }),
            None => {
                out.push(Command::Park { call });
                self.ask(lane, out);
            }
        }
    }

    /// Requests a token unless a request is on its way.
    #[inline(always)]
    pub fn ask(&mut self, lane: Lane, out: &mut Outbox) {
        if !self.asking {
            self.asking = true;
            out.push(Command::RequestToken { lane, call: None });
        }
    }

    #[inline]
    pub fn view(&self) -> View {
        View { token: self.token }
    }

    pub fn rename(&mut self, name: &mut dyn FnMut(Token) -> Token) {
        self.token = self.token.map(name);
    }
}
