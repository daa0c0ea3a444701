//! The provider's two endpoints as parties of the world: what a request meets from its arrival to the answer.

use std::num::NonZeroU32;

use crate::base::{Duration, Millis, NodeId, Time};
use crate::node::Strategy;
use crate::oauth::{Failure, Grant, Token, TokenSlot, Verdict};
use crate::provider::settings::{AnswerKind, At, Perceived, Perceptions};
use crate::provider::{
    Admission, Bucket, Cause, Denied, Exceeded, Life, OnExceed, Outage, Provider, Request, Reveals, Rule,
};
use crate::trace::Event;

use super::World;
use super::host::Host;
use super::message::{Asker, Leg, Message, Stage, Ticket, node_key};

/// Positions in [`World::waiting`].
const TOKEN: usize = 0;
const API: usize = 1;

impl<S: Strategy, R: Rule> World<S, R> {
    #[inline(always)] // The stage is known where it is delivered.
    #[allow(clippy::too_many_arguments)] // The fields of one message.
    pub(super) fn api_request(
        &mut self,
        stage: Stage,
        ticket: Ticket,
        node: NodeId,
        token: Token,
        live: bool,
        draw_key: u32,
        host: &mut impl Host,
    ) {
        let key = u64::from(draw_key);
        let answer = move |verdict| Message::ApiResponse { ticket, token, verdict };
        let heard = self.policy.perceptions;
        if stage == Stage::Arrived {
            let endpoint = &mut self.provider.api_endpoint;
            let error = || (heard.of(At::Api, AnswerKind::ServerError), Duration::ZERO);
            let failed = match endpoint.outage {
                Some(Outage::Silent) => return,
                Some(Outage::Errors) => Some(error()),
                None if host.hit(endpoint.errors, key) => Some(error()),
                None if endpoint.quotas.is_empty() => None,
                None => {
                    let client = self.fleets[usize::from(self.nodes[node.index()].fleet)].client;
                    let exceeded = endpoint.quota(host.now(), client).err();
                    exceeded.map(|exceeded| denied(&heard, At::Api, exceeded))
                }
            };
            if let Some((perceived, wait)) = failed {
                host.note(|| Event::AttemptFailed);
                host.send(Leg::ApiResponse, key, answer(verdict(perceived, wait)));
                return;
            }
            let message = move || Message::ApiRequest {
                stage: Stage::Served,
                ticket,
                node,
                token,
                live,
                draw_key,
            };
            match endpoint.admit() {
                Admission::Free => {}
                Admission::Serve => {
                    host.send(Leg::ApiService, key, message());
                    return;
                }
                Admission::Wait => {
                    self.waiting[API].push_back(message());
                    return;
                }
                Admission::TurnedAway => {
                    host.note(|| Event::AttemptFailed);
                    let (perceived, wait) = error();
                    host.send(Leg::ApiResponse, key, answer(verdict(perceived, wait)));
                    return;
                }
            }
        } else if self.provider.api_endpoint.finished() {
            let next = self.waiting[API].pop_front().expect("as many wait as were told to");
            host.send(Leg::ApiService, next.service_key(), next);
        }
        let (visible_after, invalidation) = host.lags(token, key);
        let said = match self.provider.check(host.now(), token, visible_after, invalidation) {
            Ok(()) => {
                host.note(|| Event::AttemptAccepted { token });
                if let Some(rotation) = &mut self.provider.rotation {
                    rotation.accepted(host.now(), token);
                }
                Verdict::Accepted
            }
            Err(cause) => {
                let cause = if live && cause != Cause::NotYetActive {
                    Cause::InFlight
                } else {
                    cause
                };
                if let Some(call) = self.calls.holder(ticket) {
                    call.rejections = call.rejections.saturating_add(1);
                    let first = call.attempts == 1;
                    call.refusals.note(first, cause == Cause::InFlight);
                    let (group, arrived) = (call.group, call.arrived);
                    host.note(|| Event::AttemptRejected {
                        group,
                        arrived,
                        first,
                        cause,
                    });
                } else {
                    host.note(|| Event::AttemptRejectedUnheard);
                }
                let kind = match cause {
                    Cause::Expired => AnswerKind::Expired,
                    _ => AnswerKind::Rejected,
                };
                verdict(heard.of(At::Api, kind), Duration::ZERO)
            }
        };
        host.send(Leg::ApiResponse, key, answer(said));
    }

