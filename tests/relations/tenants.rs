//! What is told of each tenant, beside what is told of all.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use tokenstorm::campaign::{self, CampaignOptions};
use tokenstorm::metric::{TENANT_COUNTS, TENANTS_TOLD};
use tokenstorm::record::{Record, TenantCounts};
use tokenstorm::scenario::{Overrides, Scenario};

fn run(scenario: &Scenario, threads: usize) -> Record {
    let options = CampaignOptions {
        threads,
        ..CampaignOptions::of(scenario)
    };
    let outcome = campaign::run(scenario, options, &(), &AtomicBool::new(false));
    outcome.unwrap_or_else(|error| panic!("{error}")).record
}

fn story(path: &str, set: &[&str]) -> Scenario {
    let overrides = Overrides {
        set: Overrides::parse_set(set.iter().copied()).unwrap(),
        ..Overrides::default()
    };
    Scenario::load_with(Path::new(path), &overrides).unwrap()
}

/// One count of a row.
fn count(row: &TenantCounts, name: &str) -> f64 {
    row.means[TENANT_COUNTS.iter().position(|known| *known == name).unwrap()]
}

/// The sums over all tenants of one strategy are what the figures say of all calls and token requests. Of one replication: a mean of shares
/// is not the share of means.
#[track_caller]
fn adds_up(record: &Record, strategy: &str) {
    assert_eq!(record.manifest.replications, 1);
    let mean = |metric: &str| record.mean(strategy, metric).unwrap_or(0.0);
    let sum = |name: &str| -> f64 {
        let own = record.tenants.iter().filter(|row| row.strategy == strategy);
        own.map(|row| count(row, name)).sum()
    };
    let hours = record.manifest.duration_s / 3600.0;
    let (calls, requests) = (mean("calls"), mean("token_requests_per_hour") * hours);
    let wholes = BTreeMap::from([
        ("calls", calls),
        ("failed_calls", mean("failure_rate") * calls),
        ("token_requests", requests),
        ("issuances", mean("issuances_per_hour") * hours),
        ("grants_lost", mean("grants_lost")),
    ]);
    for name in TENANT_COUNTS {
        let whole = match (wholes.get(name), name.starts_with("rejections_")) {
            (Some(whole), _) => *whole,
            (None, true) => mean(&format!("{name}_per_call")) * calls,
            (None, false) => mean(&format!("{name}_rate")) * requests,
        };
        let sum = sum(name);
        assert!(
            (sum - whole).abs() < 1e-6,
            "{strategy}: {name} of all is {whole}, of the tenants {sum}"
        );
    }
    assert!(sum("calls") > 1000.0 && sum("issuances") > 0.0, "{strategy}");
}

/// A customer takes its grant back: it alone has a lost grant and refusals for that, and what all share is refused to many.
#[test]
fn a_revoked_grant_shows_at_its_tenant_alone() {
    let scenario = story("scenarios/limits/dead-tenant.toml", &["run.replications=1"]);
    let record = run(&scenario, 1);
    let strategy = "each call asks";
    adds_up(&record, strategy);
    adds_up(&record, "final until somebody logs in");
    let rows: Vec<_> = record.tenants.iter().filter(|row| row.strategy == strategy).collect();
    assert_eq!(rows.len(), 300);
    for (number, row) in (0..).zip(&rows) {
        assert_eq!(
            (row.app.as_str(), row.tenant, row.tenants),
            ("connector", Some(number), 1)
        );
        let lost = [count(row, "grants_lost"), count(row, "token_requests_invalid_grant")];
        assert_eq!(
            lost.map(|count| count > 0.0),
            [number == 0; 2],
            "tenant {number}: {lost:?}"
        );
    }
    assert_eq!(count(rows[0], "grants_lost"), 1.0);
    let throttled = rows
        .iter()
        .filter(|row| count(row, "token_requests_throttled") > 0.0)
        .count();
    assert!(throttled > 250, "{throttled} of 300 met the limit");
}

