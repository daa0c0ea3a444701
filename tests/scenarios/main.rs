//! Every scenario of the repository runs, and what it expects of itself comes out.

mod judged;
mod possible;
mod variance;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tokenstorm::campaign::{self, CampaignOptions};
use tokenstorm::provider::profiles::PROFILES;
use tokenstorm::scenario::{Overrides, Scenario};

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            found.push(path);
        }
    }
    found.sort();
}

fn all() -> Vec<PathBuf> {
    let mut found = Vec::new();
    scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios"), &mut found);
    assert!(found.len() >= 14, "only {} scenarios found", found.len());
    found
}

/// The ways in which calls fail are all failed calls, and the interval of a share lies between none and all, around its mean.
fn assert_books(name: &str, record: &tokenstorm::record::Record) {
    for strategy in &record.strategies {
        for point in &record.points {
            let own = || {
                record
                    .readings
                    .iter()
                    .filter(|r| r.strategy == *strategy && r.point == *point)
            };
            let failed = own().find(|r| r.metric == "failure_rate").and_then(|r| r.mean);
            // By how they ended, and by what failed their last tries.
            for by_last_try in [false, true] {
                let ways = own().filter(|r| r.metric.starts_with("failed_") && !r.metric.contains('@'));
                let ways = ways.filter(|r| r.metric.starts_with("failed_by_") == by_last_try);
                let ways: f64 = ways.filter_map(|r| r.mean).sum();
                assert!(
                    failed.is_none_or(|failed| (failed - ways).abs() < 1e-9),
                    "{name}, {strategy}: {failed:?}, {ways}"
                );
            }
            for share in own().filter(|r| r.unit == "share") {
                if let (Some(mean), Some((low, high))) = (share.mean, share.ci95) {
                    let inside = 0.0 <= low && low <= mean + 1e-12 && mean <= high + 1e-12 && high <= 1.0;
                    assert!(inside, "{name}, {strategy}: {} {mean} [{low}, {high}]", share.metric);
                }
            }
        }
    }
}

#[test]
fn every_expectation_holds() {
    let mut broken = Vec::new();
    for path in all() {
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
        let outcome = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false)).unwrap();
        let name = &scenario.file.name;
        assert_books(name, &outcome.record);
        assert!(!outcome.record.checks.is_empty(), "{name} expects nothing");
        for check in outcome.record.checks.iter().filter(|check| !check.holds) {
            broken.push(format!(
                "{name}: {} {}: {} {}, measured {:?} {:?}",
                check.strategy, check.point, check.metric, check.condition, check.measured, check.ci95
            ));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Its name is its path, it names the schema in its first line, tells its story, and names its source.
#[test]
fn every_scenario_says_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for path in all() {
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario = Scenario::load(&path).unwrap();
        let place = path.strip_prefix(&root).unwrap().with_extension("");
        assert_eq!(Path::new(&scenario.file.name), place);
        let mut lines = text.lines();
        assert!(
            lines.next().unwrap().starts_with("#:schema ../scenario.schema.json"),
            "{}",
            path.display()
        );
        assert!(
            lines.next().unwrap().starts_with("# "),
            "{} tells no story",
            path.display()
        );
        assert!(
            !scenario.file.source.is_empty() && !scenario.file.expect.is_empty(),
            "{}",
            path.display()
        );
    }
}

/// An incident says what its thread states, what was observed, what is assumed and what the simulation shows, and the manual
/// lists it.
#[test]
fn every_incident_is_told_and_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let museum = std::fs::read_to_string(root.join("src/manual/incidents.md")).unwrap();
    let mut found = Vec::new();
    scenarios(&root.join("scenarios/incidents"), &mut found);
    assert!(found.len() >= 15, "only {} incidents found", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        for part in ["# The ", "# Observed: ", "# Assumed: ", "# Shows: "] {
            assert!(text.contains(part), "{} lacks {part:?}", path.display());
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(museum.contains(&format!("`{name}`")), "the manual does not list {name}");
    }
}

/// What the second call of a request loses is lost to the job: without it, what is expected of the token that is used twice does not come out.
#[test]
fn a_token_that_is_used_once_is_not_lost() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/incidents/second-use-of-a-token.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let overrides = Overrides {
        set: vec![("fleet.\"one token\".workload.request.job.calls".into(), "1".into())],
        ..Overrides::default()
    };
    let scenario = Scenario::parse_with("alone.toml", &text, path.parent().unwrap(), &overrides).unwrap();
    let outcome = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false)).unwrap();
    let broken: Vec<_> = outcome.record.checks.iter().filter(|check| !check.holds).collect();
    let names: Vec<_> = broken.iter().map(|check| (&*check.strategy, &*check.metric)).collect();
    let metric = "success_rate@one token";
    assert_eq!(names, [("a token for each request", metric), ("tries again", metric)]);
    assert!(
        broken
            .iter()
            .all(|check| check.measured.is_some_and(|share| share > 0.95))
    );
}

