//! The parts of the page, for another page that shows them as they change.

use maud::html;

use super::{charts, effort, lead, line, list, table, timeline};
use crate::record::Record;
use crate::report::{conditions, fates, words};

/// What of a record a page shows, as HTML in which every text of the scenario is escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageParts {
    /// The answer in a sentence.
    pub answer: String,
    /// Strategies, replications, span and seed, in words.
    pub effort: String,
    /// The comparison.
    pub table: String,
    /// What is to be said beside it.
    pub words: String,
    /// The charts.
    pub charts: String,
}

/// The parts of a record's page.
pub fn parts(record: &Record) -> PageParts {
    let words = words::words(record);
    let answer = lead(record, &words);
    let told = html! {
        (list("In words", "words", &words))
        (list("After the trigger", "trigger", &fates::aftermaths(record)))
        (list("What the scenario states", "checks", &conditions::checks(record)))
        (timeline(record))
    };
    PageParts {
        answer: html! { (line(&answer)) }.into_string(),
        effort: effort(record),
        table: table::ranking(record).into_string(),
        words: told.into_string(),
        charts: charts(record).into_string(),
    }
}
