//! Mistakes in workloads and in events that happen to nodes, and timelines as they come out.

use super::*;
use crate::base::Time;
use crate::plan::Act;

const POISSON: &str = "{ poisson = \"2/s\" }";
const CRASH: &str = "{ crash = { fleet = \"web\", node = 1 } }";

#[test]
fn mistakes_of_workloads() {
    for (arrivals, message, under, help) in [
        (
            "{ on_off = { rate = \"2/s\", on = \"0s\", off = \"1s\" } }",
            "a spell that is over as soon as it begins",
            "\"0s\"",
            "poisson",
        ),
        (
            "{ on_off = { rate = \"2/s\", on = \"1s\", off = \"1s\", aligned = true } }",
            "cannot be the same at all nodes",
            "true",
            "fixed = true",
        ),
        (
            "{ on_off = { rate = \"2/d\", on = \"1s\", off = \"1s\" } }",
            "sees hardly ever a call",
            "\"1s\"",
            "the rate within a spell",
        ),
        (
            "{ diurnal = { mean = \"2/s\", amplitude = 80 } }",
            "not a share",
            "80",
            "",
        ),
        (
            "{ diurnal = { mean = \"2/s\", amplitude = 0.8, period = \"0s\" } }",
            "a wave without a length",
            "\"0s\"",
            "a day",
        ),
        (
            "{ closed_loop = { users = 0, think = { constant = \"1s\" } } }",
            "a loop without users",
            "0",
            "idle",
        ),
        (
            "{ closed_loop = { users = 5, think = { constant = \"0s\" } } }",
            "users who never think",
            "{ constant = \"0s\" }",
            "exponential",
        ),
        (
            "{ trace = \"none.csv\" }",
            "none.csv",
            "\"none.csv\"",
            "looked up from the scenario's folder",
        ),
    ] {
        mistaken(POISSON, arrivals, message, under, help);
    }
    mistaken(
        "app = \"main\"\nworkload",
        "app = \"main\"\npauses = { every = \"0s\", lasts = { constant = \"1s\" } }\nworkload",
        "pause all the time",
        "\"0s\"",
        "10min",
    );
}

#[test]
fn mistakes_of_times_of_day() {
    for (arrivals, message, under, help) in [
        (
            "{ daily = { at = \"2h\", lasts = \"0s\", rate = \"2/s\" } }",
            "calls that end as soon as they begin",
            "\"0s\"",
            "burst",
        ),
        (
            "{ daily = { at = \"2h\", lasts = \"2h\", rate = \"2/s\", period = \"1h\" } }",
            "2h of calls in a period of 1h",
            "\"2h\"",
            "poisson",
        ),
        (
            "{ burst = { every = \"1h\", at = \"2h\", calls = 3 } }",
            "2h into a period of 1h",
            "\"2h\"",
            "from the start of each period",
        ),
        (
            "{ periodic = { every = \"1h\", at = \"2min\", jitter = \"1min\" } }",
            "keeps to no time of day",
            "\"2min\"",
            "jitters",
        ),
    ] {
        mistaken(POISSON, arrivals, message, under, help);
    }
}

#[test]
fn mistakes_of_jobs() {
    for (job, message, under, help) in [
        ("{ calls = 0 }", "a job without calls", "0", "the first call counts too"),
        (
            "{ calls = 1000000000, gap = \"1s\" }",
            "a job of 1000000000 calls; there can be 10000",
            "1000000000",
            "a longer `gap`",
        ),
        (
            "{ calls = 2, token = \"asked\", on_refusal = \"fails\" }",
            "keeps none that can fail it",
            "\"fails\"",
            "`retry`",
        ),
        ("{ calls = 2, token = \"held\" }", "held", "\"held\"", "kept"),
        (
            "{ gap = \"1s\" }",
            "missing key `calls`",
            "{ gap = \"1s\" }",
            "calls = 20",
        ),
        ("20", "`job` is a table, not 20", "20", "{ calls = 20"),
    ] {
        mistaken(POISSON, &format!("{POISSON}, job = {job}"), message, under, help);
    }
}

/// What is odd about a job is said, and it runs all the same; without its key nothing of it is in what is resolved.
#[test]
fn jobs_that_never_end_are_odd() {
    let with = |more: &str| {
        let patient = VALID.replacen(", patience = \"5s\"", "", 1);
        let text = patient.replacen(POISSON, &format!("{POISSON}{more}"), 1);
        Scenario::parse("test.toml", &text, Path::new(".")).unwrap()
    };
    assert!(!with("").to_resolved_toml().contains("job"));
    let plain = with(", job = { calls = 20, gap = \"2s\" }");
    assert!(plain.warnings().is_empty(), "{:?}", plain.warnings());
    assert!(plain.to_resolved_toml().contains("on_refusal = \"renews\""));
    for (more, message) in [
        (", job = { calls = 10000, gap = \"1h\" }", "the run is over before"),
        (
            ", patience = \"5s\", job = { calls = 20, gap = \"2s\" }",
            "no caller waits for so long",
        ),
    ] {
        let odd = with(more);
        let found = odd.warnings().iter().any(|odd| odd.message().contains(message));
        assert!(found, "{:?}", odd.warnings());
    }
}

