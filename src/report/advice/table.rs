//! The finalists as a table, from the one that is recommended down.

use super::phrases::{can_happen, needs, value};
use crate::record::advice::{Advice, Candidate, CriterionKind};
use crate::report::sheet::{Column, Sheet};

/// One row for each finalist.
pub(super) fn finalists(advice: &Advice) -> Sheet {
    let columns = vec![
        Column::left(""),
        Column::flexible("strategy", 20),
        Column::right("calls\nfailed"),
        Column::right("first attempt\nrefused"),
        Column::right("added\nlatency"),
        Column::right("token requests\nper call"),
        Column::flexible("needs", 10),
        Column::flexible("can happen", 8),
    ];
    let rows = advice
        .candidates
        .iter()
        .filter(|candidate| candidate.finalist)
        .map(|candidate| {
            let of = |by| value(by, candidate.value(by));
            let marks = [(candidate.front, "*"), (candidate.own, "◦")];
            let marks: String = marks
                .into_iter()
                .filter(|(is_so, _)| *is_so)
                .map(|(_, mark)| mark)
                .collect();
            vec![
                marks,
                candidate.name.clone(),
                of(CriterionKind::Failures),
                of(CriterionKind::Rejections),
                of(CriterionKind::AddedLatency),
                of(CriterionKind::TokenRequests),
                needs(candidate.needs),
                can_happen(candidate),
            ]
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
    let columns = vec![
        Column::flexible("strategy", 20),
        Column::right("calls\nfailed"),
        Column::right("first attempt\nrefused"),
        Column::right("added\nlatency"),
        Column::right("token requests\nper call"),
        Column::flexible("needs", 10),
        Column::flexible("dominated by", 12),
    ];
    let rows = others.iter().map(|candidate| {
        let of = |by| value(by, candidate.value(by));
        vec![
            candidate.name.clone(),
            of(CriterionKind::Failures),
            of(CriterionKind::Rejections),
            of(CriterionKind::AddedLatency),
            of(CriterionKind::TokenRequests),
            needs(candidate.needs),
            candidate.dominated_by.clone().unwrap_or_default(),
        ]
    });
    Sheet {
        columns,
        rows: rows.collect(),
        blocks: 0,
        marks: Default::default(),
    }
}
