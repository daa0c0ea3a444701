//! From a TOML file to a scenario that can be run, or to mistakes with their place and the likely fix.
//!
//! Does not know how a scenario is run or reported: it knows the written form, what its names refer to, and the points of its
//! sweep.

mod check;
mod condition;
mod document;
mod error;
mod file;
pub mod plan;
mod read;
mod resolve;
mod sweep;

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::Duration;
use crate::net::DistributionError;
use crate::provider::profiles;
use crate::provider::settings::Settings;
use crate::strategy::Coordination;

pub use condition::{Condition, ConditionError, Interval, Outcome};
pub use error::{Mistake, ScenarioError};
pub use file::{
    App, Assert, Crash, CrashGateway, DelayGoes, Event, Fail, File, Fleet, Gateway, GrantSlots, How, OfFleet, Op,
    Ordered, Restart, Revoke, Run, Scale, Slow, Start, Steps, Store, Strategy, Target, What, Workload, known_metrics,
};
pub use sweep::selects;

/// A scenario is written by hand: a file beyond this many bytes is something else.
pub const LARGEST_FILE: u64 = 4 << 20;
/// Points of a sweep; each is a run of its own.
pub const MOST_POINTS: usize = 1000;
/// Nodes of all fleets together.
pub const MOST_NODES: u32 = 10_000_000;
/// Replications of one run.
pub const MOST_REPLICATIONS: u32 = 100_000;

/// A scenario that has been read, filled in and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the file says, with the provider's profile and all defaults filled in.
    pub file: File,
    /// Where the paths in it are looked up from.
    pub folder: PathBuf,
    /// The file's name as it was given, for messages.
    pub origin: String,
    /// The text as it was written, overrides of the command line at its end.
    pub text: String,
    points: Vec<(String, File)>,
    warnings: Vec<Mistake>,
}

/// Two scenarios are the same when they say the same, wherever and however they were written.
impl PartialEq for Scenario {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

/// Values from the command line that take the place of the file's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Key path and value: `("run.replications", "100")`. A value that is no TOML value is a string: `5s` means `"5s"`.
    pub set: Vec<(String, String)>,
    /// Key path and values. Unless empty, they take the place of the file's whole sweep.
    pub sweep: Vec<(String, Vec<String>)>,
}

impl Overrides {
    /// From `KEY=VALUE` texts; the key ends at the first `=` outside quotes.
    ///
    /// Errors with the text that has no `=`.
    pub fn parse_set<'a>(settings: impl IntoIterator<Item = &'a str>) -> Result<Vec<(String, String)>, &'a str> {
        settings
            .into_iter()
            .map(|text| {
                let mut quote = None;
                let end = text.find(|c| match quote {
                    Some(open) => {
                        if c == open {
                            quote = None;
                        }
                        false
                    }
                    None => {
                        quote = matches!(c, '"' | '\'').then_some(c);
                        c == '='
                    }
                });
                let (key, value) = text.split_at(end.ok_or(text)?);
                Ok((key.trim().to_owned(), value[1..].trim().to_owned()))
            })
            .collect()
    }
}

impl Scenario {
    /// Reads a file.
    ///
    /// Errors when it cannot be read, is no regular file or too large, and with everything that is wrong with what it says.
    pub fn load(path: &Path) -> Result<Self, ScenarioError> {
        Self::load_with(path, &Overrides::default())
    }

