//! The issuance machine: what a token request in one slot of one client gets, and what it does to earlier tokens.
//!
//! One machine with parameters covers every rule that was found in the wild for tokens obtained without a user; neutral
//! parameters (no capacity, no overlap, no threshold) give independent tokens.

use super::ledger::{Ledger, Superseded};
use crate::base::{Duration, Time, clone_in_place};
use crate::oauth::Bucket;
use crate::oauth::Token;

/// A provider's rule for issuing tokens. Rules are compared with what they have counted so far.
pub trait Rule: Clone + Eq + std::hash::Hash {
    /// Answers a request whose slot is valid. An answer that issues nothing ends no token.
    fn request(&mut self, now: Time, request: Request, ledger: &mut Ledger) -> Result<Ruling, Refusal>;

    /// Full life of a new token.
    fn ttl(&self) -> Duration;

    /// Whether a period of the rule's own is running that will end by time alone. An overlap is no such period: the ledger knows
    /// of it.
    ///
    /// For an engine whose clock stands still. A rule that looks at `now` for anything but how long a token lives on says so
    /// here and in [`Rule::end_periods`]; otherwise such an engine never sees its periods end.
    fn runs_period(&self, now: Time, ledger: &Ledger) -> bool {
        let _ = (now, ledger);
        false
    }

    /// Ends all such periods as if a long while had passed; tokens live on.
    fn end_periods(&mut self, now: Time, ledger: &mut Ledger) {
        let _ = (now, ledger);
    }
}

/// A token request as the rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The app's slot that a token is asked for.
    pub bucket: Bucket,
    /// Ask for a new token even when the current one would be returned.
    pub force: bool,
}

/// A request that was answered by a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The token that the answer holds.
    pub token: Token,
    /// It was issued for this request; otherwise an earlier one was returned.
    pub new: bool,
    /// The token that had to make room for it.
    pub superseded: Option<Superseded>,
}

/// A request that the rule refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As many tokens are live as there may be.
    Full,
}

/// What happens when a slot has as many live tokens as it may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnFull {
    /// The oldest live token ends.
    #[default]
    EvictOldest,
    /// The request is refused.
    Refuse,
}

/// Limits on forced renewal; a forced request beyond them is answered like one that does not force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Force {
    /// Least time between two forced renewals.
    pub min_gap: Duration,
    /// Forced renewals in each `window` (fixed windows from the start of the run).
    pub count: u32,
    /// Length of a window.
    pub window: Duration,
}

/// The parameters, and what forced renewal has used up.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Issuance {
    /// Life of a new token.
    pub ttl: Duration,
    /// Live tokens per slot; none for independent tokens.
    pub capacity: Option<u32>,
    /// What a request gets when the slot is full.
    pub on_full: OnFull,
    /// How long a superseded token lives on.
    pub overlap: Duration,
    /// How many superseded tokens enjoy the overlap; none for all.
    pub overlap_depth: Option<u32>,
    /// The current token is returned while its remaining life is at least this.
    pub reuse_threshold: Option<Duration>,
    /// A token that is returned gets its full life again.
    pub extend: bool,
    /// Limits on forced renewal; none for no limits.
    pub force: Option<Force>,
    forced: Vec<Forced>,
}

clone_in_place!(Issuance {
    ttl,
    capacity,
    on_full,
    overlap,
    overlap_depth,
    reuse_threshold,
    extend,
    force,
    forced,
});

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Forced {
    last: Option<Time>,
    window: u64,
    used: u32,
}

impl Issuance {
    /// Independent tokens of this life.
    pub fn independent(ttl: Duration) -> Self {
        Self {
            ttl,
            capacity: None,
            on_full: OnFull::EvictOldest,
            overlap: Duration::ZERO,
            overlap_depth: None,
            reuse_threshold: None,
            extend: false,
            force: None,
            forced: Vec::new(),
        }
    }

    /// A new token ends the one before it in the same slot, at once.
    pub fn latest_only(ttl: Duration) -> Self {
        Self {
            capacity: Some(1),
            ..Self::independent(ttl)
        }
    }

    /// Whether a forced request is within its limits; it uses them up.
    fn may_force(&mut self, now: Time, bucket: Bucket) -> bool {
        let Some(limits) = self.force else { return true };
        let index = bucket.0 as usize;
        if self.forced.len() <= index {
            self.forced.resize(index + 1, Forced::default());
        }
        let forced = &mut self.forced[index];
        let window = now.nanos() / limits.window.nanos().max(1);
        if forced.window != window {
            forced.window = window;
            forced.used = 0;
        }
        let soon = forced.last.is_some_and(|last| now.since(last) < limits.min_gap);
        if soon || forced.used >= limits.count {
            return false;
        }
        forced.used += 1;
        forced.last = Some(now);
        true
    }

