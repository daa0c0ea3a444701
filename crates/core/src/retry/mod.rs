//! Retry policies: how often a call is tried, how long it waits between tries, and who may not try at all.
//!
//! A policy knows nothing of tokens: a failed try goes in, and the wait before the next comes out. Jitter is data
//! (a [`Delay`]), so that the simulator samples it and an exhaustive checker leaves it open.
//!
//! What others publish as their defaults, and how a scenario writes it:
//!
//! | who | tries and backoff | beside it | place |
//! |---|---|---|---|
//! | Google SRE | at most three tries | `budget = { per_call = 0.1 }` for each client; `throttle = { k = 2, window = "2min" }` | Site Reliability Engineering, chapter 21, "Deciding to retry" and "Client-side throttling" |
//! | Finagle | | `budget = { per_call = 0.2, per_time = "10/s", capacity = 100 }`: ten seconds' worth of the minimum are there from the start | twitter/finagle, `finagle-core/.../service/RetryBudget.scala` |
//! | gRPC | `attempts` at most 5; the example has 4, 0.1 s doubling up to 1 s | `budget = { capacity = 10, per_success = 0.1, reserve = 5 }`: the example's `maxTokens` 10 and `tokenRatio` 0.1, retries above half of it | grpc/proposal, `A6-client-retries.md` |
//! | AWS SDKs, standard mode to 2025 | 3 tries, full jitter from 1 s up to 20 s | `budget = { capacity = 500, per_success = 1.0, per_retry = 5, per_timeout = 10, refund = true }` | boto/botocore, `botocore/retries/standard.py` and `quota.py` |
//! | AWS SDKs, standard mode from 2026 | 3 tries, full jitter from 50 ms (throttled: 1 s) up to 20 s | `budget = { capacity = 500, per_success = 1.0, per_retry = 14, per_throttled = 5, refund = true }` | the same, version "2.1"; aws/aws-sdk-cpp issue 3832 |
//! | Envoy | 2 tries, full jitter from 25 ms up to 250 ms | `retry_after_jitter = 0.5` where it is told to read `Retry-After`; a budget of concurrent retries (20 %, at least 3), which is not modelled | envoyproxy/envoy, `source/common/router/retry_state_impl.cc`, `api/envoy/config/cluster/v3/circuit_breaker.proto` |
//! | Polly | 4 tries, 2 s between them | | App-vNext/Polly, `src/Polly.Core/Retry/RetryConstants.cs` |
//! | resilience4j | 3 tries, 500 ms between them | | resilience4j/resilience4j, `resilience4j-retry/.../RetryConfig.java` |
//! | gobreaker | | `breaker = { failures = 6, open = "60s" }`: more than five errors in a row, and a 401 is none | sony/gobreaker, `v2/gobreaker.go` |
//!
//! Laid beside those sources; where a rule is not the published one to the letter, it is so in the settings of the table. Envoy's code
//! doubles the bound of its draw (25, 50, 100 ms), as `full_jitter` does, where its manual speaks of `2^N - 1` bases. Finagle counts over
//! a sliding window of ten seconds: 100 retries and a fifth of the window's calls; here permits come at the same rates and are kept up to
//! the capacity, so that what can be retried for long is the same, a fleet that has rested may retry 100 times in both, and one that was
//! busy may not retry a fifth of its last ten seconds' calls on top. The throttle's two minutes fade where Google's slide.
//! The doubling waits are `min(cap, base 2^(k-1))` after the k-th failure, those of the AWS blog `min(cap, base 2^k)`.
//!
//! gRPC's jitter, a fifth either way, is not modelled, nor are breakers that open at a *share* of failures (Polly: 10 % of at least 100
//! in 30 s, then 5 s; resilience4j: 50 % of the last 100, then 60 s): here a breaker counts failures in a row.
//!
//! A new backoff is one file here, its `mod` line, and its lines in [`Retry`], [`RETRIES`] and `chosen!`.

mod breaker;
mod budget;
mod decorrelated_jitter;
mod equal_jitter;
mod exponential;
mod fixed;
mod full_jitter;
mod immediate;
mod throttle;
mod token_guard;

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::base::{Delay, Duration};

pub use breaker::{Breaker, BreakerState};
pub use budget::{Budget, BudgetState, FailureKind};
pub use decorrelated_jitter::DecorrelatedJitter;
pub use equal_jitter::EqualJitter;
pub use exponential::Exponential;
pub use fixed::Fixed;
pub use full_jitter::FullJitter;
pub use immediate::Immediate;
pub use throttle::{Throttle, ThrottleState};
pub use token_guard::TokenGuard;

