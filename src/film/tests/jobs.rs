//! A job of several calls, step by step: which of its calls it has come to, and why it ends.

use std::path::Path;

use super::super::chain::chain;
use super::*;

/// Two nodes whose new tokens end each other's; jobs of three calls that keep their tokens and take no others, though calls may be tried
/// five times.
const JOBS: &str = r#"
name = "jobs"
summary = "Two nodes, one live token, and jobs of three calls"
source = "an example"
run = { duration = "10min", warmup = "0s", replications = 1, seed = 7 }
app = [{ name = "main" }]
provider = { profile = "zoom-s2s-2022" }

[[fleet]]
name = "web"
nodes = 2
app = "main"

[[fleet.workload]]
kind = "export"
arrivals = { poisson = "4/min" }
job = { calls = 3, gap = "2s", on_refusal = "fails" }

[[strategy]]
name = "naive"
coordination = "naive"
retry = { fixed = { delay = "200ms", attempts = 5 } }
"#;

#[test]
fn a_job_is_told_call_by_call_and_why_it_ends() {
    let scenario = Scenario::parse("jobs.toml", JOBS, Path::new(".")).unwrap();
    let points = scenario.points();
    let (point, scenario) = &points[0];
    let subject = FilmSubject::new((point, scenario), &scenario.file.strategy[0], 7, 0).unwrap();
    let survey = survey(&subject).unwrap();
    let film = shoot(&subject, &survey, FilmWindow::from_to(1, u64::MAX)).unwrap();
    let told = |what: &str| film.steps.iter().filter(|step| step.text.contains(what)).count();
    assert!(told(" (1 of 3) arrives at ") > 50);
    for place in 2..=3 {
        assert!(told(&format!(" ({place} of 3) follows in 2 s")) > 10, "{place}");
        assert!(told(&format!(" ({place} of 3) with token ")) > 10, "{place}");
    }
    assert_eq!(told("(4 of 3)"), 0);
    // Each call of a job has the number of the job.
    let ended: Vec<(u64, CallOutcome)> = film
        .steps
        .iter()
        .flat_map(|step| &step.changes)
        .filter_map(ended)
        .collect();
    let why = "fails: its job takes no other token in the place of the refused one";
    assert_eq!(told("allows no further try"), 0);
    let failed: Vec<u64> = ended
        .iter()
        .filter(|(_, how)| *how == CallOutcome::NotRenewed)
        .map(|(call, _)| *call)
        .collect();
    assert!(failed.len() > 10 && failed.len() < ended.len());
    for call in failed {
        let words = chain(&film, call).unwrap().words;
        assert!(
            words.last().unwrap().ends_with(&format!("call {call} {why}.")),
            "{words:?}"
        );
        let refused = film
            .steps
            .iter()
            .rfind(|step| step.refused && step.call == Some(call))
            .unwrap();
        assert!(
            refused.text.contains("(2 of 3)") || refused.text.contains("(3 of 3)"),
            "{}",
            refused.text
        );
    }
}

fn ended(change: &Change) -> Option<(u64, CallOutcome)> {
    match change {
        Change::CallEnded { call, outcome } => Some((*call, *outcome)),
        _ => None,
    }
}
