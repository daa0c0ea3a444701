//! Quotas: something is let in, and each key says something of what it stands beside.

use std::fmt::Display;

use super::Checker;
use crate::base::Duration;
use crate::provider::settings::{EndpointLimits, Limits, Settings};
use crate::provider::{Counts, OnExceed, Quota, QuotaKind};

/// Whose requests a quota counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Token,
    Api,
    Pool,
}

impl Checker<'_> {
    pub(super) fn quotas(&mut self, name: &'static str, settings: &Settings) {
        let Limits { token, api, pool } = &settings.limits;
        let takes_time = |limits: &EndpointLimits| limits.servers.is_some() && limits.service.is_some();
        let of_token = (Where::Token, &token.quotas, takes_time(token));
        let of_api = (Where::Api, &api.quotas, takes_time(api));
        let of_pool = (Where::Pool, pool, takes_time(token) || takes_time(api));
        for (place, quotas, takes_time) in [of_token, of_api, of_pool] {
            for (i, quota) in quotas.iter().flatten().enumerate() {
                let mut path: Vec<&dyn Display> = vec![&name, &"limits"];
                match place {
                    Where::Token => path.extend([&"token" as &dyn Display, &"quotas"]),
                    Where::Api => path.extend([&"api" as &dyn Display, &"quotas"]),
                    Where::Pool => path.push(&"pool"),
                }
                path.push(&i);
                self.kind(&path, quota, takes_time);
                self.is_about(&path, quota, (place, settings));
                self.insistence(&path, quota);
            }
        }
    }

    fn kind(&mut self, path: &[&dyn Display], quota: &Quota, takes_time: bool) {
        let at = |key: &'static &'static str| -> Vec<&dyn Display> {
            path.iter().copied().chain([key as &dyn Display]).collect()
        };
        match (quota.kind, quota.window.is_zero()) {
            (QuotaKind::Concurrency, true) if !takes_time => self.wrong(
                &at(&"kind"),
                "a request that is answered in the instant in which it arrives is never under way",
                "needs requests that take time",
                "give the endpoint `servers` and `service`, for instance `servers = 1000` and `service = \"200ms\"`",
            ),
            (QuotaKind::Concurrency, false) => self.wrong(
                &at(&"window"),
                "requests under way at once have no window",
                "says nothing",
                "leave it out, or choose another `kind`",
            ),
            (QuotaKind::Concurrency, true) => {}
            (_, true) => self.wrong(
                &at(&"window"),
                "a quota needs a window",
                "must be above zero",
                "for instance `window = \"1s\"`",
            ),
            (QuotaKind::TokenBucket(bucket), false) if bucket.burst == 0 => self.wrong(
                &at(&"kind"),
                "a bucket without room for a permit lets nothing in",
                "`burst` must be at least 1",
                "as many requests as may come at once",
            ),
            _ => {}
        }
    }

    fn is_about(&mut self, path: &[&dyn Display], quota: &Quota, (place, settings): (Where, &Settings)) {
        let at = |key: &'static &'static str| -> Vec<&dyn Display> {
            path.iter().copied().chain([key as &dyn Display]).collect()
        };
        let token_alone = "is about the token endpoint alone";
        if place != Where::Token && quota.grant_type.is_some() {
            self.wrong(
                &at(&"grant_type"),
                "only a token request has a grant type",
                token_alone,
                "leave it out, or move the quota to `limits.token.quotas`",
            );
        }
        if place != Where::Token && quota.counts == Counts::Issuances {
            self.wrong(
                &at(&"counts"),
                "only the token endpoint issues something",
                token_alone,
                "leave it out, or move the quota to `limits.token.quotas`",
            );
        }
        if place != Where::Token && matches!(quota.on_exceed, OnExceed::Conflict | OnExceed::InvalidGrant) {
            self.wrong(
                &at(&"on_exceed"),
                "only the token endpoint says that",
                token_alone,
                "for instance `on_exceed = \"throttle\"`, or move the quota to `limits.token.quotas`",
            );
        }
        if quota.on_exceed == OnExceed::InvalidGrant && settings.refresh_tokens().is_none() {
            self.wrong(
                &at(&"on_exceed"),
                "there is no refresh token of which it could be said",
                "needs refresh tokens",
                "add `[provider.refresh]`, or choose `on_exceed = \"throttle\"`",
            );
        }
        if quota.kind == QuotaKind::Concurrency && quota.counts == Counts::Issuances {
            self.wrong(
                &at(&"counts"),
                "an issuance happens in an instant: none is ever under way",
                "does not go with `concurrency`",
                "leave it out: requests under way are counted",
            );
        }
    }

    fn insistence(&mut self, path: &[&dyn Display], quota: &Quota) {
        let at = |key: &'static &'static str| -> Vec<&dyn Display> {
            path.iter().copied().chain([key as &dyn Display]).collect()
        };
        if quota.penalty.is_some_and(Duration::is_zero) {
            self.wrong(
                &at(&"penalty"),
                "a penalty of no time",
                "must be above zero",
                "leave it out for none",
            );
        }
        let slides = matches!(quota.kind, QuotaKind::SlidingLog | QuotaKind::SlidingCounter);
        if quota.prolongs && quota.penalty.is_none() && !slides {
            self.wrong(
                &at(&"prolongs"),
                "there is nothing that an ignored refusal could prolong",
                "needs a penalty or a sliding window",
                "add `penalty = \"1min\"`, or choose `kind = \"sliding_log\"`",
            );
        }
    }
}
