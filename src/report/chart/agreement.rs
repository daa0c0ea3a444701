//! Measured figures of live runs on top of where simulated runs lie, a row for each strategy.
//!
//! Does not know how a run was measured.

use super::axis::{self, Scale};
use super::drawing::{ATTEMPT, Align, BLACK, Drawing, FAILED, GREY, Ink, PALE};
use super::frame::{self, BODY, MARGIN, Rows, SMALL, WIDTH, coloured, plain};
use crate::record::agreement::{Agreement, AgreementRecord};
use crate::report::number;

/// Width of a column's figures that its axis may not enter.
const GUTTER: f64 = 24.0;

/// Every compared figure that is a share or a rate, for each strategy of a record.
pub fn agreement(record: &AgreementRecord) -> Drawing {
    let far = record.figures.iter().filter(|figure| is_beyond(figure)).count();
    let all = record.figures.len();
    let title = match far {
        0 => format!("All {all} measured figures lie where simulated runs lie"),
        far => format!("{} of {all} measured figures lie where simulated runs lie", all - far),
    };
    let below = [
        plain("A dot for the live run with its 99 % interval, on a bar where 99 % of the simulated runs lie;"),
        coloured("agrees", ATTEMPT),
        plain("or is"),
        coloured("beyond chance", FAILED),
    ];
    let (mut drawing, top) = frame::head(&title, &below);
    let mut names: Vec<(String, &str, &str)> = Vec::new();
    for figure in &record.figures {
        if !names
            .iter()
            .any(|(_, scenario, name)| (*scenario, *name) == (&figure.scenario, &figure.strategy))
        {
            names.push((record.label(figure), &figure.scenario, &figure.strategy));
        }
    }
    let rows = frame::rows(
        &mut drawing,
        names.iter().map(|(label, ..)| label),
        top + BODY * 1.8,
        22.0,
    );
    let mut columns = vec![
        ("first_attempt_rejection_rate", "First attempt refused"),
        ("rejections_per_call", "Refused attempts per call"),
        ("success_rate", "Calls succeed"),
        ("token_requests_per_call", "Token requests per call"),
    ];
    // Of the first two, what was measured.
    let is_there = |metric: &str| record.figures.iter().any(|figure| figure.metric == metric);
    columns.retain(|(metric, _)| !metric.contains("reject") || is_there(metric));
    let pitch = (WIDTH - MARGIN - rows.left) / columns.len() as f64;
    for (at, (metric, head)) in columns.into_iter().enumerate() {
        let of = |(_, scenario, strategy): &(String, &str, &str)| {
            let same = |it: &&Agreement| it.metric == metric && it.scenario == *scenario && it.strategy == *strategy;
            record.figures.iter().find(same)
        };
        let figures: Vec<_> = names.iter().map(of).collect();
        let start = rows.left + at as f64 * pitch;
        column(&mut drawing, &figures, &rows, (start, start + pitch - GUTTER), head);
    }
    let foot = format!(
        "time scale {} · {} store · seed {} · {} simulated runs · tokenstorm {}",
        record.time_scale, record.store, record.seed, record.replications, record.tokenstorm
    );
    drawing.text((MARGIN, rows.bottom + 32.0), foot, SMALL, Align::Left, GREY);
    drawing.height = (rows.bottom + 46.0).ceil();
    drawing
}

fn is_beyond(figure: &Agreement) -> bool {
    figure.fed.is_some_and(|prediction| prediction.beyond_chance)
}

fn column(drawing: &mut Drawing, figures: &[Option<&Agreement>], rows: &Rows, (start, end): (f64, f64), head: &str) {
    let top = rows.tops.first().copied().unwrap_or(rows.bottom);
    drawing.bold((start, top - BODY), head, BODY, Align::Left, BLACK);
    let share = figures.iter().flatten().any(|figure| figure.unit == "share");
    // A prediction that says next to nothing would leave no room for the others: of its bar as much is shown as three times what was
    // measured.
    let highest = |figure: &Agreement| {
        let measured = figure.measured.ci99.map(|(_, high)| high);
        let measured = measured.into_iter().chain(figure.measured.value).fold(0.0, f64::max);
        let bar = figure.fed.map_or(0.0, |it| it.runs99.1);
        measured.max(if measured > 0.0 { bar.min(3.0 * measured) } else { bar })
    };
    let most = figures
        .iter()
        .flatten()
        .map(|figure| highest(figure))
        .fold(0.0, f64::max);
    let (ticks, most) = if share {
        axis::share_ticks(most, 3)
    } else {
        axis::ticks(most, 3)
    };
    let scale = Scale::linear(0.0, most, start, end);
    let word = |value: f64| match share {
        true => number::percent(value),
        false => number::short(value),
    };
    axis::value_axis(drawing, &scale, &ticks, (top, rows.bottom), end + GUTTER, word);
    for (figure, y) in figures.iter().zip(&rows.tops) {
        let Some(figure) = figure else { continue };
        let middle = y + rows.height / 2.0;
        if let Some((low, high)) = figure.fed.map(|it| it.runs99) {
            let until = scale.at(high.min(most)).max(scale.at(low.min(most)) + 2.0);
            drawing.rect(
                (scale.at(low.min(most)), middle - 5.0),
                (until, middle + 5.0),
                PALE.faint(0.45),
            );
            if high > most {
                let word = format!("→ {}", word(high));
                drawing.text((until - 2.0, middle + 3.5), word, SMALL, Align::Right, GREY);
            }
        }
        let ink: Ink = if is_beyond(figure) { FAILED } else { ATTEMPT };
        if let Some((low, high)) = figure.measured.ci99 {
            drawing.line([(scale.at(low), middle), (scale.at(high), middle)], 1.2, BLACK);
        }
        if let Some(value) = figure.measured.value {
            drawing.dot((scale.at(value), middle), 3.2, ink);
        }
    }
}
