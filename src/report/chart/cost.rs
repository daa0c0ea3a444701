//! What a call costs the provider: attempts at the API and requests at the token endpoint, per strategy.
//!
//! Does not know whether the calls succeeded.

use super::Chart;
use super::columns::{Column, columns};
use super::drawing::{ATTEMPT, Drawing, PALETTE};
use super::frame::{self, BODY, plain, quoted};
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
        "Per call that arrived, with 95 % intervals; perfect is one attempt (a job: one for each of its calls) and hardly a token request",
    )];
    let (mut drawing, top) = frame::head(&title, &below);
    let order = super::ranked(record, &figures, point, &[METRICS[1], METRICS[0]]);
    let rows = frame::rows(&mut drawing, order.iter().copied(), top + BODY * 1.8, 26.0);
    let column = |metric, head, ink| Column {
        metric,
        head,
        ink,
        word: number::short,
        share: false,
    };
    let shown = [
        column(METRICS[0], "API attempts", ATTEMPT),
        column(METRICS[1], "Token requests", PALETTE[2]),
    ];
    columns(&mut drawing, &figures, (&order, point), &rows, &shown);
    frame::foot(drawing, record, rows.bottom + 18.0)
}