    /// The current token, when it is to be returned instead of a new one.
    #[inline]
    fn reusable(&self, now: Time, bucket: Bucket, ledger: &Ledger) -> Option<Token> {
        let threshold = self.reuse_threshold?;
        let life = ledger.newest(bucket)?;
        (life.is_live(now) && life.remaining(now) >= threshold).then_some(life.token)
    }
}

impl Rule for Issuance {
    #[inline(always)] // Called in one place of a server.
    fn request(&mut self, now: Time, request: Request, ledger: &mut Ledger) -> Result<Ruling, Refusal> {
        let bucket = request.bucket;
        let reusable = self.reusable(now, bucket, ledger);
        if let Some(token) = reusable
            && !(request.force && self.may_force(now, bucket))
        {
            if self.extend {
                ledger.extend(token, now, self.ttl);
            }
            return Ok(Ruling {
                token,
                new: false,
                superseded: None,
            });
        }
        let mut superseded = None;
        if self.capacity.is_some_and(|capacity| ledger.current(bucket) >= capacity) {
            match self.on_full {
                OnFull::Refuse => return Err(Refusal::Full),
                OnFull::EvictOldest => superseded = ledger.supersede_oldest(bucket, now, self.overlap),
            }
            if let Some(depth) = self.overlap_depth {
                ledger.trim_lingering(bucket, now, depth);
            }
        }
        Ok(Ruling {
            token: ledger.issue(bucket, now, self.ttl),
            new: true,
            superseded,
        })
    }

    fn ttl(&self) -> Duration {
        self.ttl
    }

    /// A token is returned as long as it has enough of its life before it, and so many renewals can be forced in a window.
    fn runs_period(&self, now: Time, ledger: &Ledger) -> bool {
        let forced = self.forced.iter().any(|forced| *forced != Forced::default());
        forced
            || ledger
                .buckets()
                .any(|bucket| self.reusable(now, bucket, ledger).is_some())
    }

