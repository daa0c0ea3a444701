//! Metrics: one number each, read off what was observed of a run.
//!
//! Metrics see trace events only, never the state of an engine or a strategy.
//!
//! A new metric is one entry in the file of its theme and one line in [`METRICS`]; if it needs a count that nothing keeps yet,
//! a field of [`Observed`] too. Names and meanings are a promise to users.

mod apart;
mod calls;
mod context;
mod controls;
mod endings;
mod failures;
mod fairness;
mod grants;
mod holders;
mod holding;
mod latency;
mod name;
mod observed;
mod providers;
mod quota_use;
mod recovery;
mod refusals;
mod second;
mod seconds;
mod spread;
mod storms;
mod tally;
mod tenants;
mod tokens;
mod usable;

pub use context::{FleetsApart, RunContext, TenantsApart};
pub use controls::{CONTROL_COUNT, CONTROLS, ControlSetting, Controls};
pub use holders::{Holders, Stretch};
pub use name::{CallPart, MetricName};
pub use observed::Observed;
pub use quota_use::QuotaUse;
pub use recovery::{BACK, window_s};
pub use second::Second;
pub use spread::Spread;
pub use tally::{FleetTally, Tally, TenantTally, TokenRefusal};
pub use tenants::{TENANT_COUNTS, TENANTS_TOLD};
pub use usable::{UsableTime, UsableTokens};

/// The value of a metric for one fleet, from what its nodes asked for and what became of its calls.
pub type ByFleet = fn(&Observed, &FleetTally, &Tally) -> Option<f64>;

/// One number of a run.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name in results and in expectations, such as `storm_peak`.
    pub name: &'static str,
    /// Its unit, such as `per s`; `share` for what lies between 0 and 1.
    pub unit: &'static str,
    /// What it counts or measures, in a sentence.
    pub about: &'static str,
    /// Its value in one replication; none where it has no meaning.
    pub read: fn(&Observed) -> Option<f64>,
    /// Its value for the calls of one group, where it is about calls.
    pub by_group: Option<fn(&Tally) -> Option<f64>>,
    /// Its value for one fleet, where fleets are counted apart. What a gateway asks for is no fleet's own.
    pub by_fleet: Option<ByFleet>,
    /// Which direction is better, where one is.
    pub better: Option<Better>,
}

impl Metric {
    /// Whether it is about tenants: it has no meaning, and is not told, where no app serves several.
    pub fn is_of_tenants(&self) -> bool {
        let of_tenants = [
            tenants::TENANTS_WITH_FAILURES,
            tenants::FAIRNESS_WORST_TENANT,
            tenants::TOKEN_REQUESTS_TOP_TENANT,
        ];
        of_tenants.iter().any(|metric| metric.name == self.name)
    }

    /// Whether it is about a second provider: it has no meaning, and is not told, where there is none.
    pub fn is_of_second_provider(&self) -> bool {
        [providers::FAILURE_RATE_AT_SECOND, providers::TOKEN_REQUESTS_AT_SECOND]
            .iter()
            .any(|metric| metric.name == self.name)
    }

    /// Whether it counts some of the calls.
    pub fn is_share_of_calls(&self) -> bool {
        self.unit == "share" && self.by_group.is_some()
    }

    /// Whether it is counted only where a run asks for the tokens that nodes hold.
    pub fn counts_usable_tokens(&self) -> bool {
        self.name.starts_with("usable_token_")
    }
}

/// Which direction is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Low,
    /// More is better.
    High,
}

