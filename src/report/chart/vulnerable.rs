//! The vulnerable region: for each strategy a map of the two swept parameters, coloured by how often the system did not come back
//! when the trigger had gone.
//!
//! Does not know what the parameters do, but the first is best the load and the second the size of the trigger.

use super::Chart;
use super::drawing::{ATTEMPT, Drawing, FAILED, GREY};
use super::frame::{self, coloured, plain};
use super::grid::{self, Cell};
use crate::record::{Record, Recovery, RecoveryVerdict};

pub(super) const CHART: Chart = Chart {
    name: "vulnerable",
    about: "Where a trigger leaves a metastable failure behind, over two swept parameters, per strategy",
    applies: |record| !record.aftermaths.is_empty() && grid::applies(record),
    draw,
};

fn draw(record: &Record) -> Drawing {
    if !(CHART.applies)(record) {
        return frame::nothing(record, "No trigger over two parameters");
    }
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
    let bottom = grid::panels(&mut drawing, record, top, |strategy, point| {
        let mut found = record.aftermaths.iter();
        found.find(|a| a.strategy == strategy && a.point == point).map(cell)
    });
    frame::foot(drawing, record, bottom)
}

fn cell(aftermath: &RecoveryVerdict) -> Cell {
    let share = f64::from(aftermath.metastable) / f64::from(aftermath.replications.max(1));
    let (ink, text) = match aftermath.fate {
        Recovery::DownAnyway => (GREY.faint(0.5), None),
        _ if aftermath.metastable == 0 => (ATTEMPT.faint(0.15), None),
        _ => (
            FAILED.faint(0.15 + 0.75 * share),
            Some(format!("{}", (share * 100.0).round())),
        ),
    };
    Cell { ink, text }
}
