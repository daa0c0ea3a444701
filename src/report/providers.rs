//! What becomes of calls at a second provider, in sentences.

use super::{Figures, MOST_TOLD, Sweep, number, quoted};
use crate::record::Record;

/// Of each strategy under which a call fails, at the point where most do, the worst first: at which provider they fail. Nothing where
/// there is one.
pub(super) fn told(
    record: &Record,
    figures: &Figures<'_>,
    sweep: &Sweep,
    worst: &[(String, usize, f64)],
) -> Vec<String> {
    let told = worst.iter().filter_map(|(strategy, at, failed)| {
        let of = |metric| figures.mean(strategy, &record.points[*at], metric);
        let (second, asked) = (of("failure_rate_at_second")?, of("token_requests_at_second")?);
        let place = sweep.at(*at);
        Some(format!(
            "Under {}{place} {} of all calls fail at the first provider and {} at the second one, which gets {} of all token requests.",
            quoted(strategy),
            number::percent((failed - second).max(0.0)),
            number::percent(second),
            number::percent(asked),
        ))
    });
    told.take(MOST_TOLD).collect()
}
