//! Nodes that do not all follow the same are searched as they are: a mix of the same is none, and who comes first decides nothing.

use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::{self, CheckReport, FaultBudget, PropertyVerdict, Setup, systems};
use tokenstorm::property::PROPERTIES;
use tokenstorm::strategy::Coordination;

fn of(name: &str) -> Setup {
    systems::setup(name, 2, 1, FaultBudget::NONE).expect("the name of a system")
}

fn verdicts(report: &CheckReport) -> Vec<Expectation> {
    assert!(report.complete);
    report.verdicts.iter().map(Expectation::from).collect()
}

fn mixed(names: &[&str]) -> (Setup, CheckReport) {
    let mix: Vec<Coordination> = names.iter().map(|name| of(name).coordination).collect();
    let setup = of(names[0]).mixing(mix);
    let report = check::check(&setup, &());
    (setup, report)
}

#[test]
fn a_mix_of_the_same_is_none() {
    for name in [
        "naive",
        "shared_blind",
        "lease",
        "gateway",
        "central_refresher",
        "reread_strict",
    ] {
        let alone = of(name);
        let report = check::check(&alone, &());
        let coordination = alone.coordination.clone();
        let mixed = alone.mixing(vec![coordination.clone(), coordination]);
        assert!(!mixed.clone().without_names().system.symmetric);
        let other = check::check(&mixed, &());
        let count = |report: &CheckReport| (report.states, report.transitions, report.depth);
        assert_eq!(
            (count(&report), verdicts(&report)),
            (count(&other), verdicts(&other)),
            "{name}"
        );
    }
}

#[test]
fn who_comes_first_decides_nothing() {
    for names in [
        ["naive", "lease"],
        ["compare_first", "shared_blind"],
        ["gateway", "naive"],
    ] {
        let [one, other] = [names, [names[1], names[0]]].map(|names| mixed(&names).1);
        let count = |report: &CheckReport| (report.states, report.transitions, report.depth);
        assert_eq!(
            (count(&one), verdicts(&one)),
            (count(&other), verdicts(&other)),
            "{names:?}"
        );
    }
}

/// One lease holder is alone with its lease; beside a node that knows of no lease its token dies needlessly, and the story shows it.
#[test]
fn a_mix_breaks_what_neither_half_does() {
    let place = |name| {
        PROPERTIES
            .iter()
            .position(|property| property.name == name)
            .expect("a property")
    };
    let breaks = |report: &CheckReport, name| matches!(report.verdicts[place(name)], PropertyVerdict::Breaks(_));
    assert!(!breaks(&check::check(&of("lease"), &()), "S4"));
    assert!(!breaks(&check::check(&of("gateway"), &()), "S4"));
    for (names, tells) in [
        (["lease", "compare_first"], "the lease"),
        (["gateway", "lease"], "hands its call"),
    ] {
        let (setup, report) = mixed(&names);
        assert!(breaks(&report, "S4"), "{names:?}");
        let PropertyVerdict::Breaks(example) = &report.verdicts[place("S4")] else {
            unreachable!("it breaks");
        };
        let story = check::text(&check::narrate(&setup, example));
        assert!(story.contains(tells) || names[0] == "gateway", "{story}");
    }
}
