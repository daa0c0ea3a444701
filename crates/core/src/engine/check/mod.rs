//! The checker: not how often something happens, but whether it ever can.
//!
//! Runs the same world and the same strategies as the simulator, of two to four nodes with one or two calls each, in every
//! order of deliveries and with every placement of a few faults. Its clock stands still: timers ring and waits end in any
//! order, leases and tokens end by steps of their own. What latencies and jitter are drawn decides nothing here.

mod action;
mod chance;
mod components;
mod diagram;
mod enabled;
mod expand;
pub mod expected;
mod explain;
mod explore;
mod fault;
mod graph;
mod host;
mod label;
mod liveness;
mod naming;
mod packed;
mod recovery;
mod scene;
mod settle;
mod shelf;
mod state;
mod step;
mod story;
mod symmetry;
pub mod systems;
mod trail;
mod verdict;
mod visited;
mod waiting;
mod walk;
mod words;

use crate::base::Duration;
use crate::node::Strategy;
use crate::property::PROPERTIES;
use crate::provider::settings::{OnViolationSettings, Settings};
use crate::provider::{Issuance, OnBadSlot, Reveals, RotationRule, Rule};
use crate::retry::Attempts;
use crate::strategy::{Coordination, Mixed};
use crate::workload::Job;

pub use action::Action;
pub use components::Components;
pub use diagram::{svg, text};
pub use enabled::{Fences, HeldBack};
pub use expand::PropertySet;
pub use explain::explain;
pub use explore::{Explored, explore};
pub use fault::{FAULTS, Fault, FaultBudget};
pub use graph::{Edge, Graph, Marks, Standing};
pub use host::{CheckHost, NOW};
pub use label::{FAULT, LabelSet, label, withheld};
pub use liveness::Lasso;
pub use recovery::{Cost, Dearest, call_of_cost, dearest_call};
pub use scene::{Line, Scene, Story};
pub use settle::{Settled, settle};
pub use state::{NOTES, STORE_OPERATIONS, State, falls_due};
pub use step::{of_kind, throttled};
pub use story::{narrate, narrate_strategy};
pub use trail::{carried, taken_from};
pub use visited::{Fingerprint, Visited, fingerprint};

/// A small system to be explored, with one of the crate's own strategies.
#[derive(Clone, Debug, PartialEq)]
pub struct Setup {
    /// The strategy of all nodes.
    pub coordination: Coordination,
    /// What the nodes follow in turn where they do not all follow the same: the first node the first, and so on; else empty.
    pub mix: Vec<Coordination>,
    /// Everything else.
    pub system: System,
}

impl Setup {
    /// The same setup where states that differ only in which node is which are one, unless the strategy tells nodes apart.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.system.symmetric = self.mix.is_empty() && !self.coordination.tells_nodes_apart();
        self
    }

    /// The same setup with nodes that follow these in turn. A gateway follows the first of them that has one.
    #[must_use]
    pub fn mixing(mut self, mix: Vec<Coordination>) -> Self {
        self.mix = mix;
        self.system.needs = self.mixed().map_or(self.system.needs, |mixed| Needs::from(&mixed));
        self
    }

    /// What each node follows; none where all follow the same.
    pub(super) fn mixed(&self) -> Option<Mixed> {
        let gateway = self.mix.iter().position(Coordination::needs_gateway);
        let nodes = (0..self.system.nodes as usize).map(|node| node % self.mix.len().max(1));
        let follows = nodes.chain(gateway).map(|place| place as u8).collect();
        (!self.mix.is_empty()).then(|| Mixed::new(self.mix.clone(), Vec::new(), follows))
    }
}

/// A small system, whatever the strategy of its nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct System<R = Issuance> {
    /// Store, gateway and apps.
    pub needs: Needs,
    /// What the provider does with a token request.
    pub rule: R,
    /// What becomes of refresh tokens, where the provider has them.
    pub rotation: Option<RotationRule>,
    /// What tokens reveal about which is newer. As the clock stands still, all are issued in the same second.
    pub reveals: Reveals,
    /// What a slot index gets that was not granted.
    pub on_bad_slot: OnBadSlot,
    /// Slots granted to each client.
    pub slots: u16,
    /// Nodes at which calls arrive; a gateway comes on top.
    pub nodes: u32,
    /// Calls at each node.
    pub calls: u32,
    /// What a call that arrives can be: any of these jobs, of which one of a single call is such a call. Empty where all are single.
    pub kinds: Vec<Job>,
    /// Tries of each call. Only without a bound can a call go on for ever.
    pub attempts: Attempts,
    /// Faults of each kind that may happen in a run.
    pub faults: FaultBudget,
    /// Store operations that a node has under way at most: [`STORE_OPERATIONS`], or more in order to see that more change no verdict.
    pub store_operations: u8,
    /// Notes that two nodes have under way to each other at most: [`NOTES`], or more.
    pub notes: u8,
    /// How it is known that the holder of a lease still acts on it.
    pub holder: HolderActs,
    /// States that differ only in which node is which are one. Only for strategies that do not tell nodes apart.
    pub symmetric: bool,
    /// States after which the search is given up.
    pub most: usize,
}

/// How it is known that the holder of a lease still acts on it: a lease on which nobody acts any more ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HolderActs {
    /// While its memory names the lease's fence.
    #[default]
    Named,
    /// From when it has heard that the lease is its own until it has nothing under way: no request, no store operation, no timer but
    /// that of a planned renewal. A strategy that remembers only the phase that it is in is found out in a first search, and searched again
    /// so.
    Busy,
}

