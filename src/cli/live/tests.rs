use super::*;
use crate::metric::Observed;

/// A run that fell behind by more than a token is under way has no figures, and is told by how much.
#[test]
fn whoever_falls_behind_has_no_figures() {
    let text = r#"
        name = "late"
        summary = "One process"
        source = "a test"
        run = { duration = "30s" }
        provider = { profile = "zoom-s2s-2022", token_request = { constant = "2s" }, token_response = { constant = "1s" } }
        app = [{ name = "main" }]
        fleet = [{ name = "web", nodes = 1, app = "main", workload = [{ kind = "user", arrivals = { poisson = "1/s" } }] }]
        strategy = [{ name = "naive", coordination = "naive" }]
    "#;
    let scenario = Scenario::parse("late.toml", text, Path::new(".")).unwrap();
    let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
    let clock = PacedClock::start_in(std::time::Duration::ZERO, 20.0);
    let late = |seconds| LiveRun {
        observed: Observed::new(run_context(&plan)),
        batches: Vec::new(),
        ways: Vec::new(),
        late: (Duration::from_secs(seconds), Duration::from_secs(60)),
        interrupted: false,
        records: Vec::new(),
    };
    assert_eq!(keeps_pace("naive", &plan, &late(3), clock), Ok(()));
    let refused = keeps_pace("naive", &plan, &late(4), clock).unwrap_err();
    for part in ["could not keep time scale 20", "4 s late", "3 s is all", "--time-scale"] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
}
