//! `tokenstorm rare` as a user meets it: what it finds, what it leaves open, and what it refuses.

use tempfile::TempDir;

use super::{text, tokenstorm};

const RACE: &str = r#"name = "race"
summary = "Three processes kill each other's tokens"
source = "made for this test"
run = { duration = "2min", warmup = "20s", replications = 2 }
provider = { rule = { latest_only = {} }, token_ttl = "1h" }
app = [{ name = "main" }]

[[fleet]]
name = "web"
nodes = 3
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "20/min" } }]

[[strategy]]
name = "three tries"
coordination = "compare_first"
retry = { immediate = { attempts = 3 } }

[[strategy]]
name = "for ever"
coordination = "compare_first"
retry = { immediate = { attempts = "unbounded" } }
"#;

/// What a command prints on standard output, on standard error, and its exit code.
fn rare(more: &[&str]) -> (String, String, Option<i32>) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("race.toml");
    std::fs::write(&file, RACE).unwrap();
    let file = file.display().to_string();
    let output = tokenstorm(&[&["rare", &file], more].concat());
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

const SHORT: [&str; 4] = ["--only", "three tries", "--replications", "20"];

#[test]
fn the_same_whatever_the_threads_and_the_form() {
    let json = |threads| {
        let (out, _, code) = rare(&[&SHORT[..], &["--crude", "--format", "json", "--threads", threads]].concat());
        assert_eq!(code, Some(0));
        out
    };
    let one = json("1");
    assert_eq!(one, json("3"));
    let found: serde_json::Value = serde_json::from_str(&one).unwrap();
    let finding = &found["strategies"][0];
    let number = |figure: &serde_json::Value, name: &str| figure[name].as_f64().unwrap();
    let (split, crude) = (&finding["split"], &finding["crude"]);
    let (low, high) = (split["ci95"][0].as_f64().unwrap(), split["ci95"][1].as_f64().unwrap());
    assert!(low < number(split, "rate") && number(split, "rate") < high);
    assert!(number(crude, "rate") > 0.0);
    assert!(!finding["levels"].as_array().unwrap().is_empty());
    // The same figures as rows, and in words.
    let (csv, _, _) = rare(&[&SHORT[..], &["--crude", "--format", "csv"]].concat());
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 3);
    assert!(
        rows[1].contains(",split,") && rows[1].contains(&format!("{}", number(split, "rate"))),
        "{csv}"
    );
    let (words, _, _) = rare(&[&SHORT[..], &["--crude"]].concat());
    for part in [
        "chance that a call fails: 0.",
        "Split at levels",
        "Crude simulation: 0.",
    ] {
        assert!(words.contains(part), "{words}");
    }
    let (page, _, _) = rare(&[&SHORT[..], &["--format", "md"]].concat());
    assert!(
        page.starts_with("## race\n") && page.contains("\n### three tries\n"),
        "{page}"
    );
}

#[test]
fn what_cannot_be_asked_is_refused_with_the_remedy() {
    for (more, told) in [
        (&["--event", "grant_lost"][..], "write failed_call or livelock"),
        (
            &["--only", "for ever"],
            "Give its retry policy `attempts` or the workload `patience`",
        ),
        // Of a strategy that is not the first one, too.
        (&[], "strategy `for ever` tries a call as often as it takes"),
        (&["--only", "nobody"], "there are: three tries, for ever"),
        (&["--point", "a=1"], "the scenario has no sweep"),
        (&["--precision", "0%"], "write a share such as 10%"),
        (&["--precision", "100%"], "write a share such as 10%"),
        (&["--replications", "1"], "1 is not in 2.."),
        (&["--only", "three tries", "--max-events", "100"], "--max-events"),
    ] {
        let (out, err, code) = rare(more);
        assert_eq!((out.as_str(), code), ("", Some(2)), "{more:?}: {err}");
        assert!(
            err.split_whitespace().collect::<Vec<_>>().join(" ").contains(told),
            "{more:?}: {err}"
        );
    }
}

/// An event that the pilot does not come near has a question mark, and the way to go on.
#[test]
fn what_is_not_seen_is_no_zero() {
    let (out, _, code) = rare(&["--event", "livelock", "--only", "three tries", "--max-events", "2M"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("mean time to livelock: ?\n"), "{out}");
    assert!(out.contains("no proof that it cannot happen"), "{out}");
}
