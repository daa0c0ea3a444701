//! Thresholds and changes: `[[assert]]`, `--baseline`, two results side by side, the table of exit codes.

use tempfile::TempDir;

use super::{root, text, tokenstorm};

const SWEPT: &str = r#"
name = "swept"
summary = "Two fleets share one app"
source = "made for this test"
run = { duration = "2min", replications = 3 }
provider = { rule = { latest_only = {} }, token_ttl = "1h" }
app = [{ name = "main" }]
sweep = { "fleet.web.nodes" = [1, 2] }

[[fleet]]
name = "web"
nodes = 1
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "1/s" } }]

[[fleet]]
name = "jobs"
nodes = 1
app = "main"
workload = [{ kind = "batch", arrivals = { poisson = "1/s" } }]

[[strategy]]
name = "a token each"
coordination = "naive"

[[strategy]]
name = "lease"
coordination = "lease"
"#;

fn assertion(metric: &str, point: Option<&str>, strategy: &str) -> String {
    let point = point.map_or(String::new(), |point| format!("point = \"{point}\"\n"));
    format!("\n[[assert]]\nstrategy = \"{strategy}\"\nmetric = \"{metric}\"\nop = \"<\"\nvalue = 0.1\n{point}")
}

/// Runs the scenario with one assertion: the exit code, and everything that is said.
fn run(assertion: &str) -> (Option<i32>, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("swept.toml");
    std::fs::write(&path, SWEPT.to_owned() + assertion).unwrap();
    let (path, out) = (
        path.display().to_string(),
        folder.path().join("out").display().to_string(),
    );
    let output = tokenstorm(&["run", &path, "--out", &out]);
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// Two or three processes with a token each refuse more than a tenth of all first attempts, of each fleet at each point; one that shares
/// it, none.
#[test]
fn a_threshold_can_be_put_on_any_metric_fleet_kind_and_point() {
    let refused = "first_attempt_rejection_rate";
    for metric in [
        refused.to_owned(),
        format!("{refused}@jobs"),
        format!("{refused}@jobs/batch"),
    ] {
        for point in [None, Some("fleet.web.nodes=2")] {
            let (code, said) = run(&assertion(&metric, point, "a token each"));
            assert_eq!(code, Some(99), "{metric} {point:?}: {said}");
            assert!(said.contains('✗'), "{said}");
            let (code, said) = run(&assertion(&metric, point, "lease"));
            assert_eq!(code, Some(0), "{metric} {point:?}: {said}");
        }
    }
    let (code, said) = run(&assertion("time_to_recover", None, "lease"));
    assert_eq!(code, Some(99), "a metric without a value shows nothing: {said}");
}

#[test]
fn names_that_there_are_not_are_answered_with_what_comes_near() {
    for (metric, point, strategy, near) in [
        ("failure_rte", None, "*", "failure_rate"),
        ("failure_rate@jbos", None, "*", "jobs"),
        ("failure_rate@jobs/bach", None, "*", "jobs/batch"),
        ("grants_lost@jobs", None, "*", "did you mean `grants_lost`?"),
        ("failure_rate", Some("fleet.web.nodes=3"), "*", "fleet.web.nodes=1"),
        ("failure_rate", None, "leese", "lease"),
    ] {
        let (code, said) = run(&assertion(metric, point, strategy));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(near) && said.contains("swept.toml:"), "{near}: {said}");
    }
}

#[test]
fn a_change_for_the_worse_is_told_from_noise_and_fails_only_when_asked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("swept.toml");
    std::fs::write(&path, SWEPT.replace("sweep =", "# sweep =")).unwrap();
    let path = path.display().to_string();
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (old, new, other, page) = (place("old"), place("new"), place("other"), place("pair.html"));
    let run = |out: &str, more: &[&str]| {
        let output = tokenstorm(&[&["run", &path, "--replications", "8", "--out", out], more].concat());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(run(&old, &[]).0, Some(0));

    let (code, told, said) = run(&new, &["--seed", "9", "--baseline", &old, "--fail-on-worse"]);
    assert_eq!(code, Some(0), "other luck is no change: {told}{said}");
    assert!(
        told.contains("Against the baseline") && told.contains("0 figures worse, 0 better"),
        "{told}"
    );

    // A third process with a token of its own makes two of three first attempts refused, in place of one of two.
    let worse = ["--set", "fleet.web.nodes=2", "--baseline", &old];
    let (code, told, _) = run(&new, &worse);
    assert_eq!(code, Some(0), "a finding is no failure unless asked: {told}");
    assert!(
        told.contains("Worse: “a token each”: first_attempt_rejection_rate from"),
        "{told}"
    );
    assert!(!told.contains("Worse: “lease”: failure_rate"), "{told}");
    assert_eq!(run(&new, &[&worse[..], &["--fail-on-worse"]].concat()).0, Some(99));
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("new/summary.json")).unwrap()).unwrap();
    assert!(
        summary["baseline"]["changes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|change| change["verdict"] == "worse")
    );
    assert!(
        std::fs::read_to_string(folder.path().join("new/report.html"))
            .unwrap()
            .contains("Against the baseline")
    );
    assert_eq!(
        tokenstorm(&["replay", &new]).status.code(),
        Some(0),
        "a run with a baseline can be replayed"
    );

    let output = tokenstorm(&["report", &old, &new, "--page", &page]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let pair = std::fs::read_to_string(&page).unwrap();
    assert!(pair.contains("What has changed") && pair.contains(">Then<") && pair.contains(">Now<"));
    assert_eq!(tokenstorm(&["report", &old, "--page", &page]).status.code(), Some(2));

    let (code, _, said) = run(&new, &["--baseline", &other]);
    assert!(code == Some(2) && said.contains("--baseline"), "{said}");
    std::fs::write(
        &path,
        std::fs::read_to_string(&path)
            .unwrap()
            .replace("\"swept\"", "\"another\""),
    )
    .unwrap();
    let (code, told, _) = run(&other, &["--baseline", &old]);
    assert!(code == Some(0) && told.contains("another scenario, `swept`"), "{told}");
}

#[test]
fn exit_codes_have_one_table() {
    let table = std::fs::read_to_string(root().join("src/cli/exit_codes.txt")).unwrap();
    let help = text(&tokenstorm(&["--help"]).stdout);
    for line in table.lines() {
        assert!(help.contains(line.trim()), "{line} is missing in:\n{help}");
    }
}