#[test]
fn a_trace_is_checked_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let text = VALID.replacen(POISSON, "{ trace = \"calls.csv\" }", 1);
    let read = |rows: &str| {
        std::fs::write(folder.path().join("calls.csv"), format!("timestamp,fleet\n{rows}")).unwrap();
        Scenario::parse("test.toml", &text, folder.path())
    };
    for (rows, message, help) in [
        ("1,web\n2,wob\n", "line 3: unknown fleet `wob`", "did you mean `web`?"),
        ("1,web\nsoon,web\n", "line 3: `soon` is not a time", "write seconds"),
        ("1,\n", "line 2: unknown fleet", "names a fleet"),
    ] {
        let error = read(rows).unwrap_err();
        let mistake = &error.mistakes()[0];
        assert!(mistake.message().contains(message), "{}", mistake.message());
        assert!(mistake.message().contains("calls.csv"), "{}", mistake.message());
        assert!(mistake.advice().unwrap_or_default().contains(help), "{mistake:?}");
        assert_eq!(error.text_under(mistake), Some("\"calls.csv\""));
    }
    assert!(read("1,web\n2,web\n").unwrap().warnings().is_empty());
    let late = read("1,web\n700,web\n").unwrap();
    assert!(late.warnings()[0].message().contains("1 calls of this file come after"));
    assert!(read("").unwrap_err().mistakes()[0].message().contains("has no rows"));
}

#[test]
fn mistakes_of_events_at_nodes() {
    for (event, message, under, help) in [
        (
            "{ pause = { fleet = \"wob\", for = \"1s\" } }",
            "unknown fleet `wob`",
            "\"wob\"",
            "`web`",
        ),
        (
            "{ pause = { fleet = \"web\", nodes = [0, 2], for = \"1s\" } }",
            "there is no node 2",
            "2",
            "the last one is 1",
        ),
        (
            "{ pause = { fleet = \"web\", nodes = [1, 1], for = \"1s\" } }",
            "node 1 is named twice",
            "1",
            "once",
        ),
        (
            "{ pause = { fleet = \"web\", for = \"0s\" } }",
            "over as soon as it begins",
            "\"0s\"",
            "30s",
        ),
        (
            "{ partition = { fleet = \"web\", nodes = [], from = \"store\", for = \"1s\" } }",
            "meets no node",
            "[]",
            "all nodes",
        ),
        (
            "{ partition = { fleet = \"web\", from = \"shop\", for = \"1s\" } }",
            "shop",
            "\"shop\"",
            "store",
        ),
        (
            "{ redeploy = { fleet = \"web\", waves = 0, between = \"1s\" } }",
            "without a wave",
            "0",
            "all nodes at once",
        ),
        (
            "{ autoscale = { fleet = \"web\", steps = [] } }",
            "without a step",
            "[]",
            "after",
        ),
        (
            "{ autoscale = { fleet = \"web\", steps = [{ after = \"2s\", nodes = 3 }, { after = \"1s\", nodes = 2 }] } }",
            "not later than the one before",
            "\"1s\"",
            "in order of time",
        ),
        (
            "{ autoscale = { fleet = \"web\", steps = [{ after = \"1h\", nodes = 3 }] } }",
            "comes after the last call",
            "\"1h\"",
            "calls arrive until",
        ),
    ] {
        mistaken(CRASH, event, message, under, help);
    }
}

/// What the timeline does to nodes, in seconds: `60 Start 0..2`.
fn acts(events: &[(&str, &str)]) -> Vec<String> {
    let mut text = VALID
        .replacen("[[event]]\nat = \"5min\"\n", "", 1)
        .replacen(&format!("what = {CRASH}\n"), "", 1);
    for (at, what) in events {
        text.push_str(&format!("\n[[event]]\nat = \"{at}\"\nwhat = {what}\n"));
    }
    let scenario = parse(&text).unwrap_or_else(|error| panic!("{}", shown(&error)));
    let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
    let seconds = |at: Time| at.as_secs_f64();
    let shown = plan.timeline.iter().map(|(at, act)| {
        let what = match act {
            Act::Start(nodes) => format!("Start {nodes:?}"),
            Act::Stop(nodes) => format!("Stop {nodes:?}"),
            Act::Crash(nodes) => format!("Crash {nodes:?}"),
            Act::Pause { nodes, until } => format!("Pause {nodes:?} until {}", seconds(*until)),
            Act::Resume(nodes) => format!("Resume {nodes:?}"),
            Act::Cut { nodes, from, until } => format!("Cut {nodes:?} {from:?} until {}", seconds(*until)),
            other => format!("{other:?}"),
        };
        format!("{} {what}", seconds(*at))
    });
    shown.collect()
}

