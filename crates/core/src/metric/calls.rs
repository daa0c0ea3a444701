//! What becomes of the calls: how many succeed, and with how many attempts and rejections.

use super::{Better, Metric, Tally, per_second, ratio};

pub(super) const CALLS: Metric = Metric {
    name: "calls",
    unit: "count",
    about: "Calls that arrived.",
    read: |run| Some(run.total().calls as f64),
    by_group: Some(|tally| Some(tally.calls as f64)),
    by_fleet: None,
    better: None,
};

pub(super) const SUCCESS_RATE: Metric = Metric {
    name: "success_rate",
    unit: "share",
    about: "Calls that ended with success.",
    read: |run| success_rate(&run.total()),
    by_group: Some(success_rate),
    by_fleet: None,
    better: Some(Better::High),
};

fn success_rate(tally: &Tally) -> Option<f64> {
    ratio(tally.succeeded, tally.calls)
}

pub(super) const FAILURE_RATE: Metric = Metric {
    name: "failure_rate",
    unit: "share",
    about: "Calls that did not end with success.",
    read: |run| failure_rate(&run.total()),
    by_group: Some(failure_rate),
    by_fleet: None,
    better: Some(Better::Low),
};

fn failure_rate(tally: &Tally) -> Option<f64> {
    ratio(tally.calls - tally.succeeded, tally.calls)
}

pub(super) const FIRST_ATTEMPT_REJECTION_RATE: Metric = Metric {
    name: "first_attempt_rejection_rate",
    unit: "share",
    about: "Calls whose first attempt met a token that the provider refused.",
    read: |run| first_attempt_rejection_rate(&run.total()),
    by_group: Some(first_attempt_rejection_rate),
    by_fleet: None,
    better: Some(Better::Low),
};

fn first_attempt_rejection_rate(tally: &Tally) -> Option<f64> {
    ratio(tally.first_rejected, tally.calls)
}

pub(super) const REJECTIONS_PER_CALL: Metric = Metric {
    name: "rejections_per_call",
    unit: "per call",
    about: "Attempts refused for their token.",
    read: |run| rejections_per_call(&run.total()),
    by_group: Some(rejections_per_call),
    by_fleet: None,
    better: Some(Better::Low),
};

fn rejections_per_call(tally: &Tally) -> Option<f64> {
    ratio(tally.rejections, tally.calls)
}

pub(super) const ATTEMPTS_PER_CALL: Metric = Metric {
    name: "attempts_per_call",
    unit: "per call",
    about: "API attempts: their amplification.",
    read: |run| attempts_per_call(&run.total()),
    by_group: Some(attempts_per_call),
    by_fleet: None,
    better: Some(Better::Low),
};

fn attempts_per_call(tally: &Tally) -> Option<f64> {
    ratio(tally.attempts, tally.calls)
}

pub(super) const REJECTED_IN_FLIGHT_RATE: Metric = Metric {
    name: "rejected_in_flight_rate",
    unit: "share",
    about: "Calls with an attempt that was refused although its token was live when it was sent.",
    read: |run| rejected_in_flight_rate(&run.total()),
    by_group: Some(rejected_in_flight_rate),
    by_fleet: None,
    better: Some(Better::Low),
};

fn rejected_in_flight_rate(tally: &Tally) -> Option<f64> {
    ratio(tally.rejected_in_flight, tally.calls)
}

pub(super) const AMPLIFICATION: Metric = Metric {
    name: "amplification",
    unit: "per call",
    about: "API attempts and token requests per call.",
    read: |run| ratio(run.total().attempts + run.token_requests, run.total().calls),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};

pub(super) const EFFICIENCY: Metric = Metric {
    name: "efficiency",
    unit: "share",
    about: "Successful calls per API attempt or token request.",
    read: |run| ratio(run.total().succeeded, run.total().attempts + run.token_requests),
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};

pub(super) const GOODPUT: Metric = Metric {
    name: "goodput",
    unit: "per s",
    about: "Successful calls.",
    read: |run| per_second(run, run.total().succeeded),
    by_group: None,
    by_fleet: None,
    better: Some(Better::High),
};

pub(super) const LIVELOCK_SECONDS: Metric = Metric {
    name: "livelock_seconds",
    unit: "s",
    about: "Seconds in which attempts go on, nothing succeeds and nothing is overloaded.",
    read: |run| Some(run.seconds.livelock as f64),
    by_group: None,
    by_fleet: None,
    better: Some(Better::Low),
};