    #[inline(always)] // The stage is known where it is delivered.
    #[allow(clippy::too_many_arguments)] // The fields of one message.
    pub(super) fn token_request(
        &mut self,
        stage: Stage,
        node: NodeId,
        epoch: u8,
        slot: TokenSlot,
        asker: Asker,
        count: u32,
        with: Option<Token>,
        host: &mut impl Host,
    ) {
        let key = node_key(node, count);
        let fleet = &self.fleets[usize::from(self.nodes[node.index()].fleet)];
        let client = fleet.client + slot.app_copy;
        let force = fleet.force;
        let answer = move |answer| Message::TokenResponse {
            node,
            epoch,
            asker,
            answer,
        };
        let now = host.now();
        let heard = self.policy.perceptions;
        let failed = |kind| failure(heard.of(At::Token, kind), Duration::ZERO);
        let mut no_op = false;
        if stage == Stage::Arrived {
            host.note(|| Event::TokenRequested);
            let endpoint = &mut self.provider.token_endpoint;
            let mut failed_with = match endpoint.outage {
                Some(Outage::Silent) => return,
                Some(Outage::Errors) => Some(failed(AnswerKind::ServerError)),
                None if host.hit(endpoint.errors, key) => Some(failed(AnswerKind::ServerError)),
                None if endpoint.quotas.is_empty() => None,
                None => endpoint.quota(now, client).err().and_then(|exceeded| {
                    if exceeded.first {
                        let reset = exceeded.until_reset;
                        host.note(|| Event::QuotaExhausted { reset });
                    }
                    no_op = exceeded.on_exceed == OnExceed::NoOp;
                    (!no_op).then(|| {
                        let (perceived, wait) = denied(&heard, At::Token, exceeded);
                        failure(perceived, wait)
                    })
                }),
            };
            // What is beyond the quota is answered at the door, whatever the answer: it occupies no server.
            if failed_with.is_none() && !no_op {
                let message = move || Message::TokenServed {
                    node,
                    epoch,
                    slot,
                    asker,
                    count,
                    with,
                };
                match endpoint.admit() {
                    Admission::Free => {}
                    Admission::Serve => {
                        host.send(Leg::TokenService, key, message());
                        return;
                    }
                    Admission::Wait => {
                        self.waiting[TOKEN].push_back(message());
                        return;
                    }
                    Admission::TurnedAway => failed_with = Some(failed(AnswerKind::ServerError)),
                }
            }
            if let Some(why) = failed_with {
                host.note(|| Event::TokenDenied);
                host.send(Leg::TokenResponse, key, answer(Err(why)));
                return;
            }
        } else if self.provider.token_endpoint.finished() {
            let next = self.waiting[TOKEN].pop_front().expect("as many wait as were told to");
            host.send(Leg::TokenService, next.service_key(), next);
        }
        if host.wants_details() {
            self.tell_lease(node, epoch, host);
        }
        let granted = match self.provider.bucket(client, slot.slot) {
            None => Err(failed(AnswerKind::BadSlot)),
            Some(bucket) if no_op => match self.current(now, bucket) {
                Some(grant) => {
                    host.note(|| Event::Returned);
                    Ok(grant)
                }
                None => Err(failed(AnswerKind::Throttled)),
            },
            Some(_) if self.provider.rotation.is_some() => self.refresh(now, node, with, host),
            Some(bucket) => self.issue(now, node, Request { bucket, force }, host),
        };
        if granted.is_err() {
            host.note(|| Event::TokenDenied);
        }
        host.send(Leg::TokenResponse, key, answer(granted));
    }

    /// What a node believes that its token request met.
    fn failed(&self, kind: AnswerKind) -> Failure {
        failure(self.policy.perceptions.of(At::Token, kind), Duration::ZERO)
    }

    /// The current token of a bucket, unchanged.
    fn current(&self, now: Time, bucket: Bucket) -> Option<Grant> {
        let life = self.provider.ledger.newest(bucket).filter(|life| life.is_live(now))?;
        Some(Grant {
            token: life.token,
            life: life.remaining(now).into(),
            rank: self.revealed(life),
        })
    }

    pub(super) fn revealed(&self, life: &Life) -> Option<NonZeroU32> {
        match self.provider.reveals {
            Reveals::Nothing => None,
            Reveals::Order => Some(life.token.0),
            Reveals::IssueTime(granularity) => {
                let units = life.issued.nanos() / granularity.nanos().max(1);
                NonZeroU32::new(u32::try_from(units).unwrap_or(u32::MAX - 1).saturating_add(1))
            }
        }
    }

