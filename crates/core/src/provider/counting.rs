//! What all quotas together make of a request: those of its endpoint, and those of the pool that both endpoints share.

use super::quota::{Counts, GrantType};
use super::window::{Exceeded, FULL, Requester, Window};
use super::{Provider, RotationMachine, TokenAsk};
use crate::base::{NodeId, Time};
use crate::oauth::{At, Token};

impl<R> Provider<R> {
    /// With limits on the requests of both endpoints together.
    #[must_use]
    pub fn with_pool(mut self, pool: impl IntoIterator<Item = super::Quota>) -> Self {
        self.pool = pool.into_iter().map(Window::new).collect();
        let pooled = !self.pool.is_empty();
        self.token_endpoint.pooled = pooled;
        self.api_endpoint.pooled = pooled;
        self
    }

    /// The address of a node.
    pub fn address(&self, node: NodeId) -> u32 {
        let together = self.addresses.iter().find(|it| it.nodes.contains(&node.0));
        together.map_or(node.0, |it| it.first + (node.0 - it.nodes.start) / it.each)
    }

    /// Who makes a token request.
    #[inline]
    pub fn token_requester(&self, ask: &TokenAsk) -> Requester {
        Requester {
            client: ask.client,
            tenant: ask.tenant,
            address: self.address(ask.asker),
            token: ask.with,
            grant_type: Some(match self.rotation {
                None => GrantType::ClientCredentials,
                Some(_) => GrantType::RefreshToken,
            }),
        }
    }

    /// The quotas that count requests at an endpoint, and where grants are looked up.
    fn quotas(&mut self, at: At) -> (impl Iterator<Item = &mut Window>, Option<&RotationMachine>) {
        let endpoint = match at {
            At::Token => &mut self.token_endpoint,
            At::Api => &mut self.api_endpoint,
        };
        let pool = if endpoint.pooled { &mut self.pool[..] } else { &mut [] };
        (endpoint.quotas.iter_mut().chain(pool), self.rotation.as_deref())
    }

    /// Counts a request that arrives against every quota; the first that is used up answers. Otherwise says how much of the fullest of
    /// them is used up now, in thousandths.
    #[inline(never)] // Most endpoints have none.
    pub(super) fn count(&mut self, now: Time, at: At, whose: &Requester) -> Result<u16, Exceeded> {
        self.charge(now, at, Counts::Requests, whose)
    }

    fn charge(&mut self, now: Time, at: At, counts: Counts, whose: &Requester) -> Result<u16, Exceeded> {
        let (quotas, rotation) = self.quotas(at);
        let mut refused = None;
        let (mut passed, mut fullest) = (0, 0);
        for window in quotas.filter(|window| window.is_about(counts, whose)) {
            if let Err(exceeded) = window.admit(now, whose, || grant(rotation, whose)) {
                refused = Some(exceeded);
                break;
            }
            fullest = fullest.max(window.used(whose, || grant(rotation, whose)));
            passed += 1;
        }
        let Some(exceeded) = refused else { return Ok(fullest) };
        let (quotas, rotation) = self.quotas(at);
        let before = quotas.filter(|window| window.is_about(counts, whose)).take(passed);
        for window in before.filter(|window| window.counts_under_way()) {
            window.give_back(whose, || grant(rotation, whose));
        }
        Err(exceeded)
    }

    fn has_quota(&self, at: At, wanted: fn(&Window) -> bool) -> bool {
        let endpoint = match at {
            At::Token => &self.token_endpoint,
            At::Api => &self.api_endpoint,
        };
        endpoint.is_counted() && {
            let pool = if endpoint.pooled { &self.pool[..] } else { &[] };
            endpoint.quotas.iter().chain(pool).any(wanted)
        }
    }

    /// Whether something has to be told when a request has been served.
    #[inline]
    pub fn counts_under_way(&self, at: At) -> bool {
        self.has_quota(at, Window::counts_under_way)
    }

    /// Whether it is told apart from where a request of one app comes, and what it presents.
    pub fn tells_senders_apart(&self, at: At) -> bool {
        self.has_quota(at, Window::tells_senders_apart)
    }

    /// A request that was let in is not under way any more.
    pub fn leaves(&mut self, at: At, whose: &Requester) {
        let (quotas, rotation) = self.quotas(at);
        let concerned = |window: &&mut Window| window.counts_under_way() && window.is_about(Counts::Requests, whose);
        for window in quotas.filter(concerned) {
            window.give_back(whose, || grant(rotation, whose));
        }
    }

    /// Whether a request may have a token issued, as far as issuances are counted.
    pub(super) fn may_issue(&mut self, now: Time, whose: &Requester) -> Result<(), Exceeded> {
        let (quotas, rotation) = self.quotas(At::Token);
        for window in quotas.filter(|window| window.is_about(Counts::Issuances, whose)) {
            window.admit(now, whose, || grant(rotation, whose))?;
            window.give_back(whose, || grant(rotation, whose));
        }
        Ok(())
    }

    /// A token has been issued that [`may`](Self::may_issue) be: it counts for its own grant, which a login has just begun.
    /// Says how much of the fullest quota is used up now, in thousandths.
    pub(super) fn has_issued(&mut self, now: Time, token: Token, whose: &Requester) -> u16 {
        let whose = Requester {
            token: Some(token),
            ..*whose
        };
        self.charge(now, At::Token, Counts::Issuances, &whose).unwrap_or(FULL)
    }
}

/// The grant that a request is about.
fn grant(rotation: Option<&RotationMachine>, whose: &Requester) -> Option<u32> {
    rotation?.family(whose.token?)
}
