//! The provider: authorization server and resource server as one deterministic state machine.
//!
//! Does not know that nodes coordinate: it sees requests of one client or another. It has no clock and no dice; what is
//! random about it (errors, lags) is asked of whoever runs it.

mod counting;
mod door;
mod endpoint;
mod issuance;
mod ledger;
mod operator;
pub mod profiles;
mod quota;
mod rotation;
mod server;
pub mod settings;
mod window;

pub use door::Intake;
pub use endpoint::{Admission, Endpoint, Outage};
pub use issuance::{Force, Issuance, OnFull, Refusal, Request, Rule, Ruling};
pub use ledger::{Ledger, Superseded};
pub use quota::{Counts, GrantType, OnExceed, Quota, QuotaKind, Scope, TokenBucket};
pub use rotation::{Refreshed, Refused, RotationMachine, RotationRule};
pub use server::{Server, ServerHost, TokenAsk};
pub use settings::{OnBadSlot, Reveals};
pub use window::{Exceeded, Requester, Window};

use std::hash::{Hash, Hasher};
use std::ops::Range;

use crate::base::{Duration, Time, clone_in_place};
use crate::oauth::{Slot, Token};

/// The life of a token is told in words that the trace uses too.
pub use crate::oauth::{Bucket, Cause, Ending, Life};

/// Tokens, slots and limits of one provider, under a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider<R> {
    /// All tokens that it has issued and not forgotten.
    pub ledger: Ledger,
    /// What a token request gets.
    pub rule: R,
    /// Grants with refresh tokens, where the provider has them.
    pub rotation: Option<Box<RotationMachine>>,
    /// What an index gets that was not granted.
    pub on_bad_slot: OnBadSlot,
    /// What two tokens reveal about which is newer.
    pub reveals: Reveals,
    /// Slots granted to each client, by client.
    slots: Vec<u16>,
    /// Slots that each client can ever have: buckets are laid out by it.
    stride: u16,
    /// Tenants of each client at most: the buckets of all clients lie there once for each of them.
    tenants: u32,
    /// Limits and outages of the token endpoint.
    pub token_endpoint: Endpoint,
    /// Limits and outages of the API.
    pub api_endpoint: Endpoint,
    /// Limits on the requests of both endpoints together.
    pool: Vec<Window>,
    /// Nodes that come from a few addresses.
    addresses: Vec<Addresses>,
}

/// Where nodes come from whose addresses are not their own: so many of them from each address, and the number of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Which nodes.
    pub nodes: Range<u32>,
    /// The address of the first of them.
    pub first: u32,
    /// How many of them, side by side, come from one address.
    pub each: u32,
}

clone_in_place!(Provider<R> {
    ledger, rule, rotation, on_bad_slot, reveals, slots, stride, tenants, token_endpoint, api_endpoint, pool,
    addresses,
});

/// Without the number of quotas in the pool, tenants and addresses, which are the same in all states.
impl<R: Hash> Hash for Provider<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.ledger, &self.rule, &self.rotation).hash(state);
        (self.on_bad_slot, self.reveals, &self.slots, self.stride).hash(state);
        (&self.token_endpoint, &self.api_endpoint).hash(state);
        self.pool.iter().for_each(|window| window.hash(state));
    }
}

impl<R: Rule> Provider<R> {
    /// A provider with `slots[client]` slots granted at first and at most `stride` ever.
    pub fn new(rule: R, on_bad_slot: OnBadSlot, slots: Vec<u16>, stride: u16) -> Self {
        assert!(
            slots.iter().all(|&granted| granted <= stride),
            "a client has more slots than were laid out"
        );
        Self {
            ledger: Ledger::new(slots.len() * usize::from(stride)),
            rule,
            rotation: None,
            on_bad_slot,
            reveals: Reveals::Nothing,
            slots,
            stride,
            tenants: 1,
            token_endpoint: Endpoint::default(),
            api_endpoint: Endpoint::default(),
            pool: Vec::new(),
            addresses: Vec::new(),
        }
    }

