//! `report.html` and the studio in a real browser: they ask nothing of any network, a column is sorted, a strategy leaves the charts, a
//! slider's move changes the figures to what the library finds, nothing runs over the edge of a desk's or a telephone's screen, and axe
//! finds no serious fault.

#[path = "common/installed.rs"]
mod installed;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use installed::{clients, is_there, program};
use tokenstorm::campaign::{self, CampaignOptions};
use tokenstorm::film::{FilmSubject, survey};
use tokenstorm::report::page;
use tokenstorm::scenario::{Overrides, Scenario};
use tokenstorm::studio::{Studio, StudioOptions};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether there is a browser, and what looks for faults in it.
fn browser() -> bool {
    let modules = clients().join("node_modules/axe-core");
    is_there("axe-core (tests/clients/package.json)", modules.is_dir()) && program("node") && program("chromium")
}

/// The page that a command leaves in a folder.
fn page_by(folder: &Path, arguments: &[&str]) -> String {
    let out = folder.join("out");
    let output = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args(arguments)
        .arg("--out")
        .arg(&out)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out.join("report.html").to_str().unwrap().to_owned()
}

/// The page of a scenario, run into a folder.
fn page_of(folder: &Path, scenario: &str, replications: &str) -> String {
    page_by(folder, &["run", scenario, "--replications", replications])
}

/// Looks at a page, sorted by one of its columns where that is named.
fn look(file: &str, width: &str, scheme: &str, column: &str, picture: Option<&Path>) {
    let script = clients().join("report.mjs");
    std::fs::copy(root().join("tests/clients/report.mjs"), &script).unwrap();
    let mut command = Command::new("node");
    command
        .arg(&script)
        .args(["/usr/bin/chromium", file, width, scheme, column])
        .args(picture);
    let output = command.current_dir(clients()).output().unwrap();
    let [printed, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(
        printed.contains("report ok"),
        "{file} {width} {scheme}: {printed}{told}"
    );
}

/// With `UPDATE_PICTURES=1` the pictures of `reports/page/` are taken anew.
#[test]
fn the_page_of_a_run_is_read_on_every_screen() {
    if !browser() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = page_of(folder.path(), "scenarios/zoom/default.toml", "5");
    let length = std::fs::metadata(&file).unwrap().len();
    assert!(length < 500_000, "the page of the default run has {length} bytes");
    look_everywhere(&file, "token requests per call", "");
    for scenario in ["scenarios/questions/overlap.toml", "scenarios/storms/livelock.toml"] {
        let folder = tempfile::tempdir().unwrap();
        let file = page_of(folder.path(), scenario, "2");
        look(&file, "390", "dark", "token requests per call", None);
    }
}

/// Looks at a page on a desk's and a telephone's screen, light and dark; two of the four are the pictures that are kept, under this name.
fn look_everywhere(file: &str, column: &str, name: &str) {
    let pictures = std::env::var("UPDATE_PICTURES")
        .is_ok()
        .then(|| root().join("reports/page"));
    for width in ["390", "1440"] {
        for scheme in ["light", "dark"] {
            let kept = (width == "390") == (scheme == "dark");
            let picture = pictures.as_ref().filter(|_| kept);
            let picture = picture.map(|folder| folder.join(format!("{name}{width}-{scheme}.png")));
            look(file, width, scheme, column, picture.as_deref());
        }
    }
}

#[test]
fn the_page_of_a_search_is_read_on_every_screen() {
    if !browser() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = page_by(
        folder.path(),
        &["check", "scenarios/zoom/default.toml", "--states", "20000"],
    );
    look_everywhere(&file, "states", "check-");
    let folder = tempfile::tempdir().unwrap();
    let one = ["check", "--strategy", "naive_strict", "--faults", "crash=1"];
    look(&page_by(folder.path(), &one), "390", "light", "states", None);
}

/// Two strategies and few calls: a browser waits for it many times.
const SMALL: &str = r#"# A comment stays.
name = "small"
summary = "Four processes share one app"
source = "a test"
run = { duration = "10min", warmup = "1min", replications = 6 }

[provider]
profile = "zoom-s2s-2022"

[[app]]
name = "main"

[[fleet]]
name = "web"
nodes = 4 # processes
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "6/min" } }]

