//! The comparison as a table whose rows can be sorted and hidden.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::line;
use crate::record::Record;
use crate::report::comparison::{Detail, comparison, groups};
use crate::report::mixtures;
use crate::report::sheet::Sheet;

/// One row for each strategy and point, in the order of the scenario, and one for each part of the calls.
pub(super) fn ranking(record: &Record) -> Markup {
    let all = record.points.len();
    let thinned = thinned(record);
    let record = thinned.as_ref().unwrap_or(record);
    let (sheet, groups, kinds) = (
        comparison(record, Detail::Full),
        groups(record),
        mixtures::sheet(record),
    );
    html! {
        @if !sheet.rows.is_empty() {
            section id="comparison" {
                h2 { "Comparison" }
                @if record.strategies.len() > 1 {
                    p.hint { "A column is sorted by its head. A strategy whose box is cleared leaves the charts." }
                }
                @if record.points.len() < all {
                    p.hint {
                        (record.points.len()) " of the " (all) " points of the sweep, evenly spaced, so that this page stays small. The charts show \
                         all of them, and " code { "results.csv" } " beside this page holds every figure."
                    }
                }
                (table(&sheet, Some(record)))
                @if let Some(note) = sheet.marks.told() { p.hint { (note) } }
                @if !groups.rows.is_empty() {
                    h3 { "By fleet and kind of call" }
                    (table(&groups, None))
                }
                @if !kinds.rows.is_empty() {
                    h3 { "Runs with a storm, and the others" }
                    (table(&kinds, None))
                }
            }
        }
    }
}

/// Rows of the comparison that a page shows at most.
pub(super) const ROWS: usize = 600;

/// What the table shows of a record with very many points: points evenly spaced, the first and the last among them. None where all fit.
fn thinned(record: &Record) -> Option<Record> {
    let (points, strategies) = (record.points.len(), record.strategies.len().max(1));
    let kept = (ROWS / strategies).max(2);
    if points <= kept {
        return None;
    }
    let place = |at: usize| at * (points - 1) / (kept - 1);
    let kept: Vec<String> = (0..kept).map(|at| record.points[place(at)].clone()).collect();
    let known: BTreeSet<&str> = kept.iter().map(String::as_str).collect();
    let shown = |point: &str| known.contains(point);
    Some(Record {
        manifest: record.manifest.clone(),
        strategies: record.strategies.clone(),
        readings: record
            .readings
            .iter()
            .filter(|reading| shown(&reading.point))
            .cloned()
            .collect(),
        comparisons: record
            .comparisons
            .iter()
            .filter(|one| shown(&one.point))
            .cloned()
            .collect(),
        mixtures: record.mixtures.iter().filter(|of| shown(&of.point)).cloned().collect(),
        points: kept.clone(),
        ..Record::default()
    })
}

/// A table that can be sorted.
pub(in crate::report) fn plain(sheet: &Sheet) -> Markup {
    table(sheet, None)
}

/// A table; with a record, each row can be hidden by the strategy that it names.
fn table(sheet: &Sheet, of: Option<&Record>) -> Markup {
    let keys = sheet
        .columns
        .iter()
        .position(|column| column.header() == "strategy")
        .unwrap_or(0);
    html! {
        div.scroll tabindex="0" role="group" aria-label="Figures" {
            table.figures {
                thead {
                    tr {
                        @for column in &sheet.columns {
                            th scope="col" class=[column.is_right().then_some("number")] {
                                button type="button" { (column.header().replace('\n', " ")) }
                            }
                        }
                    }
                }
                tbody {
                    @for (at, row) in sheet.rows.iter().enumerate() {
                        tr {
                            @for (i, cell) in row.iter().enumerate() {
                                @if i == keys {
                                    th scope="row" { (name(cell, at, of)) }
                                } @else {
                                    td class=[sheet.columns[i].is_right().then_some("number")] { (line(cell)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The name of a strategy; at its first row with a box that hides it.
fn name(cell: &str, row: usize, of: Option<&Record>) -> Markup {
    let text = line(cell);
    let several = of.filter(|record| record.strategies.len() > 1);
    html! {
        @match several {
            Some(record) => {
                @let strategy = &record.strategies[row % record.strategies.len()];
                label { input type="checkbox" checked data-hides=(line(strategy)); " " (text) }
            }
            None => { (text) }
        }
    }
}