/// Every metric, in the order in which results list them.
pub const METRICS: &[Metric] = &[
    calls::CALLS,
    calls::SUCCESS_RATE,
    calls::FAILURE_RATE,
    calls::FIRST_ATTEMPT_REJECTION_RATE,
    calls::REJECTIONS_PER_CALL,
    calls::ATTEMPTS_PER_CALL,
    calls::REJECTED_IN_FLIGHT_RATE,
    tokens::TOKEN_REQUESTS_PER_CALL,
    tokens::TOKEN_REQUESTS_PER_HOUR,
    tokens::ISSUANCES_PER_CALL,
    tokens::ISSUANCES_PER_HOUR,
    calls::AMPLIFICATION,
    calls::EFFICIENCY,
    tokens::WASTED_ISSUANCE_RATE,
    tokens::UNNECESSARY_ISSUANCE_RATE,
    tokens::BLAST_RADIUS_MEAN,
    tokens::USEFUL_TOKEN_LIFE_P50,
    tokens::USEFUL_TOKEN_LIFE_P99,
    latency::LATENCY_P50,
    latency::LATENCY_P99,
    latency::LATENCY_MAX,
    latency::ADDED_LATENCY_MEAN,
    calls::GOODPUT,
    tokens::PEAK_TOKEN_REQUESTS_PER_S,
    storms::STORM_PROBABILITY,
    storms::STORM_COUNT,
    storms::STORM_ONSET,
    storms::STORM_SECONDS,
    storms::STORM_PEAK,
    storms::STORM_PEAK_TOKEN_REQUESTS,
    storms::STORM_AREA,
    storms::STORM_AREA_TOKEN_REQUESTS,
    tokens::HERD_MAX,
    tokens::ISSUANCE_DISPERSION,
    calls::LIVELOCK_SECONDS,
    recovery::TIME_TO_RECOVER,
    recovery::RECOVERY_PROBABILITY,
    fairness::FAIRNESS_JAIN,
    fairness::FAIRNESS_WORST_NODE,
    quota_use::QUOTA_EXHAUSTED_SECONDS,
    grants::GRANTS_LOST,
    grants::LOGINS,
    grants::INVALID_GRANTS,
    grants::LEASE_LAPSES,
    grants::STALE_STORE_WRITES,
    endings::LATE_RATE,
    endings::GAVE_UP_RATE,
    endings::OUT_OF_BUDGET_RATE,
    endings::BROKEN_RATE,
    endings::IMPATIENT_RATE,
    endings::REFUSED_RATE,
    endings::LOGGED_OUT_RATE,
    endings::LOST_RATE,
    endings::UNFINISHED_RATE,
    endings::MISREAD_RATE,
    endings::NOT_RENEWED_RATE,
    refusals::SUPERSEDED,
    refusals::EXPIRED,
    refusals::REVOKED,
    refusals::IN_FLIGHT,
    refusals::NOT_YET_ACTIVE,
    refusals::LONG_DEAD,
    refusals::REJECTIONS_IN_A_ROW_MAX,
    tokens::TOKEN_REFUSALS_IN_A_ROW_MAX,
    tokens::TOKEN_REQUESTS_REFUSED_RATE,
    tokens::TOKEN_REQUESTS_LOST,
    tokens::TOKEN_ANSWERS_LOST,
    tokens::RENEWAL_LEAD_MEAN,
    refusals::TOKEN_THROTTLED,
    refusals::TOKEN_CONFLICT,
    refusals::TOKEN_FAILED,
    refusals::TOKEN_INVALID_GRANT,
    refusals::TOKEN_DENIED,
    refusals::TOKEN_PAGE,
    failures::REFUSED_TOKEN,
    failures::API_THROTTLE,
    failures::API_ERROR,
    failures::API_SILENCE,
    failures::TOKEN_THROTTLE,
    failures::TOKEN_ERROR,
    failures::TOKEN_SILENCE,
    failures::DEAD_GRANT,
    failures::UNREACHABLE,
    failures::NOTHING,
    quota_use::TOKEN_QUOTA_USED_MAX,
    quota_use::API_QUOTA_USED_MAX,
    quota_use::API_QUOTA_EXHAUSTED_SECONDS,
    grants::WITHOUT_GRANT_SECONDS,
    tenants::TENANTS_WITH_FAILURES,
    tenants::FAIRNESS_WORST_TENANT,
    tenants::TOKEN_REQUESTS_TOP_TENANT,
    providers::FAILURE_RATE_AT_SECOND,
    providers::TOKEN_REQUESTS_AT_SECOND,
    usable::USABLE_TOKEN_SHARE,
    usable::USABLE_TOKEN_SHARE_WORST,
];

/// The metric of this name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn per_second(run: &Observed, count: u64) -> Option<f64> {
    let span = run.context.horizon.since(run.context.warmup).as_secs_f64();
    (span > 0.0).then(|| count as f64 / span)
}

fn per_hour(run: &Observed, count: u64) -> Option<f64> {
    per_second(run, count).map(|rate| rate * 3600.0)
}
