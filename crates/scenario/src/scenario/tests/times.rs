//! Lists of times of day: what is refused, and what they come to.

use super::{VALID, mistaken, parse};
use crate::base::{Duration, Time};
use crate::workload::Pattern;

const POISSON: &str = "arrivals = { poisson = \"2/s\" }";

#[test]
fn mistakes_of_lists_of_times() {
    let burst = |list: &str| format!("arrivals = {{ burst = {{ every = \"24h\", at = {list}, calls = 3 }} }}");
    for (list, message) in [
        ("[]", "a list of no times"),
        ("[\"18:00\", \"02:00\"]", "`02:00` comes before `18:00`"),
        ("[\"02:00\", \"02:00\"]", "`02:00` stands there twice"),
        ("[\"02:00\", \"25:00\"]", "`25:00` is no time of day"),
        ("[\"02:00\", \"2h 30s\"]", "more than one unit"),
        ("[\"60s\", \"150s\"]", "no whole minute"),
    ] {
        let error = parse(&VALID.replacen(POISSON, &burst(list), 1)).unwrap_err();
        let mistake = &error.mistakes()[0];
        assert!(mistake.message().contains(message), "{list}: {}", mistake.message());
        let under = error.text_under(mistake).unwrap_or_default();
        assert!(!under.is_empty() && list.contains(under), "{list}: {under}");
    }
    let times = "[\"02:00\", \"06:30\", \"18:00\"]";
    for (arrivals, message, under, help) in [
        (
            format!("{{ periodic = {{ every = \"12h\", at = {times} }} }}"),
            "18h into a period of 12h",
            times,
            "from the start of each period",
        ),
        (
            format!("{{ periodic = {{ every = \"24h\", at = {times}, jitters = \"calls\", jitter = \"5h\" }} }}"),
            "overtake each other",
            "\"5h\"",
            "poisson",
        ),
        (
            format!("{{ daily = {{ at = {times}, lasts = \"5h\", rate = \"2/s\" }} }}"),
            "from one time of `at` to the next",
            "\"5h\"",
            "a workload for each time",
        ),
        (
            "{ daily = { at = [\"02:00\", \"26h\"], lasts = \"1h\", rate = \"2/s\" } }".to_owned(),
            "26h into a period of 1d",
            "[\"02:00\", \"26h\"]",
            "from the start of each period",
        ),
    ] {
        mistaken(POISSON, &format!("arrivals = {arrivals}"), message, under, help);
    }
    mistaken(
        "coordination = \"naive\"",
        &format!("coordination = {{ scheduled_refresher = {{ every = \"12h\", at = {times} }} }}"),
        "18h into a period of 12h",
        times,
        "from the start of each period",
    );
}

/// As many calls a day as there are times, at each of the two nodes; the resolved form has the list, and one time in a list is that time.
#[test]
fn a_list_of_times_is_planned_and_written_again() {
    let with = |at: &str| {
        let burst = format!("arrivals = {{ burst = {{ every = \"24h\", at = {at}, calls = 3 }} }}");
        parse(&VALID.replacen(POISSON, &burst, 1)).unwrap()
    };
    let scenario = with("[\"02:00\", \"06:30\"]");
    let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
    assert!((plan.arrivals_per_s() * 86_400.0 - 12.0).abs() < 1e-9);
    let Pattern::Burst(burst) = plan.workloads[0][0].arrivals else {
        panic!("a burst")
    };
    let noon = Time::ZERO + Duration::from_secs(12 * 3600);
    let next = burst.at.unwrap().until(noon, burst.every, false);
    assert_eq!(next, Duration::from_secs(14 * 3600));
    let again = scenario.to_resolved_toml();
    assert_eq!(parse(&again).unwrap(), scenario);
    assert!(again.contains("06:30"), "{again}");
    assert_eq!(with("[\"02:00\"]"), with("\"2h\""));
    assert_eq!(with("\"02:00\"").to_resolved_toml(), with("\"2h\"").to_resolved_toml());
}
