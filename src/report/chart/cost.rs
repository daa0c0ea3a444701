//! What a call costs the provider: attempts at the API and requests at the token endpoint, per strategy.
//!
//! Does not know whether the calls succeeded.

use super::Chart;
use super::axis::{self, Scale};
use super::drawing::{ATTEMPT, Align, Drawing, PALETTE};
use super::failures::bar;
use super::frame::{self, BODY, MARGIN, WIDTH, plain, quoted};
use crate::record::Record;
use crate::report::{Figures, number};

pub(super) const CHART: Chart = Chart {
    name: "cost",
    about: "API attempts and token requests per call, per strategy",
    applies: |record| super::unswept(record) && super::measured(record, &METRICS),
    draw,
};

const METRICS: [&str; 2] = ["attempts_per_call", "token_requests_per_call"];

fn draw(record: &Record) -> Drawing {
    let figures = Figures::of(record);
    let point = super::last_point(record);
    let title = match super::extremes(record, &figures, point, METRICS[1]) {
        None => "No calls arrived, so none cost anything".to_owned(),
        Some((least, _)) if record.strategies.len() == 1 => {
            format!(
                "{} sends {} token requests per call",
                quoted(least.0),
                number::short(least.1)
            )
        }
        Some((least, most)) if least.1 == most.1 => {
            format!(
                "Every strategy sends {} token requests per call",
                number::short(least.1)
            )
        }
        Some((least, most)) => {
            let told = |mean: f64, what: &str| {
                let (who, several) = frame::who(record, &figures, point, METRICS[1], mean);
                format!(
                    "{who} {} {}{what}",
                    if several { "send" } else { "sends" },
                    number::short(mean)
                )
            };
            format!("{}, {}", told(least.1, " token requests per call"), told(most.1, ""))
        }
    };
    let below = [plain(
        "Per call that arrived, with 95 % intervals; a perfect client needs one attempt and hardly any token requests",
    )];
    let (mut drawing, top) = frame::head(&title, &below);
    let top = top + BODY * 1.8;
    let rows = frame::rows(&mut drawing, record.strategies.iter(), top, 26.0);

    let value = 62.0;
    let room = (WIDTH - MARGIN - rows.left - 2.0 * value) / 2.0;
    for (i, (metric, head, ink)) in [
        (METRICS[0], "API attempts", ATTEMPT),
        (METRICS[1], "Token requests", PALETTE[2]),
    ]
    .into_iter()
    .enumerate()
    {
        let start = rows.left + i as f64 * (room + value);
        let all = record.strategies.iter().filter_map(|s| figures.get(s, point, metric));
        let most = all
            .map(|f| f.ci95.map_or(f.mean, |(_, high)| high.max(f.mean)))
            .fold(0.0, f64::max);
        let (ticks, end) = axis::ticks(most, 4);
        let scale = Scale::linear(0.0, end, start, start + room);
        drawing.bold((start, top - BODY), head, BODY, Align::Left, ink.for_text());
        axis::value_axis(&mut drawing, &scale, &ticks, (top, rows.bottom), number::short);
        for (strategy, y) in record.strategies.iter().zip(&rows.tops) {
            bar(
                &mut drawing,
                &scale,
                figures.get(strategy, point, metric),
                (y + 6.0, 14.0),
                ink,
                number::short,
            );
        }
    }
    frame::foot(drawing, record, rows.bottom + 18.0)
}