/// However many threads there are; and what is told is a mean of the replications.
#[test]
fn tenants_are_told_alike_by_any_number_of_threads() {
    let short = ["run.duration=20min", "run.replications=5", "app.connector.tenants=40"];
    let scenario = story("scenarios/limits/dead-tenant.toml", &short);
    let (one, other) = (run(&scenario, 1), run(&scenario, 4));
    assert_eq!(one.tenants, other.tenants);
    assert_eq!(one.tenants.len(), 2 * 40);
    for strategy in &one.strategies {
        let own = one.tenants.iter().filter(|row| row.strategy == *strategy);
        let (rows, calls) = own.fold((0, 0.0), |(rows, sum), row| {
            assert_eq!(row.replications, 5);
            (rows + 1, sum + count(row, "calls"))
        });
        assert_eq!(rows, 40);
        assert!((calls - one.mean(strategy, "calls").unwrap()).abs() < 1e-6);
    }
}

/// Where there are more tenants than are told apart, those without trouble are the ones that share a row.
#[test]
fn beyond_the_bound_the_calm_ones_share_a_row() {
    let many = TENANTS_TOLD as u32 + 200;
    let tenants = format!("app.connector.tenants={many}");
    let scenario = story(
        "scenarios/limits/dead-tenant.toml",
        &["run.replications=1", "run.duration=20min", &tenants],
    );
    let record = run(&scenario, 1);
    for strategy in &record.strategies {
        adds_up(&record, strategy);
        let rows: Vec<_> = record.tenants.iter().filter(|row| row.strategy == *strategy).collect();
        let (others, told) = rows.split_last().unwrap();
        assert_eq!((told.len(), others.tenant, others.tenants), (TENANTS_TOLD, None, 200));
        assert!(told.is_sorted_by_key(|row| row.tenant));
        let trouble = |row: &TenantCounts| -> f64 {
            let all = TENANT_COUNTS.iter().zip(row.means);
            let bad = all.filter(|(name, _)| !["calls", "token_requests", "issuances"].contains(name));
            bad.map(|(_, mean)| mean).sum()
        };
        let least = told.iter().map(|row| trouble(row)).fold(f64::INFINITY, f64::min);
        assert!(
            trouble(others) / 200.0 <= least,
            "{strategy}: {} and {least}",
            trouble(others)
        );
        assert_eq!(told[0].tenant, Some(0), "{strategy}: the busy one is among them");
    }
}

/// Two apps: tenants count from 0 in each, and a call for one of them is counted there. Where no app serves several, nothing is told.
#[test]
fn tenants_of_two_apps_are_told_by_name() {
    let text = r#"
name = "two-apps"
summary = "Two apps, one of them for three customers"
source = "made up"
run = { duration = "20min", warmup = "1min", replications = 1 }
provider = { token_ttl = "5min", rule = { independent = {} }, refresh = { rotate = "never" } }
app = [{ name = "unused" }, { name = "plain" }, { name = "many", tenants = 3 }]
strategy = [{ name = "s", coordination = "single_flight" }]
[[fleet]]
name = "b"
nodes = 2
app = "many"
workload = [{ kind = "u", arrivals = { poisson = "1/s" }, tenants = { only = 2 } }]
[[fleet]]
name = "a"
nodes = 1
app = "plain"
workload = [{ kind = "u", arrivals = { poisson = "1/s" } }]
[[event]]
at = "10min"
what = { revoke = { app = "many", tenant = 1 } }
"#;
    let scenario = |text: &str| Scenario::parse("two.toml", text, Path::new(".")).unwrap();
    let record = run(&scenario(text), 1);
    adds_up(&record, "s");
    let told: Vec<_> = record
        .tenants
        .iter()
        .map(|row| {
            (
                row.app.as_str(),
                row.tenant.unwrap(),
                count(row, "calls") > 0.0,
                count(row, "grants_lost"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("many", 0, false, 0.0),
            ("many", 1, false, 1.0),
            ("many", 2, true, 0.0),
            ("plain", 0, true, 0.0)
        ]
    );
    let single = text
        .replace(", tenants = 3", "")
        .replace(", tenants = { only = 2 }", "")
        .replace(", tenant = 1", "");
    assert!(run(&scenario(&single), 1).tenants.is_empty());
}
