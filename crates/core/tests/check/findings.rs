//! What the manual says was found, with the runs that show it: as the tool tells them.

use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::systems;
use tokenstorm::engine::check::{self, FaultBudget, PropertyVerdict};
use tokenstorm::property::PROPERTIES;
use tokenstorm::strategy::Coordination;

use super::wrong::Deaf;
use super::{place, verdict};

/// Set to a folder, the stories are written there as they are told now, to be put into the manual.
const WRITE: &str = "TOKENSTORM_WRITE_STORIES";

const MANUAL: &str = include_str!("../../../../src/manual/checking.md");

fn check(name: &str, faults: &str) -> (check::Setup, check::CheckReport) {
    let faults: FaultBudget = faults.parse().expect("a budget");
    let setup = systems::setup(name, 2, 1, faults)
        .expect("the name of a system")
        .without_names();
    let report = check::check(&setup, &());
    assert!(report.complete, "{name} with {faults}");
    (setup, report)
}

fn breaks(name: &str, faults: &str, property: &str) -> bool {
    matches!(verdict(&check(name, faults).1, property), Expectation::Breaks(..))
}

/// The manual tells this run, word for word.
#[track_caller]
fn told(name: &str, faults: &str, property: &str) {
    let (setup, report) = check(name, faults);
    let PropertyVerdict::Breaks(example) = &report.verdicts[place(property)] else {
        panic!("{name} with {faults} breaks {property}")
    };
    let text = check::text(&check::narrate(&setup, example));
    let text: Vec<_> = text.lines().map(str::trim_end).collect();
    let text = text.join("\n");
    if let Some(folder) = std::env::var_os(WRITE) {
        let file = format!("{name}-{property}.txt");
        std::fs::write(std::path::Path::new(&folder).join(file), &text).unwrap();
    }
    assert!(
        MANUAL.contains(&text),
        "the manual should tell how {name} with {faults} breaks {property}:\n{text}"
    );
}

/// The README tells a run and draws it, as the tool does. `TOKENSTORM_WRITE_STORIES` writes the picture anew.
#[test]
fn the_readme_shows_a_run() {
    const README: &str = include_str!("../../../../README.md");
    let (setup, report) = check("shared_blind", "none");
    let PropertyVerdict::Breaks(example) = &report.verdicts[place("S1")] else {
        panic!("shared_blind breaks S1")
    };
    let story = check::narrate(&setup, example);
    let words = check::explain(&story, &PROPERTIES[place("S1")]);
    let text = format!("{}\n{words}", check::text(&story));
    let text: Vec<_> = text.lines().map(str::trim_end).collect();
    assert!(
        README.contains(&text.join("\n")),
        "the README should tell:\n{}",
        text.join("\n")
    );
    let picture = check::svg(&story, "shared_blind breaks S1: store never regresses");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/check/stale-write.svg");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &picture).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the picture is there"), picture);
}

#[test]
fn compare_and_set_throws_the_live_token_away() {
    told("compare_and_set", "none", "S3");
    assert!(
        !breaks("compare_and_set_spare", "none", "S3"),
        "unless the loser keeps it"
    );
}

#[test]
fn a_fence_does_not_keep_an_older_token_from_overwriting_a_newer_one() {
    assert!(!breaks("lease_fenced", "none", "S1"));
    told("lease_fenced", "lapse=1", "S1");
}

#[test]
fn put_if_newer_needs_an_order_to_go_by() {
    told("put_if_newer", "none", "S1");
    assert!(!breaks("put_if_newer_order", "none", "S1"));
}

#[test]
fn a_lease_is_given_back_after_the_write_is_acknowledged() {
    assert!(!breaks("lease", "none", "S4"));
    told("lease_hasty", "none", "S4");
}

#[test]
fn a_planned_renewal_on_one_slot_costs_a_refusal_under_a_perfect_lock() {
    told("lease", "renewal=1", "S6");
    assert!(!breaks("rotation", "renewal=1", "S6"), "the second slot pays for one");
    assert!(breaks("rotation", "renewal=2", "S6"), "but not for two");
}

