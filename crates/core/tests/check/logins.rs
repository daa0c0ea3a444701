//! A user who logs in again once a call has failed for want of a grant.

use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::{self, Action, CheckReport, FaultBudget, PropertyVerdict, Setup, System, systems};

use super::wrong::{self, AwaitsUser};
use super::{place, verdict};

/// Two nodes with a call each, searched with these faults.
fn searched(name: &str, faults: &str) -> (Setup, CheckReport) {
    let faults: FaultBudget = faults.parse().expect("a budget");
    let setup = systems::setup(name, 2, 1, faults).expect("the name of a system");
    let report = check::check(&setup.clone().without_names(), &());
    assert!(report.complete);
    (setup, report)
}

/// What the last grant has left under way arrives after the login, and is taken for newer: what held without a login breaks, or what broke
/// does so sooner.
#[test]
fn a_login_breaks_what_held() {
    let held = Expectation::Holds(None);
    for (name, faults, property, without, steps) in [
        ("reread_strict", "none", "S1", held, 19),
        ("reread_before_strict", "none", "S1", held, 23),
        ("naive_strict", "none", "S3", held, 12),
        ("wiping_loser_grace", "drop=1", "F2", held, 22),
        ("wiping_loser_refused", "none", "F2", Expectation::Breaks(17, 0), 16),
    ] {
        let what = format!("{name} with {faults}: {property}");
        assert_eq!(verdict(&searched(name, faults).1, property), without, "{what}");
        let (setup, with) = searched(name, &format!("{faults},login=1").replace("none,", ""));
        assert_eq!(verdict(&with, property), Expectation::Breaks(steps, 0), "{what}");
        let PropertyVerdict::Breaks(example) = &with.verdicts[place(property)] else {
            unreachable!("it breaks");
        };
        let is_login = |action: &&Action| matches!(action, Action::LogIn(_));
        assert_eq!(example.way.iter().filter(is_login).count(), 1, "{what}");
        let story = check::narrate(&setup, example);
        let told = |line: &&check::Line| line.text.starts_with("the user logs in again, and all nodes have t");
        assert_eq!(story.lines.iter().filter(told).count(), 1, "{}", check::text(&story));
        assert!(story.lines.iter().all(|line| !line.text.contains("an old token")));
    }
}

/// A grant that is never lost leaves nothing to log in for, and that is no fault of the search.
#[test]
fn who_has_a_grant_does_not_log_in() {
    for name in ["lease_strict", "gateway_strict", "reread_grace"] {
        let (_, without) = searched(name, "none");
        let (_, with) = searched(name, "login=1");
        assert_eq!(
            (without.states, without.transitions),
            (with.states, with.transitions),
            "{name}"
        );
        assert_eq!(without.verdicts, with.verdicts, "{name}");
    }
}

/// Who keeps calls until another has brought a token, does so for ever once the grant is lost, unless the user logs in again.
#[test]
fn a_login_lets_a_call_end() {
    let among = |calls, faults: &str| {
        let one = System {
            nodes: 1,
            calls,
            ..wrong::system(faults.parse().expect("a budget"))
        };
        check::check_strategy(AwaitsUser, &one.rotating(systems::rotation("strict")), &())
    };
    let (without, with) = (among(2, "drop=1"), among(2, "drop=1,login=1"));
    // The second grant is lost too: that its user comes once in a run is the search's bound, and leaves nobody stuck.
    let twice = among(3, "drop=2,expiry=2,login=1");
    for property in ["L1", "L3"] {
        let stuck = verdict(&without, property);
        assert!(matches!(stuck, Expectation::Breaks(..)), "{property}: {stuck}");
        assert_eq!(verdict(&with, property), Expectation::Holds(None), "{property}");
        assert_eq!(verdict(&twice, property), Expectation::Holds(None), "{property}");
    }
}
