//! What the manual says was found, with the runs that show it: as the tool tells them.

use tokenstorm::engine::check::cast;
use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::{self, Budget, Verdict};

use super::{place, verdict};

/// Set to a folder, the stories are written there as they are told now, to be put into the manual.
const WRITE: &str = "TOKENSTORM_WRITE_STORIES";

const MANUAL: &str = include_str!("../../src/manual/checking.md");

fn check(name: &str, faults: &str) -> (check::Setup, check::Report) {
    let faults: Budget = faults.parse().expect("a budget");
    let setup = cast::setup(name, 2, 1, faults).expect("a name of the cast");
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
    let Verdict::Breaks(example) = &report.verdicts[place(property)] else {
        panic!("{name} with {faults} breaks {property}")
    };
    let text = check::text(&check::tell(&setup, example));
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
}