impl<R: Clone> System<R> {
    /// The same system where nodes have names, as they have in every run that is shown.
    #[must_use]
    pub fn with_names(&self) -> Self {
        Self {
            symmetric: false,
            ..self.clone()
        }
    }
}

impl System {
    /// The same system with refresh tokens of this rule, or without any. No node refreshes a token that is never refused, so in each
    /// run the access token expires once at least.
    #[must_use]
    pub fn rotating(self, rotation: Option<RotationRule>) -> Self {
        let Some(mut rule) = rotation else {
            return Self { rotation, ..self };
        };
        if let OnViolationSettings::RevokeFamily(revocation) = &mut rule.on_violation {
            // Where no time passes, what takes a while would never come.
            revocation.takes = Duration::ZERO;
        }
        Self {
            rotation: Some(rule),
            // What a refresh ends is the rotation's to say.
            rule: Issuance::independent(self.rule.ttl),
            faults: self.faults.with(Fault::Expiry, self.faults.left(Fault::Expiry).max(1)),
            ..self
        }
    }

    /// The same system under the rules of a provider.
    #[must_use]
    pub fn under(self, provider: &Settings) -> Self {
        let rule = provider.issuance();
        let rotated = self.rotating(provider.refresh_tokens().as_ref().map(RotationRule::of));
        Self {
            rule,
            reveals: provider.revealed(),
            on_bad_slot: provider.bad_slot(),
            ..rotated
        }
    }
}

/// The surroundings that a strategy needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The nodes share a store.
    pub store: bool,
    /// One more node, to which calls are forwarded or the renewing is left.
    pub gateway: bool,
    /// Registered copies of the app.
    pub apps: u16,
}

impl<S: Strategy> From<&S> for Needs {
    fn from(strategy: &S) -> Self {
        Self {
            store: strategy.needs_store(),
            gateway: strategy.needs_gateway(),
            apps: strategy.duplicate_apps(),
        }
    }
}

/// Receives the progress of a search.
pub trait CheckProgress: Sync {
    /// Called now and then with the states and transitions so far and the steps from the start; returns whether to go on.
    fn explored(&self, states: usize, transitions: usize, depth: u32) -> bool;
}

/// Lets the search go on to its end.
impl CheckProgress for () {
    fn explored(&self, _: usize, _: usize, _: u32) -> bool {
        true
    }
}

/// The verdict of a search on one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyVerdict {
    /// No run breaks it; with the bound that was found, where the property is about one.
    Holds(Option<u32>),
    /// No event that the property concerns has happened in any run.
    NotReached,
    /// Not broken, but not shown to hold either, for this reason.
    Open(String),
    /// This run breaks it.
    Breaks(Counterexample),
}

/// A run that breaks a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// The steps from the start.
    pub way: Vec<Action>,
    /// The steps at its end that can be repeated for ever; none where the last step is the break.
    pub around: usize,
    /// What `way` does not show, in words.
    pub remark: Option<String>,
}

impl Counterexample {
    /// Steps up to the break, or up to the cycle.
    pub fn steps(&self) -> usize {
        self.way.len() - self.around
    }
}

/// The outcome of a search of one system.
#[derive(Debug)]
pub struct CheckReport {
    /// Unique states that were found.
    pub states: usize,
    /// Steps between them.
    pub transitions: usize,
    /// Steps of the longest of the shortest ways to a state.
    pub depth: u32,
    /// False where the search was given up: then a property that holds has only not been broken yet.
    pub complete: bool,
    /// How it was told whether the holder of a lease acts on it.
    pub holder: HolderActs,
    /// What the bounds on messages under way kept from happening; [`settle`] finds out whether that matters.
    pub held_back: HeldBack,
    /// The most memory that was in use at any time of the search, states that wait included.
    pub bytes: usize,
    /// Tokens that a run issues in the mean, if each step that can come next is as likely as any other; none where that is not known, as
    /// [`Graph::mean_issuances`] has it.
    pub issuances: Option<f64>,
    /// In the order of [`PROPERTIES`].
    pub verdicts: Vec<PropertyVerdict>,
}

/// Explores a system and judges every property.
pub fn check(setup: &Setup, progress: &dyn CheckProgress) -> CheckReport {
    match setup.mixed() {
        Some(mixed) => check_strategy(mixed, &setup.system, progress),
        None => check_strategy(setup.coordination.clone(), &setup.system, progress),
    }
}

/// [`check`] for a strategy, and a rule, that need not be the crate's own.
pub fn check_strategy<S: Strategy, R: Rule + Send + Sync>(
    strategy: S,
    setup: &System<R>,
    progress: &dyn CheckProgress,
) -> CheckReport {
    let initial = State::initial(strategy.clone(), setup);
    let explored = explore(&initial, setup.most, progress);
    if setup.holder == HolderActs::Named && explored.fences.are_forgotten() {
        let busy = System {
            holder: HolderActs::Busy,
            ..setup.clone()
        };
        return check_strategy(strategy, &busy, progress);
    }
    let mut report = verdict::report(setup, &explored, &initial);
    if setup.symmetric {
        for (property, verdict) in PROPERTIES.iter().zip(&mut report.verdicts) {
            if let PropertyVerdict::Breaks(example) = verdict {
                *example = symmetry::named(&strategy, setup, example, &property.judge);
            }
        }
    }
    report
}
