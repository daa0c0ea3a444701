//! Mistakes in a scenario, each shown under the key or value that it is about, with the likely fix.

use std::fmt;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};
use toml::de::DeTable;

use super::document::{Path, Span, path_at};
use super::nearest::{listed, suggestion};
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
    source: NamedSource<String>,
    mistakes: Vec<Mistake>,
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

impl Mistake {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// Underlines a place; the first one is where the mistake is said to be.
    #[must_use]
    pub(super) fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        let text = (!text.is_empty()).then_some(text);
        self.labels.push(LabeledSpan::new_with_span(text, span));
        self
    }

    #[must_use]
    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
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
        self.message = format!("{} (sweep point {point})", self.message);
        self
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
    pub(super) fn new(name: &str, text: &str, mistakes: Vec<Mistake>) -> Self {
        debug_assert!(!mistakes.is_empty(), "an error without a mistake");
        Self {
            source: NamedSource::new(name, text.to_owned()).with_language("toml"),
            mistakes,
        }
    }

    /// At least one, in the order of the checks.
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
        self.source.inner().get(start..start + length)
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

/// The reader's words for what serde and the TOML parser say.
pub(super) fn translate(error: &toml::de::Error, root: Option<&DeTable<'_>>) -> Mistake {
    let message = error.message();
    let span = error.span();
    let path = root.zip(span.as_ref()).and_then(|(root, span)| path_at(root, span));
    let span = span.unwrap_or(0..0);
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();

    if let (true, [name, known @ ..]) = (message.starts_with("unknown field"), quoted.as_slice()) {
        let whose = path
            .as_deref()
            .and_then(owner)
            .map_or_else(String::new, |owner| format!(" in {owner}"));
        let help = if known.is_empty() {
            "there are no keys here".into()
        } else {
            suggestion(name, known, "keys")
        };
        return Mistake::new(format!("unknown key `{name}`{whose}"))
            .at(span, "no such key")
            .help(help);
    }
    if let (true, [name, known @ ..]) = (message.starts_with("unknown variant"), quoted.as_slice()) {
        let (one, all) = kind_of_choice(known);
        return Mistake::new(format!("unknown {one} `{name}`"))
            .at(span, format!("no such {one}"))
            .help(suggestion(name, known, all));
    }
    if let (true, [name]) = (message.starts_with("missing field"), quoted.as_slice()) {
        return missing(name, path.as_deref(), span, root);
    }
    if let Some((extra, known)) = message
        .strip_prefix("unexpected keys in table: ")
        .and_then(|rest| rest.split_once(", available keys: "))
    {
        let name = extra.split(", ").next().unwrap_or(extra);
        let known: Vec<&str> = known.split(", ").collect();
        return Mistake::new(format!("unknown key `{name}`"))
            .at(span, "no such key")
            .help(suggestion(name, &known, "keys"));
    }
    if message.starts_with("wanted exactly 1 element") || message.contains("is a second choice") {
        return Mistake::new("one alternative at a time")
            .at(span, "exactly one key may stand here")
            .help("the key's name is the choice, its table holds the settings: `{ fixed = { delay = \"1s\" } }`");
    }
    if message == "wanted string or table" {
        return Mistake::new("a choice is written as a table with one key")
            .at(span, "not a choice")
            .help("for instance `{ constant = \"40ms\" }` or `{ poisson = \"2/s\" }`");
    }
    if message.contains("recurs") {
        return Mistake::new("tables or lists are nested too deeply").at(span, "here");
    }
    // Our own quantities say in one sentence what is wrong and what would do.
    let is_of_toml = path.is_none();
    let head = if is_of_toml {
        format!("not valid TOML: {message}")
    } else {
        message.to_owned()
    };
    match head
        .split_once("; ")
        .filter(|(_, help)| help.starts_with("did you mean") || help.starts_with("write"))
    {
        Some((head, help)) => Mistake::new(head).at(span, "here").help(help),
        None => Mistake::new(head).at(span, "here"),
    }
}

fn missing(name: &str, path: Option<&[String]>, span: Span, root: Option<&DeTable<'_>>) -> Mistake {
    let whose = path
        .and_then(thing)
        .map_or_else(String::new, |owner| format!(" in {owner}"));
    let help = match (path.and_then(|path| path.first()).map(String::as_str), name) {
        (Some("fleet"), "app") => {
            let apps: Vec<&str> = root
                .and_then(|root| root.get("app"))
                .and_then(|apps| apps.get_ref().as_array())
                .into_iter()
                .flatten()
                .filter_map(|app| app.get_ref().get("name")?.get_ref().as_str())
                .collect();
            if apps.is_empty() {
                "describe an app first: `[[app]]` with a `name`, then name it here".into()
            } else {
                format!("name the app whose credential the fleet uses; apps: {}", listed(apps))
            }
        }
        (_, "duration") => "add `duration = \"10min\"`".into(),
        (_, "nodes") => "add `nodes = 8`".into(),
        (_, "run") => "add a table `[run]` with a `duration`".into(),
        (_, "at") => "say when, counted from the start of the warm-up: `at = \"5min\"`".into(),
        (_, "for") => "say how long it lasts: `for = \"30s\"`".into(),
        (_, "coordination") => "choose one: `coordination = \"naive\"`; `tokenstorm list strategies` names them".into(),
        (_, "arrivals") => "say when calls arrive: `arrivals = { poisson = \"2/s\" }`".into(),
        (_, "name" | "summary" | "source") => format!("add `{name} = \"...\"`"),
        _ => format!("add the key `{name}`"),
    };
    Mistake::new(format!("missing key `{name}`{whose}"))
        .at(span, format!("has no `{name}`"))
        .help(help)
}

/// The table that a key stands in, in words.
fn owner(path: &[String]) -> Option<String> {
    thing(path.split_last()?.1)
}

fn thing(path: &[String]) -> Option<String> {
    let names: Vec<&str> = path
        .iter()
        .map(String::as_str)
        .filter(|step| step.parse::<usize>().is_err())
        .collect();
    (!names.is_empty()).then(|| format!("`{}`", names.join(".")))
}

/// What a list of alternatives is a list of: in the singular, and in the plural.
fn kind_of_choice(known: &[&str]) -> (&'static str, &'static str) {
    for (member, one, all) in [
        ("compare_first", "strategy", "strategies"),
        ("full_jitter", "retry policy", "retry policies"),
        ("latest_only", "rule", "rules"),
        ("poisson", "arrival pattern", "arrival patterns"),
        ("lognormal", "distribution", "distributions"),
        ("crash_gateway", "event", "events"),
        (">=", "comparison", "comparisons"),
    ] {
        if known.contains(&member) {
            return (one, all);
        }
    }
    ("choice", "choices")
}

/// A path from its steps.
pub(super) fn steps(path: &[&dyn fmt::Display]) -> Path {
    path.iter().map(ToString::to_string).collect()
}