    /// With nodes that come from a few addresses.
    #[must_use]
    pub fn with_addresses(self, addresses: Vec<Addresses>) -> Self {
        Self { addresses, ..self }
    }

    /// With so many tenants of each client at most: each has tokens and slots of its own. No client is added afterwards.
    #[must_use]
    pub fn with_tenants(mut self, tenants: u32) -> Self {
        let more = tenants.max(1) - self.tenants;
        self.ledger
            .add_buckets(more as usize * self.slots.len() * usize::from(self.stride));
        self.tenants += more;
        self
    }

    /// With endpoints that have limits.
    #[must_use]
    pub fn with_endpoints(self, token_endpoint: Endpoint, api_endpoint: Endpoint) -> Self {
        Self {
            token_endpoint,
            api_endpoint,
            ..self
        }
    }

    /// With refresh tokens.
    #[must_use]
    pub fn with_rotation(self, rule: Option<RotationRule>) -> Self {
        Self {
            rotation: rule.map(|rule| Box::new(RotationMachine::new(rule))),
            ..self
        }
    }

    /// Whether a token is worth keeping: it is live, or the refresh token that came with it would be accepted.
    pub fn is_worth(&self, now: Time, token: Token) -> bool {
        match &self.rotation {
            None => self.ledger.is_live(token, now),
            Some(rotation) => rotation.accepts(now, token),
        }
    }

    /// Whether some period that the provider grants is running and will end by time alone: an overlap, a leeway, a cap, a time in
    /// which the current token is returned. The life of an access token or of a refresh token is none.
    pub fn runs_period(&self, now: Time) -> bool {
        let rotates = self.rotation.as_ref().is_some_and(|rotation| rotation.runs_period(now));
        rotates || self.ledger.has_overlap(now) || self.rule.runs_period(now, &self.ledger)
    }

    /// Ends all such periods as if a long while had passed, and tells each token that dies with one.
    pub fn end_periods(&mut self, now: Time, told: &mut impl FnMut(&Life)) {
        if let Some(rotation) = &mut self.rotation {
            rotation.end_periods(now);
        }
        self.ledger.end_overlaps(now, told);
        self.rule.end_periods(now, &mut self.ledger);
    }

    /// Which bucket a request falls into; `None` when the index is refused.
    #[inline]
    pub fn bucket(&self, client: u16, tenant: u32, slot: Slot) -> Option<Bucket> {
        let granted = self.slots[usize::from(client)];
        let index = match slot {
            Slot::Unnamed | Slot::Misnamed(_) => 0,
            Slot::Index(index) if index < granted => index,
            Slot::Index(_) => match self.on_bad_slot {
                OnBadSlot::Refuse => return None,
                OnBadSlot::Ignore => 0,
            },
        };
        Some(self.bucket_of(client, tenant, index))
    }

    /// Buckets lie tenant by tenant, client by client, slot by slot.
    #[inline]
    fn bucket_of(&self, client: u16, tenant: u32, index: u16) -> Bucket {
        let clients = tenant * self.slots.len() as u32 + u32::from(client);
        Bucket(clients * u32::from(self.stride) + u32::from(index))
    }

    /// From now on the client has this many slots.
    pub fn grant_slots(&mut self, client: u16, slots: u16) {
        self.slots[usize::from(client)] = slots.min(self.stride);
    }

    /// One more client, with so many slots at first; its number.
    ///
    /// # Panics
    /// With 65,536 clients, where the client has more slots than were laid out, or where there are tenants.
    pub fn add_client(&mut self, slots: u16) -> u16 {
        assert!(slots <= self.stride, "a client has more slots than were laid out");
        assert_eq!(self.tenants, 1, "clients with tenants are all laid out at first");
        let client = u16::try_from(self.slots.len()).expect("fewer than 65,536 clients");
        self.slots.push(slots);
        self.ledger.add_buckets(usize::from(self.stride));
        client
    }

