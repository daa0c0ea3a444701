//! What was found about a strategy, and how it is printed.

use std::fmt;

use crate::engine::check::Counterexample;
use crate::engine::check::expected::Expectation;
use crate::engine::fuzz::Finding;

/// What was found about one property.
#[derive(Clone, Debug)]
pub struct ReportRow {
    /// Short name of the property.
    pub property: &'static str,
    /// Title of the property.
    pub title: &'static str,
    /// What the checker says of it, as its table has it: `?` where the search was given up or its bounds leave it open, `-` where
    /// nothing that it is about has happened.
    pub verdict: Expectation,
    /// A shortest run that breaks it, found by the checker.
    pub checked: Option<Counterexample>,
    /// The smallest case that breaks it, found by the fuzzer.
    pub fuzzed: Option<Finding>,
}

/// What was found about a strategy.
#[derive(Clone, Debug)]
pub struct StrategyReport {
    /// States that the checker has searched.
    pub states: usize,
    /// Whether the checker has searched all states.
    pub complete: bool,
    /// Why what is not broken has not been shown to hold although all states were searched: the bounds on messages under way matter.
    pub doubt: Option<String>,
    /// The properties, in the order in which they are shown.
    pub rows: Vec<ReportRow>,
    /// Laws that are broken, with what is wrong.
    pub laws: Vec<(&'static str, String)>,
    /// What is not as expected, in words, with a run that shows it.
    pub objections: Vec<String>,
}

impl StrategyReport {
    /// What was found about the property of this name.
    ///
    /// # Panics
    /// When there is no such property.
    pub fn of(&self, property: &str) -> &ReportRow {
        let row = self.rows.iter().find(|row| row.property == property);
        row.unwrap_or_else(|| panic!("there is no property `{property}`"))
    }

    /// Why properties are open, in words.
    pub(super) fn why_open(&self) -> String {
        match &self.doubt {
            Some(doubt) => doubt.clone(),
            None => format!("the search was given up after {} states", self.states),
        }
    }
}

/// A table: each property with the steps of a shortest run and of the smallest case by chance that break it.
impl fmt::Display for StrategyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.complete { "all" } else { "not all" };
        writeln!(
            f,
            "{:32}{:>8}{:>8}   {} states, {end} there are",
            "", "check", "fuzz", self.states
        )?;
        for row in &self.rows {
            let checked = row.verdict;
            let fuzzed = row
                .fuzzed
                .as_ref()
                .map_or_else(|| "-".to_owned(), |finding| steps(&finding.example));
            writeln!(f, "{:4}{:28}{checked:>8}{fuzzed:>8}", row.property, row.title)?;
        }
        if let Some(doubt) = &self.doubt {
            writeln!(f, "? as {doubt}")?;
        }
        for (name, wrong) in &self.laws {
            writeln!(f, "law {name} is broken: {wrong}")?;
        }
        Ok(())
    }
}

/// Steps of a run, and around where it goes on for ever; `no` where there is no run to show.
fn steps(example: &Counterexample) -> String {
    Expectation::Breaks(example.steps(), example.around).to_string()
}
