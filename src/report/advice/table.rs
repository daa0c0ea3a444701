//! The finalists as a table, from the one that is recommended down.

use super::phrases::{can_happen, needs, value};
use crate::record::advice::{Advice, Candidate, CriterionKind};
use crate::report::sheet::{Column, Sheet};

/// What is told of every candidate.
fn shared_columns() -> [Column; 6] {
    [
        Column::flexible("strategy", 20),
        Column::right("calls\nfailed"),
        Column::right("first attempt\nrefused"),
        Column::right("added\nlatency"),
        Column::right("token requests\nper call"),
        Column::flexible("needs", 10),
    ]
}

fn shared_cells(candidate: &Candidate) -> [String; 6] {
    let of = |by| value(by, candidate.value(by));
    [
        candidate.name.clone(),
        of(CriterionKind::Failures),
        of(CriterionKind::Rejections),
        of(CriterionKind::AddedLatency),
        of(CriterionKind::TokenRequests),
        needs(candidate.needs),
    ]
}

/// One row for each finalist.
pub(super) fn finalists(advice: &Advice) -> Sheet {
    let mut columns = vec![Column::left("")];
    columns.extend(shared_columns());
    columns.push(Column::flexible("can happen", 8));
    let rows = advice
        .candidates
        .iter()
        .filter(|candidate| candidate.finalist)
        .map(|candidate| {
            let marks = [(candidate.front, "*"), (candidate.own, "◦")];
            let marks: String = marks
                .into_iter()
                .filter(|(is_so, _)| *is_so)
                .map(|(_, mark)| mark)
                .collect();
            let mut cells = vec![marks];
            cells.extend(shared_cells(candidate));
            cells.push(can_happen(candidate));
            cells
        });
    Sheet {
        columns,
        rows: rows.collect(),
        blocks: 0,
        marks: Default::default(),
    }
}

/// One row for each of those that were screened alone.
pub(super) fn screened(others: &[&Candidate]) -> Sheet {
    let mut columns = Vec::from(shared_columns());
    columns.push(Column::flexible("dominated by", 12));
    let rows = others.iter().map(|candidate| {
        let mut cells = Vec::from(shared_cells(candidate));
        cells.push(candidate.dominated_by.clone().unwrap_or_default());
        cells
    });
    Sheet {
        columns,
        rows: rows.collect(),
        blocks: 0,
        marks: Default::default(),
    }
}
