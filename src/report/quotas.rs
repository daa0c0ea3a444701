//! What was used of the quotas of the two endpoints, in sentences.

use super::{Figures, MOST_TOLD, Sweep, number, quoted};
use crate::record::Record;

/// From this share on it is told how much of a quota is used that is never used up.
const NEARLY: f64 = 0.8;

/// An endpoint, and the metrics of its quotas.
struct Endpoint {
    quota: &'static str,
    seconds: &'static str,
    most: &'static str,
    /// What is refused, and the metric that counts it.
    refused: Option<(&'static str, &'static str)>,
}

const ENDPOINTS: [Endpoint; 2] = [
    Endpoint {
        quota: "quota of token requests",
        seconds: "quota_exhausted_seconds",
        most: "token_quota_used_max",
        refused: Some((
            "token_requests_refused_rate",
            "the token endpoint refuses {} of its token requests",
        )),
    },
    Endpoint {
        quota: "quota of calls",
        seconds: "api_quota_exhausted_seconds",
        most: "api_quota_used_max",
        refused: None,
    },
];

/// For how long a quota was used up, longest first; or how near to its end it came.
pub(super) fn told(record: &Record, figures: &Figures<'_>, sweep: &Sweep) -> Vec<String> {
    ENDPOINTS
        .iter()
        .flat_map(|endpoint| {
            let mut out = used_up(endpoint, record, figures, sweep);
            if out.is_empty() {
                out.extend(nearly(endpoint, record, figures, sweep));
            }
            out
        })
        .collect()
}

/// Each strategy at the point where a metric is greatest, the greatest first; those above zero.
fn greatest<'a>(metric: &str, record: &'a Record, figures: &Figures<'_>) -> Vec<(f64, &'a str, usize)> {
    let mut found: Vec<(f64, &str, usize)> = Vec::new();
    for strategy in &record.strategies {
        let at = record.points.iter().enumerate();
        let at = at.filter_map(|(at, point)| Some((figures.mean(strategy, point, metric)?, strategy.as_str(), at)));
        found.extend(
            at.filter(|(value, ..)| *value > 0.0)
                .max_by(|one, other| one.0.total_cmp(&other.0)),
        );
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    found
}

/// So many seconds; a few are no whole number, and less than one is not none.
fn counted(seconds: f64) -> String {
    if seconds < 10.0 {
        number::short(seconds)
    } else {
        number::grouped(seconds)
    }
}

fn used_up(endpoint: &Endpoint, record: &Record, figures: &Figures<'_>, sweep: &Sweep) -> Vec<String> {
    let span = record.manifest.duration_s;
    let found = greatest(endpoint.seconds, record, figures);
    let told = found.iter().take(MOST_TOLD).map(|(seconds, strategy, at)| {
        let point = &record.points[*at];
        let refused = endpoint.refused.and_then(|(metric, words)| {
            let share = figures.mean(strategy, point, metric)?;
            Some(format!("; {}", words.replace("{}", &number::percent(share))))
        });
        format!(
            "The {} is used up for {} of {} s under {}{} ({} of the time){}.",
            endpoint.quota,
            counted(*seconds),
            counted(span),
            quoted(strategy),
            sweep.at(*at),
            number::percent(*seconds / span),
            refused.unwrap_or_default(),
        )
    });
    told.collect()
}

/// No strategy uses the quota up; whether one comes near to it.
fn nearly(endpoint: &Endpoint, record: &Record, figures: &Figures<'_>, sweep: &Sweep) -> Option<String> {
    let found = greatest(endpoint.most, record, figures);
    let (most, strategy, at) = found.first().filter(|(most, ..)| *most >= NEARLY)?;
    Some(format!(
        "The {} is never used up; {} comes nearest{}, with {} of it.",
        endpoint.quota,
        quoted(strategy),
        sweep.at(*at),
        number::percent(*most),
    ))
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn a_part_of_a_second_is_told() {
        let told = [0.168, 0.000_2, 2.5, 9.999, 10.4, 1234.0].map(counted);
        assert_eq!(told, ["0.168", "0.0002", "2.5", "10", "10", "1,234"]);
    }
}
