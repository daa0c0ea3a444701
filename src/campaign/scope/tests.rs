//! What is left out may break at least what a fault like it breaks.

use super::*;
use crate::base::Duration;
use crate::engine::check::{Fault, Setup, check, systems};
use crate::workload::{Job, JobToken, OnRefusal};

/// States that a search visits at most: the nearest ones.
const STATES: usize = 3_000;

/// Properties that a search of this system has hold, and those that it breaks.
fn judged(name: &str, faults: FaultBudget) -> [Vec<&'static str>; 2] {
    judged_with(name, 1, None, faults)
}

/// The same of so many calls at each node, each of which begins such a job.
fn judged_with(name: &str, calls: u32, job: Option<Job>, faults: FaultBudget) -> [Vec<&'static str>; 2] {
    let mut setup = systems::setup(name, 2, calls, faults).unwrap();
    (setup.system.most, setup.system.job) = (STATES, job);
    let report = check(&Setup::without_names(setup), &());
    let all = || PROPERTIES.iter().zip(&report.verdicts);
    let holds = all().filter(|(_, verdict)| matches!(verdict, PropertyVerdict::Holds(_)));
    let breaks = all().filter(|(_, verdict)| matches!(verdict, PropertyVerdict::Breaks(_)));
    [
        holds.map(|(property, _)| property.name).collect(),
        breaks.map(|(property, _)| property.name).collect(),
    ]
}

/// Each list is held to the fault that is most like what it stands for, over all built-in systems: a property that holds without that fault
/// and breaks with it is on the list. V asks whether the fault happens at all.
#[test]
fn what_a_fault_breaks_its_omission_leaves_open() {
    for (fault, list) in [
        (Fault::Late, DELAYS),
        (Fault::Throttle, REFUSES),
        (Fault::Expiry, ENDS_TOKENS),
        (Fault::Expiry, ENDS_GRANTS),
        (Fault::Renewal, ASKS_MORE),
        (Fault::Crash, LEAVES),
        (Fault::Lapse, FORGETS_LEASES),
    ] {
        let mut seen = 0;
        for (name, _) in systems::SYSTEMS.iter() {
            let [holds, _] = judged(name, FaultBudget::NONE);
            let [_, breaks] = judged(name, FaultBudget::NONE.with(fault, 1));
            for property in breaks.into_iter().filter(|name| *name != "V" && holds.contains(name)) {
                assert!(
                    list.contains(&property),
                    "{name} breaks {property} with {fault:?}: {list:?}"
                );
                seen += 1;
            }
        }
        assert!(seen > 0, "{fault:?} breaks nothing that holds without it");
    }
}

/// A job of two calls breaks nothing that its own list has not, and something that single calls do not break.
#[test]
fn what_a_job_breaks_is_left_open() {
    let jobs = [JobToken::Kept, JobToken::Asked].map(|token| Job {
        calls: 2,
        gap: Duration::ZERO,
        token,
        on_refusal: OnRefusal::Renews,
    });
    let mut seen = std::collections::BTreeSet::new();
    let refreshing = systems::REFRESHERS.iter().map(|(name, _)| (*name, 1));
    let single = systems::SYSTEMS.iter().map(|(name, _)| (*name, 1));
    let double = systems::SYSTEMS.iter().map(|(name, _)| (*name, 2));
    for (name, calls) in refreshing.chain(single).chain(double) {
        let [holds, _] = judged_with(name, calls, None, FaultBudget::NONE);
        for job in jobs {
            let [_, breaks] = judged_with(name, calls, Some(job), FaultBudget::NONE);
            for property in breaks.into_iter().filter(|property| holds.contains(property)) {
                assert!(
                    JOBS.contains(&property),
                    "{name} of {calls} calls breaks {property} with {job:?}: {JOBS:?}"
                );
                seen.insert(property);
            }
        }
    }
    for property in ["S3", "S8"] {
        assert!(seen.contains(property), "no job breaks {property}: {seen:?}");
    }
}