    /// [`load`](Self::load), with values from the command line.
    pub fn load_with(path: &Path, overrides: &Overrides) -> Result<Self, ScenarioError> {
        let text = read::text(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse_with(&path.display().to_string(), &text, folder, overrides)
    }

    /// Reads a text; `name` stands for it in messages, and paths in it are looked up from `folder`.
    ///
    /// Errors with everything that is wrong with it.
    pub fn parse(name: &str, text: &str, folder: &Path) -> Result<Self, ScenarioError> {
        Self::parse_with(name, text, folder, &Overrides::default())
    }

    /// [`parse`](Self::parse), with values from the command line.
    pub fn parse_with(name: &str, text: &str, folder: &Path, overrides: &Overrides) -> Result<Self, ScenarioError> {
        if text.len() as u64 > LARGEST_FILE {
            return Err(ScenarioError::new(name, "", vec![read::too_large(text.len() as u64)]));
        }
        let added = Added::new(text, overrides);
        build(folder, &added).map_or_else(
            |mistakes| Err(ScenarioError::new(name, &added.text, mistakes)),
            |built| {
                Ok(Self {
                    file: built.file,
                    folder: folder.to_owned(),
                    origin: name.to_owned(),
                    text: added.text.clone(),
                    points: built.points,
                    warnings: built.warnings,
                })
            },
        )
    }

    /// Every point of the sweep in order, with its label `key=value;key=value` and the scenario that it is: without a sweep, and
    /// with the assertions and expectations that are meant for it. Without a sweep the only point is the scenario itself,
    /// labelled by an empty text.
    pub fn points(&self) -> Vec<(String, Self)> {
        if self.points.is_empty() {
            return vec![(String::new(), self.clone())];
        }
        let alone = |(label, file): &(String, File)| {
            let point = Self {
                file: file.clone(),
                folder: self.folder.clone(),
                origin: self.origin.clone(),
                text: self.text.clone(),
                points: Vec::new(),
                warnings: Vec::new(),
            };
            (label.clone(), point)
        };
        self.points.iter().map(alone).collect()
    }

    /// The provider: the scenario's settings over its profile's over [`Settings::neutral`].
    pub fn provider(&self) -> &Settings {
        &self.file.provider
    }

    /// What an engine runs for one of the strategies, at this point.
    ///
    /// Errors when a latency file can no longer be used.
    pub fn plan(&self, strategy: &Strategy) -> Result<plan::Plan, DistributionError> {
        resolve::resolve(&self.file, &self.file.provider, strategy, &self.folder)
    }

    /// The events of the timeline, for charts.
    pub fn incidents(&self) -> Vec<(Duration, Duration, String)> {
        self.file.event.iter().map(resolve::incident).collect()
    }

    /// What is odd but can be run; shown like an error, against [`text`](Self::text).
    pub fn warnings(&self) -> &[Mistake] {
        &self.warnings
    }

    /// The scenario with profile and defaults filled in, as TOML that reads back as the same scenario.
    ///
    /// # Panics
    /// Never: everything that was read can be written.
    pub fn to_resolved_toml(&self) -> String {
        let mut table = toml::Table::try_from(&self.file).expect("what was read can be written");
        if let Some(toml::Value::Table(provider)) = table.get_mut("provider") {
            for part in ["limits", "faults", "lags"] {
                let Some(toml::Value::Table(inner)) = provider.get_mut(part) else {
                    continue;
                };
                inner.retain(|_, value| !matches!(value, toml::Value::Table(table) if table.is_empty()));
                if inner.is_empty() {
                    provider.remove(part);
                }
            }
        }
        table.retain(|_, value| !matches!(value, toml::Value::Array(items) if items.is_empty()));
        toml::to_string(&table).expect("what was read can be written")
    }
}

/// The JSON schema (draft 2020-12) of a scenario file.
///
/// # Panics
/// Never: a schema is plain data.
pub fn schema() -> String {
    let schema = schemars::schema_for!(File);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    text.push('\n');
    text
}

/// A text with the overrides of the command line written at its end, so that a message can point at them.
struct Added {
    text: String,
    set: Vec<AddedValue>,
    sweep: Vec<(String, document::Span, Vec<AddedValue>)>,
}

struct AddedValue {
    key: String,
    key_span: document::Span,
    text: String,
    at: usize,
}

impl Added {
    fn new(text: &str, overrides: &Overrides) -> Self {
        let mut all = text.to_owned();
        if overrides.set.is_empty() && overrides.sweep.is_empty() {
            return Self {
                text: all,
                set: Vec::new(),
                sweep: Vec::new(),
            };
        }
        all.push_str("\n# From the command line:\n");
        let push = |all: &mut String, text: &str| {
            let start = all.len();
            all.push_str(text);
            start..all.len()
        };
        let mut set = Vec::new();
        for (key, value) in &overrides.set {
            let key_span = push(&mut all, key);
            all.push_str(" = ");
            let span = push(&mut all, value);
            all.push('\n');
            set.push(AddedValue {
                key: key.clone(),
                key_span,
                text: value.clone(),
                at: span.start,
            });
        }
        let mut sweep = Vec::new();
        for (key, values) in &overrides.sweep {
            let key_span = push(&mut all, key);
            all.push_str(" = [");
            let mut added = Vec::new();
            for (i, value) in values.iter().enumerate() {
                all.push_str(if i == 0 { "" } else { ", " });
                added.push(AddedValue {
                    key: key.clone(),
                    key_span: key_span.clone(),
                    text: value.clone(),
                    at: push(&mut all, value).start,
                });
            }
            all.push_str("]\n");
            sweep.push((key.clone(), key_span, added));
        }
        Self { text: all, set, sweep }
    }
}

impl AddedValue {
    /// A TOML value where the text is one, otherwise a string.
    fn value(&self) -> Spanned<DeValue<'_>> {
        match DeValue::parse(&self.text) {
            Ok(value) => document::shifted(value, self.at),
            Err(_) => Spanned::new(
                self.at..self.at + self.text.len(),
                DeValue::String(self.text.as_str().into()),
            ),
        }
    }
}

struct Built {
    file: File,
    points: Vec<(String, File)>,
    warnings: Vec<Mistake>,
}

