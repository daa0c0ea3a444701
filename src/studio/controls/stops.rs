//! Where a slider may stand: round values, closer together where values are small, since a duration of a second and one of an hour are
//! both ordinary.

use crate::base::{Duration, Rate};

/// Steps within a decade, or within a unit of time.
const ROUND: [u64; 23] = [
    1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300, 400, 600,
];
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Units of time, and where the next larger one begins.
const UNITS: [(u64, u64); 5] = [
    (MILLISECOND, SECOND),
    (SECOND, MINUTE),
    (MINUTE, HOUR),
    (HOUR, DAY),
    (DAY, 100 * DAY),
];

/// Round durations from `low` to `high`, in nanoseconds.
fn durations(low: u64, high: u64) -> Vec<String> {
    let all = UNITS.into_iter().flat_map(|(unit, next)| {
        let within = ROUND.into_iter().map(move |step| step * unit);
        within.take_while(move |span| *span < next)
    });
    all.filter(|span| (low..=high).contains(span))
        .map(|span| Duration::from_nanos(span).to_string())
        .collect()
}

/// The durations that make sense at a key.
pub(super) fn durations_of(key: &str) -> Vec<String> {
    let ends = |name: &str| key.rsplit('.').next() == Some(name);
    let within = |names: &[&str]| key.split('.').any(|step| names.contains(&step));
    let latency = [
        "token_request",
        "token_response",
        "api_request",
        "api_response",
        "request",
        "response",
        "service",
    ];
    match key {
        "run.duration" => durations(MINUTE, 7 * DAY),
        "run.warmup" | "run.drain" => zero(durations(SECOND, DAY)),
        _ if ends("token_ttl") => durations(SECOND, 60 * DAY),
        _ if within(&latency) => zero(durations(MILLISECOND, MINUTE)),
        _ if within(&["retry"]) => zero(durations(MILLISECOND, HOUR)),
        _ => zero(durations(MILLISECOND, DAY)),
    }
}

fn zero(mut stops: Vec<String>) -> Vec<String> {
    stops.insert(0, "0s".to_owned());
    stops
}

/// Round rates from one an hour to a thousand a second.
pub(super) fn rates() -> Vec<String> {
    let per = |span: u64, counts: &'static [u64]| {
        counts
            .iter()
            .map(move |count| Rate::of(*count, Duration::from_nanos(span)).to_string())
    };
    per(HOUR, &[1, 2, 3, 6, 12, 30])
        .chain(per(MINUTE, &[1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 40]))
        .chain(per(
            SECOND,
            &[1, 2, 3, 4, 5, 8, 10, 15, 20, 30, 50, 80, 100, 200, 500, 1000],
        ))
        .collect()
}

/// Shares from none to all.
pub(super) fn shares() -> Vec<String> {
    let small = ["0%", "0.01%", "0.02%", "0.05%", "0.1%", "0.2%", "0.5%"].map(String::from);
    let large = [
        1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 95, 99, 100,
    ];
    small
        .into_iter()
        .chain(large.map(|share| format!("{share}%")))
        .collect()
}

/// Whole numbers from `low` to `high`, or to what is still sensible to look at.
pub(super) fn counts(low: u64, high: u64) -> Vec<String> {
    /// Beyond this a scenario is written by hand.
    const MOST: u64 = 100_000;
    let mut stops: Vec<u64> = (low..=12.min(high)).collect();
    let decades = [1, 10, 100, 1000, 10_000].into_iter();
    let steps = decades.flat_map(|ten| [10, 12, 14, 16, 20, 24, 30, 32, 40, 50, 64, 80].map(|step| step * ten));
    stops.extend(steps.filter(|count| *count > 12 && *count >= low && *count <= high.min(MOST)));
    stops.dedup();
    stops.into_iter().map(|count| count.to_string()).collect()
}

/// Factors, of which one changes nothing.
pub(super) fn factors() -> Vec<String> {
    [
        "0", "0.1", "0.2", "0.5", "0.8", "1", "1.2", "1.5", "2", "3", "4", "5", "8", "10", "20", "50", "100",
    ]
    .map(String::from)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_rise_and_read_back() {
        for key in [
            "provider.token_ttl",
            "run.duration",
            "provider.api_request.constant",
            "strategy.a.timeout",
        ] {
            let spans: Vec<Duration> = durations_of(key).iter().map(|text| text.parse().unwrap()).collect();
            assert!(
                spans.len() > 20 && spans.is_sorted_by(|one, other| one < other),
                "{key}: {spans:?}"
            );
        }
        let rates: Vec<f64> = rates()
            .iter()
            .map(|text| text.parse::<Rate>().unwrap().per_second())
            .collect();
        assert!(rates.is_sorted_by(|one, other| one < other), "{rates:?}");
        for (low, high) in [(0, 255), (1, 10_000_000), (1, 3)] {
            let counts: Vec<u64> = counts(low, high).iter().map(|text| text.parse().unwrap()).collect();
            assert!(counts.is_sorted_by(|one, other| one < other), "{counts:?}");
            assert!(counts[0] == low && counts.last().is_some_and(|last| *last <= high));
        }
    }
}