#[test]
fn a_node_that_is_away_does_not_come_back_to_a_fleet_that_does_not_want_it() {
    let crash = "{ crash = { fleet = \"web\", node = 1, down = \"20s\" } }";
    let stop = "{ stop = { fleet = \"web\" } }";
    let start = "{ start = { fleet = \"web\" } }";
    let one = "{ scale = { fleet = \"web\", nodes = 1 } }";
    let two = "{ scale = { fleet = \"web\", nodes = 2 } }";
    let crashed = ["0 Start 0..2", "10 Crash 1..2"];
    let follows = |events: &[(&str, &str)], acts_then: &[&str]| {
        let expected: Vec<_> = crashed.iter().chain(acts_then).map(ToString::to_string).collect();
        assert_eq!(acts(events), expected, "{events:?}");
    };
    follows(&[("10s", crash)], &["30 Start 1..2"]);
    follows(&[("10s", crash), ("15s", stop)], &["15 Stop 0..1", "15 Stop 1..2"]);
    follows(&[("10s", crash), ("15s", one)], &["15 Stop 1..2"]);
    // Wanted again before it is back, and after.
    follows(
        &[("10s", crash), ("15s", one), ("20s", two)],
        &["15 Stop 1..2", "30 Start 1..2"],
    );
    follows(
        &[("10s", crash), ("15s", stop), ("40s", start)],
        &["15 Stop 0..1", "15 Stop 1..2", "40 Start 0..1", "40 Start 1..2"],
    );
    // The later crash decides when it is back.
    let again = "{ crash = { fleet = \"web\", node = 1, down = \"60s\" } }";
    follows(&[("10s", crash), ("20s", again)], &["20 Crash 1..2", "80 Start 1..2"]);
}

#[test]
fn a_node_that_does_not_exist_yet_is_not_started_by_its_crash() {
    let grow = "{ scale = { fleet = \"web\", nodes = 4 } }";
    let crash = "{ crash = { fleet = \"web\", node = 3, down = \"5s\" } }";
    assert_eq!(
        acts(&[("10s", crash), ("60s", grow)]),
        ["0 Start 0..2", "10 Crash 3..4", "60 Start 2..3", "60 Start 3..4"]
    );
}

#[test]
fn nodes_that_wait_for_their_turn_are_called_off_with_their_fleet() {
    let grow = "{ scale = { fleet = \"web\", nodes = 6, over = \"40s\" } }";
    let shrink = "{ scale = { fleet = \"web\", nodes = 2 } }";
    assert_eq!(
        acts(&[("10s", grow), ("25s", shrink)]),
        [
            "0 Start 0..2",
            "10 Start 2..3",
            "20 Start 3..4",
            "25 Stop 2..3",
            "25 Stop 3..4",
            "25 Stop 4..5",
            "25 Stop 5..6"
        ]
    );
    // Those that are to leave, too.
    let slowly = "{ scale = { fleet = \"web\", nodes = 0, over = \"40s\" } }";
    assert_eq!(
        acts(&[("10s", slowly), ("25s", shrink)]),
        ["0 Start 0..2", "10 Stop 0..1", "25 Start 0..1", "25 Start 1..2"]
    );
}

#[test]
fn waves_schedules_pauses_and_cuts_become_acts() {
    let grow =
        "{ autoscale = { fleet = \"web\", steps = [{ after = \"0s\", nodes = 5 }, { after = \"9s\", nodes = 4 }] } }";
    let redeploy = "{ redeploy = { fleet = \"web\", waves = 3, between = \"10s\", down = \"2s\" } }";
    let pause = "{ pause = { fleet = \"web\", nodes = [1], for = \"3s\" } }";
    let cut = "{ partition = { fleet = \"web\", from = \"store\", for = \"3s\" } }";
    assert_eq!(
        acts(&[("1s", grow), ("20s", redeploy), ("60s", pause), ("61s", cut)]),
        [
            "0 Start 0..2",
            "1 Start 2..5",
            "10 Stop 4..5",
            "20 Crash 0..1",
            "22 Start 0..1",
            "30 Crash 1..2",
            "32 Start 1..2",
            "40 Crash 2..4",
            "42 Start 2..4",
            "60 Pause 1..2 until 63",
            "61 Cut 0..5 Store until 64",
            "63 Resume 1..2",
            "64 Mend",
        ]
    );
    let scenario = parse(&VALID.replacen(CRASH, cut, 1)).unwrap();
    assert_eq!(scenario.incidents()[0].2, "web cut off from store");
}
