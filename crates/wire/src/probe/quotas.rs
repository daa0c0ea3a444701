//! Quotas that a provider tells in the headers of its answers, as settings.
//!
//! Understood are a list of policies with a count and a window in seconds, as `RateLimit-Policy: "default";q=100;w=60` of
//! draft-ietf-httpapi-ratelimit-headers from its version 07 on, and `RateLimit-Limit: 100, 100;w=60` of the versions before, which
//! Envoy sends as `X-RateLimit-Limit`; and a name that ends with the window, such as `X-RateLimit-Limit-Minute` of Kong. A count
//! without a window says no quota.

use std::collections::BTreeSet;

use super::bounds::Throttling;
use crate::base::Duration;
use crate::provider::{OnExceed, Quota};

/// A header that speaks of limits, as it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LimitHeader {
    /// It came from the token endpoint; else from the API.
    pub token_endpoint: bool,
    /// In lower case.
    pub name: String,
    /// As it stood there.
    pub value: String,
}

const WINDOWS: [(&str, u64); 8] = [
    ("-second", 1),
    ("-secondly", 1),
    ("-minute", 60),
    ("-minutely", 60),
    ("-hour", 3_600),
    ("-hourly", 3_600),
    ("-day", 86_400),
    ("-daily", 86_400),
];

impl LimitHeader {
    /// Counts and windows in seconds that this header tells.
    fn quotas(&self) -> Vec<(u32, u64)> {
        let of_what = |word: &str| self.name.contains(word);
        if of_what("remaining") || of_what("reset") || of_what("used") {
            return Vec::new();
        }
        if let Some((_, window)) = WINDOWS.iter().find(|(ending, _)| self.name.ends_with(ending)) {
            let count = self.value.trim().parse().ok();
            return count
                .filter(|count| *count > 0)
                .map(|count| (count, *window))
                .into_iter()
                .collect();
        }
        self.value.split(',').filter_map(policy).collect()
    }
}

/// `100;w=60` or `"name";q=100;w=60`, where it counts requests.
fn policy(item: &str) -> Option<(u32, u64)> {
    let mut parts = item.split(';').map(str::trim);
    let (mut count, mut window) = (parts.next()?.parse().ok(), None);
    for part in parts {
        match part.split_once('=')? {
            ("q", value) => count = Some(value.parse().ok()?),
            ("w", value) => window = Some(value.parse().ok()?),
            ("qu", unit) if unit.trim_matches('"') != "requests" => return None,
            _ => {}
        }
    }
    count.zip(window).filter(|(count, window)| *count > 0 && *window > 0)
}

/// What a request beyond a quota of this endpoint got, where one was seen.
fn exceeding(throttlings: &[Throttling], token_endpoint: bool) -> Option<OnExceed> {
    let seen = throttlings
        .iter()
        .find(|throttling| throttling.token_endpoint == token_endpoint)?;
    Some(match seen.hint {
        Some(_) => OnExceed::RetryAfter,
        None => OnExceed::Throttle,
    })
}

/// Quotas of an endpoint, and what tells them.
pub(super) struct ToldQuotas {
    /// Their key in the settings.
    pub key: &'static str,
    pub quotas: Vec<Quota>,
    pub evidence: Vec<String>,
}

/// The quotas of both endpoints, where there are any.
pub(super) fn told(headers: &BTreeSet<LimitHeader>, throttlings: &[Throttling]) -> Vec<ToldQuotas> {
    let of = |token_endpoint, key| {
        let (mut told, mut evidence) = (BTreeSet::new(), Vec::new());
        for header in headers.iter().filter(|header| header.token_endpoint == token_endpoint) {
            let quotas = header.quotas();
            if !quotas.is_empty() {
                told.extend(quotas);
                evidence.push(format!("a header said {}: {}", header.name, header.value));
            }
        }
        let seen = exceeding(throttlings, token_endpoint);
        evidence.push(match seen {
            Some(_) => "a request beyond it was refused".to_owned(),
            None => "no request went beyond it, so what such a one gets is the default".to_owned(),
        });
        let quota = |(count, seconds)| Quota {
            on_exceed: seen.unwrap_or_default(),
            ..Quota::fixed(count, Duration::from_secs(seconds))
        };
        let quotas = told.into_iter().map(quota).collect();
        ToldQuotas { key, quotas, evidence }
    };
    let both = [of(true, "limits.token.quotas"), of(false, "limits.api.quotas")];
    both.into_iter().filter(|told| !told.quotas.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::LimitHeader;

    fn quotas(name: &str, value: &str) -> Vec<(u32, u64)> {
        let header = LimitHeader {
            token_endpoint: true,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        header.quotas()
    }

    #[test]
    fn headers_tell_counts_with_their_windows() {
        assert_eq!(
            quotas("ratelimit-policy", r#""burst";q=100;w=60,"daily";q=1000;w=86400"#),
            [(100, 60), (1000, 86_400)]
        );
        assert_eq!(
            quotas("ratelimit-limit", "10, 10;w=1, 50;w=60;comment=\"sliding\""),
            [(10, 1), (50, 60)]
        );
        assert_eq!(quotas("x-ratelimit-limit-minute", "20"), [(20, 60)]);
        assert_eq!(quotas("x-hubspot-ratelimit-daily", "250000"), [(250_000, 86_400)]);
    }

    #[test]
    fn what_tells_no_quota_is_passed_over() {
        for (name, value) in [
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining-minute", "19"),
            ("x-ratelimit-reset", "1700000000"),
            ("ratelimit", r#""default";r=50;t=30"#),
            ("ratelimit-policy", r#""bytes";q=65535;qu="content-bytes";w=10"#),
            (
                "ratelimit-policy",
                "0;w=10, 10;w=0, -3;w=1, 99999999999;w=1, ;;w=3, 7;w",
            ),
            ("x-ratelimit-limit-day", "unlimited"),
            ("ratelimit-limit", ""),
        ] {
            assert_eq!(quotas(name, value), [], "{name}: {value}");
        }
    }
}
