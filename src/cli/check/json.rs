//! The verdicts as JSON.

use super::gate::Expected;
use crate::campaign::scope;
use crate::engine::check::expected::Expectation;
use crate::engine::check::{self, CheckReport, PropertyVerdict, Setup};
use crate::property::PROPERTIES;
use crate::record::verdicts::{FORMAT, PropertyRow, Searched, SystemVerdicts, VerdictKind, Verdicts};

/// The text, with a newline at its end.
pub(super) fn text(
    scenario: Option<String>,
    searched: Searched,
    systems: Vec<SystemVerdicts>,
    as_expected: bool,
) -> String {
    let verdicts = Verdicts {
        format: FORMAT,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        scenario,
        searched,
        systems,
        as_expected,
    };
    let mut text = serde_json::to_string_pretty(&verdicts).expect("verdicts are plain data");
    text.push('\n');
    text
}

/// One system of them.
pub(super) fn system(name: &str, setup: &Setup, report: &CheckReport, expected: &Expected) -> SystemVerdicts {
    let rows = PROPERTIES.iter().enumerate().zip(&report.verdicts);
    SystemVerdicts {
        strategy: name.to_owned(),
        faults: setup.system.faults.to_string(),
        tries: scope::tries_of(&setup.system),
        store_operations: setup.system.store_operations,
        notes: setup.system.notes,
        held_back: report.held_back.any(),
        states: report.states,
        steps: report.transitions,
        complete: report.complete,
        verdicts: rows
            .map(|((place, property), verdict)| {
                let stated = expected.iter().find(|(of, _)| *of == place);
                let mut row = PropertyRow {
                    property: property.name.to_owned(),
                    title: property.title.to_owned(),
                    verdict: VerdictKind::Holds,
                    bound: None,
                    steps: None,
                    around: None,
                    run: Vec::new(),
                    remark: None,
                    expected: stated.map(|(_, stated)| stated.to_string()),
                };
                fill(&mut row, setup, verdict, report.complete);
                row
            })
            .collect(),
    }
}

fn fill(row: &mut PropertyRow, setup: &Setup, verdict: &PropertyVerdict, complete: bool) {
    match Expectation::of(verdict, complete) {
        Expectation::Holds(most) => row.bound = most,
        Expectation::NotReached => row.verdict = VerdictKind::NotReached,
        Expectation::Open => row.verdict = VerdictKind::Open,
        Expectation::Breaks(steps, around) => {
            row.verdict = VerdictKind::Breaks;
            (row.steps, row.around) = (Some(steps), Some(around));
        }
    }
    if let PropertyVerdict::Breaks(example) = verdict {
        let lines = check::narrate(setup, example).lines;
        row.run = lines.into_iter().map(|line| line.text).collect();
        row.remark = example.remark.clone();
    }
}
