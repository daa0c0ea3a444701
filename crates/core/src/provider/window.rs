//! What has been used of a quota, by key, and whether one more request is let in.
//!
//! All of it is exact arithmetic on whole nanoseconds: the same requests at the same instants are let in on every machine.

use std::collections::{BTreeMap, VecDeque};

use super::quota::{Counts, GrantType, OnExceed, Quota, QuotaKind, Scope};
use crate::base::{Duration, Time, clone_in_place};
use crate::oauth::{AnswerKind, Reply, Token};

/// Who makes a request, as far as quotas tell requests apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requester {
    /// Which registered client.
    pub client: u16,
    /// Which of the client's tenants; 0 where it has none.
    pub tenant: u32,
    /// Where the request comes from.
    pub address: u32,
    /// The token that it is about: at the API its own, at the token endpoint the one that the refresh token came with.
    pub token: Option<Token>,
    /// What it presents; none at the API.
    pub grant_type: Option<GrantType>,
}

impl Requester {
    /// Who makes a call with a token.
    pub const fn caller(client: u16, address: u32, token: Option<Token>) -> Self {
        Self {
            client,
            tenant: 0,
            address,
            token,
            grant_type: None,
        }
    }
}

/// A quota, and what has been used of it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Window {
    quota: Quota,
    used: BTreeMap<u64, Used>,
    /// With so many keys, those are looked for of which nothing is used any more.
    sweep_at: usize,
}

clone_in_place!(Window { quota, used, sweep_at });

const SWEEP_AT: usize = 1024;

/// All of a quota, in thousandths.
pub(super) const FULL: u16 = 1000;

/// What one key has used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Used {
    admitted: Admitted,
    /// Until then the key is shut out.
    barred_until: Time,
    /// Until then the quota is used up, as far as has been told.
    told_until: Time,
}

/// Requests that were let in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Admitted {
    Fixed {
        window: u64,
        count: u32,
    },
    Log(VecDeque<Time>),
    Counter {
        window: u64,
        before: u32,
        count: u32,
    },
    /// A permit is as many units as a window has nanoseconds, so that each nanosecond gains `count` of them.
    Bucket {
        units: u128,
        at: Time,
    },
    UnderWay(u32),
}

/// A request beyond a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// What such a request gets.
    pub on_exceed: OnExceed,
    /// Time until there is room; zero where nobody knows.
    pub until_reset: Duration,
    /// It is the first to be told that until then nothing of the key is let in.
    pub first: bool,
}

impl Exceeded {
    /// The answer to such a request.
    pub fn reply<T>(&self) -> Reply<T> {
        match self.on_exceed {
            OnExceed::RetryAfter => Reply::refused_for(AnswerKind::Throttled, self.until_reset),
            OnExceed::Throttle | OnExceed::NoOp => Reply::refused(AnswerKind::Throttled),
            OnExceed::ErrorBody => Reply::refused(AnswerKind::ThrottledInBody),
            OnExceed::Conflict => Reply::refused(AnswerKind::Conflict),
            OnExceed::InvalidGrant => Reply::refused(AnswerKind::StaleRefresh),
        }
    }
}

impl Window {
    /// A quota of which nothing is used yet.
    pub fn new(quota: Quota) -> Self {
        Self {
            quota,
            used: BTreeMap::new(),
            sweep_at: SWEEP_AT,
        }
    }

    /// Whether it counts this.
    pub(super) fn is_about(&self, counts: Counts, whose: &Requester) -> bool {
        let quota = &self.quota;
        quota.counts == counts && (quota.grant_type.is_none() || quota.grant_type == whose.grant_type)
    }

    /// Whether it tells requests of one app apart.
    pub(super) fn tells_senders_apart(&self) -> bool {
        self.quota.grant_type.is_some() || matches!(self.quota.scope, Scope::Address | Scope::Grant)
    }

    /// Whether it has to hear when a request has been served.
    pub(super) fn counts_under_way(&self) -> bool {
        self.quota.kind == QuotaKind::Concurrency
    }