    /// The commit of a token request.
    #[inline]
    fn issue(&mut self, now: Time, node: NodeId, request: Request, host: &mut impl Host) -> Result<Grant, Failure> {
        let held = S::view(&self.nodes[node.index()].memory).token;
        let unnecessary = held.is_some_and(|token| self.provider.ledger.is_live(token, now));
        let ledger = &mut self.provider.ledger;
        ledger.settle(request.bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
        let ruling = self
            .provider
            .rule
            .request(now, request, ledger)
            .map_err(|_| failure(self.policy.perceptions.of(At::Token, AnswerKind::Full), Duration::ZERO))?;
        ledger.settle(request.bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
        if ruling.new {
            host.note(|| Event::Issued {
                node,
                token: ruling.token,
                unnecessary,
                blast: ruling.superseded.map_or(0, |old| old.blast(held)),
                superseded: ruling.superseded.is_some(),
                evicted: ruling.superseded.map(|old| old.token),
            });
        } else {
            host.note(|| Event::Returned);
        }
        Ok(self.granted(now, ruling.token))
    }

    #[inline]
    fn granted(&self, now: Time, token: Token) -> Grant {
        let life = self.provider.ledger.get(token).expect("a ruling names a live token");
        Grant {
            token,
            life: life.remaining(now).into(),
            rank: self.revealed(life),
        }
    }

    /// The commit of a refresh: the refresh token that came `with` a token is used.
    fn refresh(
        &mut self,
        now: Time,
        node: NodeId,
        with: Option<Token>,
        host: &mut impl Host,
    ) -> Result<Grant, Failure> {
        let held = S::view(&self.nodes[node.index()].memory).token;
        let Provider {
            rotation, ledger, rule, ..
        } = &mut self.provider;
        let rotation = rotation.as_mut().expect("asked for where there are refresh tokens");
        let unnecessary = held.is_some_and(|token| ledger.is_live(token, now));
        let bucket = with.and_then(|with| rotation.bucket(with));
        if let Some(bucket) = bucket {
            ledger.settle(bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
        }
        let answer = rotation.refresh(now, with, held, ledger, rule);
        if let Some(bucket) = bucket {
            ledger.settle(bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
        }
        if host.wants_details() {
            let reuse = matches!(answer, Err(Denied::Replayed { .. }));
            host.note(|| Event::RefreshAnswered { reuse });
        }
        let refreshed = match answer {
            Ok(refreshed) => refreshed,
            Err(Denied::Full) => return Err(self.failed(AnswerKind::Full)),
            Err(denied) => {
                let revokes = denied == (Denied::Replayed { revokes: true });
                host.note(|| Event::GrantDenied { revokes });
                if revokes {
                    host.note(|| Event::GrantLost);
                }
                return Err(self.failed(AnswerKind::StaleRefresh));
            }
        };
        let ruling = refreshed.ruling;
        if ruling.new {
            host.note(|| Event::Issued {
                node,
                token: ruling.token,
                unnecessary,
                blast: refreshed.blast + ruling.superseded.map_or(0, |old| old.blast(held)),
                superseded: refreshed.ended || ruling.superseded.is_some(),
                evicted: ruling.superseded.map(|old| old.token),
            });
        } else {
            host.note(|| Event::Returned);
        }
        Ok(self.granted(now, ruling.token))
    }

    /// Ends the live tokens of a client's slot, or of all its slots.
    pub fn revoke(&mut self, client: u16, slot: Option<u16>, host: &mut impl Host) {
        let now = host.now();
        if let Some(rotation) = &mut self.provider.rotation {
            for _ in 0..rotation.revoke(now, client, &mut self.provider.ledger) {
                host.note(|| Event::GrantLost);
            }
        }
        for (index, bucket) in self.provider.buckets(client).enumerate() {
            if slot.is_none_or(|slot| usize::from(slot) == index) {
                self.provider
                    .ledger
                    .revoke(bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
            }
        }
    }
}

/// What a node makes of the answer to a request beyond a quota, and the wait that it is told.
fn denied(heard: &Perceptions, at: At, exceeded: Exceeded) -> (Perceived, Duration) {
    match exceeded.on_exceed {
        OnExceed::RetryAfter => (heard.of(at, AnswerKind::Throttled), exceeded.until_reset),
        OnExceed::Throttle | OnExceed::NoOp => (heard.of(at, AnswerKind::Throttled), Duration::ZERO),
        OnExceed::ErrorBody => (heard.of(at, AnswerKind::ThrottledInBody), Duration::ZERO),
    }
}

/// What a node believes that its token request met.
fn failure(perceived: Perceived, wait: Duration) -> Failure {
    match perceived {
        Perceived::Throttled { wait: told } => Failure::Throttled {
            // In whole seconds, rounded up, as the header has them.
            retry_after: match told {
                true => Millis::from(Duration::from_secs(wait.nanos().div_ceil(1_000_000_000))),
                false => Millis::ZERO,
            },
        },
        Perceived::ServerError | Perceived::Success => Failure::ServerError,
        Perceived::InvalidGrant => Failure::InvalidGrant,
        Perceived::Refused | Perceived::Rejected => Failure::Refused,
    }
}

/// What a node believes that its attempt met.
fn verdict(perceived: Perceived, wait: Duration) -> Verdict {
    match perceived {
        Perceived::Success => Verdict::Misread,
        Perceived::Rejected => Verdict::Rejected,
        other => Verdict::Failed(failure(other, wait)),
    }
}
