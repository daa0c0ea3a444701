//! `tokenstorm fuzz` as a user meets it.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use tokenstorm::engine::fuzz::Saved;

/// The command whose output the manual shows.
const SHOWN: [&str; 8] = [
    "--strategy",
    "naive",
    "--cases",
    "64",
    "--seed",
    "7",
    "--faults",
    "none",
];

fn fuzz(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1");
    command.arg("fuzz").args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

fn manual() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manual/fuzzing.md");
    let text = std::fs::read_to_string(&path).expect("the page is there");
    (path, text)
}

/// `UPDATE_FUZZING=1` writes it anew.
#[test]
fn the_manual_shows_what_the_command_prints() {
    let output = fuzz(&SHOWN);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "seed 7\n");
    let printed = text(&output.stdout);
    let (path, page) = manual();
    let begin = format!("$ tokenstorm fuzz {}\n", SHOWN.join(" "));
    let from = page.find(&begin).expect("the page has the command") + begin.len();
    let until = from + page[from..].find("```").expect("the page has the end of it");
    if std::env::var_os("UPDATE_FUZZING").is_some() {
        std::fs::write(&path, format!("{}{printed}{}", &page[..from], &page[until..]))
            .expect("the page can be written");
        return;
    }
    assert_eq!(page[from..until], printed, "UPDATE_FUZZING=1 writes it anew");
}

#[test]
fn the_case_in_the_manual_breaks_what_it_says() {
    let (_, page) = manual();
    let from = page.find("```toml\n").expect("the page has a case") + "```toml\n".len();
    let case = &page[from..from + page[from..].find("```").expect("the case has an end")];
    let saved: Saved = case.parse().expect("it is a case");
    let example = saved.run().expect("it breaks its property");
    assert_eq!(example.way.len(), saved.steps.len());
    let effects = saved.effects();
    assert_eq!(effects.checker, effects.simulator);
}

#[test]
fn what_is_expected_to_hold_and_breaks_ends_with_100_and_is_told() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().display().to_string();
    let output = fuzz(&[&SHOWN[..], &["--property", "s6", "--save", &out]].concat());
    assert_eq!(output.status.code(), Some(100));
    let told = text(&output.stdout);
    assert!(told.contains("no collateral 401") && told.contains("refused"), "{told}");
    assert!(!told.contains("no livelock"), "only what was asked for: {told}");
    let errors = text(&output.stderr);
    let wrote = errors.lines().find_map(|line| line.strip_prefix("wrote "));
    let file = Path::new(wrote.expect("it says where"));
    let name = file.file_name().expect("a name").to_string_lossy();
    assert!(name.starts_with("naive-s6-") && name.ends_with(".toml"), "{name}");
    let replayed = fuzz(&["--replay", &file.display().to_string()]);
    assert_eq!(replayed.status.code(), Some(100));
    assert!(text(&replayed.stdout).contains("is broken; the simulator does the same"));
    // Without its last step it breaks nothing.
    let case = std::fs::read_to_string(file).expect("the case was written");
    let last = case
        .lines()
        .rfind(|line| line.starts_with("    \""))
        .expect("a case has steps");
    std::fs::write(file, case.replacen(last, "", 1)).expect("the case can be written");
    let mended = fuzz(&["--replay", &file.display().to_string()]);
    assert_eq!(mended.status.code(), Some(0));
    assert!(text(&mended.stdout).contains("is not broken"));
}

#[test]
fn a_scenario_brings_its_strategies_and_its_provider() {
    let scenario = "scenarios/zoom/default.toml";
    let output = fuzz(&[scenario, "--strategy", "an app each", "--cases", "1", "--seed", "1"]);
    let known = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    let names = known.split("there are: ").nth(1).expect("it names them");
    let first = names.split(", ").next().expect("a scenario has strategies");
    let output = fuzz(&[scenario, "--strategy", first, "--cases", "64", "--seed", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(
        text(&output.stdout).starts_with(&format!("{first}: 64 cases")),
        "{}",
        text(&output.stdout)
    );
}

/// What is not found says nothing of what no case had, so that is told in every form but CSV.
#[test]
fn what_no_case_has_is_told() {
    let scenario = "scenarios/incidents/second-use-of-a-token.toml";
    let few = ["--cases", "1", "--seed", "1"];
    let of = |more: &[&str]| text(&fuzz(&[&[scenario], &few[..], more].concat()).stdout);
    let kinds = [
        "a job of 2 calls that keeps its token and fails when it is refused",
        "a job of 2 calls that asks for a token before each",
        "a single call",
    ];
    let table = of(&[]);
    let told = format!("\nEach call is: {}\n", kinds.join(", or "));
    assert!(table.contains(&told), "{table}");
    assert!(
        table.ends_with("Left out of every case: differences between fleets\n"),
        "{table}"
    );
    let page = of(&["--format", "md"]);
    assert!(
        page.contains(&told) && page.ends_with("Left out of every case: differences between fleets\n"),
        "{page}"
    );
    let json: serde_json::Value = serde_json::from_str(&of(&["--format", "json"])).expect("JSON");
    assert_eq!(json["kinds"], serde_json::json!(kinds));
    let told = json["left_out"].as_array().expect("a list");
    assert!(told.iter().any(|what| what == "differences between fleets"), "{json}");

    let built_in = text(&fuzz(&[&["--strategy", "naive"], &few[..]].concat()).stdout);
    assert!(!built_in.contains("Left out"), "{built_in}");
}

#[test]
fn slips_are_told_with_2() {
    for (arguments, told) in [
        (&["--strategy", "nave"][..], "there is no strategy `nave`"),
        (&["--property", "S99"], "there is no property `S99`"),
        (&["--profile", "zoom"], "there is no provider `zoom`"),
        (&["--replay", "Cargo.toml"], "Cargo.toml: TOML parse error"),
        (&["--replay", "no-such-file.toml"], "no-such-file.toml"),
        (&["--nodes", "9"], "9 is not in 1..=4"),
        (&["--cases", "0"], "0 is not in 1.."),
    ] {
        let output = fuzz(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
}
