//! Token requests and the tokens that they issue: how many, how close together, and what use a token was.

use super::{Better, Metric, per_hour, ratio};

pub(super) const TOKEN_REQUESTS_PER_CALL: Metric = Metric {
    name: "token_requests_per_call",
    unit: "per call",
    about: "Requests that reached the token endpoint.",
    read: |run| ratio(run.token_requests, run.total().calls),
    by_group: None,
    by_fleet: Some(|_, fleet, calls| ratio(fleet.requests, calls.calls)),
    better: Some(Better::Low),
};

pub(super) const TOKEN_REQUESTS_PER_HOUR: Metric = Metric {
    name: "token_requests_per_hour",
    unit: "per hour",
    about: "Requests that reached the token endpoint.",
    read: |run| per_hour(run, run.token_requests),
    by_group: None,
    by_fleet: Some(|run, fleet, _| per_hour(run, fleet.requests)),
    better: Some(Better::Low),
};

pub(super) const ISSUANCES_PER_CALL: Metric = Metric {
    name: "issuances_per_call",
    unit: "per call",
    about: "Tokens issued.",
    read: |run| ratio(run.issued, run.total().calls),
    by_group: None,
    by_fleet: Some(|_, fleet, calls| ratio(fleet.issued, calls.calls)),
    better: Some(Better::Low),
};

pub(super) const ISSUANCES_PER_HOUR: Metric = Metric {
    name: "issuances_per_hour",
    unit: "per hour",
    about: "Tokens issued.",
    read: |run| per_hour(run, run.issued),
    by_group: None,
    by_fleet: Some(|run, fleet, _| per_hour(run, fleet.issued)),
    better: Some(Better::Low),
};

pub(super) const WASTED_ISSUANCE_RATE: Metric = Metric {
    name: "wasted_issuance_rate",
    unit: "share",
    about: "Issued tokens that never served a successful attempt.",
    read: |run| ratio(run.wasted, run.ended),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const UNNECESSARY_ISSUANCE_RATE: Metric = Metric {
    name: "unnecessary_issuance_rate",
    unit: "share",
    about: "Tokens issued although the asking node's own was still live.",
    read: |run| ratio(run.unnecessary, run.issued),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const BLAST_RADIUS_MEAN: Metric = Metric {
    name: "blast_radius_mean",
    unit: "nodes",
    about: "Other nodes whose usable token an issuance superseded.",
    read: |run| ratio(run.blast, run.issued),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const USEFUL_TOKEN_LIFE_P50: Metric = Metric {
    name: "useful_token_life_p50",
    unit: "s",
    about: "From issuance to the last successful use, median over tokens that served.",
    read: |run| run.useful_life.quantile(0.50),
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};

pub(super) const USEFUL_TOKEN_LIFE_P99: Metric = Metric {
    name: "useful_token_life_p99",
    unit: "s",
    about: "From issuance to the last successful use, 99th percentile over tokens that served.",
    read: |run| run.useful_life.quantile(0.99),
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};

pub(super) const PEAK_TOKEN_REQUESTS_PER_S: Metric = Metric {
    name: "peak_token_requests_per_s",
    unit: "per s",
    about: "Greatest number of token requests in any second.",
    read: |run| Some(f64::from(run.seconds.peak_token_requests)),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const HERD_MAX: Metric = Metric {
    name: "herd_max",
    unit: "count",
    about: "Most issuances within the time that the first of them needs to become known; one is needed.",
    read: |run| (run.herd_max > 0).then_some(f64::from(run.herd_max)),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const ISSUANCE_DISPERSION: Metric = Metric {
    name: "issuance_dispersion",
    unit: "ratio",
    about: "Variance over mean of the issuances in a second: 1 when independent, below when coordinated, far above in herds.",
    read: |run| run.seconds.dispersion(),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const TOKEN_REQUESTS_LOST: Metric = Metric {
    name: "token_requests_lost",
    unit: "count",
    about: "Token requests that were lost on their way, or that a silent token endpoint did not answer.",
    read: |run| Some(run.lost_requests as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const TOKEN_ANSWERS_LOST: Metric = Metric {
    name: "token_answers_lost",
    unit: "count",
    about: "Answers of the token endpoint that were lost on their way: a token may have been issued that nobody has.",
    read: |run| Some(run.lost_answers as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const TOKEN_REQUESTS_REFUSED_RATE: Metric = Metric {
    name: "token_requests_refused_rate",
    unit: "share",
    about: "Token requests that the token endpoint refused or failed, of those that reached it.",
    read: |run| ratio(run.refused.refusals, run.token_requests),
    by_group: None,
    by_fleet: Some(|_, fleet, _| ratio(fleet.refusals, fleet.requests)),
    better: Some(Better::Low),
};

pub(super) const TOKEN_REFUSALS_IN_A_ROW_MAX: Metric = Metric {
    name: "token_refusals_in_a_row_max",
    unit: "count",
    about: "Most refusals of the token endpoint, to any node, between two tokens that it granted.",
    read: |run| Some(f64::from(run.refusals_in_a_row.1)),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const RENEWAL_LEAD_MEAN: Metric = Metric {
    name: "renewal_lead_mean",
    unit: "s",
    about: "How early a renewal comes: life that is left to the asking node's own token, mean over the issuances to nodes whose own token is live.",
    read: |run| (run.unnecessary > 0).then(|| run.left as f64 / 1e9 / run.unnecessary as f64),
    by_group: None,
    by_fleet: None,
    better: None,
};
