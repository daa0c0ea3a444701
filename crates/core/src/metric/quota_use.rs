//! How much of the quotas of an endpoint was used, and for how long nothing was left.

use super::{Better, Metric};
use crate::base::{Duration, Time};

/// What was used of the quotas of one endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaUse {
    until: Time,
    /// Time during which a quota was used up.
    pub exhausted: Duration,
    /// The most that was used of a quota at once, in thousandths; none where nothing was counted.
    pub most: Option<u16>,
}

impl QuotaUse {
    /// Within these times a quota is used up.
    pub(super) fn exhaust(&mut self, from: Time, until: Time) {
        self.exhausted = self.exhausted.saturating_add(until.since(from.max(self.until)));
        self.until = self.until.max(until);
    }

    pub(super) fn note(&mut self, thousandths: u16) {
        self.most = self.most.max(Some(thousandths));
    }
}

fn seconds(quota: &QuotaUse) -> Option<f64> {
    Some(quota.exhausted.as_secs_f64())
}

fn most(quota: &QuotaUse) -> Option<f64> {
    quota.most.map(|thousandths| f64::from(thousandths) / 1000.0)
}

/// Something about the quotas of an endpoint.
macro_rules! quota {
    ($name:literal, $unit:literal, $about:literal, $read:expr) => {
        Metric {
            name: $name,
            unit: $unit,
            about: $about,
            read: $read,
            by_group: None,
            by_fleet: None,
            better: Some(Better::Low),
        }
    };
}

pub(super) const QUOTA_EXHAUSTED_SECONDS: Metric = quota!(
    "quota_exhausted_seconds",
    "s",
    "Time during which the token endpoint refused for quota.",
    |run| seconds(&run.token_quota)
);

pub(super) const API_QUOTA_EXHAUSTED_SECONDS: Metric = quota!(
    "api_quota_exhausted_seconds",
    "s",
    "Time during which the API refused for quota.",
    |run| seconds(&run.api_quota)
);

pub(super) const TOKEN_QUOTA_USED_MAX: Metric = quota!(
    "token_quota_used_max",
    "share",
    "Most of a quota of the token endpoint that was used up at once, by one app, address or grant; none where it has no quota.",
    |run| most(&run.token_quota)
);

pub(super) const API_QUOTA_USED_MAX: Metric = quota!(
    "api_quota_used_max",
    "share",
    "Most of a quota of the API that was used up at once, by one app, address or grant; none where it has no quota.",
    |run| most(&run.api_quota)
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_quota_are_counted_once_where_they_overlap() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let mut quota = QuotaUse::default();
        quota.exhaust(at(10), at(20));
        quota.exhaust(at(15), at(30));
        quota.exhaust(at(16), at(18));
        quota.exhaust(at(40), at(41));
        assert_eq!(quota.exhausted, Duration::from_secs(21));
        // What ends before it begins, as beyond the horizon, is nothing.
        quota.exhaust(at(90), at(60));
        assert_eq!(quota.exhausted, Duration::from_secs(21));
        assert_eq!(most(&quota), None);
        quota.note(400);
        quota.note(250);
        assert_eq!(most(&quota), Some(0.4));
    }
}
