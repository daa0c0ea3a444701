//! The server's side of the wire: everything behind the provider's two URLs, from the arrival of a request to its answer.
//!
//! It does not know what strategy its callers follow, nor what they make of its answers. An engine carries requests to it; an
//! HTTP server may do the same.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use super::window::{Exceeded, FULL};
use super::{Bucket, Cause, Life, OnExceed, Provider, Refused, Request, Reveals, Rule, Ruling};
use crate::base::{Chance, Duration, NodeId, Time, clone_in_place};
use crate::oauth::{AnswerKind, At, Grant, Reply, Slot, Token};
use crate::trace::Event;

/// What the server asks of whoever runs it; a `key` names a draw.
pub trait ServerHost {
    /// Whether something happens that has this chance.
    fn hit(&mut self, chance: Chance, key: u64) -> bool;

    /// How late the resource server that an attempt meets learns that this token exists, and that it has ended.
    fn lags(&mut self, token: Token, key: u64) -> (Duration, Duration);

    /// Notes in the trace what happened.
    fn note(&mut self, event: impl FnOnce() -> Event);

    /// Whether it wants to be told details too, which only properties ask for.
    fn wants_details(&self) -> bool {
        false
    }
}

/// A token request, when its turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenAsk {
    /// Which registered client signs it.
    pub client: u16,
    /// For which of the client's tenants it asks; 0 where it has none.
    pub tenant: u32,
    /// The slot that it names.
    pub slot: Slot,
    /// It asks for a new token even where the current one would be returned.
    pub force: bool,
    /// The refresh token that came with this token is presented.
    pub with: Option<Token>,
    /// The door has let it in beyond its quota, to be answered with what there is.
    pub no_op: bool,
    /// Who asks: for the trace alone.
    pub asker: NodeId,
    /// The token that the asker would send now, as far as somebody sees both sides: for the trace alone.
    pub held: Option<Token>,
}

/// A provider behind its two URLs; `Q` is a request that waits for a server, as its carrier has it. Two token requests by hand:
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use tokenstorm::base::{Chance, Duration, NodeId, Time};
/// use tokenstorm::oauth::{Reply, Slot, Token};
/// use tokenstorm::provider::{Cause, Intake, Issuance, OnBadSlot, Provider, Server, ServerHost, TokenAsk};
/// use tokenstorm::trace::Event;
///
/// struct Calm;
/// impl ServerHost for Calm {
///     fn hit(&mut self, _: Chance, _: u64) -> bool { false }
///     fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) { <_>::default() }
///     fn note(&mut self, _: impl FnOnce() -> Event) {}
/// }
/// let rule = Issuance::latest_only(Duration::from_secs(3600));
/// let mut server: Server<_, ()> = Server::new(Provider::new(rule, OnBadSlot::Refuse, vec![1], 1));
/// let (client, tenant, slot, asker, now) = (0, 0, Slot::Unnamed, NodeId(0), Time::ZERO);
/// let ask = TokenAsk { client, tenant, slot, asker, force: false, no_op: false, with: None, held: None };
/// let [first, second] = [(); 2].map(|()| {
///     let intake = server.token_arrives(now, 0, asker, |it| it.token_requester(&ask), || (), &mut Calm);
///     assert_eq!(intake, Intake::Now { no_op: false });
///     server.token_commits(now, &ask, &mut Calm)
/// });
/// let (Reply::Granted(first), Reply::Granted(second)) = (first, second) else { panic!() };
/// assert_eq!(server.api_check(now, first.token, 0, &mut Calm), Err(Cause::Superseded));
/// assert_eq!(server.api_check(now, second.token, 0, &mut Calm), Ok(()));
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Server<R, Q> {
    /// Its tokens, rules and limits.
    pub provider: Provider<R>,
    /// At the token endpoint, and at the API.
    pub(super) waiting: [VecDeque<Q>; 2],
}

clone_in_place!(Server<R, Q> { provider, waiting });

impl<R: Rule, Q> Server<R, Q> {
    /// Nobody waits.
    pub fn new(provider: Provider<R>) -> Self {
        Self {
            provider,
            waiting: [VecDeque::new(), VecDeque::new()],
        }
    }

    /// Takes out all requests that wait for a server, to be [put back](Self::put_waiting).
    pub fn take_waiting(&mut self) -> [VecDeque<Q>; 2] {
        std::mem::take(&mut self.waiting)
    }

