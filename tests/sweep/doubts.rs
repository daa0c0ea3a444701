//! What is in doubt stands beside the figure in `results.csv`, of a run and of a sweep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{done, same, shown, sweep, text, tokenstorm};

/// One node whose calls renew its token by themselves: where two do so at once, the provider ends the login, which some runs meet.
fn lost_login(folder: &Path) -> PathBuf {
    let path = folder.join("lost.toml");
    let text = r#"
name = "lost"
summary = "Calls that renew one token at once lose the login in some runs"
source = "a test"
run = { duration = "40s", warmup = "75s", replications = 20 }
provider = { profile = "auth0", token_ttl = "40s" }
app = [{ name = "main" }]
fleet = [{ name = "web", nodes = 1, app = "main", workload = [{ kind = "user", arrivals = { poisson = "10/s" } }] }]
strategy = [{ name = "naive", coordination = "naive" }]
"#;
    std::fs::write(&path, text).expect("a scenario can be written");
    path
}

/// By metric, and by column.
type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// The rows by metric, by the names of the columns; without that of the run.
fn rows(folder: &Path) -> Rows {
    let mut reader = csv::Reader::from_path(folder.join("results.csv")).expect("a CSV file");
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    rows.map(|row| {
        let mut row = row.expect("a row");
        row.remove("run");
        (row["metric"].clone(), row)
    })
    .collect()
}

#[test]
fn every_doubt_of_the_summary_stands_in_its_row_and_a_sweep_has_the_same() {
    let folder = TempDir::new().expect("a folder");
    let file = lost_login(folder.path());
    let ran = folder.path().join("ran");
    let precise = [
        "--precision",
        "5%",
        "--precision",
        "latency_p99=1%",
        "--max-replications",
        "100",
    ];
    let value = ["--set", "fleet.web.nodes=1"];
    let line = ["run", &shown(&file), "--out", &shown(&ran)];
    done(
        tokenstorm(&[&line[..], &precise, &value].concat())
            .output()
            .expect("it runs"),
    );

    let summary = std::fs::read(ran.join("summary.json")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
    let kinds = summary["mixtures"][0]["figures"].as_array().expect("runs of two kinds");
    let open = summary["precision"]["open"].as_array().expect("figures");
    assert!(!open.is_empty());
    let of = |list: &[serde_json::Value], metric: &str| list.iter().find(|of| of["metric"] == metric).cloned();
    let run = rows(&ran);
    let mut told = BTreeMap::new();
    for (metric, row) in &run {
        let figure = &summary["figures"]["naive"][""][metric];
        let kinds = of(kinds, metric);
        let words = [
            ("skewed", figure["doubtful"] == true),
            ("open", of(open, metric).is_some()),
            ("mixed", kinds.as_ref().is_some_and(|kinds| kinds["apart"] == true)),
        ];
        let words: Vec<&str> = words
            .iter()
            .filter(|(_, holds)| *holds)
            .map(|(word, _)| *word)
            .collect();
        assert_eq!(row["doubt"], words.join(";"), "{metric}");
        words.iter().for_each(|word| *told.entry(*word).or_insert(0) += 1);
        for kind in ["storm", "calm"] {
            let mean = kinds.as_ref().and_then(|kinds| kinds[kind]["mean"].as_f64());
            assert_eq!(row[&format!("{kind}_mean")].parse().ok(), mean, "{metric}");
        }
    }
    assert_eq!(told.len(), 3, "each kind of doubt is there: {told:?}");
    assert_eq!(run["failure_rate"]["doubt"], "open;mixed");
    let share = &summary["mixtures"][0]["share_ci95"];
    let storms = ["ci95_low", "ci95_high"].map(|end| run["storm_probability"][end].parse::<f64>().ok());
    assert_eq!(storms, [share[0].as_f64(), share[1].as_f64()]);
    point_has_the_same(folder.path(), &file, &precise, run);
}

/// A sweep of one point has the rows of the run, whether it was shared out or not, and its page tells the two kinds apart.
fn point_has_the_same(folder: &Path, file: &Path, precise: &[&str], run: Rows) {
    let [swept, merged] = ["swept", "merged"].map(|name| folder.join(name));
    let param = ["--param", "fleet.web.nodes=1"];
    let [one, other] = ["1/2", "2/2"].map(|which| {
        let out = folder.join(which.replace('/', "-of-"));
        done(sweep(file, &out, &[&param[..], precise, &["--shard", which]].concat()));
        shown(&out)
    });
    let first = done(sweep(file, &swept, &[&param[..], precise].concat()));
    let told = text(&first.stdout);
    let table: Vec<_> = told.lines().filter(|line| line.contains("calls failed")).collect();
    assert!(table.len() == 1 && table[0].contains("% ‡"), "{told}");
    assert!(
        told.contains("‡ marks the mean of runs with a storm and runs without"),
        "{told}"
    );
    // What was finished before is told again from its files.
    let again = done(sweep(file, &swept, &[&param[..], precise].concat()));
    assert!(
        text(&again.stderr).contains("nothing is run"),
        "{}",
        text(&again.stderr)
    );
    assert_eq!(text(&again.stdout), told);
    let line = ["merge", &one, &other, "--out", &shown(&merged)];
    done(tokenstorm(&line).output().expect("it runs"));
    same(&swept, &merged);
    let mut points = rows(&swept);
    for row in points.values_mut() {
        assert_eq!(row.remove("ended_by").as_deref(), Some("replications"));
        *row.get_mut("point").expect("a point") = String::new();
    }
    assert_eq!(points, run);
    let page = std::fs::read_to_string(swept.join("report.html")).expect("a page");
    assert!(page.contains("is two kinds of runs") && page.contains('‡'));
    let alone = done(sweep(file, &swept, &[&param[..], precise, &["--row", "2"]].concat()));
    assert!(
        text(&alone.stderr).contains("the figures are those of point 1"),
        "{}",
        text(&alone.stderr)
    );
}