/// A backoff policy: when the next try may start.
pub trait Backoff {
    /// The wait after the `step`-th failure (the first is 1); `previous` is the wait that was drawn last time, zero at
    /// first.
    fn delay(&self, step: u32, previous: Duration) -> Delay;

    /// Tries a call may use in all, the first included.
    fn attempts(&self) -> Attempts;
}

/// The retry policy of a strategy, as a scenario names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Retry {
    /// A call is tried once.
    None,
    /// The next try starts at once.
    Immediate(Immediate),
    /// Always the same wait.
    Fixed(Fixed),
    /// Doubling waits without jitter.
    Exponential(Exponential),
    /// Uniform between zero and the doubling wait.
    FullJitter(FullJitter),
    /// Half of the doubling wait, and a uniform draw from the other half.
    EqualJitter(EqualJitter),
    /// Uniform between the base and three times the wait before.
    DecorrelatedJitter(DecorrelatedJitter),
}

/// Names of the policies with a sentence each, for `tokenstorm list retries`.
pub const RETRIES: [(&str, &str); 7] = [
    ("none", "a call is tried once"),
    ("immediate", "the next try starts at once"),
    ("fixed", "always the same wait"),
    ("exponential", "doubling waits without jitter"),
    ("full_jitter", "uniform between zero and the doubling wait"),
    (
        "equal_jitter",
        "half of the doubling wait, and a uniform draw from the other half",
    ),
    (
        "decorrelated_jitter",
        "uniform between the base and three times the wait before",
    ),
];

/// One method of the chosen policy, without dynamic dispatch.
macro_rules! chosen {
    ($retry:expr, $policy:ident => $call:expr) => {
        match $retry {
            Retry::None => {
                let $policy = &immediate::ONCE;
                $call
            }
            Retry::Immediate($policy) => $call,
            Retry::Fixed($policy) => $call,
            Retry::Exponential($policy) => $call,
            Retry::FullJitter($policy) => $call,
            Retry::EqualJitter($policy) => $call,
            Retry::DecorrelatedJitter($policy) => $call,
        }
    };
}

impl Retry {
    /// See [`Backoff::delay`].
    ///
    /// ```
    /// # use tokenstorm_core as tokenstorm;
    /// use tokenstorm::base::Duration;
    /// use tokenstorm::retry::{Attempts, FullJitter, Retry};
    ///
    /// let (base, cap) = (Duration::from_millis(100), Duration::from_secs(2));
    /// let retry = Retry::FullJitter(FullJitter { base, cap, attempts: Attempts::at_most(4) });
    ///
    /// // After the third failure: any wait up to 100 ms doubled twice. The draw is the engine's.
    /// let wait = retry.delay(3, Duration::ZERO);
    /// assert_eq!(wait.at(0), Duration::ZERO);
    /// assert!(wait.at(u64::MAX) <= Duration::from_millis(400));
    /// assert!(!retry.attempts().allow_another(4));
    /// ```
    #[inline]
    pub fn delay(&self, step: u32, previous: Duration) -> Delay {
        chosen!(self, policy => policy.delay(step, previous))
    }

    /// Whether a wait depends on the wait before.
    #[inline]
    pub const fn looks_back(&self) -> bool {
        matches!(self, Self::DecorrelatedJitter(_))
    }

    /// See [`Backoff::attempts`].
    #[inline]
    pub fn attempts(&self) -> Attempts {
        chosen!(self, policy => policy.attempts())
    }
}

/// How many tries a call may use in all: a number, or `"unbounded"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts(Option<u32>);

impl Attempts {
    /// At most this many; zero means one.
    pub const fn at_most(count: u32) -> Self {
        Self(Some(if count == 0 { 1 } else { count }))
    }

    /// As many as it takes.
    pub const UNBOUNDED: Self = Self(None);

    /// Whether a call that has used `tries` has one left.
    #[inline]
    pub fn allow_another(self, tries: u32) -> bool {
        self.0.is_none_or(|most| tries < most)
    }

    /// How many tries, where they are bounded.
    pub const fn most(self) -> Option<u32> {
        self.0
    }

    /// Whether a call is tried as often as it takes.
    pub const fn is_unbounded(self) -> bool {
        self.0.is_none()
    }
}

/// Five tries: what most of the client libraries that retry at all settle on, within one.
impl Default for Attempts {
    fn default() -> Self {
        Self::at_most(5)
    }
}

