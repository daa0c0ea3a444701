//! The server's door: what a request meets when it arrives, before anybody looks at what it wants.

use super::server::{Server, ServerHost};
use super::window::Requester;
use super::{Admission, Endpoint, OnExceed, Provider, Rule};
use crate::base::{NodeId, Time};
use crate::oauth::{AnswerKind, At, Grant, Reply};
use crate::trace::Event;

/// What becomes of a request that arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake<T> {
    /// Nobody answers.
    Silent,
    /// It is answered at the door, and occupies no server.
    Answered(Reply<T>),
    /// It is to be served in this instant; with `no_op` as [`TokenAsk::no_op`](super::TokenAsk::no_op).
    Now {
        /// As [`TokenAsk::no_op`](super::TokenAsk::no_op).
        no_op: bool,
    },
    /// It occupies a server from now on.
    Serve,
    /// It waits for a server.
    Waits,
}

impl<R: Rule, Q> Server<R, Q> {
    /// An API request arrives from the network. `whose` says who makes it, where the endpoint has quotas; `queued` is kept where it
    /// has to wait.
    #[inline(always)] // Called in one place of an engine.
    pub fn api_arrives(
        &mut self,
        now: Time,
        key: u64,
        whose: impl FnOnce(&Provider<R>) -> Requester,
        queued: impl FnOnce() -> Q,
        host: &mut impl ServerHost,
    ) -> Intake<()> {
        if self.provider.api_endpoint.is_open() {
            return Intake::Now { no_op: false };
        }
        self.api_admits(now, key, whose, queued, host)
    }

    /// What an endpoint that has limits, or trouble, makes of an API request.
    #[inline(never)] // Most endpoints have none.
    fn api_admits(
        &mut self,
        now: Time,
        key: u64,
        whose: impl FnOnce(&Provider<R>) -> Requester,
        queued: impl FnOnce() -> Q,
        host: &mut impl ServerHost,
    ) -> Intake<()> {
        let endpoint = &mut self.provider.api_endpoint;
        let error = Reply::refused(AnswerKind::ServerError);
        let mut counted = None;
        let refused = match endpoint.outage {
            Some(outage) => match outage.reply() {
                None => return Intake::Silent,
                refused => refused,
            },
            None if host.hit(endpoint.errors, key) => Some(error),
            None if !endpoint.is_counted() => None,
            None => {
                let whose = counted.insert(whose(&self.provider));
                match self.provider.count(now, At::Api, whose) {
                    Ok(used) => {
                        Self::note_used(At::Api, used, host);
                        None
                    }
                    Err(exceeded) => {
                        Self::note_exhausted(At::Api, &exceeded, host);
                        Some(exceeded.reply())
                    }
                }
            }
        };
        let endpoint = &mut self.provider.api_endpoint;
        let is_refused = refused.is_some();
        let intake = admit(endpoint, refused, || self.waiting[At::Api as usize].push_back(queued()));
        if let Some(whose) = counted
            && !is_refused
        {
            self.settle_count(At::Api, &intake, &whose);
        }
        if matches!(intake, Intake::Answered(_)) {
            host.note(|| Event::AttemptFailed);
        }
        intake
    }

    /// A server of the API has served a request: the next one that it serves, if one waits.
    #[inline]
    pub fn api_served(&mut self) -> Option<Q> {
        let next = self.provider.api_endpoint.finished();
        next.then(|| self.waiting[At::Api as usize].pop_front().expect("one waits"))
    }

    /// A token request of a node arrives from the network; as [`Server::api_arrives`].
    #[inline(always)] // Called in one place of an engine.
    pub fn token_arrives(
        &mut self,
        now: Time,
        key: u64,
        asker: NodeId,
        whose: impl FnOnce(&Provider<R>) -> Requester,
        queued: impl FnOnce() -> Q,
        host: &mut impl ServerHost,
    ) -> Intake<Grant> {
        host.note(|| Event::TokenRequested { node: asker });
        if self.provider.token_endpoint.is_open() {
            return Intake::Now { no_op: false };
        }
        self.token_admits(now, key, asker, whose, queued, host)
    }

    /// What an endpoint that has limits, or trouble, makes of a token request.
    #[inline(never)] // Most endpoints have none.
    fn token_admits(
        &mut self,
        now: Time,
        key: u64,
        asker: NodeId,
        whose: impl FnOnce(&Provider<R>) -> Requester,
        queued: impl FnOnce() -> Q,
        host: &mut impl ServerHost,
    ) -> Intake<Grant> {
        let endpoint = &mut self.provider.token_endpoint;
        let error = Reply::refused(AnswerKind::ServerError);
        let mut counted = None;
        let refused = match endpoint.outage {
            Some(outage) => match outage.reply() {
                None => {
                    host.note(|| Event::TokenRequestLost);
                    return Intake::Silent;
                }
                refused => refused,
            },
            None if host.hit(endpoint.errors, key) => Some(error),
            None if !endpoint.is_counted() => None,
            None => {
                let whose = counted.insert(whose(&self.provider));
                match self.provider.count(now, At::Token, whose) {
                    Ok(used) => {
                        Self::note_used(At::Token, used, host);
                        None
                    }
                    Err(exceeded) => {
                        Self::note_exhausted(At::Token, &exceeded, host);
                        // What is beyond the quota is answered at the door, whatever the answer: it occupies no server.
                        if exceeded.on_exceed == OnExceed::NoOp {
                            return Intake::Now { no_op: true };
                        }
                        Some(exceeded.reply())
                    }
                }
            }
        };
        let endpoint = &mut self.provider.token_endpoint;
        let is_refused = refused.is_some();
        let intake = admit(endpoint, refused, || {
            self.waiting[At::Token as usize].push_back(queued())
        });
        if let Some(whose) = counted
            && !is_refused
        {
            self.settle_count(At::Token, &intake, &whose);
        }
        if let Intake::Answered(Reply::Refused { kind: why, .. }) = intake {
            host.note(|| Event::TokenRefused { node: asker, why });
        }
        intake
    }

    /// A server of the token endpoint has served a request: the next one that it serves, if one waits.
    #[inline]
    pub fn token_served(&mut self) -> Option<Q> {
        let next = self.provider.token_endpoint.finished();
        next.then(|| self.waiting[At::Token as usize].pop_front().expect("one waits"))
    }
}

impl<R, Q> Server<R, Q> {
    /// A request that was let in is under way only where it occupies a server, or waits for one.
    fn settle_count<T>(&mut self, at: At, intake: &Intake<T>, whose: &Requester) {
        if !matches!(intake, Intake::Serve | Intake::Waits) {
            self.provider.leaves(at, whose);
        }
    }
}

/// Lets a request in that the door has not `refused`; one that has to wait is queued.
#[inline]
fn admit<T>(endpoint: &mut Endpoint, refused: Option<Reply<T>>, queue: impl FnOnce()) -> Intake<T> {
    if let Some(refused) = refused {
        return Intake::Answered(refused);
    }
    match endpoint.admit() {
        Admission::Free => Intake::Now { no_op: false },
        Admission::Serve => Intake::Serve,
        Admission::Wait => {
            queue();
            Intake::Waits
        }
        Admission::TurnedAway => Intake::Answered(Reply::refused(AnswerKind::ServerError)),
    }
}
