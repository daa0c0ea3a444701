//! What is left out may break at least what a fault like it breaks.

use std::collections::BTreeSet;

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
    (setup.system.most, setup.system.kinds) = (STATES, job.into_iter().collect());
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
        (Fault::Elapse, ENDS_PERIODS),
    ] {
        let (mut seen, mut missing) = (0, Vec::new());
        // A used refresh token that goes on for a while has a period that ends.
        let graces = systems::REFRESHERS
            .into_iter()
            .filter(|(name, _)| name.ends_with("grace"));
        let names: Vec<_> = match fault {
            Fault::Elapse => graces.collect(),
            _ => systems::SYSTEMS.clone(),
        };
        for (name, _) in names {
            let [holds, _] = judged(name, FaultBudget::NONE);
            let [_, breaks] = judged(name, FaultBudget::NONE.with(fault, 1));
            for property in breaks.into_iter().filter(|name| *name != "V" && holds.contains(name)) {
                if !list.contains(&property) {
                    missing.push((name, property));
                }
                seen += 1;
            }
        }
        assert!(
            missing.is_empty(),
            "{fault:?} breaks what is not on its list: {missing:?}"
        );
        assert!(seen > 0, "{fault:?} breaks nothing that holds without it");
    }
}

/// What a user who logs in again breaks is left open where that is not searched, and a second login breaks nothing more: of all systems with
/// refresh tokens, without another fault and with a lost message.
#[test]
fn what_a_login_breaks_its_omission_leaves_open() {
    let mut seen = BTreeSet::new();
    for (name, faults) in systems::REFRESHERS
        .iter()
        .flat_map(|(name, _)| [FaultBudget::NONE, FaultBudget::NONE.with(Fault::Drop, 1)].map(|faults| (*name, faults)))
    {
        let found = [0, 1, 2].map(|logins| judged(name, faults.with(Fault::Login, logins)));
        for (before, after, list) in [(0, 1, LOGS_IN), (1, 2, FURTHER_LOGINS)] {
            for property in &found[after][1] {
                let is_new = found[before][0].contains(property);
                assert!(!is_new || list.contains(property), "{name} with {faults}: {property}");
                seen.extend(is_new.then_some(*property));
            }
        }
    }
    assert!(LOGS_IN.iter().all(|property| seen.contains(property)), "{seen:?}");
}

/// A job of three calls breaks nothing that one of two does not, but for what its own list has; and one of two what single calls do not.
#[test]
fn what_a_third_call_of_a_job_breaks_is_left_open() {
    let job = |calls, token| Job {
        calls,
        gap: Duration::ZERO,
        token,
        on_refusal: OnRefusal::Renews,
    };
    let of_two = |name: &str, token| judged_with(name, 1, Some(job(2, token)), FaultBudget::NONE);
    let refreshing = systems::REFRESHERS.iter().map(|(name, _)| *name);
    let names = refreshing.chain(systems::SYSTEMS.iter().map(|(name, _)| *name));
    let mut compared = 0;
    for (name, token) in names.flat_map(|name| [(name, JobToken::Kept), (name, JobToken::Asked)]) {
        let [holds, _] = of_two(name, token);
        let [_, breaks] = judged_with(name, 1, Some(job(3, token)), FaultBudget::NONE);
        for property in breaks {
            assert!(
                !holds.contains(&property) || FURTHER.contains(&property),
                "a third call breaks {property} of {name} with {token:?}: {FURTHER:?}"
            );
            compared += 1;
        }
    }
    assert!(
        compared > 200,
        "{compared} properties are broken by jobs of three calls"
    );
    let [holds, _] = judged("shared_blind", FaultBudget::NONE);
    let [_, breaks] = of_two("shared_blind", JobToken::Asked);
    for property in ["S3", "S8"] {
        assert!(
            holds.contains(&property) && breaks.contains(&property),
            "{holds:?}, {breaks:?}"
        );
    }
}