    /// Puts back what was taken out.
    pub fn put_waiting(&mut self, waiting: [VecDeque<Q>; 2]) {
        self.waiting = waiting;
    }

    /// The API checks the token of a request.
    ///
    /// # Errors
    /// Why the token is refused, as the model knows; [`Server::rejection`] is the answer.
    #[inline(always)] // Called in one place of an engine.
    pub fn api_check(&mut self, now: Time, token: Token, key: u64, host: &mut impl ServerHost) -> Result<(), Cause> {
        let (visible_after, invalidation) = host.lags(token, key);
        self.provider.check(now, token, visible_after, invalidation)?;
        host.note(|| Event::AttemptAccepted { token });
        if let Some(rotation) = &mut self.provider.rotation {
            rotation.accepted(now, token);
        }
        Ok(())
    }

    /// The answer to a request whose token is refused.
    #[inline]
    pub const fn rejection(cause: Cause) -> Reply<()> {
        Reply::refused(match cause {
            Cause::Expired => AnswerKind::Expired,
            _ => AnswerKind::Rejected,
        })
    }

    /// The commit of a token request.
    #[inline(always)] // Called in one place of an engine.
    pub fn token_commits(&mut self, now: Time, ask: &TokenAsk, host: &mut impl ServerHost) -> Reply<Grant> {
        let reply = match self.provider.bucket(ask.client, ask.tenant, ask.slot) {
            None => Reply::refused(AnswerKind::BadSlot),
            Some(bucket) if ask.no_op => self.no_op(now, bucket, host),
            Some(bucket) if self.provider.token_endpoint.is_counted() => self.counted(now, bucket, ask, host),
            Some(bucket) => self.ruled(now, bucket, ask, host),
        };
        if let Reply::Refused { kind, .. } = reply {
            let (node, why) = (ask.asker, kind);
            host.note(|| Event::TokenRefused { node, why });
        }
        reply
    }

    /// The commit of a token request where issuances may be counted.
    #[inline(never)] // Most token endpoints have no quotas.
    fn counted(&mut self, now: Time, bucket: Bucket, ask: &TokenAsk, host: &mut impl ServerHost) -> Reply<Grant> {
        let whose = self.provider.token_requester(ask);
        if let Err(exceeded) = self.provider.may_issue(now, &whose) {
            Self::note_exhausted(At::Token, &exceeded, host);
            return match exceeded.on_exceed {
                OnExceed::NoOp => self.no_op(now, bucket, host),
                _ => exceeded.reply(),
            };
        }
        let before = self.provider.ledger.issued();
        let reply = self.ruled(now, bucket, ask, host);
        if let Reply::Granted(grant) = reply
            && self.provider.ledger.issued() > before
        {
            let used = self.provider.has_issued(now, grant.token, &whose);
            Self::note_used(At::Token, used, host);
        }
        reply
    }

    /// What the rules answer.
    #[inline]
    fn ruled(&mut self, now: Time, bucket: Bucket, ask: &TokenAsk, host: &mut impl ServerHost) -> Reply<Grant> {
        match self.provider.rotation {
            Some(_) => self.refresh(now, ask, host),
            None => self.issue(now, bucket, ask, host),
        }
    }

    /// The current token of a bucket, unchanged.
    fn no_op(&self, now: Time, bucket: Bucket, host: &mut impl ServerHost) -> Reply<Grant> {
        let newest = self.provider.ledger.newest(bucket);
        let Some(life) = newest.filter(|life| life.is_live(now)) else {
            return Reply::refused(AnswerKind::Throttled);
        };
        host.note(|| Event::Returned);
        Reply::Granted(self.grant(now, life))
    }

    /// Notes that a request is beyond a quota, and that the quota is used up where nobody knew before.
    pub(super) fn note_exhausted(at: At, exceeded: &Exceeded, host: &mut impl ServerHost) {
        Self::note_used(at, FULL, host);
        if exceeded.first {
            let reset = exceeded.until_reset;
            host.note(|| Event::QuotaExhausted { at, reset });
        }
    }

    /// Notes how much of the fullest quota is used up.
    pub(super) fn note_used(at: At, thousandths: u16, host: &mut impl ServerHost) {
        host.note(|| Event::QuotaUsed { at, thousandths });
    }

    fn grant(&self, now: Time, life: &Life) -> Grant {
        Grant {
            token: life.token,
            life: life.remaining(now).into(),
            rank: self.revealed(life),
        }
    }

