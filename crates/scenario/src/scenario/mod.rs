//! From a TOML file to a scenario that can be run, or to mistakes with their place and the likely fix.
//!
//! Does not know how a scenario is run or reported: it knows the written form, what its names refer to, and the points of its
//! sweep.

mod acts;
mod bounds;
mod case;
mod check;
pub mod clients;
mod condition;
mod crew;
mod document;
mod effort;
mod error;
mod event;
mod examples;
mod excerpt;
mod expect;
mod figure;
mod file;
mod files;
mod fleets;
mod incident;
mod left_out;
mod names;
mod nearest;
mod op;
mod ordered;
mod parts;
mod planning;
mod read;
mod repair;
mod resolve;
mod roster;
mod short;
mod size;
mod starter;
mod strategy;
mod sweep;
mod timeline;
mod version;
mod ways;
mod weight;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::Duration;
use crate::plan::{Plan, SweepPoint};
use crate::provider::settings::Settings;

pub use bounds::{LARGEST_FILE, MOST_NODES, MOST_POINTS, MOST_REPLICATIONS};
pub use case::PlanCase;
pub use condition::{Condition, ConditionError, ConditionOutcome, Interval};
pub use effort::{Effort, Extent, MOST_EVENTS, MOST_MEMORY};
pub use error::{Mistake, PlanError, ScenarioError};
pub use event::{
    Autoscale, AutoscaleStep, Crash, CrashGateway, EventKind, EventSettings, Fail, GrantSlots, How, OfFleet, Partition,
    Pause, Redeploy, Restart, Revoke, Rollout, Scale, Slow, Spike, Target,
};
pub use expect::{Expectations, Stated};
pub use file::{
    AppSettings, Assert, FleetSettings, LoginSettings, PauseSettings, RunSettings, ScenarioFile, StartSettings,
    TriggerSettings, WhichProvider, WorkloadSettings,
};
pub use nearest::suggestion;
pub use op::Op;
pub use ordered::Ordered;
pub use starter::Starter;
pub use strategy::{AgainSettings, DelayGoes, StepsSettings, StrategySettings, Version};
pub use ways::{GatewaySettings, PeerSettings, StoreSettings};