    /// Which client a bucket is of, and which of its slots.
    pub const fn owner(&self, bucket: Bucket) -> (u16, u16) {
        let (stride, clients) = (self.stride as u32, self.slots.len() as u32);
        ((bucket.0 / stride % clients) as u16, (bucket.0 % stride) as u16)
    }

    /// Slots granted to a client now.
    pub fn slots(&self, client: u16) -> u16 {
        self.slots[usize::from(client)]
    }

    /// How many clients there are.
    pub fn clients(&self) -> u16 {
        self.slots.len() as u16
    }

    /// How many tenants a client has at most; 1 where none has any.
    pub const fn tenants(&self) -> u32 {
        self.tenants
    }

    /// One of all clients' tenants, as a draw has it: which client, and which of its tenants.
    pub fn grant_of(&self, draw: u64) -> (u16, u32) {
        let clients = u128::from(self.clients());
        let number = (u128::from(draw) * clients * u128::from(self.tenants)) >> 64;
        ((number % clients) as u16, (number / clients) as u32)
    }

    /// Buckets of one tenant of a client.
    pub fn buckets(&self, client: u16, tenant: u32) -> impl Iterator<Item = Bucket> + use<R> {
        let first = self.bucket_of(client, tenant, 0);
        (first.0..first.0 + u32::from(self.stride)).map(Bucket)
    }

    /// Checks a token as it arrives at a resource server whose replica hears of new tokens `visible_after` and of dead ones
    /// `invalidation` later.
    #[inline(always)] // Called in one place of an engine.
    pub fn check(
        &mut self,
        now: Time,
        token: Token,
        visible_after: Duration,
        invalidation: Duration,
    ) -> Result<(), Cause> {
        let Some(life) = self.ledger.get_mut(token) else {
            return Err(Cause::LongDead);
        };
        if now < life.issued + visible_after {
            return Err(Cause::NotYetActive);
        }
        let end = match life.ending {
            None | Some(Ending::Expired) => life.end,
            // A replica that has not heard of the end still sees the expiry.
            Some(Ending::Superseded | Ending::Revoked) => (life.end + invalidation).min(life.expires),
        };
        if now < end {
            life.accepted(now);
            return Ok(());
        }
        Err(match life.ending {
            None | Some(Ending::Expired) => Cause::Expired,
            Some(Ending::Superseded) => Cause::Superseded,
            Some(Ending::Revoked) => Cause::Revoked,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::Slot;

    /// Accepted up to the last nanosecond before its end, refused from its end on; a new token from its commit on.
    #[test]
    fn a_token_ends_at_the_instant_of_its_end() {
        let ttl = Duration::from_secs(10);
        let mut provider = Provider::new(Issuance::latest_only(ttl), OnBadSlot::Refuse, vec![1], 1);
        let bucket = provider.bucket(0, 0, Slot::Unnamed).unwrap();
        let start = Time::ZERO + Duration::SECOND;
        let issue = |provider: &mut Provider<Issuance>, now| {
            let request = Request { bucket, force: false };
            provider.rule.request(now, request, &mut provider.ledger).unwrap().token
        };
        let none = Duration::ZERO;
        let first = issue(&mut provider, start);
        assert_eq!(provider.check(start, first, none, none), Ok(()));
        let last = start + ttl - Duration::from_nanos(1);
        assert_eq!(provider.check(last, first, none, none), Ok(()));
        assert_eq!(provider.check(start + ttl, first, none, none), Err(Cause::Expired));
        let second = issue(&mut provider, last);
        assert_eq!(
            provider.check(last, first, none, none),
            Err(Cause::Superseded),
            "commits come before checks"
        );
        assert_eq!(provider.check(last, second, none, none), Ok(()));
    }
}
