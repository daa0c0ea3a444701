//! Mistakes in a scenario, each shown under the key or value that it is about, with the likely fix.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::bounds::MOST_SHOWN;
use super::document::{Path, Span};
use super::excerpt::Excerpts;
use crate::base::shown;
use crate::net::DistributionError;
use crate::plan::SweepPoint;
use crate::workload::trace::TraceError;

/// Why a scenario that was read cannot be run.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum PlanError {
    /// A file of latencies can no longer be used.
    Distribution(#[from] DistributionError),
    /// A file of calls can no longer be used.
    Trace(#[from] TraceError),
}

/// Everything that was found wrong with one file.
#[derive(Debug)]
pub struct ScenarioError {
    source: Excerpts,
    mistakes: Vec<Mistake>,
    more: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mistake {
    message: String,
    labels: Vec<LabeledSpan>,
    help: Option<String>,
}

impl Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.help.as_ref()?))
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// Characters of a message; a name that somebody has made longer is cut.
const LONGEST_MESSAGE: usize = 900;

fn fit_to_show(text: &str) -> String {
    let text = shown::line(text);
    let letters = text.chars().count();
    if letters <= LONGEST_MESSAGE {
        return text.into_owned();
    }
    // What is wrong stands at the end, after the name.
    let end: String = text.chars().skip(letters - LONGEST_MESSAGE / 3).collect();
    format!("{}{end}", shown::shortened(&text, LONGEST_MESSAGE / 3))
}

impl Mistake {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: fit_to_show(&message.into()),
            labels: Vec::new(),
            help: None,
        }
    }

    /// Underlines a place; the first one is where the mistake is said to be.
    #[must_use]
    pub(super) fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = fit_to_show(&text.into());
        let text = (!text.is_empty()).then_some(text);
        self.labels.push(LabeledSpan::new_with_span(text, span));
        self
    }

    #[must_use]
    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(fit_to_show(&text.into())).filter(|help| !help.is_empty());
        self
    }

    /// The same mistake, met at one point of a sweep; `swept` are the keys and the values that make the point.
    pub(super) fn in_sweep(mut self, point: &SweepPoint, swept: &[(Span, Span)]) -> Self {
        let inside = |label: &LabeledSpan| {
            let (start, end) = (label.offset(), label.offset() + label.len());
            let within = |span: &Span| span.start <= start && end <= span.end;
            swept.iter().any(|(key, value)| within(key) || within(value))
        };
        if !self.labels.first().is_some_and(inside) {
            let culprit = swept
                .iter()
                .map(|(_, value)| LabeledSpan::new_with_span(Some("with this value".into()), value.clone()));
            self.labels = culprit.chain(self.labels).collect();
        }
        self.message = fit_to_show(&format!("{} (sweep point {point})", self.message));
        self
    }

    /// Whether another one says the same of the same place, perhaps at another point of a sweep.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        fn bare(mistake: &Mistake) -> &str {
            mistake.message.split(" (sweep point ").next().unwrap_or_default()
        }
        bare(self) == bare(other) && self.labels.last() == other.labels.last()
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where: the first byte, and how many.
    pub fn span(&self) -> Option<(usize, usize)> {
        self.labels.first().map(|label| (label.offset(), label.len()))
    }

    /// The likely fix.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl ScenarioError {
    pub(super) fn new(name: &str, text: &str, mut mistakes: Vec<Mistake>) -> Self {
        debug_assert!(!mistakes.is_empty(), "an error without a mistake");
        let more = mistakes.len().saturating_sub(MOST_SHOWN);
        mistakes.truncate(MOST_SHOWN);
        Self {
            source: Excerpts::of(name, text),
            mistakes,
            more,
        }
    }

    /// Mistakes beyond those that are told.
    pub fn more(&self) -> usize {
        self.more
    }

    /// At least one, in the order of the checks, and not more than a reader takes in.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The file's name as it was given.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    /// The text under the first label of a mistake of this error.
    pub fn text_under(&self, mistake: &Mistake) -> Option<&str> {
        let (start, length) = mistake.span()?;
        self.source.text().get(start..start + length)
    }

    fn only(&self) -> Option<&Mistake> {
        match self.mistakes.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.only() {
            Some(mistake) => write!(f, "{}: {mistake}", self.file()),
            None if self.more > 0 => write!(
                f,
                "{}: {} mistakes, of which the first {} are shown",
                self.file(),
                self.mistakes.len() + self.more,
                self.mistakes.len()
            ),
            None => write!(f, "{}: {} mistakes", self.file(), self.mistakes.len()),
        }
    }
}

impl std::error::Error for ScenarioError {}

/// One mistake is shown as the error itself, several as its parts.
impl Diagnostic for ScenarioError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only()?.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only()?.labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self.only() {
            Some(_) => None,
            None => Some(Box::new(self.mistakes.iter().map(|mistake| mistake as &dyn Diagnostic))),
        }
    }
}

/// A path from its steps.
pub(super) fn steps(path: &[&dyn fmt::Display]) -> Path {
    path.iter().map(ToString::to_string).collect()
}
