//! Token requests per second over simulated time, per strategy.

use super::Chart;
use super::frame::quoted;
use super::over_time::{self, Shown, at_point};
use crate::record::{Record, Series};
use crate::report::number;

pub(super) const CHART: Chart = Chart {
    name: "token_requests",
    about: "Token requests per second over simulated time, per strategy, with incidents shaded",
    // Where tokens are asked for at the start alone, there is nothing to see.
    applies: |record| {
        let later = |s: &Series| (s.t_s.iter().zip(&s.value)).any(|(t, v)| *t >= record.manifest.warmup_s && *v > 0.0);
        record.series.iter().any(|s| s.series == SHOWN.series && later(s))
    },
    draw: |record| over_time::draw(record, &SHOWN),
};

const SHOWN: Shown = Shown {
    series: "token_requests",
    name: "Token requests",
    title,
};

fn title(record: &Record, shown: usize, peak: Option<(&str, f64)>) -> String {
    let place = at_point(record, shown);
    match peak {
        Some((name, most)) => format!(
            "{} peaks at {} token requests per second{place}",
            quoted(name),
            number::short(most)
        ),
        None => "No token requests over time".to_owned(),
    }
}
