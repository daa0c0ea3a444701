//! One run of a small system along a list of steps, and what a run that ends can show of the properties.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{ScheduleStep, names};
use crate::engine::check::{
    Action, CheckHost, Counterexample, FAULT, Fingerprint, LabelSet, PropertySet, State, call_of_cost, dearest_call,
    fingerprint, label, withheld,
};
use crate::node::Strategy;
use crate::property::{Counted, Judge, PROPERTIES, Runs};
use crate::provider::Rule;
use crate::trace::Event;

/// States that are visited at most to show that a state is a trap.
const MOST_BEYOND: usize = 20_000;
/// Steps without further faults in which a call that is not trapped is expected to end.
const PATIENCE: usize = 200;

/// One state that a walk has passed.
struct Passed {
    print: Fingerprint,
    pending: usize,
    /// Labels that were enabled, but for a bound of the search.
    enabled: LabelSet,
    /// The label that was taken.
    taken: u8,
    attempts: bool,
    issuances: bool,
}

/// A run so far.
pub struct Walk<S: Strategy, R> {
    /// The present state.
    pub state: State<S, R>,
    /// The steps that were taken, by name.
    pub taken: Vec<ScheduleStep>,
    /// The same steps as actions of the states that were passed.
    pub way: Vec<Action>,
    /// Properties that are looked for.
    wanted: PropertySet,
    /// Where each property was broken first: steps up to there, and how many of them go around.
    broken: Vec<Option<(usize, usize)>>,
    /// Steps of the present state with their names.
    actions: Vec<Action>,
    named: Vec<ScheduleStep>,
    passed: Vec<Passed>,
    first: BTreeMap<Fingerprint, usize>,
    host: CheckHost,
}

impl<S: Strategy, R: Rule> Walk<S, R> {
    /// A walk that has taken no step yet, and looks only for what breaks the `wanted` properties.
    pub fn new(initial: State<S, R>, wanted: PropertySet) -> Self {
        let mut walk = Self {
            state: initial,
            taken: Vec::new(),
            way: Vec::new(),
            wanted,
            broken: vec![None; PROPERTIES.len()],
            actions: Vec::new(),
            named: Vec::new(),
            passed: Vec::new(),
            first: BTreeMap::new(),
            host: CheckHost::default(),
        };
        walk.arrive();
        walk
    }

    /// A walk that has taken these steps, each of which could be taken in its turn.
    pub fn repeated(initial: State<S, R>, wanted: PropertySet, steps: &[ScheduleStep]) -> Self {
        let mut walk = Self::new(initial, wanted);
        for &step in steps {
            assert!(walk.take(step), "a schedule was drawn step by step");
        }
        walk
    }

    /// Steps that can be taken now.
    pub fn steps(&self) -> &[ScheduleStep] {
        &self.named
    }

    /// What the present state can do; a dead end is a witness of its own, and so is a grant that nobody has any more.
    fn arrive(&mut self) {
        self.state.actions(&mut self.actions);
        names(&self.state, &self.actions, &mut self.named);
        let stuck = self.state.pending() > 0 && self.actions.iter().all(|action| action.fault().is_some());
        if stuck {
            self.breaks(|judge| judge == Runs::NoDeadlock, self.way.len(), 0);
        }
        if self.state.is_stranded() == Some(true) {
            self.breaks(|judge| judge == Runs::GrantIsHeld, self.way.len(), 0);
        }
    }

    /// Takes the step of this name; nothing where there is none now.
    pub fn take(&mut self, step: ScheduleStep) -> bool {
        let Some(place) = self.named.iter().position(|&known| known == step) else {
            return false;
        };
        self.take_at(place);
        true
    }

    /// Takes one of the steps that can be taken now.
    pub fn take_at(&mut self, place: usize) {
        let action = self.actions[place];
        let (wanted, broken, at) = (self.wanted, &mut self.broken, self.way.len() + 1);
        let next = self.state.take(action, &mut self.host, |event, history, scene| {
            for (place, property) in PROPERTIES.iter().enumerate() {
                if wanted & 1 << place == 0 || broken[place].is_some() {
                    continue;
                }
                if let Judge::Event(judge) = property.judge
                    && judge(event, history, scene) == Some(false)
                {
                    broken[place] = Some((at, 0));
                }
            }
        });
        if self.wants_cycles() {
            self.pass(action);
        }
        self.taken.push(self.named[place]);
        self.way.push(action);
        self.state = next;
        if self.wants_cycles() {
            self.close_cycle();
        }
        self.arrive();
    }

    /// Whether a cycle could still break a property that is looked for.
    pub fn wants_cycles(&self) -> bool {
        PROPERTIES
            .iter()
            .zip(&self.broken)
            .enumerate()
            .any(|(place, (property, broken))| {
                let cyclic = matches!(property.judge, Judge::Runs(Runs::NoLivelock | Runs::Bounded(_)));
                cyclic && broken.is_none() && self.wanted & 1 << place != 0
            })
    }

    fn pass(&mut self, action: Action) {
        let print = fingerprint(&self.state);
        let labels = self.actions.iter().map(|&action| label(&self.state, action));
        // What only the delivery bounds hold back is owed all the same, as in the checker.
        let enabled = labels
            .filter(|&label| label != FAULT)
            .fold(withheld(&self.state, &self.state.delivery_bounds()), LabelSet::with);
        let happened = |wanted: fn(&Event) -> bool| self.host.events.iter().any(wanted);
        self.first.entry(print).or_insert(self.passed.len());
        self.passed.push(Passed {
            print,
            pending: self.state.pending(),
            enabled,
            taken: label(&self.state, action),
            attempts: happened(|event| matches!(event, Event::AttemptSent { .. })),
            issuances: happened(|event| matches!(event, Event::Issued { .. })),
        });
    }