/// Every profile serves a small fleet, to clients that read the whole answer and to such that read its status alone.
#[test]
fn every_profile_runs() {
    for (name, _) in PROFILES {
        let text = format!(
            r#"name = "test/{name}"
            summary = "Two nodes share one app"
            source = "made up"
            run = {{ duration = "2h", replications = 2 }}
            provider = {{ profile = "{name}" }}
            app = [{{ name = "main" }}]
            [[fleet]]
            name = "web"
            nodes = 2
            app = "main"
            workload = [{{ kind = "user", arrivals = {{ poisson = "2/min" }} }}]
            [[strategy]]
            name = "naive"
            coordination = "naive"
            [[strategy]]
            name = "lease"
            coordination = "lease"
            reads = "status""#
        );
        let scenario = Scenario::parse(name, &text, Path::new("."))
            .unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
        assert!(
            scenario.warnings().is_empty(),
            "{name} is odd: {:?}",
            scenario.warnings()
        );
        let outcome = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false)).unwrap();
        for strategy in ["naive", "lease"] {
            assert!(outcome.record.mean(strategy, "calls").unwrap() > 300.0, "{name}");
        }
    }
}

/// The figures of one small fleet at a provider with these settings, under this strategy.
fn figures(provider: &str, coordination: &str) -> tokenstorm::record::Record {
    let text = format!(
        r#"name = "test/why"
        summary = "Three nodes share one app"
        source = "made up"
        run = {{ duration = "4h", warmup = "0s", replications = 4 }}
        app = [{{ name = "main" }}]
        [provider]
        token_ttl = "10min"
        {provider}
        [[fleet]]
        name = "web"
        nodes = 3
        app = "main"
        workload = [{{ kind = "user", arrivals = {{ poisson = "20/min" }} }}]
        [[strategy]]
        name = "one"
        coordination = {coordination}"#
    );
    let scenario = Scenario::parse("why", &text, Path::new("."))
        .unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
    campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false))
        .unwrap()
        .record
}

/// Lost requests, lost answers, refusals in a row and how early a renewal comes, each where it happens and none where it does not.
#[test]
fn what_becomes_of_token_requests_is_counted() {
    let of = |record: &tokenstorm::record::Record, metric: &str| record.mean("one", metric);
    let calm = figures("rule.independent = {}", r#""naive""#);
    for metric in [
        "token_requests_lost",
        "token_answers_lost",
        "token_requests_refused_rate",
        "token_refusals_in_a_row_max",
    ] {
        assert_eq!(of(&calm, metric), Some(0.0), "{metric}");
    }
    let twice = of(&calm, "renewal_lead_mean").unwrap();
    assert!(
        (599.0..600.0).contains(&twice),
        "of two calls refused together, the second renews what the first has just renewed: {twice}"
    );
    let looks = figures("rule.independent = {}", r#""compare_first""#);
    assert_eq!(
        of(&looks, "renewal_lead_mean"),
        None,
        "who looks first renews what has expired"
    );
    assert_eq!(of(&calm, "rejections_in_a_row_max"), Some(1.0));
    let superseded = of(&calm, "rejections_superseded_per_call").unwrap();
    let expired = of(&calm, "rejections_expired_per_call").unwrap();
    assert!(superseded == 0.0 && expired > 0.0, "{superseded} {expired}");

    let before = figures(
        "rule.independent = {}\nfaults.token = { lost_before = 0.5 }",
        r#""naive""#,
    );
    let (lost, reached) = (
        of(&before, "token_requests_lost").unwrap(),
        of(&before, "token_requests_per_hour").unwrap() * 4.0,
    );
    // Of about 300 requests in four runs half is lost, within 4 standard deviations.
    assert!((lost / (lost + reached) - 0.5).abs() < 0.12, "{lost} {reached}");
    assert_eq!(of(&before, "token_answers_lost"), Some(0.0));
    let after = figures(
        "rule.independent = {}\nfaults.token = { lost_after = 0.5 }",
        r#""naive""#,
    );
    assert!(of(&after, "token_answers_lost").unwrap() > 0.0 && of(&after, "token_requests_lost") == Some(0.0));

    let quota = "rule.latest_only = {}\nlimits.token.quotas = [{ count = 10, window = \"1d\" }]";
    let quota = figures(quota, r#""naive""#);
    assert!(of(&quota, "token_requests_refused_rate").unwrap() > 0.9);
    assert!(of(&quota, "token_refusals_in_a_row_max").unwrap() > 100.0);

    let ahead = r#"{ renew_ahead = { margin = "1min", jitter = "0s" } }"#;
    let ahead = figures("rule.independent = {}", ahead);
    let lead = of(&ahead, "renewal_lead_mean").unwrap();
    // A minute less the way to the provider.
    assert!((59.0..=60.0).contains(&lead), "{lead}");
}
