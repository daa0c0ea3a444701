//! The vulnerable region: for each strategy a map of the two swept parameters, coloured by how often the system did not come back
//! when the trigger had gone.
//!
//! Does not know what the parameters do, but the first is best the load and the second the size of the trigger.

use super::Chart;
use super::drawing::{ATTEMPT, Align, BLACK, Drawing, FAILED, GREY, Ink};
use super::frame::{self, BODY, MARGIN, SMALL, WIDTH, coloured, plain};
use super::text::{cut, width_of};
use crate::record::{Record, Recovery, RecoveryVerdict};
use crate::report::{Sweep, one_line};

pub(super) const CHART: Chart = Chart {
    name: "vulnerable",
    about: "Where a trigger leaves a metastable failure behind, over two swept parameters, per strategy",
    applies: |record| !record.aftermaths.is_empty() && Sweep::of(record).keys.len() == 2,
    draw,
};

const CELL: f64 = 30.0;
const GAP: f64 = 28.0;

/// One swept parameter: its values in the order of the file, and what the axis is called.
struct Axis {
    name: String,
    values: Vec<String>,
}

fn axes(sweep: &Sweep) -> Option<[Axis; 2]> {
    let axis = |at: usize| {
        let mut values: Vec<String> = Vec::new();
        for point in &sweep.values {
            if !values.contains(&point[at]) {
                values.push(point[at].clone());
            }
        }
        Axis {
            name: Sweep::words(&sweep.keys[at]),
            values,
        }
    };
    (sweep.keys.len() == 2 && !sweep.values.is_empty()).then(|| [axis(0), axis(1)])
}

fn draw(record: &Record) -> Drawing {
    let sweep = Sweep::of(record);
    let Some([load, size]) = axes(&sweep).filter(|_| !record.aftermaths.is_empty()) else {
        return frame::nothing(record, "No trigger over two parameters");
    };
    let down = |aftermath: &&RecoveryVerdict| aftermath.fate == Recovery::Metastable;
    let worst = record.aftermaths.iter().filter(down).count();
    let title = format!(
        "In {worst} of {} cases the system stays down after the trigger has gone",
        record.aftermaths.len()
    );
    let below = [
        plain("Each cell:"),
        coloured("runs that were not back in time", FAILED),
        plain("(the figure is their percentage);"),
        coloured("all runs came back;", ATTEMPT),
        plain("grey: down even without the trigger."),
    ];
    let (mut drawing, top) = frame::head(&title, &below);
    let label = size
        .values
        .iter()
        .map(|v| width_of(&short(v), SMALL, false))
        .fold(0.0, f64::max);
    let columns = if record.strategies.len() > 1 { 2 } else { 1 };
    let room = (WIDTH - 2.0 * MARGIN - GAP * (columns as f64 - 1.0)) / columns as f64;
    let cell = ((room - label - 10.0) / load.values.len() as f64).min(3.0 * CELL);
    let height = size.values.len() as f64 * CELL;
    let pitch = height + 2.0 * BODY + 30.0;
    for (i, strategy) in record.strategies.iter().enumerate() {
        let left = MARGIN + (i % columns) as f64 * (room + GAP);
        let upper = top + (i / columns) as f64 * pitch;
        let name = cut(&one_line(strategy, 200), BODY, true, room);
        drawing.bold((left, upper + BODY / 2.0), name, BODY, Align::Left, BLACK);
        let origin = (left + label + 10.0, upper + BODY + 12.0 + height);
        let of = |x: &str, y: &str| verdict_of(record, &sweep, strategy, x, y);
        for (row, y) in size.values.iter().enumerate() {
            let lower = origin.1 - row as f64 * CELL;
            drawing.text(
                (origin.0 - 6.0, lower - CELL / 2.0),
                short(y),
                SMALL,
                Align::Right,
                GREY,
            );
            for (column, x) in load.values.iter().enumerate() {
                let at = origin.0 + column as f64 * cell;
                if let Some(aftermath) = of(x, y) {
                    mark(&mut drawing, aftermath, (at, lower - CELL), (at + cell, lower));
                }
            }
        }
        columns_named(&mut drawing, &load, origin, cell);
    }
    let rows = record.strategies.len().div_ceil(columns).max(1);
    let bottom = top + rows as f64 * pitch;
    for (text, y) in [
        (format!("To the right: {}", one_line(&load.name, 100)), bottom - 4.0),
        (format!("Upwards: {}", one_line(&size.name, 100)), bottom + 12.0),
    ] {
        let text = cut(&text, SMALL, false, WIDTH - 2.0 * MARGIN);
        drawing.text((MARGIN, y), text, SMALL, Align::Left, GREY);
    }
    frame::foot(drawing, record, bottom + 22.0)
}

fn verdict_of<'a>(record: &'a Record, sweep: &Sweep, strategy: &str, x: &str, y: &str) -> Option<&'a RecoveryVerdict> {
    let point = sweep.values.iter().position(|v| v[0] == x && v[1] == y)?;
    let point = record.points.get(point)?;
    let mut found = record.aftermaths.iter();
    found.find(|aftermath| aftermath.strategy == strategy && aftermath.point == *point)
}

/// The values below the columns, as many as have room.
fn columns_named(drawing: &mut Drawing, load: &Axis, origin: (f64, f64), cell: f64) {
    let mut free = f64::NEG_INFINITY;
    for (column, x) in load.values.iter().enumerate() {
        let (word, at) = (short(x), origin.0 + (column as f64 + 0.5) * cell);
        let half = width_of(&word, SMALL, false) / 2.0;
        if at - half > free && at + half < WIDTH {
            drawing.text((at, origin.1 + 10.0), word, SMALL, Align::Center, GREY);
            free = at + half + 4.0;
        }
    }
}

fn short(value: &str) -> String {
    cut(&one_line(value, 40), SMALL, false, 110.0)
}

fn mark(drawing: &mut Drawing, aftermath: &RecoveryVerdict, from: (f64, f64), to: (f64, f64)) {
    let share = f64::from(aftermath.metastable) / f64::from(aftermath.replications.max(1));
    let (ink, text): (Ink, Option<String>) = match aftermath.fate {
        Recovery::DownAnyway => (GREY.faint(0.5), None),
        _ if aftermath.metastable == 0 => (ATTEMPT.faint(0.15), None),
        _ => (
            FAILED.faint(0.15 + 0.75 * share),
            Some(format!("{}", (share * 100.0).round())),
        ),
    };
    drawing.rect((from.0 + 1.0, from.1 + 1.0), (to.0 - 1.0, to.1 - 1.0), ink);
    if let Some(text) = text.filter(|text| width_of(text, SMALL, true) + 4.0 < to.0 - from.0) {
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        drawing.bold(middle, text, SMALL, Align::Center, BLACK);
    }
}