impl<'de> Deserialize<'de> for Attempts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Attempts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of tries from 1, or \"unbounded\"")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Attempts, E> {
                match u32::try_from(value) {
                    Ok(most) if most > 0 => Ok(Attempts::at_most(most)),
                    _ => Err(E::custom(format!(
                        "{value} tries make no call; write 1 for a call that is never retried, or \"unbounded\""
                    ))),
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Attempts, E> {
                if text == "unbounded" {
                    return Ok(Attempts::UNBOUNDED);
                }
                Err(E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Serialize for Attempts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(most) => serializer.serialize_u32(most),
            None => serializer.serialize_str("unbounded"),
        }
    }
}

impl JsonSchema for Attempts {
    fn schema_name() -> Cow<'static, str> {
        "Attempts".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Tries a call may use in all, the first included",
            "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": "unbounded" }],
            "default": 5
        })
    }
}

/// `min(cap, base * 2^(step-1))`: what the doubling policies share. Source: M. Brooker, "Exponential backoff and jitter",
/// AWS architecture blog, 2015.
fn doubled(base: Duration, cap: Duration, step: u32) -> Duration {
    let factor = 1u64.checked_shl(step.saturating_sub(1)).unwrap_or(u64::MAX);
    base.saturating_mul(factor).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;
    use proptest::prelude::*;

    fn every_backoff(base: Duration, cap: Duration) -> [Retry; 7] {
        let attempts = Attempts::default();
        [
            Retry::None,
            Retry::Immediate(Immediate { attempts }),
            Retry::Fixed(Fixed { delay: base, attempts }),
            Retry::Exponential(Exponential { base, cap, attempts }),
            Retry::FullJitter(FullJitter { base, cap, attempts }),
            Retry::EqualJitter(EqualJitter { base, cap, attempts }),
            Retry::DecorrelatedJitter(DecorrelatedJitter { base, cap, attempts }),
        ]
    }

    #[test]
    fn the_list_names_every_policy() {
        let policies = every_backoff(Duration::SECOND, Duration::SECOND);
        for (policy, (name, _)) in policies.iter().zip(RETRIES) {
            let written = serde_json::to_value(policy).unwrap();
            let tag = written.as_str().map_or_else(
                || written.as_object().unwrap().keys().next().unwrap().clone(),
                String::from,
            );
            assert_eq!(tag, name);
        }
    }

    proptest! {
        /// No policy waits longer than its cap, whatever the step and the draw.
        #[test]
        fn no_wait_exceeds_the_cap(base in 1u64..10_000, cap in 1u64..100_000, step in 1u32..200, draw: u64, previous in 0u64..1_000_000) {
            let cap = base.max(cap);
            for policy in every_backoff(Duration::from_millis(base), Duration::from_millis(cap)) {
                let wait = policy.delay(step, Duration::from_millis(previous)).at(draw);
                prop_assert!(wait <= Duration::from_millis(cap), "{policy:?}: {wait}");
            }
        }
    }

    /// Means of section 5 of the model (`src/manual/model.md`): exponential min(C, b 2^(k-1)); full jitter half of it; equal
    /// jitter three quarters. 99.99 % interval of the mean of 20,000 uniform draws.
    #[test]
    fn mean_waits_follow_the_law() {
        let (base, cap, n) = (Duration::from_millis(100), Duration::from_secs(2), 20_000u32);
        let dice = Dice::new(11);
        for step in 1..=8 {
            let envelope = doubled(base, cap, step).as_secs_f64();
            assert_eq!(envelope, (0.1 * 2f64.powi(step as i32 - 1)).min(2.0));
            for (policy, mean, width) in [
                (
                    Retry::Exponential(Exponential {
                        base,
                        cap,
                        attempts: Attempts::default(),
                    }),
                    1.0,
                    0.0,
                ),
                (
                    Retry::FullJitter(FullJitter {
                        base,
                        cap,
                        attempts: Attempts::default(),
                    }),
                    0.5,
                    1.0,
                ),
                (
                    Retry::EqualJitter(EqualJitter {
                        base,
                        cap,
                        attempts: Attempts::default(),
                    }),
                    0.75,
                    0.5,
                ),
            ] {
                let delay = policy.delay(step, Duration::ZERO);
                let sum: f64 = (0..n)
                    .map(|i| delay.at(dice.draw(0, u64::from(step), u64::from(i))).as_secs_f64())
                    .sum();
                let error = (sum / f64::from(n) / envelope - mean).abs();
                let bound = 3.89 * width / (12.0 * f64::from(n)).sqrt() + 1e-9;
                assert!(
                    error <= bound,
                    "{policy:?} step {step}: off by {error}, allowed {bound}"
                );
            }
        }
    }
}