    fn revealed(&self, life: &Life) -> Option<NonZeroU32> {
        match self.provider.reveals {
            Reveals::Nothing => None,
            Reveals::Order => Some(life.token.0),
            Reveals::IssueTime(granularity) => {
                let units = life.issued.nanos() / granularity.nanos().max(1);
                NonZeroU32::new(u32::try_from(units).unwrap_or(u32::MAX - 1).saturating_add(1))
            }
        }
    }

    /// What the token endpoint said, or would say now, of a token that it has issued.
    pub fn credential(&self, token: Token, now: Time) -> Grant {
        match self.provider.ledger.get(token) {
            Some(life) => self.grant(now, life),
            None => Grant {
                token,
                life: Duration::ZERO.into(),
                rank: None,
            },
        }
    }

    #[inline(always)]
    pub(super) fn settle(&mut self, bucket: Bucket, now: Time, host: &mut impl ServerHost) {
        let ended = &mut |life: &Life| host.note(|| Event::TokenEnded(*life));
        self.provider.ledger.settle(bucket, now, ended);
    }

    /// The commit of a token request.
    #[inline]
    fn issue(&mut self, now: Time, bucket: Bucket, ask: &TokenAsk, host: &mut impl ServerHost) -> Reply<Grant> {
        let left = self.provider.ledger.left(ask.held, now);
        self.settle(bucket, now, host);
        let force = ask.force;
        let Provider { rule, ledger, .. } = &mut self.provider;
        let Ok(ruling) = rule.request(now, Request { bucket, force }, ledger) else {
            return Reply::refused(AnswerKind::Full);
        };
        let ended = &mut |life: &Life| host.note(|| Event::TokenEnded(*life));
        match ruling.superseded {
            // As a rule at once.
            Some(_) => self.provider.ledger.strike(bucket, now, ended),
            None => self.provider.ledger.settle(bucket, now, ended),
        }
        note_ruling(ask, &ruling, left, (0, false), host);
        self.granted(now, ruling.token)
    }

    #[inline]
    fn granted(&self, now: Time, token: Token) -> Reply<Grant> {
        let life = self.provider.ledger.get(token).expect("a ruling names a live token");
        Reply::Granted(self.grant(now, life))
    }

    /// The refresh token that came `with` a token is used.
    fn refresh(&mut self, now: Time, ask: &TokenAsk, host: &mut impl ServerHost) -> Reply<Grant> {
        let left = self.provider.ledger.left(ask.held, now);
        let rotation = self.provider.rotation.as_ref();
        let bucket = ask.with.and_then(|with| rotation?.bucket(with));
        if let Some(bucket) = bucket {
            self.settle(bucket, now, host);
        }
        let Provider {
            rotation, ledger, rule, ..
        } = &mut self.provider;
        let rotation = rotation.as_mut().expect("asked for where there are refresh tokens");
        let answer = rotation.refresh(now, ask.with, ask.held, ledger, rule);
        if let Some(bucket) = bucket {
            self.settle(bucket, now, host);
        }
        if host.wants_details() {
            let reuse = matches!(answer, Err(Refused::Replayed { .. }));
            host.note(|| Event::RefreshAnswered { reuse });
        }
        match answer {
            Ok(refreshed) => {
                let beside = (refreshed.blast, refreshed.ended);
                note_ruling(ask, &refreshed.ruling, left, beside, host);
                self.granted(now, refreshed.ruling.token)
            }
            Err(Refused::Full) => Reply::refused(AnswerKind::Full),
            Err(refused) => {
                let revokes = refused == (Refused::Replayed { revokes: true });
                host.note(|| Event::GrantRefused { revokes });
                if revokes && let Some(bucket) = bucket {
                    host.note(|| Event::GrantLost { bucket });
                }
                Reply::refused(AnswerKind::StaleRefresh)
            }
        }
    }
}

/// Notes an issuance; `beside` is what a refresh ended besides what the ruling names.
#[inline(always)]
fn note_ruling(ask: &TokenAsk, ruling: &Ruling, left: Duration, beside: (u32, bool), host: &mut impl ServerHost) {
    if !ruling.new {
        host.note(|| Event::Returned);
        return;
    }
    let (blast, ended) = beside;
    host.note(|| Event::Issued {
        node: ask.asker,
        token: ruling.token,
        left,
        blast: blast + ruling.superseded.map_or(0, |old| old.blast(ask.held)),
        superseded: ended || ruling.superseded.is_some(),
        evicted: ruling.superseded.map(|old| old.token),
    });
}
