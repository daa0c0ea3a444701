//! What is expected of the verdicts, and whether it came.

use crate::cli::Exit;
use crate::engine::check::CheckReport;
use crate::engine::check::expected::Expectation;
use crate::property::PROPERTIES;
use crate::scenario::{Scenario, Stated};

/// What is expected, by the property's place.
pub(super) type Expected = Vec<(usize, Stated)>;

/// One of `S1=ok,L2=breaks`.
pub(super) fn parse(text: &str) -> Result<(usize, Stated), String> {
    let (property, stated) = text
        .split_once('=')
        .ok_or_else(|| format!("`{text}` says nothing of a property; write for example S1=ok,L2=breaks"))?;
    let place = PROPERTIES
        .iter()
        .position(|known| known.name.eq_ignore_ascii_case(property.trim()));
    let place = place.ok_or_else(|| {
        let known: Vec<_> = PROPERTIES.iter().map(|property| property.name).collect();
        format!(
            "there is no property `{}`; there are: {}",
            property.trim(),
            known.join(", ")
        )
    })?;
    Ok((place, stated.trim().parse()?))
}

/// What a scenario's `[expect.check]` says of a strategy.
pub(super) fn of_scenario(scenario: &Scenario, strategy: &str) -> Expected {
    let own = scenario.file.expect.check.get(strategy);
    let stated = own.into_iter().flat_map(|verdicts| verdicts.iter());
    let place = |name: &str| PROPERTIES.iter().position(|property| property.name == name);
    stated
        .filter_map(|(name, stated)| Some((place(name)?, *stated)))
        .collect()
}

/// What did not come as expected, in words; and how the command ends for it. What is open has not been shown to hold.
pub(super) fn unmet(name: &str, expected: &Expected, report: &CheckReport) -> (Vec<String>, Exit) {
    let (mut unmet, mut exit) = (Vec::new(), Exit::Ok);
    for &(place, stated) in expected {
        let found = Expectation::of(&report.verdicts[place], report.complete);
        let breaks = matches!(found, Expectation::Breaks(..));
        let ends = match stated {
            Stated::Ok if breaks || found == Expectation::Open => Exit::PropertyBroken,
            Stated::Breaks if !breaks => Exit::AssertionFailed,
            Stated::Ok | Stated::Breaks => continue,
        };
        let property = &PROPERTIES[place];
        unmet.push(format!(
            "{name}: {} ({}) is expected to be `{stated}`, and is `{found}`",
            property.name, property.title
        ));
        exit = exit.max(ends);
    }
    (unmet, exit)
}
