//! The whole table as columns and rows: no property is left out of it.

use super::table::{cell, issued};
use crate::record::verdicts::Verdicts;
use crate::report::sheet::{Column, Sheet};

pub(super) fn sheet(verdicts: &Verdicts) -> Sheet {
    let mut columns = vec![Column::flexible("strategy", 12)];
    if let Some(first) = verdicts.systems.first() {
        columns.extend(first.verdicts.iter().map(|row| Column::right(&row.property)));
    }
    columns.extend(["states", "steps", "issued"].map(Column::right));
    let rows = verdicts.systems.iter().map(|system| {
        let mut cells = vec![system.strategy.clone()];
        cells.extend(system.verdicts.iter().map(cell));
        cells.extend([system.states.to_string(), system.steps.to_string(), issued(system)]);
        cells
    });
    Sheet {
        columns,
        rows: rows.collect(),
        blocks: 0,
        marks: Default::default(),
    }
}
