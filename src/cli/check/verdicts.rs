//! What the searches have found, as a record.

use super::gate::Expected;
use crate::campaign::scope;
use crate::engine::check::expected::Expectation;
use crate::engine::check::{self, CheckReport, PropertyVerdict, Setup};
use crate::property::{PROPERTIES, Property};
use crate::record::verdicts::{PropertyRow, SystemVerdicts, VerdictKind};

/// One system of them.
pub(super) fn system(name: &str, setup: &Setup, report: &CheckReport, expected: &Expected) -> SystemVerdicts {
    let rows = PROPERTIES.iter().enumerate().zip(&report.verdicts);
    SystemVerdicts {
        strategy: name.to_owned(),
        mix: setup.mix.iter().map(|one| one.name().to_owned()).collect(),
        faults: setup.system.faults.to_string(),
        tries: scope::tries_of(&setup.system),
        store_operations: setup.system.store_operations,
        notes: setup.system.notes,
        held_back: report.held_back.any(),
        states: report.states,
        steps: report.transitions,
        complete: report.complete,
        refresh_tokens: setup.system.rotation.is_some(),
        issued: report.issuances,
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
                    shows: Vec::new(),
                    why: None,
                    expected: stated.map(|(_, stated)| stated.to_string()),
                };
                fill(&mut row, property, setup, verdict, report);
                row
            })
            .collect(),
    }
}

fn fill(row: &mut PropertyRow, property: &Property, setup: &Setup, verdict: &PropertyVerdict, report: &CheckReport) {
    match Expectation::of(verdict, report.complete) {
        Expectation::Holds(most) => row.bound = most,
        Expectation::NotReached => row.verdict = VerdictKind::NotReached,
        Expectation::Open => row.verdict = VerdictKind::Open,
        Expectation::Breaks(steps, around) => {
            row.verdict = VerdictKind::Breaks;
            (row.steps, row.around) = (Some(steps), Some(around));
        }
    }
    if let PropertyVerdict::Breaks(example) = verdict {
        let story = check::narrate(setup, example);
        row.shows = check::explain(&story, property).lines().map(str::to_owned).collect();
        row.run = story.lines.into_iter().map(|line| line.text).collect();
        row.remark = example.remark.clone();
    }
    if row.verdict == VerdictKind::Open {
        row.why = Some(match verdict {
            PropertyVerdict::Open(why) => why.clone(),
            _ => format!("the search was given up after {} states", report.states),
        });
    }
}
