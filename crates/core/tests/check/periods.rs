//! Periods that a provider grants and that end by time alone: the clock stands still, but a long while can pass.

use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::systems;
use tokenstorm::engine::check::{self, Action, CheckReport, FaultBudget, PropertyVerdict, Setup};
use tokenstorm::provider::settings::Settings;

use super::{place, verdict};

/// Two nodes of this strategy under a provider, as a scenario writes it.
fn under(provider: &str, name: &str, calls: u32, faults: FaultBudget) -> Setup {
    let settings: Settings = toml::from_str(provider).expect("a provider");
    let mut setup = systems::setup(name, 2, calls, faults).expect("the name of a system");
    setup.system = setup.system.under(&settings);
    setup
}

fn way(report: &CheckReport, property: &str) -> Vec<Action> {
    match &report.verdicts[place(property)] {
        PropertyVerdict::Breaks(example) => example.way.clone(),
        other => panic!("{property}: {other:?}"),
    }
}

const ALWAYS: &str = "token_ttl = '5min'\nrefresh.rotate = 'always'\nrefresh.on_violation = 'revoke_family'\n";

/// Where a refresh token that was used is refused at once, the second node to come ends the grant; where it is refused a second later,
/// the second node to come after that second does.
#[test]
fn a_leeway_ends() {
    let none = FaultBudget::NONE;
    let at_once = check::check(
        &under(
            &format!("{ALWAYS}refresh.retire = 'on_issue'"),
            "compare_first",
            1,
            none,
        ),
        &(),
    );
    let leeway = under(
        &format!("{ALWAYS}refresh.retire.leeway = '1s'"),
        "compare_first",
        1,
        none,
    );
    let later = check::check(&leeway, &());
    for property in ["F1", "F3"] {
        assert!(!way(&at_once, property).contains(&Action::Pass));
        assert!(way(&later, property).contains(&Action::Pass), "{property}");
        assert!(way(&later, property).len() > way(&at_once, property).len());
    }
    // The leeway outlasts what is under way, unless a fault ends it.
    let mut hurried = leeway;
    hurried.system.faults = "elapse=1,expiry=1".parse().unwrap();
    let hurried = check::check(&hurried, &());
    assert!(way(&hurried, "F1").contains(&Action::Elapse));
    assert!(way(&hurried, "F1").len() < way(&later, "F1").len());
}

/// Every kind of period, with a property that holds as long as it lasts.
#[test]
fn every_kind_of_period_ends() {
    let rotating = |rest: &str| format!("{ALWAYS}{rest}");
    for (provider, calls, property) in [
        (rotating("refresh.retire.leeway = '1s'"), 1, "F1"),
        (
            rotating("refresh.retire.successor_used = { which = 'refresh', cap = '1h' }"),
            1,
            "F1",
        ),
        (
            rotating("refresh.retire.successor_used = { which = 'access', delay = '1min' }"),
            1,
            "F1",
        ),
        (
            "refresh.rotate.after_age = '1d'\nrefresh.on_violation = 'revoke_family'".to_owned(),
            1,
            "F1",
        ),
        (
            "token_ttl = '1h'\nrule.latest_only = { overlap = '5min' }".to_owned(),
            2,
            "S6",
        ),
        (
            "token_ttl = '1h'\nrule.reuse = { threshold = '10min', live = 1 }".to_owned(),
            1,
            "S4",
        ),
    ] {
        let report = check::check(&under(&provider, "compare_first", calls, FaultBudget::NONE), &());
        assert!(report.complete, "{provider}");
        assert!(way(&report, property).contains(&Action::Pass), "{provider}: {property}");
    }
    // What waits for no time does not end by it.
    let never = rotating("refresh.retire.successor_used = { which = 'refresh' }\nrefresh.depth = 'any_ancestor'");
    let report = check::check(&under(&never, "compare_first", 1, FaultBudget::NONE), &());
    assert_eq!(verdict(&report, "F1"), Expectation::Holds(None));
}
