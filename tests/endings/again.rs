//! `replay`, `run --junit`, `completions` and `man`, as a user meets them.

use crate::{said_in, text};

const SCENARIO: &str = "\
name = \"small\"
summary = \"Two nodes\"
source = \"a test\"
run = { duration = \"2min\", replications = 2 }
provider = { profile = \"zoom-s2s-2022\" }
app = [{ name = \"app\" }]
fleet = [{ name = \"web\", nodes = 2, app = \"app\", workload = [{ kind = \"user\", arrivals = { poisson = \"1/s\" } }] }]
strategy = [{ name = \"naive\", coordination = \"naive\" }, { name = \"lease\", coordination = \"lease\" }]
assert = [
    { strategy = \"lease\", metric = \"failure_rate\", op = \"<=\", value = 0.5 },
    { strategy = \"naive\", metric = \"first_attempt_rejection_rate\", op = \"<=\", value = 0.0001 },
]
";

/// A folder with a scenario that has been run into `out`, with a value set on the command line.
fn ran() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.toml"), SCENARIO).unwrap();
    let line = [
        "run",
        "small.toml",
        "--out",
        "out",
        "--seed",
        "7",
        "--set",
        "fleet.web.nodes=3",
        "--junit",
        "junit.xml",
    ];
    let output = said_in(folder.path(), &line);
    assert_eq!(output.status.code(), Some(99), "{}", text(&output.stderr));
    folder
}

#[test]
fn a_manifest_is_replayed_byte_for_byte_and_refused_where_it_cannot_be() {
    let folder = ran();
    let replay = |manifest: &str, more: &[&str]| {
        let output = said_in(folder.path(), &[&["replay", manifest], more].concat());
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, told, error) = replay("out/manifest.json", &["--threads", "1", "--out", "once-more"]);
    assert_eq!(code, Some(0), "{told}{error}");
    assert!(told.contains("all 4 files are the same, byte for byte"), "{told}");
    for file in [
        "results.csv",
        "timeline.csv",
        "replications.csv",
        "summary.json",
        "manifest.json",
    ] {
        let [then, now] = ["out", "once-more"].map(|out| std::fs::read(folder.path().join(out).join(file)).unwrap());
        assert!(then == now, "{file}");
    }
    // The scenario on the disk no longer decides.
    std::fs::write(folder.path().join("small.toml"), SCENARIO.replace("2min", "3min")).unwrap();
    let (code, _, error) = replay("out", &[]);
    assert_eq!(code, Some(0), "{error}");
    assert!(error.contains("small.toml has changed since"), "{error}");

    let manifest = folder.path().join("out/manifest.json");
    let sound = std::fs::read_to_string(&manifest).unwrap();
    let edited = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from}");
        std::fs::write(&manifest, sound.replacen(from, to, 1)).unwrap();
        replay("out", &[])
    };
    let version = format!("\"tokenstorm\": \"{}\"", env!("CARGO_PKG_VERSION"));
    for (from, to, says) in [
        (
            version.as_str(),
            "\"tokenstorm\": \"9.9.9\"",
            "only the same version makes the same bytes",
        ),
        (
            "\"interrupted\": false",
            "\"interrupted\": true",
            "the run was interrupted",
        ),
        ("summary = \\\"Two", "summary = \\\"Six", "is not the one that was run"),
        ("--set", "--sett", "is not understood"),
        ("nodes = 3", "nodes = 4", "reads otherwise than it did"),
    ] {
        let (code, told, error) = edited(from, to);
        assert_eq!((code, told.as_str()), (Some(2), ""), "{from}: {error}");
        assert!(error.contains(says), "{from}: {error}");
    }
    // What was found then, and is not found now, is a failure.
    let start = sound.find("\"results.csv\": \"").unwrap() + "\"results.csv\": \"".len();
    let (code, told, _) = edited(&sound[start..start + 64], &"0".repeat(64));
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("results.csv      differs") && told.contains("1 of 4 files differ"),
        "{told}"
    );
}

#[test]
fn the_junit_report_tells_which_assertion_failed() {
    let folder = ran();
    let report = std::fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    assert!(report.contains("tests=\"2\" skipped=\"0\" failures=\"1\""), "{report}");
    assert!(
        report.contains("naive: first_attempt_rejection_rate") && report.contains("measured 0."),
        "{report}"
    );
}

#[test]
fn shells_and_manuals_get_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let told = text(&said_in(folder.path(), &["completions", shell]).stdout);
        for command in ["run", "check", "explain", "replay", "validate"] {
            assert!(told.contains(command), "{shell}: {command}");
        }
    }
    let page = text(&said_in(folder.path(), &["man"]).stdout);
    assert!(
        page.contains(".TH tokenstorm 1") && page.contains("an assertion of the scenario failed"),
        "{page}"
    );
    assert!(text(&said_in(folder.path(), &["man", "check"]).stdout).contains("faults"));
    let unknown = said_in(folder.path(), &["man", "chek"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("there is no command `chek`"));
}
