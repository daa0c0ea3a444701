//! A whole example of each choice that needs settings, for messages: what is shown can be copied.

/// What a choice is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Coordination,
    Retry,
    Arrivals,
    Distribution,
    Event,
    Rule,
    Comparison,
    /// Any other.
    Other,
}

/// What a list of names is a list of.
pub(super) fn choice_of(known: &[&str]) -> Choice {
    for (member, choice) in [
        ("compare_first", Choice::Coordination),
        ("full_jitter", Choice::Retry),
        ("latest_only", Choice::Rule),
        ("poisson", Choice::Arrivals),
        ("lognormal", Choice::Distribution),
        ("crash_gateway", Choice::Event),
        (">=", Choice::Comparison),
    ] {
        if known.contains(&member) {
            return choice;
        }
    }
    Choice::Other
}

/// What may stand under a key, where its name says so.
pub(super) fn choice_at(key: &str) -> Option<Choice> {
    Some(match key {
        "coordination" => Choice::Coordination,
        "retry" => Choice::Retry,
        "arrivals" => Choice::Arrivals,
        "what" => Choice::Event,
        "rule" => Choice::Rule,
        "op" => Choice::Comparison,
        "token_request" | "token_response" | "api_request" | "api_response" | "service" | "think" | "lasts"
        | "request" | "response" | "latency" | "visible_after" | "invalidation" => Choice::Distribution,
        _ => return None,
    })
}

impl Choice {
    /// In the singular, and in the plural.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Coordination => ("strategy", "strategies"),
            Self::Retry => ("retry policy", "retry policies"),
            Self::Arrivals => ("arrival pattern", "arrival patterns"),
            Self::Distribution => ("distribution", "distributions"),
            Self::Event => ("event", "events"),
            Self::Rule => ("rule", "rules"),
            Self::Comparison => ("comparison", "comparisons"),
            Self::Other => ("choice", "choices"),
        }
    }

    /// The alternative of this name with its settings, as TOML has it.
    pub(super) fn example(self, name: &str) -> Option<&'static str> {
        let found = EXAMPLES
            .iter()
            .find(|(choice, known, _)| *choice == self && *known == name);
        found.map(|(_, _, text)| *text)
    }

    /// Any alternative.
    pub(super) fn any_example(self) -> &'static str {
        match self {
            Self::Coordination => r#""naive""#,
            Self::Rule => r#""latest_only""#,
            Self::Comparison => r#"">=""#,
            Self::Other => r#""..""#,
            _ => EXAMPLES
                .iter()
                .find(|(choice, ..)| *choice == self)
                .map_or("", |(.., text)| text),
        }
    }
}

