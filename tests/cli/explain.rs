//! `tokenstorm explain`: what led to the failure of a call of an old result.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{root, text, tokenstorm};

/// Two nodes with one try for each call, at a provider where a new token kills the one before; a strategy that fails nothing; and one
/// with a name that wants to be a script.
const SCENARIO: &str = r#"
name = "pair"
summary = "Two nodes and one live token"
source = "an example"
run = { duration = "10min", warmup = "1min", replications = 2, seed = 7 }
provider = { profile = "zoom-s2s-2022" }
app = [{ name = "main" }]
fleet = [{ name = "web", nodes = 2, app = "main", workload = [{ kind = "user", arrivals = { poisson = "6/min" } }] }]

[[strategy]]
name = "gateway"
coordination = "gateway"

[[strategy]]
name = "naive"
coordination = "naive"
retry = { fixed = { delay = "200ms", attempts = 1 } }

[[strategy]]
name = "patient"
coordination = "naive"
retry = { fixed = { delay = "200ms", attempts = 5 } }

[[strategy]]
name = "naive <script>alert(1)</script> & co"
coordination = "naive"
retry = { fixed = { delay = "200ms", attempts = 1 } }
"#;

fn ran(more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pair.toml");
    std::fs::write(&file, format!("{SCENARIO}{more}")).unwrap();
    let (file, out) = (
        file.display().to_string(),
        folder.path().join("out").display().to_string(),
    );
    let output = tokenstorm(&["run", &file, "--out", &out]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    folder
}

/// Exit code, standard output, standard error.
fn explain(folder: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let out = folder.join("out").display().to_string();
    let output = tokenstorm(&[&["explain", &out], more].concat());
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_chain_behind_the_first_failure_is_told() {
    let folder = ran("");
    let (code, told, error) = explain(folder.path(), &[]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    insta::assert_snapshot!("explain_first_failure", told);
    let page = std::fs::read_to_string(root().join("src/manual/explaining.md")).unwrap();
    let shown: Vec<&str> = told.trim_end().lines().map(str::trim_end).collect();
    assert!(
        page.contains(&shown.join("\n")),
        "the page `explaining` shows this:\n{told}"
    );
    let (_, again, _) = explain(folder.path(), &["--first-failure"]);
    assert_eq!(told, again, "it is what is told by default");

    // The same for programs: who killed the token that was refused is who asked for the next one.
    let (code, json, _) = explain(folder.path(), &["--format", "json"]);
    assert_eq!(code, Some(0));
    let json: Value = serde_json::from_str(&json).unwrap();
    let steps = json["steps"].as_array().unwrap();
    let step = |number: &Value| steps.iter().find(|step| step["number"] == *number).unwrap();
    let kill = &json["kills"][0];
    let (refused, killed) = (step(&kill["refused"]), step(&kill["killed"]));
    assert_eq!(
        (&refused["call"], &refused["kind"]),
        (&json["call"], &Value::from("attempt_arrives"))
    );
    assert_eq!(killed["kind"], "token_request_arrives");
    assert_ne!(refused["from"], killed["from"]);
    let lives = json["tokens"].as_array().unwrap();
    let life = lives.iter().find(|life| life["token"] == refused["token"]).unwrap();
    assert_eq!(
        (&life["killer"], &life["killed_by"]),
        (&killed["token"], &killed["from"])
    );
    let sentences = json["words"].as_array().unwrap();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        sentences
            .iter()
            .all(|sentence| told.contains(sentence.as_str().unwrap()))
    );
}

#[test]
fn the_worst_call_and_a_call_by_its_number_are_told() {
    let folder = ran("");
    let patient = ["--strategy", "patient", "--replication", "1"];
    let (code, worst, error) = explain(folder.path(), &[&["--worst"], &patient[..]].concat());
    assert_eq!(code, Some(0), "{error}");
    let line = worst.lines().find(|line| line.starts_with("Call ")).unwrap();
    let number: String = line["Call ".len()..].chars().take_while(char::is_ascii_digit).collect();
    let (_, same, _) = explain(folder.path(), &[&["--call", &number], &patient[..]].concat());
    assert_eq!(worst, same);
    let (_, other, _) = explain(folder.path(), &[&["--call", "1"], &patient[..]].concat());
    assert!(other.contains("Call 1 of ") && other.contains("1 attempt"), "{other}");
    // Nobody fails, but tokens are refused.
    let (code, told, _) = explain(folder.path(), &patient);
    assert_eq!(code, Some(0));
    assert!(
        told.contains("No call failed; this is the first one whose token was refused."),
        "{told}"
    );
    // Nothing at all.
    let (code, told, _) = explain(folder.path(), &["--strategy", "gateway"]);
    assert_eq!(code, Some(0));
    assert!(
        told.contains("none failed, and no token was refused: there is nothing to explain"),
        "{told}"
    );
}

#[test]
fn what_cannot_be_explained_ends_with_2_and_says_why() {
    let folder = ran("\n[sweep]\n\"fleet.web.nodes\" = [2, 3]\n");
    let manifest = folder.path().join("out/manifest.json");
    let sound = std::fs::read_to_string(&manifest).unwrap();
    for (arguments, says) in [
        (
            &["--strategy", "pateint"][..],
            "there is no strategy `pateint`; did you mean `patient`?",
        ),
        (
            &["--call", "100000", "--strategy", "patient"],
            "call 100000 never arrived: replication 0 of `patient` has ",
        ),
        (&["--call", "0"], "0 is not in 1.."),
        (
            &["--replication", "2"],
            "there is no replication 2: the run has 2, from 0 to 1",
        ),
        (
            &["--point", "fleet.web.nodes=4"],
            "there is no point `fleet.web.nodes=4`; points: `fleet.web.nodes=2`, `fleet.web.nodes=3`",
        ),
        (&["--call", "1", "--worst"], "cannot be used with"),
    ] {
        let (code, told, error) = explain(folder.path(), arguments);
        assert_eq!((code, told.as_str()), (Some(2), ""), "{arguments:?}: {error}");
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
    let (code, told, error) = explain(folder.path(), &["--point", "fleet.web.nodes=3"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(told.starts_with("pair at fleet.web.nodes=3: naive\n"), "{told}");

    let version = format!("\"tokenstorm\": \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(sound.contains(&version));
    std::fs::write(&manifest, sound.replacen(&version, "\"tokenstorm\": \"9.9.9\"", 1)).unwrap();
    let (code, told, error) = explain(folder.path(), &[]);
    assert_eq!((code, told.as_str()), (Some(2), ""));
    assert!(error.contains("the manifest is of tokenstorm 9.9.9"), "{error}");

    std::fs::remove_file(&manifest).unwrap();
    let (code, _, error) = explain(folder.path(), &[]);
    assert_eq!(code, Some(2));
    assert!(error.contains("manifest.json"), "{error}");
}

#[test]
fn pictures_and_traces_hold_no_name_that_does_something() {
    let folder = ran("");
    let [svg, trace] = ["chain.svg", "trace.json"].map(|name| folder.path().join(name));
    let (code, _, error) = explain(
        folder.path(),
        &[
            "--strategy",
            "naive <script>alert(1)</script> & co",
            "--svg",
            &svg.display().to_string(),
            "--perfetto",
            &trace.display().to_string(),
        ],
    );
    assert_eq!(code, Some(0));
    assert!(
        error.contains("wrote ") && error.contains("chain.svg") && error.contains("trace.json"),
        "{error}"
    );
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(
        svg.contains("naive &lt;script&gt;alert(1)&lt;/script&gt; &amp; co"),
        "{svg}"
    );
    assert!(!svg.contains("<script") && svg.contains("token endpoint"));
    let trace: Value = serde_json::from_str(&std::fs::read_to_string(trace).unwrap()).unwrap();
    assert_eq!(trace["otherData"]["strategy"], "naive <script>alert(1)</script> & co");
    let events = trace["traceEvents"].as_array().unwrap();
    assert!(
        events
            .iter()
            .any(|event| event["ph"] == "s" && event["name"] == "kills")
    );
    // A place that cannot be written is an internal failure, and is named.
    let (code, _, error) = explain(folder.path(), &["--svg", "/nowhere/chain.svg"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("/nowhere"), "{error}");
}
