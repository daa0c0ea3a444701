//! Saved cases: a text that a reader can follow and change, and that replays in every engine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::replay::{Effects, replay};
use super::rules::{CaseProvider, CaseRule};
use super::step::ScheduleStep;
use super::walk::along;
use crate::engine::check::systems::system_for;
use crate::engine::check::{Counterexample, FaultBudget, Setup, State, System};
use crate::node::Strategy as _;
use crate::property::{self, PROPERTIES};
use crate::provider::settings::Settings;
use crate::provider::{Issuance, OnBadSlot, Reveals};
use crate::retry::Attempts;
use crate::strategy::Coordination;
use crate::workload::Job;

/// Slots, registered apps and keys of a rotation in a case at most: the checker keeps them all in every state.
const MOST_PLACES: i64 = 16;

/// Kinds of jobs in a case, and calls of each, at most: as with places, every state has them.
const MOST_JOBS: usize = 8;
const MOST_OF_A_JOB: u32 = 8;

/// Tries of a call that a case counts at most; a policy with more is one that tries without end.
const MOST_TRIES: u32 = 5;

/// Tries of a call; none for as many as it takes.
fn tries_of(attempts: Attempts) -> Option<u32> {
    (1..=MOST_TRIES).find(|&tries| !attempts.allow_another(tries))
}

/// Steps of a case at most; the longest run that the checker tells has some thirty.
const MOST_STEPS: usize = 10_000;

/// A case with all that it takes to run it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Short name of the property that it breaks.
    pub property: &'static str,
    /// The seed by which it was found; a case that was written by hand has none.
    pub seed: Option<u64>,
    /// The strategy of all nodes.
    pub coordination: Coordination,
    /// What the provider does.
    pub rule: CaseRule,
    /// What tokens reveal about which is newer.
    pub reveals: Reveals,
    /// What a slot index gets that was not granted.
    pub on_bad_slot: OnBadSlot,
    /// Slots granted to the client.
    pub slots: u16,
    /// Nodes at which calls arrive.
    pub nodes: u32,
    /// Calls at each node.
    pub calls: u32,
    /// What a call can be: any of these jobs, of which one of a single call is such a call. Empty where all are single.
    pub jobs: Vec<Job>,
    /// Tries of each call; none for as many as it takes.
    pub tries: Option<u32>,
    /// Faults of each kind that may happen.
    pub faults: FaultBudget,
    /// The schedule; steps that cannot be taken are skipped.
    pub steps: Vec<ScheduleStep>,
}

/// A saved case as TOML has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    property: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_tokens: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    reveals: Reveals,
    #[serde(default, skip_serializing_if = "is_default")]
    on_bad_slot: OnBadSlot,
    slots: u16,
    nodes: u32,
    calls: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tries: Option<u32>,
    faults: String,
    steps: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    jobs: Vec<Job>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<CaseProvider>,
    strategy: Coordination,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Saved {
    /// A case of this setup under one of its rules, of a provider with these settings where there are some.
    ///
    /// Errors when what the provider does has no name, and is not what the settings say.
    pub fn new(
        property: usize,
        seed: Option<u64>,
        (setup, provider): (&Setup, Option<&Settings>),
        rule: &Issuance,
        case: &Case,
    ) -> Result<Self, String> {
        let rule = CaseRule::of(&setup.system, rule, provider).ok_or_else(|| {
            "what this provider does has no name, and nothing says how a scenario would write it".to_owned()
        })?;
        Ok(Self {
            property: PROPERTIES[property].name,
            seed,
            coordination: setup.coordination.clone(),
            rule,
            reveals: setup.system.reveals,
            on_bad_slot: setup.system.on_bad_slot,
            slots: setup.system.slots,
            nodes: case.draw.nodes,
            calls: case.draw.calls,
            jobs: setup.system.kinds.clone(),
            tries: tries_of(setup.system.attempts),
            faults: case.draw.faults,
            steps: case.steps.clone(),
        })
    }

    /// Its place in [`PROPERTIES`].
    ///
    /// # Panics
    /// Never: the name is that of a property.
    pub fn property(&self) -> usize {
        let place = PROPERTIES.iter().position(|property| property.name == self.property);
        place.expect("a case names a property")
    }

    /// The system of the case.
    ///
    /// # Panics
    /// When a rule is none that there is.
    pub fn setup(&self) -> Setup {
        let Setup {
            coordination,
            system,
            mix,
        } = system_for(self.coordination.clone(), self.nodes, self.calls, self.faults);
        let system = System {
            faults: self.faults,
            reveals: self.reveals,
            on_bad_slot: self.on_bad_slot,
            slots: self.slots,
            kinds: self.jobs.clone(),
            attempts: self.tries.map_or(Attempts::UNBOUNDED, Attempts::at_most),
            ..self.rule.applied(system)
        };
        Setup {
            coordination,
            mix,
            system,
        }
    }

    /// The run up to where the property breaks, as the checker has it; none where it does not.
    pub fn run(&self) -> Option<Counterexample> {
        let setup = self.setup();
        let initial = State::initial(setup.coordination, &setup.system);
        let walk = along(initial, &self.steps, self.property());
        walk.witness(self.property()).map(|(_, example)| example)
    }

    /// The effects of the case in the checker and in the simulator.
    pub fn effects(&self) -> Effects {
        let setup = self.setup();
        replay(&setup.coordination, &setup.system, &self.steps)
    }
}