fn build(folder: &Path, added: &Added) -> Result<Built, Vec<Mistake>> {
    let written_length = added.set.first().map(|value| value.key_span.start);
    let written_length = written_length.or(added.sweep.first().map(|(_, span, _)| span.start));
    let written = &added.text[..written_length.unwrap_or(added.text.len())];
    let mut root = DeTable::parse(written)
        .map_err(|error| vec![error::translate(&error, None)])?
        .into_inner();
    if !added.set.is_empty() {
        let mut mistakes = Vec::new();
        for value in &added.set {
            let axis = sweep::Axis::new(&value.key, value.key_span.clone(), vec![value.value()]);
            match axis.and_then(|axis| axis.put_first(&mut root)) {
                Ok(()) => {}
                Err(mistake) => mistakes.push(mistake),
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
    }
    let axes = if added.sweep.is_empty() {
        sweep::axes(&root)?
    } else {
        root.remove("sweep");
        let axes: Result<Vec<_>, _> = added
            .sweep
            .iter()
            .map(|(key, span, values)| {
                sweep::Axis::new(key, span.clone(), values.iter().map(AddedValue::value).collect())
            })
            .collect();
        axes.map_err(|mistake| vec![mistake])?
    };
    let points = if axes.is_empty() {
        Vec::new()
    } else {
        sweep::points(&axes, &added.text, MOST_POINTS).map_err(|mistake| vec![mistake])?
    };
    let labels: Vec<String> = points.iter().map(|point| point.label.clone()).collect();
    // Other points than the file's are swept over: conditions on its own ones have nothing to select, and are no mistake.
    let selectable = added.sweep.is_empty().then_some(labels.as_slice());
    let (file, warnings) = one(root.clone(), folder, selectable)?;
    let mut built = Vec::with_capacity(points.len());
    for point in &points {
        let spans = point.spans();
        let read = point
            .apply(&root)
            .map_err(|mistake| vec![mistake])
            .and_then(|root| one(root, folder, None))
            .map_err(|mistakes| -> Vec<Mistake> {
                mistakes
                    .into_iter()
                    .map(|mistake| mistake.in_sweep(&point.label, &spans))
                    .collect()
            });
        let (mut file, _) = read?;
        meant_for(&point.label, &mut file);
        built.push((point.label.clone(), file));
    }
    Ok(Built {
        file,
        points: built,
        warnings,
    })
}

/// Reads, fills in and checks one file.
fn one(root: DeTable<'_>, folder: &Path, points: Option<&[String]>) -> Result<(File, Vec<Mistake>), Vec<Mistake>> {
    let deserializer = toml::Deserializer::from(Spanned::new(0..0, root.clone()));
    let mut file: File =
        serde::Deserialize::deserialize(deserializer).map_err(|error| vec![error::translate(&error, Some(&root))])?;
    check::profile(&root, &file.provider).map_err(|mistake| vec![mistake])?;
    fill_in(&mut file);
    let found = check::check(&root, &file, folder, points);
    if found.mistakes.is_empty() {
        Ok((file, found.warnings))
    } else {
        Err(found.mistakes)
    }
}

/// What the file leaves out, from the profile and the defaults.
fn fill_in(file: &mut File) {
    let profile = file.provider.profile.as_deref().and_then(profiles::find);
    let settings = std::mem::take(&mut file.provider);
    let settings = match profile {
        Some(profile) => settings.over(profile.provider),
        None => settings,
    };
    file.provider = settings.over(Settings::neutral());
    let uses = |needs: fn(&Coordination) -> bool| file.strategy.iter().any(|strategy| needs(&strategy.coordination));
    if uses(Coordination::needs_store) {
        file.store.get_or_insert_default();
    }
    if uses(Coordination::needs_gateway) {
        file.gateway.get_or_insert_default();
    }
    for strategy in &mut file.strategy {
        if let Coordination::SlotPerNode(slots) = &mut strategy.coordination {
            slots.known = slots.parameter.is_none() || slots.parameter == file.provider.slot_parameter;
        }
    }
}

/// Leaves the assertions and expectations that are meant for this point; what is said for it alone counts more than what is
/// said for every point.
fn meant_for(label: &str, file: &mut File) {
    file.assert
        .retain(|assertion| assertion.point.as_deref().is_none_or(|point| selects(point, label)));
    for assertion in &mut file.assert {
        assertion.point = None;
    }
    let mut meant: Ordered<Ordered<Condition>> = Ordered::default();
    let (special, general): (Vec<_>, Vec<_>) = std::mem::take(&mut file.expect)
        .0
        .into_iter()
        .partition(|(whose, _)| whose.contains('@'));
    for (whose, conditions) in general.into_iter().chain(special) {
        let (strategy, selector) = check::split_point(&whose);
        if !selector.is_none_or(|selector| selects(selector, label)) {
            continue;
        }
        let at = meant.position(strategy).unwrap_or(meant.0.len());
        if at == meant.0.len() {
            meant.0.push((strategy.to_owned(), Ordered::default()));
        }
        let known = &mut meant.0[at].1;
        for (metric, condition) in conditions.0 {
            match known.position(&metric) {
                Some(at) => known.0[at].1 = condition,
                None => known.0.push((metric, condition)),
            }
        }
    }
    file.expect = meant;
}

#[cfg(test)]
mod tests;