    /// Counts a request, unless the quota is used up; `grant` is asked for where grants are told apart.
    pub fn admit(&mut self, now: Time, whose: &Requester, grant: impl FnOnce() -> Option<u32>) -> Result<(), Exceeded> {
        let key = self.key(whose, grant);
        if self.used.len() >= self.sweep_at {
            let quota = &self.quota;
            self.used.retain(|_, used| !used.is_unused(now, quota));
            self.sweep_at = (2 * self.used.len()).max(SWEEP_AT);
        }
        let used = self.used.entry(key).or_insert_with(|| Used::new(&self.quota));
        let Err(until_reset) = used.admit(now, &self.quota) else {
            return Ok(());
        };
        let first = !until_reset.is_zero() && now + until_reset > used.told_until;
        used.told_until = used.told_until.max(now + until_reset);
        Err(Exceeded {
            on_exceed: self.quota.on_exceed,
            until_reset,
            first,
        })
    }

    /// Takes back a request that has been let in: it has been served where those under way are counted, or nothing came of it in
    /// the instant in which it was counted.
    pub fn give_back(&mut self, whose: &Requester, grant: impl FnOnce() -> Option<u32>) {
        let key = self.key(whose, grant);
        if let Some(used) = self.used.get_mut(&key) {
            used.give_back(&self.quota);
        }
    }

    /// How much of the quota this key has used up, in thousandths, as of the last request that was let in.
    pub(super) fn used(&self, whose: &Requester, grant: impl FnOnce() -> Option<u32>) -> u16 {
        let used = self.used.get(&self.key(whose, grant));
        used.map_or(0, |used| used.admitted.thousandths(&self.quota))
    }

    fn key(&self, whose: &Requester, grant: impl FnOnce() -> Option<u32>) -> u64 {
        match self.quota.scope {
            Scope::Client => u64::from(whose.client),
            Scope::Account => 0,
            Scope::Address => u64::from(whose.address),
            // Those that no user granted lie beyond all of a user's.
            Scope::Grant => grant().map_or_else(
                || (1 << 63) | (u64::from(whose.client) << 32) | u64::from(whose.tenant),
                u64::from,
            ),
        }
    }
}

impl Used {
    fn new(quota: &Quota) -> Self {
        let admitted = match quota.kind {
            QuotaKind::Fixed => Admitted::Fixed { window: 0, count: 0 },
            QuotaKind::SlidingLog => Admitted::Log(VecDeque::new()),
            QuotaKind::SlidingCounter => Admitted::Counter {
                window: 0,
                before: 0,
                count: 0,
            },
            QuotaKind::TokenBucket(bucket) => Admitted::Bucket {
                units: u128::from(bucket.burst) * u128::from(length(quota)),
                at: Time::ZERO,
            },
            QuotaKind::Concurrency => Admitted::UnderWay(0),
        };
        Self {
            admitted,
            barred_until: Time::ZERO,
            told_until: Time::ZERO,
        }
    }

    /// Counts a request, or says how long until there is room.
    fn admit(&mut self, now: Time, quota: &Quota) -> Result<(), Duration> {
        if now < self.barred_until {
            if quota.prolongs {
                self.barred_until = now + quota.penalty.unwrap_or_default();
            }
            return Err(self.barred_until.since(now));
        }
        let Err(mut until) = self.admitted.admit(now, quota) else {
            return Ok(());
        };
        match quota.penalty {
            Some(penalty) => {
                until = until.max(penalty);
                self.barred_until = now + penalty;
            }
            None if quota.prolongs => until = self.admitted.insist(now, quota),
            None => {}
        }
        Err(until)
    }

    fn give_back(&mut self, quota: &Quota) {
        match &mut self.admitted {
            Admitted::Fixed { count, .. } | Admitted::Counter { count, .. } | Admitted::UnderWay(count) => {
                *count = count.saturating_sub(1);
            }
            Admitted::Log(log) => drop(log.pop_back()),
            Admitted::Bucket { units, .. } => *units += u128::from(length(quota)),
        }
    }

    /// Whether the key is as one that has never made a request, but for what has been told of it.
    fn is_unused(&self, now: Time, quota: &Quota) -> bool {
        let length = length(quota);
        let past = now < self.barred_until || now < self.told_until;
        let window = now.nanos() / length;
        !past
            && match &self.admitted {
                Admitted::Fixed { window: last, .. } => window > *last,
                Admitted::Log(log) => log.back().is_none_or(|last| now.since(*last).nanos() >= length),
                Admitted::Counter { window: last, .. } => window > last + 1,
                Admitted::Bucket { units, at } => filled(*units, now.since(*at), quota) == full(quota),
                Admitted::UnderWay(count) => *count == 0,
            }
    }
}