/// A scenario that has been read, filled in and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the file says, with the provider's profile and all defaults filled in.
    pub file: ScenarioFile,
    /// Where the paths in it are looked up from.
    pub folder: PathBuf,
    /// The file's name as it was given, for messages.
    pub origin: String,
    /// The text as it was written, overrides of the command line at its end.
    pub text: Arc<str>,
    /// Bytes of it that are the file's own.
    own: usize,
    files: Arc<files::Files>,
    points: Vec<(SweepPoint, ScenarioFile)>,
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

    /// Reads what is no file, such as standard input; `name` stands for it in messages, and paths in it are looked up from `folder`.
    ///
    /// Errors as [`load`](Self::load) does.
    pub fn read_with(
        name: &str,
        input: impl std::io::Read,
        folder: &Path,
        overrides: &Overrides,
    ) -> Result<Self, ScenarioError> {
        let text = read::from(name, input)?;
        Self::parse_with(name, &text, folder, overrides)
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
        Self::read_text(name, text, &Arc::new(files::Files::of(folder)), overrides)
    }

    /// The same file with other values from the command line. What it names is not read again.
    ///
    /// Errors as [`parse_with`](Self::parse_with) does.
    pub fn with_values(&self, overrides: &Overrides) -> Result<Self, ScenarioError> {
        Self::read_text(&self.origin, self.as_written(), &self.files, overrides)
    }

    fn read_text(
        name: &str,
        text: &str,
        files: &Arc<files::Files>,
        overrides: &Overrides,
    ) -> Result<Self, ScenarioError> {
        let (written, own) = (resolve::Written::new(text, overrides), text.len());
        resolve::resolve(files, &written).map_or_else(
            |mistakes| Err(ScenarioError::new(name, &written.text, mistakes)),
            |resolved| {
                Ok(Self {
                    file: resolved.file,
                    folder: files.folder().to_owned(),
                    origin: name.to_owned(),
                    text: written.text.as_str().into(),
                    own,
                    files: Arc::clone(files),
                    points: resolved.points,
                    warnings: resolved.warnings,
                })
            },
        )
    }

    /// The files of latencies and calls that it names, with these values and with all others that were put in their place so far
    /// ([`with_values`](Self::with_values)); as they are written, in order.
    pub fn named_files(&self) -> Vec<PathBuf> {
        self.files.read_so_far()
    }

    /// The text of the file, byte for byte.
    pub fn as_written(&self) -> &str {
        &self.text[..self.own]
    }

    /// Every point of the sweep in order, with the scenario that it is: without a sweep, and with the assertions and expectations
    /// that are meant for it. Without a sweep the only point is the scenario itself, at a point without values.
    pub fn points(&self) -> Vec<(SweepPoint, Self)> {
        if self.points.is_empty() {
            return vec![(SweepPoint::default(), self.clone())];
        }
        let alone = |(label, file): &(SweepPoint, ScenarioFile)| {
            let point = Self {
                file: file.clone(),
                folder: self.folder.clone(),
                origin: self.origin.clone(),
                text: Arc::clone(&self.text),
                own: self.own,
                files: Arc::clone(&self.files),
                points: Vec::new(),
                warnings: Vec::new(),
            };
            (label.clone(), point)
        };
        self.points.iter().map(alone).collect()
    }

    /// The keys that the file's own sweep has values for, in its order, each value as a text that reads back as the same.
    pub fn swept(&self) -> Vec<(String, Vec<String>)> {
        sweep::as_written(self.as_written())
    }

    /// The provider: the scenario's settings over its profile's over [`Settings::neutral`].
    pub fn provider(&self) -> &Settings {
        &self.file.provider
    }

    /// What an engine runs for one of the strategies, at this point.
    ///
    /// Errors when a file of latencies or of calls can no longer be used.
    pub fn plan(&self, strategy: &StrategySettings) -> Result<Plan, PlanError> {
        self.plan_case(strategy, PlanCase::Triggered)
    }

    /// [`plan`](Self::plan) with its trigger, without it, or with a hot start in its place.
    ///
    /// Errors when a file of latencies or of calls can no longer be used.
    pub fn plan_case(&self, strategy: &StrategySettings, case: PlanCase) -> Result<Plan, PlanError> {
        planning::plan(&self.file, &self.file.provider, strategy, &self.files, case)
    }

    /// What it takes to run so much of it.
    pub fn effort(&self, extent: Extent<'_>) -> Effort {
        let alone = [(0, &self.file)];
        let points = self.points.iter();
        let points: Vec<_> = points.map(|(label, file)| (label.to_string().len(), file)).collect();
        let points = if points.is_empty() { &alone[..] } else { &points[..] };
        effort::effort(points, &self.files, self.text.len(), extent)
    }

    /// The events of the timeline, for charts.
    pub fn incidents(&self) -> Vec<(Duration, Duration, String)> {
        self.file.event.iter().map(incident::incident).collect()
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
        sweep::leave_open(&mut table, &self.text, self.file.sweep.0.iter().map(|(key, _)| key));
        toml::to_string(&table).expect("what was read can be written")
    }
}

/// The steps of a key as `--set` and a sweep write it: `strategy."v1.2".timeout`.
///
/// # Errors
/// With what is wrong with it, in words.
pub fn key_path(key: &str) -> Result<Vec<String>, String> {
    document::split(key).map_err(|wrong| wrong.message)
}

/// What stands for an alternative of a choice that is not settled by its name alone: for `retry` and `fixed` it is
/// `{ fixed = { delay = "1s" } }`. None where the name alone will do, and where the key is no choice.
pub fn example(key: &str, name: &str) -> Option<&'static str> {
    examples::choice_at(key)?.example(name)
}

/// The JSON schema (draft 2020-12) of a scenario file.
///
/// # Panics
/// Never: a schema is plain data.
pub fn schema() -> String {
    let schema = schemars::schema_for!(ScenarioFile);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain data");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
