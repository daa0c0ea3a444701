//! What the cases of a fuzzing run have come by: a property that held is worth what was tried against it.

use std::collections::BTreeMap;

use super::step::ScheduleStep;
use crate::engine::check::{Action, FAULTS, Fault, FaultBudget};

/// How often each kind of message, alarm and fault was met in all cases together, before any was made smaller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Steps of all cases.
    pub steps: u64,
    delivered: BTreeMap<&'static str, u64>,
    faults: BTreeMap<Fault, u64>,
}

impl Coverage {
    /// What one case has come by.
    pub(super) fn of(taken: &[ScheduleStep], way: &[Action]) -> Self {
        let mut coverage = Self {
            steps: taken.len() as u64,
            ..Self::default()
        };
        for kind in taken.iter().filter_map(|step| step.delivers()) {
            *coverage.delivered.entry(kind).or_default() += 1;
        }
        for fault in way.iter().filter_map(|action| action.fault()) {
            *coverage.faults.entry(fault).or_default() += 1;
        }
        coverage
    }

    /// With what another case has come by.
    pub(super) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        for (kind, count) in &other.delivered {
            *self.delivered.entry(kind).or_default() += count;
        }
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
    }

    /// Kinds of messages that arrived and alarms that rang, the most frequent first, with how often.
    pub fn delivered(&self) -> Vec<(&'static str, u64)> {
        let mut all: Vec<_> = self.delivered.iter().map(|(kind, count)| (*kind, *count)).collect();
        all.sort_by_key(|(kind, count)| (std::cmp::Reverse(*count), *kind));
        all
    }

    /// How often a fault happened.
    pub fn fault(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or(0)
    }

    /// Faults that the limits allow and no case has come by.
    pub fn never(&self, allowed: FaultBudget) -> Vec<&'static str> {
        let missing = |fault: &Fault| allowed.left(*fault) > 0 && self.fault(*fault) == 0;
        let all = FAULTS.iter().filter(|(fault, ..)| missing(fault));
        all.map(|(_, name, _)| *name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::check::systems;
    use crate::engine::fuzz::{FuzzOptions, fuzz_setup};

    /// The same on any number of threads, nothing that the limits forbid; and what they allow and no case met is named.
    #[test]
    fn a_report_says_what_its_cases_came_by() {
        let faults = FaultBudget::NONE.with(Fault::Crash, 1).with(Fault::Lapse, 1);
        let lease = systems::setup("lease", 2, 1, faults).expect("the name of a system");
        let alone = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let rules = std::slice::from_ref(&lease.system.rule);
            pool.install(|| fuzz_setup(&lease, rules, &FuzzOptions::of(5, 128), &()).coverage)
        };
        let coverage = alone(1);
        assert_eq!(coverage, alone(3));
        assert!(
            coverage.fault(Fault::Crash) > 0 && coverage.fault(Fault::Lapse) > 0,
            "{coverage:?}"
        );
        assert_eq!(coverage.fault(Fault::Drop), 0);
        let kinds: Vec<_> = coverage.delivered().into_iter().map(|(kind, _)| kind).collect();
        for kind in ["call", "token response", "lease request", "store answer"] {
            assert!(kinds.contains(&kind), "{kind} is not in {kinds:?}");
        }
        assert!(coverage.steps >= coverage.delivered().iter().map(|(_, count)| count).sum());
        assert_eq!(coverage.never(faults), Vec::<&str>::new());
        assert_eq!(coverage.never(faults.with(Fault::Drop, 1)), ["drop"]);
    }
}
