//! The retry policies that are tried with every coordination strategy.

use super::variant::tag;
use crate::base::{Duration, Share};
use crate::retry::{Attempts, Budget, EqualJitter, FullJitter, Immediate, Retry};
use crate::scenario::{DelayGoes, StrategySettings};

/// A retry policy, and how a strategy gets it.
pub(super) struct Policy {
    pub name: &'static str,
    pub retry: Retry,
    pub delay_goes: DelayGoes,
    pub budget: Option<Budget>,
}

/// The first wait at most, before it doubles.
const BASE: Duration = Duration::from_millis(100);
/// No wait is longer.
const CAP: Duration = Duration::from_secs(10);
/// Tries of a call.
const TRIES: Attempts = Attempts::at_most(5);

/// The one that is to be preferred where all come out alike comes first. The jitters are those of the AWS architecture blog ("Exponential backoff and
/// jitter", 2015), the budget is that of the Google SRE book, chapter 21: three tries, and one retry for ten calls.
pub(super) fn policies() -> [Policy; 6] {
    let plain = |name, retry| Policy {
        name,
        retry,
        delay_goes: DelayGoes::BeforeRenewal,
        budget: None,
    };
    let full = |attempts| {
        Retry::FullJitter(FullJitter {
            base: BASE,
            cap: CAP,
            attempts,
        })
    };
    let equal = EqualJitter {
        base: BASE,
        cap: CAP,
        attempts: TRIES,
    };
    let tenth = Budget {
        per_call: Share::new(0.1).expect("a tenth is a share"),
        ..Budget::default()
    };
    [
        Policy {
            delay_goes: DelayGoes::Nowhere,
            ..plain("full jitter, at once after a 401", full(TRIES))
        },
        plain("full jitter", full(TRIES)),
        plain("equal jitter", Retry::EqualJitter(equal)),
        Policy {
            delay_goes: DelayGoes::Nowhere,
            budget: Some(tenth),
            ..plain("three tries within a budget", full(Attempts::at_most(3)))
        },
        plain("five tries at once", Retry::Immediate(Immediate { attempts: TRIES })),
        plain("tried once", Retry::None),
    ]
}

impl Policy {
    /// The settings of a strategy that retries so.
    pub fn give(&self, settings: StrategySettings) -> StrategySettings {
        StrategySettings {
            retry: self.retry,
            delay_goes: self.delay_goes,
            budget: self.budget,
            ..settings
        }
    }
}

/// A retry policy of a scenario in words: its name in a scenario, and what stands beside it.
pub(super) fn told(settings: &StrategySettings) -> String {
    let tries = match settings.retry.attempts().most() {
        None => ", as often as it takes".to_owned(),
        Some(1) => String::new(),
        Some(most) => format!(", {most} tries"),
    };
    let mut words = format!("{}{tries}", tag(&settings.retry).replace('_', " "));
    for (is_there, name) in [
        (settings.budget.is_some(), "a budget"),
        (settings.breaker.is_some(), "a breaker"),
        (settings.throttle.is_some(), "a throttle"),
        (settings.token_guard.is_some(), "a guard of the token endpoint"),
    ] {
        if is_there {
            words.push_str(&format!(", {name}"));
        }
    }
    words
}