/// As TOML.
impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = PROPERTIES[self.property()].title;
        writeln!(
            f,
            "# breaks {}: {title}; replay it with `tokenstorm fuzz --replay FILE`",
            self.property
        )?;
        let (rule, refresh_tokens, provider) = match self.rule.clone() {
            CaseRule::Named { rule, refresh_tokens } => (Some(rule), refresh_tokens, None),
            CaseRule::Written(provider) => (None, None, Some(provider)),
        };
        let written = Written {
            property: self.property.to_owned(),
            seed: self.seed,
            rule,
            refresh_tokens,
            reveals: self.reveals,
            on_bad_slot: self.on_bad_slot,
            slots: self.slots,
            nodes: self.nodes,
            calls: self.calls,
            jobs: self.jobs.clone(),
            tries: self.tries,
            faults: self.faults.to_string(),
            steps: self.steps.iter().map(ScheduleStep::to_string).collect(),
            provider,
            strategy: self.coordination.clone(),
        };
        f.write_str(&toml::to_string_pretty(&written).map_err(|_| fmt::Error)?)
    }
}

/// Settings of a strategy that count places, wherever they stand.
fn counts(settings: &toml::Value, found: &mut Vec<(&'static str, i64)>) {
    for (key, value) in settings.as_table().into_iter().flatten() {
        let counted = ["slots", "apps", "count"].into_iter().find(|known| known == key);
        if let (Some(known), Some(count)) = (counted, value.as_integer()) {
            found.push((known, count));
        }
        counts(value, found);
    }
}

impl FromStr for Saved {
    type Err = String;

    /// Errors with what is wrong, and where.
    fn from_str(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
        let known = || {
            let names: Vec<_> = PROPERTIES.iter().map(|property| property.name).collect();
            names.join(", ")
        };
        let property = property::find(&written.property)
            .ok_or_else(|| format!("there is no property `{}`; there are: {}", written.property, known()))?;
        let rule = CaseRule::read(written.rule, written.refresh_tokens, written.provider)?;
        for (key, count, most) in [("nodes", written.nodes, 4), ("calls", written.calls, 3)] {
            if !(1..=most).contains(&count) {
                return Err(format!("`{key} = {count}` is not from 1 to {most}"));
            }
        }
        if let Some(tries) = written.tries.filter(|tries| !(1..=MOST_TRIES).contains(tries)) {
            return Err(format!(
                "`tries = {tries}` is not from 1 to {MOST_TRIES}; without it a call is tried as often as it takes"
            ));
        }
        if written.jobs.len() > MOST_JOBS {
            return Err(format!("{} `jobs`; there can be {MOST_JOBS}", written.jobs.len()));
        }
        if let Some(job) = written
            .jobs
            .iter()
            .find(|job| !(1..=MOST_OF_A_JOB).contains(&job.calls))
        {
            return Err(format!(
                "`jobs`: `calls = {}` is not from 1 to {MOST_OF_A_JOB}; 1 is a single call",
                job.calls
            ));
        }
        let settings = toml::Value::try_from(&written.strategy).map_err(|error| error.to_string())?;
        let mut places = vec![
            ("slots", i64::from(written.slots)),
            ("apps", i64::from(written.strategy.duplicate_apps())),
            (
                "the highest slot and one",
                written.strategy.highest_slot().map_or(1, |slot| i64::from(slot) + 1),
            ),
        ];
        counts(&settings, &mut places);
        if let Some((key, count)) = places.iter().find(|(_, count)| !(1..=MOST_PLACES).contains(count)) {
            return Err(format!("{key} = {count} is not from 1 to {MOST_PLACES}"));
        }
        if written.steps.len() > MOST_STEPS {
            return Err(format!("{} steps; there can be {MOST_STEPS}", written.steps.len()));
        }
        let steps = written.steps.iter().map(|step| step.parse());
        Ok(Self {
            property: property.name,
            seed: written.seed,
            coordination: written.strategy,
            rule,
            reveals: written.reveals,
            on_bad_slot: written.on_bad_slot,
            slots: written.slots,
            nodes: written.nodes,
            calls: written.calls,
            jobs: written.jobs,
            tries: written.tries,
            faults: written.faults.parse()?,
            steps: steps.collect::<Result<_, _>>()?,
        })
    }
}
