//! What is left out may break at least what a fault like it breaks.

use super::*;
use crate::engine::check::{Fault, Setup, check, systems};

/// States that a search visits at most: the nearest ones.
const STATES: usize = 3_000;

/// Properties that a search of this system has hold, and those that it breaks.
fn judged(name: &str, faults: FaultBudget) -> [Vec<&'static str>; 2] {
    let mut setup = systems::setup(name, 2, 1, faults).unwrap();
    setup.system.most = STATES;
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
