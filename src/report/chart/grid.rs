//! Maps of two swept parameters, a panel for each strategy: a cell for each point, the names of the parameters on the axes.
//!
//! Does not know what a cell shows.

use super::drawing::{Align, BLACK, Drawing, GREY, Ink};
use super::frame::{BODY, MARGIN, SMALL, WIDTH};
use super::text::{cut, width_of};
use crate::record::Record;
use crate::report::{Sweep, one_line};

const CELL: f64 = 30.0;
const GAP: f64 = 28.0;

/// One swept parameter: its values in the order of the file, and what the axis is called.
struct Axis {
    name: String,
    values: Vec<String>,
}

/// What a cell shows.
pub(super) struct Cell {
    pub(super) ink: Ink,
    pub(super) text: Option<String>,
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
            name: one_line(&Sweep::words(&sweep.keys[at]), 100),
            values,
        }
    };
    (sweep.keys.len() == 2 && !sweep.values.is_empty()).then(|| [axis(0), axis(1)])
}

/// Whether two parameters are swept.
pub(super) fn applies(record: &Record) -> bool {
    Sweep::of(record).keys.len() == 2
}

/// A panel for each strategy from `top` down, the first parameter to the right and the second upwards; returns where they end.
pub(super) fn panels(
    drawing: &mut Drawing,
    record: &Record,
    top: f64,
    cell_of: impl Fn(&str, &str) -> Option<Cell>,
) -> f64 {
    let sweep = Sweep::of(record);
    let Some([right, up]) = axes(&sweep) else {
        return top;
    };
    let label = up
        .values
        .iter()
        .map(|v| width_of(&short(v), SMALL, false))
        .fold(0.0, f64::max);
    let columns = if record.strategies.len() > 1 { 2 } else { 1 };
    let room = (WIDTH - 2.0 * MARGIN - GAP * (columns as f64 - 1.0)) / columns as f64;
    let cell = ((room - label - 10.0) / right.values.len() as f64).min(3.0 * CELL);
    let height = up.values.len() as f64 * CELL;
    let pitch = height + 2.0 * BODY + 64.0;
    for (i, strategy) in record.strategies.iter().enumerate() {
        let left = MARGIN + (i % columns) as f64 * (room + GAP);
        let upper = top + (i / columns) as f64 * pitch;
        let name = cut(&one_line(strategy, 200), BODY, true, room);
        drawing.bold((left, upper + BODY / 2.0), name, BODY, Align::Left, BLACK);
        let axis = cut(&format!("↑ {}", up.name), SMALL, false, room);
        drawing.text((left, upper + BODY + 10.0), axis, SMALL, Align::Left, GREY);
        let origin = (left + label + 10.0, upper + BODY + 24.0 + height);
        for (row, y) in up.values.iter().enumerate() {
            let lower = origin.1 - row as f64 * CELL;
            let middle = (origin.0 - 6.0, lower - CELL / 2.0);
            drawing.text(middle, short(y), SMALL, Align::Right, GREY);
            for (column, x) in right.values.iter().enumerate() {
                let at = origin.0 + column as f64 * cell;
                let point = sweep.values.iter().position(|v| v[0] == *x && v[1] == *y);
                let shown = point.and_then(|point| cell_of(strategy, record.points.get(point)?));
                if let Some(shown) = shown {
                    mark(drawing, &shown, (at, lower - CELL), (at + cell, lower));
                }
            }
        }
        columns_named(drawing, &right, origin, cell);
        let end = left + room;
        let axis = cut(&format!("{} →", right.name), SMALL, false, end - left);
        let middle = (origin.0 + right.values.len() as f64 * cell / 2.0).min(end - width_of(&axis, SMALL, false) / 2.0);
        let middle = middle.max(left + width_of(&axis, SMALL, false) / 2.0);
        drawing.text((middle, origin.1 + 25.0), axis, SMALL, Align::Center, GREY);
    }
    let rows = record.strategies.len().div_ceil(columns).max(1);
    top + rows as f64 * pitch - 12.0
}

/// The values below the columns, as many as have room.
fn columns_named(drawing: &mut Drawing, axis: &Axis, origin: (f64, f64), cell: f64) {
    let mut free = f64::NEG_INFINITY;
    for (column, x) in axis.values.iter().enumerate() {
        let (word, at) = (short(x), origin.0 + (column as f64 + 0.5) * cell);
        let half = width_of(&word, SMALL, false) / 2.0;
        if at - half > free && at + half < WIDTH {
            drawing.text((at, origin.1 + 10.0), word, SMALL, Align::Center, GREY);
            free = at + half + 4.0;
        }
    }
}

fn short(value: &str) -> String {
    cut(&one_line(value.trim_matches('"'), 40), SMALL, false, 110.0)
}

fn mark(drawing: &mut Drawing, cell: &Cell, from: (f64, f64), to: (f64, f64)) {
    drawing.rect((from.0 + 1.0, from.1 + 1.0), (to.0 - 1.0, to.1 - 1.0), cell.ink);
    let fits = |text: &&String| width_of(text, SMALL, true) + 4.0 < to.0 - from.0;
    if let Some(text) = cell.text.as_ref().filter(fits) {
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        drawing.bold(middle, text.clone(), SMALL, Align::Center, BLACK);
    }
}