impl Admitted {
    fn admit(&mut self, now: Time, quota: &Quota) -> Result<(), Duration> {
        let (length, most) = (length(quota), quota.count);
        let (window, elapsed) = (now.nanos() / length, now.nanos() % length);
        match self {
            Self::Fixed { window: last, count } => {
                if *last != window {
                    (*last, *count) = (window, 0);
                }
                if *count >= most {
                    return Err(Duration::from_nanos(length - elapsed));
                }
                *count += 1;
            }
            Self::Log(log) => {
                while log.front().is_some_and(|first| now.since(*first).nanos() >= length) {
                    log.pop_front();
                }
                if log.len() >= most as usize {
                    return Err(log
                        .front()
                        .map_or(quota.window, |first| (*first + quota.window).since(now)));
                }
                log.push_back(now);
            }
            Self::Counter {
                window: last,
                before,
                count,
            } => {
                if *last != window {
                    *before = if *last + 1 == window { *count } else { 0 };
                    (*last, *count) = (window, 0);
                }
                let until = estimated_wait(length, elapsed, most, (*before, *count));
                if until > 0 {
                    return Err(Duration::from_nanos(until));
                }
                *count += 1;
            }
            Self::Bucket { units, at } => {
                *units = filled(*units, now.since(*at), quota);
                *at = now;
                let permit = u128::from(length);
                if *units < permit {
                    let gained = u128::from(most.max(1));
                    return Err(Duration::from_nanos((permit - *units).div_ceil(gained) as u64));
                }
                *units -= permit;
            }
            Self::UnderWay(count) => {
                if *count >= most {
                    return Err(Duration::ZERO);
                }
                *count += 1;
            }
        }
        Ok(())
    }

    /// How much of it is used up, in thousandths.
    fn thousandths(&self, quota: &Quota) -> u16 {
        let most = u128::from(quota.count.max(1));
        let (used, of) = match self {
            Self::Fixed { count, .. } | Self::UnderWay(count) => (u128::from(*count), most),
            Self::Log(log) => (log.len() as u128, most),
            // Of the window before, what the last request left room for at most.
            Self::Counter { before, count, .. } => ((u128::from(*before) + u128::from(*count)).min(most), most),
            Self::Bucket { units, .. } => {
                let full = full(quota);
                (full.saturating_sub(*units), full.max(1))
            }
        };
        (used * u128::from(FULL) / of).min(u128::from(FULL)) as u16
    }

    /// A request that has been refused counts as one that was let in: how long until there is room now.
    fn insist(&mut self, now: Time, quota: &Quota) -> Duration {
        let length = length(quota);
        match self {
            Self::Log(log) => {
                log.pop_front();
                log.push_back(now);
                log.front()
                    .map_or(quota.window, |first| (*first + quota.window).since(now))
            }
            Self::Counter { before, count, .. } => {
                *count = count.saturating_add(1);
                let elapsed = now.nanos() % length;
                Duration::from_nanos(estimated_wait(length, elapsed, quota.count, (*before, *count)))
            }
            _ => quota.window,
        }
    }
}

/// Nanoseconds of a window.
fn length(quota: &Quota) -> u64 {
    quota.window.nanos().max(1)
}

fn full(quota: &Quota) -> u128 {
    match quota.kind {
        QuotaKind::TokenBucket(bucket) => u128::from(bucket.burst) * u128::from(length(quota)),
        _ => 0,
    }
}

/// What a bucket holds after a while.
fn filled(units: u128, after: Duration, quota: &Quota) -> u128 {
    (units + u128::from(after.nanos()) * u128::from(quota.count)).min(full(quota))
}

/// Nanoseconds until one more request brings the estimate to the count at most: `before` requests in the fixed window before, of
/// which the share still counts that the sliding window reaches back to, and `count` in this one, of which so much has elapsed.
fn estimated_wait(length: u64, elapsed: u64, most: u32, (before, count): (u32, u32)) -> u64 {
    let left = length - elapsed;
    // In a window with `room` for the requests of the one before, so much has to have elapsed.
    let needed = |before: u32, room: u32| match before <= room {
        true => 0,
        false => length - (u128::from(room) * u128::from(length) / u128::from(before)) as u64,
    };
    match most.checked_sub(count.saturating_add(1)) {
        Some(room) => needed(before, room).saturating_sub(elapsed),
        None if most == 0 => left,
        None => left + needed(count, most - 1),
    }
}

#[cfg(test)]
mod tests;
