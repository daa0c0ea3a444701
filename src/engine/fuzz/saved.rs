//! A case on disk: a text that a reader can follow and change, and that replays in every engine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::case::Case;
use super::replay::{Effects, replay};
use super::step::Step;
use super::walk::along;
use crate::base::Duration;
use crate::engine::check::cast::around;
use crate::engine::check::{Budget, Counterexample, Setup};
use crate::property::{self, PROPERTIES};
use crate::provider::{Issuance, OnFull, profiles};
use crate::scenario;
use crate::strategy::Coordination;
use crate::with_strategy;

/// Rules that cases are drawn with, the plainest first, with a sentence each. A profile of a provider can be named as well.
pub const RULES: [(&str, &str); 5] = [
    ("latest_only", "a new token ends the one before it at once"),
    ("overlap", "a new token ends the one before it after a while"),
    ("two_live", "two tokens are live, and a third ends the oldest"),
    ("returned", "a request returns the current token while it lives"),
    ("refused", "a request is refused while a token lives"),
];

/// Life of a token; a case's clock stands still, so it decides nothing.
const LIFE: Duration = Duration::from_secs(3600);

/// The rule of this name: one of [`RULES`], or a provider's.
pub fn rule(name: &str) -> Option<Issuance> {
    let mut rule = Issuance::latest_only(LIFE);
    match name {
        "latest_only" => {}
        "overlap" => rule.overlap = Duration::SECOND,
        "two_live" => rule.capacity = Some(2),
        "returned" => rule.reuse_threshold = Some(Duration::SECOND),
        "refused" => rule.on_full = OnFull::Refuse,
        other => return Some(scenario::rule(&profiles::find(other)?.provider)),
    }
    Some(rule)
}

/// The name under which [`rule`] finds a rule.
pub fn name_of_rule(wanted: &Issuance) -> Option<String> {
    let names = RULES.iter().chain(&profiles::PROFILES).map(|(name, _)| *name);
    names
        .filter(|name| rule(name).as_ref() == Some(wanted))
        .map(str::to_owned)
        .next()
}

/// A case with all that it takes to run it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Short name of the claim that it breaks.
    pub property: &'static str,
    /// What it was found by; a case that was written by hand has none.
    pub seed: Option<u64>,
    pub coordination: Coordination,
    pub rule: String,
    /// Slots granted to the client.
    pub slots: u16,
    pub nodes: u32,
    pub calls: u32,
    pub faults: Budget,
    pub steps: Vec<Step>,
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    property: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    rule: String,
    slots: u16,
    nodes: u32,
    calls: u32,
    faults: String,
    steps: Vec<String>,
    strategy: Coordination,
}

impl Saved {
    /// A case of this setup under the rule of this name.
    pub fn new(claim: usize, seed: Option<u64>, setup: &Setup, rule: &str, case: &Case) -> Self {
        Self {
            property: PROPERTIES[claim].name,
            seed,
            coordination: setup.coordination.clone(),
            rule: rule.to_owned(),
            slots: setup.system.slots,
            nodes: case.draw.nodes,
            calls: case.draw.calls,
            faults: case.draw.faults,
            steps: case.steps.clone(),
        }
    }

    /// Its place in [`PROPERTIES`].
    ///
    /// # Panics
    /// Never: the name is that of a claim.
    pub fn claim(&self) -> usize {
        let place = PROPERTIES.iter().position(|property| property.name == self.property);
        place.expect("a case names a claim")
    }

    /// The system that it takes place in.
    ///
    /// # Panics
    /// When the rule is none that there is.
    pub fn setup(&self) -> Setup {
        let mut setup = around(self.coordination.clone(), self.nodes, self.calls, self.faults);
        setup.system.rule = rule(&self.rule).expect("a case names a rule");
        setup.system.slots = self.slots;
        setup
    }

    /// The run up to where the claim breaks, as the checker has it; none where it does not.
    pub fn run(&self) -> Option<Counterexample> {
        let setup = self.setup();
        with_strategy!(&setup.coordination, strategy => {
            #[allow(clippy::clone_on_copy)] // Most strategies are `Copy`, not all.
            let initial = crate::engine::check::State::initial(strategy.clone(), &setup.system);
            along(initial, &self.steps, self.claim()).witness(self.claim()).map(|(_, example)| example)
        })
    }

    /// What it does in the checker and in the simulator.
    pub fn effects(&self) -> Effects {
        let setup = self.setup();
        with_strategy!(&setup.coordination, strategy => replay(strategy, &setup.system, &self.steps))
    }
}

/// TOML.
impl fmt::Display for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = PROPERTIES[self.claim()].title;
        writeln!(
            f,
            "# breaks {}: {title}; replay it with `tokenstorm fuzz --replay FILE`",
            self.property
        )?;
        let written = Written {
            property: self.property.to_owned(),
            seed: self.seed,
            rule: self.rule.clone(),
            slots: self.slots,
            nodes: self.nodes,
            calls: self.calls,
            faults: self.faults.to_string(),
            steps: self.steps.iter().map(Step::to_string).collect(),
            strategy: self.coordination.clone(),
        };
        f.write_str(&toml::to_string_pretty(&written).map_err(|_| fmt::Error)?)
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
        if rule(&written.rule).is_none() {
            let names: Vec<_> = RULES.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "there is no rule `{}`; there are: {}, and the providers' (tokenstorm list providers)",
                written.rule,
                names.join(", ")
            ));
        }
        for (key, count, most) in [("nodes", written.nodes, 4), ("calls", written.calls, 3)] {
            if !(1..=most).contains(&count) {
                return Err(format!("`{key} = {count}` is not from 1 to {most}"));
            }
        }
        let steps = written.steps.iter().map(|step| step.parse());
        Ok(Self {
            property: property.name,
            seed: written.seed,
            coordination: written.strategy,
            rule: written.rule,
            slots: written.slots.max(1),
            nodes: written.nodes,
            calls: written.calls,
            faults: written.faults.parse()?,
            steps: steps.collect::<Result<_, _>>()?,
        })
    }
}