    /// Looks for a cycle: where the present state was passed before, what has happened since can happen for ever.
    fn close_cycle(&mut self) {
        let Some(&from) = self.first.get(&fingerprint(&self.state)) else {
            return;
        };
        let around = &self.passed[from..];
        debug_assert_eq!(around[0].print, fingerprint(&self.state));
        let (length, steps) = (around.len(), self.way.len());
        let attempts = around.iter().any(|passed| passed.attempts);
        let issuances = around.iter().any(|passed| passed.issuances);
        // Nobody is kept from acting for ever: of each kind of message one arrives at each node, or there is none at times.
        let always = around.iter().fold(LabelSet::ALL, |all, passed| all.and(passed.enabled));
        let acts = around.iter().filter(|passed| passed.taken != FAULT);
        let acting: LabelSet = acts.map(|passed| passed.taken).collect();
        let fair = around[0].pending > 0 && always.is_within(acting);
        self.breaks(
            |judge| match judge {
                Runs::Bounded(Counted::Attempts) => attempts,
                Runs::Bounded(Counted::Issuances) => issuances,
                Runs::NoLivelock => fair,
                _ => false,
            },
            steps,
            length,
        );
    }

    fn breaks(&mut self, which: impl Fn(Runs) -> bool, steps: usize, around: usize) {
        for (place, property) in PROPERTIES.iter().enumerate() {
            if let Judge::Runs(runs) = property.judge
                && self.wanted & 1 << place != 0
                && self.broken[place].is_none()
                && which(runs)
            {
                self.broken[place] = Some((steps, around));
            }
        }
    }

    /// Whether a property that is looked for has been broken on the way.
    pub fn has_broken(&self, property: usize) -> bool {
        self.broken[property].is_some()
    }

    /// Whether any has been.
    pub fn has_broken_any(&self) -> bool {
        self.broken.iter().any(Option::is_some)
    }

    /// The run up to where a property is broken: the steps by name, and the run itself. Properties about what can follow the end of a
    /// run are looked at now.
    pub fn witness(&self, property: usize) -> Option<(Vec<ScheduleStep>, Counterexample)> {
        if let Some((steps, around)) = self.broken[property] {
            return Some(self.cut(steps, around));
        }
        let Judge::Runs(runs) = PROPERTIES[property].judge else {
            return None;
        };
        match runs {
            Runs::NeverTrapped if self.state.pending() > 0 && self.beyond().trapped => {}
            Runs::GrantsEnd if self.state.is_leased() && self.beyond().endless_grant => {}
            Runs::Recovery {
                token_requests,
                attempts,
            } if self.state.is_quiet() => {
                let cost = dearest_call(&self.state).beyond(token_requests, attempts)?;
                let (steps, mut example) = self.cut(self.way.len(), 0);
                example.way.extend(call_of_cost(&self.state, cost));
                example.remark = Some(format!("the last call costs {cost}"));
                return Some((steps, example));
            }
            _ => return None,
        }
        Some(self.cut(self.way.len(), 0))
    }

    fn cut(&self, steps: usize, around: usize) -> (Vec<ScheduleStep>, Counterexample) {
        let way = self.way[..steps].to_vec();
        let remark = None;
        (self.taken[..steps].to_vec(), Counterexample { way, around, remark })
    }

    /// What can follow without further faults: first one run, which nearly always ends all calls, then all.
    fn beyond(&self) -> Beyond {
        let (mut host, mut actions) = (CheckHost::default(), Vec::new());
        let mut state = self.state.clone();
        let mut leased = state.is_leased();
        for step in 0..PATIENCE {
            if state.pending() == 0 && !leased {
                return Beyond::default();
            }
            free_actions(&state, &mut actions);
            if actions.is_empty() {
                break;
            }
            // In turn, so that nothing waits for ever.
            state = state.next(actions[step % actions.len()], &mut host);
            leased &= !ends_lease(&host);
        }
        self.all_beyond()
    }

    fn all_beyond(&self) -> Beyond {
        let mut seen = BTreeSet::from([fingerprint(&self.state)]);
        let mut open = vec![self.state.clone()];
        let (mut host, mut actions) = (CheckHost::default(), Vec::new());
        let mut beyond = Beyond {
            trapped: true,
            endless_grant: true,
        };
        while let Some(state) = open.pop() {
            beyond.trapped &= state.pending() > 0;
            if seen.len() > MOST_BEYOND || !(beyond.trapped || beyond.endless_grant) {
                return Beyond::default();
            }
            free_actions(&state, &mut actions);
            for &action in &actions {
                let next = state.next(action, &mut host);
                beyond.endless_grant &= !ends_lease(&host);
                if seen.insert(fingerprint(&next)) {
                    open.push(next);
                }
            }
        }
        beyond
    }
}

/// Ends that no run without further faults reaches.
#[derive(Default)]
struct Beyond {
    trapped: bool,
    endless_grant: bool,
}

fn ends_lease(host: &CheckHost) -> bool {
    host.events.iter().any(|event| matches!(event, Event::LeaseEnded))
}

fn free_actions<S: Strategy, R: Rule>(state: &State<S, R>, actions: &mut Vec<Action>) {
    state.actions(actions);
    actions.retain(|action| action.fault().is_none());
}

/// Runs along a list of steps; those that cannot be taken are skipped.
pub fn along<S: Strategy, R: Rule>(initial: State<S, R>, steps: &[ScheduleStep], property: usize) -> Walk<S, R> {
    let mut walk = Walk::new(initial, 1 << property);
    for &step in steps {
        if walk.has_broken(property) {
            break;
        }
        walk.take(step);
    }
    walk
}
