//! Look, renew, write under a condition: the part that the strategies over a shared store without a lock have in common.
//!
//! One request at a time in a process. A new token is held back until the store has answered the write: only then does the
//! process know whose token is to be used.

use crate::node::{self, Command, Input, Me, Names, Outbox, Shared, View};
use crate::oauth::{Failure, Token, TokenSlot};
use crate::store::{Answer, Asked, Operation, When};

/// What the strategies differ in.
pub(super) trait Writes {
    /// The condition of a write by a node that has last read this token in the store, or none.
    fn when(&self, read: Option<Token>) -> When;

    /// A token that the store did not take is kept, to be tried when the stored one is refused.
    fn spare(&self) -> bool {
        false
    }
}

/// One process's part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The token to be replaced: a look that finds it again finds nothing new.
    stale: Option<Token>,
    /// What lay in the store when it was last heard of.
    read: Option<Token>,
    /// Obtained, and on its way to the store.
    new: Option<Shared>,
    /// Obtained, not taken by the store, and not known to be dead.
    spare: Option<Shared>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    Looking,
    Asking,
    Publishing,
}

impl Memory {
    /// In the order of [`Phase`].
    pub(super) const PHASES: &'static [&'static str] = &["idle", "looking", "asking", "publishing"];

    pub(super) fn on(&mut self, writes: &impl Writes, me: Me, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input {
            self.discard(writes, token, out);
        }
        match (input, self.phase) {
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, phase) => match self.token {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    if phase == Phase::Idle {
                        self.look(out);
                    }
                }
            },
            (Input::Store(Answer::Value(Some(entry))), Phase::Looking) if Some(entry.value.token) != self.stale => {
                self.hold(entry.value.token, out);
            }
            (Input::Store(Answer::Value(stored)), Phase::Looking) => {
                self.read = stored.map(|entry| entry.value.token);
                self.phase = Phase::Asking;
                out.push(Command::RequestToken {
                    slot: TokenSlot::default(),
                    call: None,
                    with: self.token.or(self.stale),
                });
            }
            (Input::Store(Answer::Failed(Asked::Read)), Phase::Looking) => self.fail(Failure::Unreachable, out),
            (Input::TokenFailed { why, .. }, Phase::Asking) => self.fail(why, out),
            (Input::Token { grant, late, .. }, phase) if self.welcomes(me, late, phase) => {
                self.publish(writes, Shared::of(grant, 0), out);
            }
            (Input::Store(Answer::Kept(Some(entry))), Phase::Publishing) => {
                if writes.spare() {
                    self.spare = self.new;
                }
                self.hold(entry.value.token, out);
            }
            // Written, or cleared by somebody meanwhile, or nobody knows: there is no better token than the new one.
            (Input::Store(Answer::Written | Answer::Kept(None) | Answer::Failed(Asked::Write)), Phase::Publishing) => {
                if let Some(new) = self.new {
                    self.hold(new.token, out);
                }
            }
            _ => {}
        }
    }

    fn look(&mut self, out: &mut Outbox) {
        self.phase = Phase::Looking;
        out.push(Command::Store(Operation::Read));
    }

    fn hold(&mut self, token: Token, out: &mut Outbox) {
        self.token = Some(token);
        self.read = Some(token);
        self.new = None;
        self.phase = Phase::Idle;
        out.push(Command::AttemptParked { token });
    }

    fn fail(&mut self, why: Failure, out: &mut Outbox) {
        self.phase = Phase::Idle;
        out.push(Command::FailParked { why });
    }

    fn publish(&mut self, writes: &impl Writes, new: Shared, out: &mut Outbox) {
        self.new = Some(new);
        self.phase = Phase::Publishing;
        out.push(Command::Store(Operation::Write {
            value: new,
            when: writes.when(self.read),
        }));
    }

    /// The token was refused. A spare one takes its place at once, here and in the store.
    fn discard(&mut self, writes: &impl Writes, token: Token, out: &mut Outbox) {
        if self.spare.is_some_and(|spare| spare.token == token) {
            self.spare = None;
        }
        if self.token != Some(token) {
            return;
        }
        self.token = None;
        self.stale = Some(token);
        if self.phase == Phase::Idle
            && let Some(spare) = self.spare.take()
        {
            self.token = Some(spare.token);
            self.publish(writes, spare, out);
        }
    }

    /// An answer that was given up may carry the only live token, above all where the refresh token that was presented for it
    /// is spent. Otherwise a request that is on its way brings a newer one.
    fn welcomes(&self, me: Me, late: bool, phase: Phase) -> bool {
        !late
            || match phase {
                Phase::Idle | Phase::Looking => self.token.is_none(),
                Phase::Asking => me.refreshes,
                Phase::Publishing => false,
            }
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    /// The newest that it could present a refresh token of.
    fn credential(&self) -> Option<Token> {
        let new = self.new.or(self.spare).map(|shared| shared.token);
        new.or(self.token).or(self.stale)
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        for token in [&mut self.token, &mut self.stale, &mut self.read] {
            *token = token.map(|token| names.token(token));
        }
        for shared in [&mut self.new, &mut self.spare] {
            *shared = shared.map(|shared| shared.renamed(names));
        }
    }
}