/// Every alternative that its name alone does not settle.
pub(super) const EXAMPLES: [(Choice, &str, &str); 35] = [
    (Choice::Retry, "fixed", r#"{ fixed = { delay = "1s" } }"#),
    (
        Choice::Retry,
        "exponential",
        r#"{ exponential = { base = "100ms", cap = "10s", attempts = 5 } }"#,
    ),
    (
        Choice::Retry,
        "full_jitter",
        r#"{ full_jitter = { base = "100ms", cap = "10s", attempts = 5 } }"#,
    ),
    (
        Choice::Retry,
        "equal_jitter",
        r#"{ equal_jitter = { base = "100ms", cap = "10s", attempts = 5 } }"#,
    ),
    (
        Choice::Retry,
        "decorrelated_jitter",
        r#"{ decorrelated_jitter = { base = "100ms", cap = "10s", attempts = 5 } }"#,
    ),
    (Choice::Retry, "immediate", r#"{ immediate = { attempts = 5 } }"#),
    (Choice::Arrivals, "poisson", r#"{ poisson = "2/s" }"#),
    (
        Choice::Arrivals,
        "periodic",
        r#"{ periodic = { every = "1min", jitter = "10s" } }"#,
    ),
    (
        Choice::Arrivals,
        "burst",
        r#"{ burst = { every = "1min", calls = 20 } }"#,
    ),
    (
        Choice::Arrivals,
        "on_off",
        r#"{ on_off = { rate = "20/s", on = "10s", off = "50s" } }"#,
    ),
    (
        Choice::Arrivals,
        "diurnal",
        r#"{ diurnal = { mean = "2/s", amplitude = "80%", peak_at = "14h" } }"#,
    ),
    (
        Choice::Arrivals,
        "daily",
        r#"{ daily = { at = "2h", lasts = "10min", rate = "5/s" } }"#,
    ),
    (
        Choice::Arrivals,
        "closed_loop",
        r#"{ closed_loop = { users = 5, think = { exponential = { mean = "10s" } } } }"#,
    ),
    (Choice::Arrivals, "trace", r#"{ trace = "calls.csv" }"#),
    (Choice::Distribution, "constant", r#"{ constant = "40ms" }"#),
    (Choice::Distribution, "uniform", r#"{ uniform = ["10ms", "30ms"] }"#),
    (
        Choice::Distribution,
        "exponential",
        r#"{ exponential = { mean = "40ms" } }"#,
    ),
    (
        Choice::Distribution,
        "lognormal",
        r#"{ lognormal = { median = "80ms", p99 = "400ms" } }"#,
    ),
    (Choice::Distribution, "empirical", r#"{ empirical = "token.csv" }"#),
    (
        Choice::Event,
        "fail",
        r#"{ fail = { endpoint = "token", for = "1min" } }"#,
    ),
    (
        Choice::Event,
        "slow",
        r#"{ slow = { endpoint = "api", factor = 3.0, for = "1min" } }"#,
    ),
    (Choice::Event, "start", r#"{ start = { fleet = "web" } }"#),
    (Choice::Event, "stop", r#"{ stop = { fleet = "web" } }"#),
    (
        Choice::Event,
        "restart",
        r#"{ restart = { fleet = "web", rolling = "1min" } }"#,
    ),
    (
        Choice::Event,
        "redeploy",
        r#"{ redeploy = { fleet = "web", waves = 4, between = "10s" } }"#,
    ),
    (Choice::Event, "scale", r#"{ scale = { fleet = "web", nodes = 20 } }"#),
    (
        Choice::Event,
        "autoscale",
        r#"{ autoscale = { fleet = "web", steps = [{ after = "10min", nodes = 20 }] } }"#,
    ),
    (Choice::Event, "pause", r#"{ pause = { fleet = "web", for = "30s" } }"#),
    (
        Choice::Event,
        "partition",
        r#"{ partition = { fleet = "web", from = "store", for = "30s" } }"#,
    ),
    (Choice::Event, "crash", r#"{ crash = { fleet = "web", node = 0 } }"#),
    (
        Choice::Event,
        "crash_gateway",
        r#"{ crash_gateway = { app = "main", down = "10s" } }"#,
    ),
    (
        Choice::Event,
        "fail_over_store",
        r#"{ fail_over_store = { loses = "1s" } }"#,
    ),
    (
        Choice::Event,
        "grant_slots",
        r#"{ grant_slots = { app = "main", slots = 2 } }"#,
    ),
    (Choice::Event, "revoke", r#"{ revoke = { app = "main" } }"#),
    (Choice::Event, "spike", r#"{ spike = { fleet = "web", calls = 10 } }"#),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Distribution;
    use crate::retry::{RETRIES, Retry};
    use crate::scenario::EventKind;
    use crate::workload::{Arrivals, WORKLOADS};

    fn reads<T: serde::de::DeserializeOwned>(text: &str) {
        let value: toml::Value = toml::from_str::<toml::Table>(&format!("it = {text}")).expect("TOML")["it"].clone();
        value
            .try_into::<T>()
            .map(|_| ())
            .unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// What is shown can be copied, and nothing that needs settings is left out.
    #[test]
    fn every_example_is_read() {
        for (choice, name, text) in EXAMPLES {
            assert!(text.contains(name));
            match choice {
                Choice::Retry => reads::<Retry>(text),
                Choice::Arrivals => reads::<Arrivals>(text),
                Choice::Distribution => reads::<Distribution>(text),
                Choice::Event => reads::<EventKind>(text),
                _ => panic!("no examples of these"),
            }
        }
        for (name, _) in RETRIES.iter().filter(|(name, _)| *name != "none") {
            assert!(Choice::Retry.example(name).is_some(), "{name}");
        }
        for (name, _) in WORKLOADS {
            assert!(Choice::Arrivals.example(name).is_some(), "{name}");
        }
    }
}
