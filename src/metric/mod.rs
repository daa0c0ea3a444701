//! Metrics: one number each, read off what was observed of a run.
//!
//! See events only, never the state of an engine or a strategy.
//!
//! A new metric is one file here, its `mod` line, and its line in [`METRICS`]; if it needs a count that nothing keeps yet,
//! a field of [`Observed`] too. Names and meanings are a promise to users.

mod added_latency_mean;
mod amplification;
mod attempts_per_call;
mod blast_radius_mean;
mod calls;
mod context;
mod efficiency;
mod failure_rate;
mod fairness_jain;
mod fairness_worst_node;
mod first_attempt_rejection_rate;
mod goodput;
mod grants_lost;
mod herd_max;
mod holders;
mod invalid_grants;
mod issuance_dispersion;
mod issuances_per_call;
mod issuances_per_hour;
mod latency_max;
mod latency_p50;
mod latency_p99;
mod lease_lapses;
mod livelock_seconds;
mod logins;
mod name;
mod observed;
mod peak_token_requests_per_s;
mod quota_exhausted_seconds;
mod recovery;
mod recovery_probability;
mod rejected_in_flight_rate;
mod rejections_per_call;
mod second;
mod seconds;
mod stale_store_writes;
mod storm_area;
mod storm_area_token_requests;
mod storm_count;
mod storm_onset;
mod storm_peak;
mod storm_peak_token_requests;
mod storm_probability;
mod storm_seconds;
mod storms;
mod success_rate;
mod time_to_recover;
mod token_requests_per_call;
mod token_requests_per_hour;
mod unnecessary_issuance_rate;
mod useful_token_life_p50;
mod useful_token_life_p99;
mod wasted_issuance_rate;

pub use context::RunContext;
pub use holders::{Holders, Stretch};
pub use name::{CallPart, MetricName};
pub use observed::{Observed, Tally};
pub use recovery::{BACK, window_s};
pub use second::Second;

/// One number of a run.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub unit: &'static str,
    pub about: &'static str,
    /// Its value in one replication; none where it has no meaning.
    pub read: fn(&Observed) -> Option<f64>,
    /// Its value for the calls of one group, where it is about calls.
    pub by_group: Option<fn(&Tally) -> Option<f64>>,
    /// Which direction is better, where one is.
    pub better: Option<Better>,
}

/// Which direction is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Low,
    High,
}

/// Every metric, in the order in which results list them.
pub const METRICS: &[Metric] = &[
    calls::METRIC,
    success_rate::METRIC,
    failure_rate::METRIC,
    first_attempt_rejection_rate::METRIC,
    rejections_per_call::METRIC,
    attempts_per_call::METRIC,
    rejected_in_flight_rate::METRIC,
    token_requests_per_call::METRIC,
    token_requests_per_hour::METRIC,
    issuances_per_call::METRIC,
    issuances_per_hour::METRIC,
    amplification::METRIC,
    efficiency::METRIC,
    wasted_issuance_rate::METRIC,
    unnecessary_issuance_rate::METRIC,
    blast_radius_mean::METRIC,
    useful_token_life_p50::METRIC,
    useful_token_life_p99::METRIC,
    latency_p50::METRIC,
    latency_p99::METRIC,
    latency_max::METRIC,
    added_latency_mean::METRIC,
    goodput::METRIC,
    peak_token_requests_per_s::METRIC,
    storm_probability::METRIC,
    storm_count::METRIC,
    storm_onset::METRIC,
    storm_seconds::METRIC,
    storm_peak::METRIC,
    storm_peak_token_requests::METRIC,
    storm_area::METRIC,
    storm_area_token_requests::METRIC,
    herd_max::METRIC,
    issuance_dispersion::METRIC,
    livelock_seconds::METRIC,
    time_to_recover::METRIC,
    recovery_probability::METRIC,
    fairness_jain::METRIC,
    fairness_worst_node::METRIC,
    quota_exhausted_seconds::METRIC,
    grants_lost::METRIC,
    logins::METRIC,
    invalid_grants::METRIC,
    lease_lapses::METRIC,
    stale_store_writes::METRIC,
];

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn per_second(run: &Observed, count: u64) -> Option<f64> {
    let span = run.setting.horizon.since(run.setting.warmup).as_secs_f64();
    (span > 0.0).then(|| count as f64 / span)
}

fn per_hour(run: &Observed, count: u64) -> Option<f64> {
    per_second(run, count).map(|rate| rate * 3600.0)
}

fn latency(run: &Observed, share: f64) -> Option<f64> {
    (!run.latency.is_empty()).then(|| run.latency.value_at_quantile(share) as f64 / 1e6)
}

fn useful_life(run: &Observed, share: f64) -> Option<f64> {
    (!run.useful_life.is_empty()).then(|| run.useful_life.value_at_quantile(share) as f64 / 1e3)
}