    fn end_periods(&mut self, now: Time, ledger: &mut Ledger) {
        self.forced.fill(Forced::default());
        let Some(threshold) = self.reuse_threshold else { return };
        for bucket in ledger.buckets() {
            if self.reusable(now, bucket, ledger).is_some() {
                ledger.shorten(bucket, now + threshold.saturating_sub(Duration::from_nanos(1)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BUCKET: Bucket = Bucket(0);

    fn at(s: u64) -> Time {
        Time::ZERO + Duration::from_secs(s)
    }

    fn ask(rule: &mut Issuance, ledger: &mut Ledger, now: Time, force: bool) -> Result<Ruling, Refusal> {
        ledger.settle(BUCKET, now, &mut |_| {});
        rule.request(now, Request { bucket: BUCKET, force }, ledger)
    }

    fn hour() -> Duration {
        Duration::from_secs(3600)
    }

    #[test]
    fn latest_only_ends_the_one_before() {
        let (mut rule, mut ledger) = (Issuance::latest_only(hour()), Ledger::new(1));
        let one = ask(&mut rule, &mut ledger, at(0), false).unwrap();
        let two = ask(&mut rule, &mut ledger, at(1), false).unwrap();
        assert_eq!(two.superseded.unwrap().token, one.token);
        assert!(!ledger.is_live(one.token, at(1)) && ledger.is_live(two.token, at(1)));
    }

    #[test]
    fn overlap_and_its_depth() {
        let mut rule = Issuance {
            overlap: Duration::from_secs(300),
            overlap_depth: Some(1),
            ..Issuance::latest_only(hour())
        };
        let mut ledger = Ledger::new(1);
        let tokens: Vec<_> = (0..3)
            .map(|i| ask(&mut rule, &mut ledger, at(i), false).unwrap().token)
            .collect();
        let live = |ledger: &Ledger, now| {
            tokens
                .iter()
                .map(|&token| ledger.is_live(token, now))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            live(&ledger, at(2)),
            [false, true, true],
            "only the last predecessor lingers"
        );
        assert_eq!(live(&ledger, at(301)), [false, true, true]);
        assert_eq!(live(&ledger, at(302)), [false, false, true], "and for five minutes");
    }

    #[test]
    fn a_full_slot_that_refuses_ends_nothing() {
        let mut rule = Issuance {
            capacity: Some(2),
            on_full: OnFull::Refuse,
            ..Issuance::latest_only(hour())
        };
        let mut ledger = Ledger::new(1);
        let one = ask(&mut rule, &mut ledger, at(0), false).unwrap();
        let two = ask(&mut rule, &mut ledger, at(1), false).unwrap();
        assert_eq!(ask(&mut rule, &mut ledger, at(2), false), Err(Refusal::Full));
        assert!(ledger.is_live(one.token, at(2)) && ledger.is_live(two.token, at(2)));
        assert!(
            ask(&mut rule, &mut ledger, at(3600), false).is_ok(),
            "the first has expired"
        );
    }

    #[test]
    fn the_same_token_until_the_threshold_and_its_extension() {
        let mut rule = Issuance {
            reuse_threshold: Some(Duration::from_secs(300)),
            ..Issuance::latest_only(hour())
        };
        let mut ledger = Ledger::new(1);
        let one = ask(&mut rule, &mut ledger, at(0), false).unwrap();
        assert_eq!(ask(&mut rule, &mut ledger, at(3300), false).unwrap().token, one.token);
        let two = ask(&mut rule, &mut ledger, at(3301), false).unwrap();
        assert!(two.new);
        rule.extend = true;
        for i in 1..10 {
            assert_eq!(
                ask(&mut rule, &mut ledger, at(3301 + 3000 * i), false).unwrap().token,
                two.token
            );
        }
        assert!(
            ask(&mut rule, &mut ledger, at(200_000), false).unwrap().new,
            "a dead token is never returned"
        );
    }

    #[test]
    fn forced_renewal_has_a_gap_and_a_quota_and_is_a_no_op_beyond() {
        let mut rule = Issuance {
            reuse_threshold: Some(Duration::from_secs(300)),
            force: Some(Force {
                min_gap: Duration::from_secs(30),
                count: 2,
                window: Duration::from_secs(86_400),
            }),
            ..Issuance::latest_only(hour())
        };
        let mut ledger = Ledger::new(1);
        ask(&mut rule, &mut ledger, at(0), false).unwrap();
        let new: Vec<_> = [1, 2, 31, 100, 86_401]
            .map(|s| ask(&mut rule, &mut ledger, at(s), true).unwrap().new)
            .into();
        // The last request finds an expired token: it would have been new without force.
        assert_eq!(new, [true, false, true, false, true]);
    }

    proptest! {
        /// At most `capacity` tokens are current, and with the overlap none lives longer than it may, for any parameters.
        #[test]
        fn never_more_live_tokens_than_capacity_and_overlap_allow(
            capacity in 1u32..5,
            overlap in 0u64..20,
            depth in prop::option::of(0u32..3),
            threshold in prop::option::of(0u64..30),
            gaps in prop::collection::vec(0u64..15, 1..100),
        ) {
            let mut rule = Issuance {
                capacity: Some(capacity),
                overlap: Duration::from_secs(overlap),
                overlap_depth: depth,
                reuse_threshold: threshold.map(Duration::from_secs),
                ..Issuance::latest_only(Duration::from_secs(40))
            };
            let mut ledger = Ledger::new(1);
            let mut now = at(0);
            let mut newer: Vec<(Token, Time)> = Vec::new();
            for gap in gaps {
                now = now + Duration::from_secs(gap);
                let ruling = ask(&mut rule, &mut ledger, now, false).unwrap();
                prop_assert!(ledger.is_live(ruling.token, now));
                if ruling.new {
                    newer.push((ruling.token, now));
                }
                for (i, &(token, issued)) in newer.iter().enumerate() {
                    // Superseded when the capacity-th token after it was issued, if it was still current then.
                    let superseded = newer.get(i + capacity as usize).map(|&(_, when)| when);
                    let latest = superseded
                        .map_or(issued + Duration::from_secs(40), |when| when + Duration::from_secs(overlap))
                        .min(issued + Duration::from_secs(40));
                    if now >= latest {
                        prop_assert!(!ledger.is_live(token, now));
                    }
                }
                prop_assert!(ledger.current(BUCKET) <= capacity);
                if let Some(depth) = depth {
                    let lingering = ledger.remembered().iter().filter(|life| life.is_live(now) && life.ending.is_some()).count();
                    prop_assert!(lingering <= depth as usize);
                }
            }
        }
    }
}