#[test]
fn whoever_holds_a_lock_without_an_end_and_dies_takes_it_along() {
    told("lease_for_ever", "crash=1", "L4");
    assert!(breaks("lease_for_ever", "crash=1", "L3"));
    assert!(!breaks("lease", "crash=1", "L3"));
}

/// A lock of the operating system ends with its process, and is not given to one that has ended: one that was asked for over a
/// network is. What it cannot do without is a release that arrives.
#[test]
fn a_lock_is_not_granted_to_the_dead() {
    for name in ["file_lock", "file_lock_strict"] {
        for property in ["L2", "L3", "L4"] {
            assert!(!breaks(name, "crash=1", property), "{name} {property}");
        }
        assert!(
            !breaks(name, "drop=1", "L3"),
            "who has it, and does not know, gets it again"
        );
        assert!(breaks(name, "drop=1", "L4"), "a release is lost");
    }
}

/// A leader repeats a write that was lost when a follower finds nothing; one that does not listen traps it.
#[test]
fn a_leader_repeats_a_write_that_was_lost() {
    let (setup, report) = check("leader", "drop=1");
    for property in ["L2", "L3", "R1"] {
        assert_eq!(verdict(&report, property), Expectation::Holds(None), "{property}");
    }
    let Coordination::Leader(leader) = setup.coordination else {
        unreachable!()
    };
    let deaf = check::check_strategy(Deaf(leader), &setup.system, &());
    assert_eq!(verdict(&deaf, "L3"), Expectation::Breaks(8, 0));
}

/// A refresher that has been told of a dead token tells nobody of it any more: without that, a worker that has waited too long is
/// given it again, without end.
#[test]
fn a_refresher_hands_out_no_token_that_it_was_told_is_dead() {
    let (_, report) = check("central_refresher", "crash=1");
    assert!(matches!(verdict(&report, "B1"), Expectation::Holds(Some(_))));
    // What it pushes bears no number: what is late is taken for what is new.
    for property in ["S3", "S8"] {
        assert!(
            matches!(verdict(&report, property), Expectation::Breaks(..)),
            "{property}"
        );
    }
}

/// A refresher that renews by its clock alone: a token that expires before a planned renewal only makes it late.
#[test]
fn a_renewal_that_is_planned_comes_without_a_request() {
    let by_the_clock = |renew_ahead| {
        let (mut setup, _) = check("central_refresher", "none");
        if let Coordination::CentralRefresher(refresher) = &mut setup.coordination {
            (refresher.on_request, refresher.renew_ahead) = (false, renew_ahead);
        }
        setup.system = setup.system.rotating(systems::rotation("refused"));
        let report = check::check(&setup, &());
        assert!(report.complete);
        verdict(&report, "L3")
    };
    let some_time = tokenstorm::base::Duration::SECOND;
    assert_eq!(by_the_clock(Some(some_time)), Expectation::Holds(None));
    assert_eq!(by_the_clock(None), Expectation::Breaks(1, 0));
}

#[test]
fn a_rotated_refresh_token_has_one_user() {
    told("naive_strict", "none", "F1");
    told("wiping_loser_refused", "none", "F2");
    assert!(!breaks("wiping_loser_compare", "none", "F2"));
    for name in ["lease_strict", "file_lock_strict", "gateway_strict"] {
        for property in ["F1", "F2", "F3"] {
            assert!(!breaks(name, "none", property), "{name} {property}");
        }
    }
}

#[test]
fn no_lock_makes_up_for_a_provider_without_grace() {
    told("gateway_strict", "drop=1", "F3");
    assert!(!breaks("lease_grace", "drop=1", "F3"));
    assert_eq!(
        verdict(&check("lease_grace", "crash=1").1, "F3"),
        Expectation::Breaks(15, 0)
    );
}

/// A leeway is for those who are at it at the same time; the one who comes later must have read the store.
#[test]
fn a_leeway_does_not_make_up_for_a_store() {
    told("naive_grace", "none", "F1");
    for name in ["reread_grace", "lease_grace", "wiping_loser_grace"] {
        for property in ["F1", "F2", "F3"] {
            assert!(!breaks(name, "none", property), "{name} {property}");
        }
    }
}