[[strategy]]
name = "naive cache"
coordination = "naive"
retry = "none"

[[strategy]]
name = "gateway"
coordination = "gateway"
"#;

/// A short live run of the small scenario. A machine that is too busy measures nothing.
#[test]
#[cfg(all(feature = "live", feature = "serve"))]
fn the_page_of_live_runs_is_read_on_every_screen() {
    if !browser() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let scenario = folder.path().join("small.toml");
    std::fs::write(&scenario, SMALL).unwrap();
    let out = folder.path().join("out");
    let output = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .current_dir(folder.path())
        .args([
            "live",
            "small.toml",
            "--set",
            "run.duration=3min",
            "--set",
            "run.warmup=20s",
            "--time-scale",
            "20",
        ])
        .args(["--replications", "40", "--out"])
        .arg(&out)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let page = out.join("report.html");
    match page.is_file() {
        true => look_everywhere(page.to_str().unwrap(), "", "live-"),
        false => assert!(said.contains("could not keep"), "{said}"),
    }
}

/// Scenarios for the browser, and what the library finds for the first with one process more.
fn expected() -> serde_json::Value {
    let overrides = Overrides {
        set: vec![("fleet.web.nodes".into(), "5".into())],
        ..Overrides::default()
    };
    let scenario = Scenario::parse_with("small.toml", SMALL, Path::new("."), &overrides).unwrap();
    let options = CampaignOptions::of(&scenario);
    let found = page::parts(
        &campaign::run(&scenario, options, &(), &AtomicBool::new(false))
            .unwrap()
            .record,
    );
    let name = "<img src=x onerror=globalThis.hacked=1>";
    let hostile = SMALL
        .replace("naive cache", &format!("{name}<script>hacked=1</script>"))
        .replace("Four processes", name)
        .replace("name = \"web\"", &format!("name = \"{name}\""));
    serde_json::json!({
        "small": SMALL,
        "failure": first_failure(),
        "hostile": hostile,
        "moved": { "answer": found.answer, "table": found.table, "words": found.words, "charts": found.charts },
    })
}

/// The step in which the first call fails, as a survey of the run has it.
fn first_failure() -> u64 {
    let scenario = Scenario::parse("small.toml", SMALL, Path::new(".")).unwrap();
    let (point, at_point) = &scenario.points()[0];
    let subject = FilmSubject::new((point, at_point), &scenario.file.strategy[0], 1, 0).unwrap();
    survey(&subject).unwrap().marks.first_failure().unwrap().step
}

fn visit(width: &str, scheme: &str, what: &str, picture: Option<&Path>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("expected.json");
    std::fs::write(&file, expected().to_string()).unwrap();
    // Visits go on side by side, and each has a script of its own.
    let script = clients().join(format!("studio-{width}-{scheme}-{what}.mjs"));
    std::fs::copy(root().join("tests/clients/studio.mjs"), &script).unwrap();
    let studio = Studio::start(StudioOptions::default()).unwrap();
    let mut command = Command::new("node");
    command
        .arg(&script)
        .args(["/usr/bin/chromium", studio.url(), width, scheme, what])
        .arg(&file)
        .args(picture);
    let output = command.current_dir(clients()).output().unwrap();
    let [printed, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(
        printed.contains("studio ok"),
        "{width} {scheme} {what}: {printed}{told}"
    );
}

#[test]
fn the_studio_is_used_from_the_first_slider_to_the_link() {
    if browser() {
        visit("1440", "light", "use", None);
    }
}

/// With `UPDATE_PICTURES=1` the pictures of `reports/studio/` are taken anew.
#[test]
fn the_studio_is_read_on_every_screen() {
    if !browser() {
        return;
    }
    let pictures = std::env::var("UPDATE_PICTURES")
        .is_ok()
        .then(|| root().join("reports/studio"));
    for width in ["390", "1440"] {
        for scheme in ["light", "dark"] {
            let picture = pictures
                .as_ref()
                .map(|folder| folder.join(format!("{width}-{scheme}.png")));
            visit(width, scheme, "look", picture.as_deref());
        }
    }
}
