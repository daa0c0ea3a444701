//! What is expected of the verdicts, on the command line and in a scenario; and verdicts for programs.

use std::process::Command;

use tempfile::TempDir;
use tokenstorm::record::verdicts::{VerdictKind, Verdicts};

use super::{cells, check, printed};

/// A scenario with these strategies under "latest only", and what is expected of them.
fn scenario(folder: &TempDir, strategies: &str, expected: &str) -> String {
    let text = format!(
        "name = 'made'\nsummary = 'made up'\nsource = 'made up'\nrun.duration = '1h'\nprovider.token_ttl = '1h'\n\
         provider.rule.latest_only = {{}}\napp = [{{ name = 'a' }}]\nfleet = [{{ name = 'f', nodes = 2, app = 'a' }}]\n\
         strategy = [{strategies}]\n{expected}"
    );
    let file = folder.path().join("made.toml");
    std::fs::write(&file, text).expect("a file");
    file.display().to_string()
}

/// A call that is tried once is not tried for ever.
#[test]
fn the_end_of_tries_is_searched() {
    let folder = TempDir::new().unwrap();
    let naive = |name: &str, retry: &str| format!("{{ name = '{name}', coordination = 'naive', retry = {retry} }}");
    let strategies = [
        naive("once", "'none'"),
        naive("thrice", "{ fixed = { delay = '1s', attempts = 3 } }"),
        naive("nine", "{ fixed = { delay = '1s', attempts = 9 } }"),
        naive("no end", "{ fixed = { delay = '1s', attempts = 'unbounded' } }"),
    ];
    let text = printed(&[&scenario(&folder, &strategies.join(", "), "")]);
    let endless = text.replace("no end ", "endless");
    let cells = cells(&endless);
    for (name, attempts, livelock) in [
        ("once", "<=2", "ok"),
        ("thrice", "<=6", "ok"),
        ("nine", "6+8", "6+8"),
        ("endless", "6+8", "6+8"),
    ] {
        let cell = |property| *cells.get(&(name, property)).unwrap_or(&"ok");
        assert_eq!((cell("B1"), cell("L2")), (attempts, livelock), "{name}\n{text}");
    }
    assert!(
        text.contains("tried once by once, up to 3 times by thrice, as often as it takes by nine, "),
        "{text}"
    );
    assert!(
        text.contains("left out: the end of tries (more than 5 count as no end)"),
        "{text}"
    );
}

#[test]
fn a_gate_closes_by_its_exit_code() {
    let folder = TempDir::new().unwrap();
    let one = "{ name = 'own', coordination = 'naive' }";
    let said = |expected: &str, more: &[&str]| {
        let file = scenario(&folder, one, expected);
        let output = check(&[&[file.as_str()], more].concat());
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (met, unmet) = (
        "[expect.check.own]\nS4 = 'breaks'\nL1 = 'ok'",
        "[expect.check.own]\nS4 = 'ok'",
    );
    assert_eq!(said(met, &[]).0, Some(0));
    let (code, words) = said(unmet, &[]);
    assert_eq!(code, Some(100));
    assert!(
        words.contains("own: S4 (no needless kill) is expected to be `ok`, and is `4`"),
        "{words}"
    );
    // The command line counts more than the file.
    assert_eq!(said(unmet, &["--expect", "s4=breaks,S2a=breaks"]).0, Some(0));
    let (code, words) = said("", &["--expect", "L1=breaks"]);
    assert_eq!(code, Some(99));
    assert!(
        words.contains("own: L1 (no deadlock) is expected to be `breaks`, and is `ok`"),
        "{words}"
    );
    // A search that was given up has shown nothing.
    let (code, words) = said("", &["--expect", "L1=ok", "--states", "5"]);
    assert_eq!(code, Some(100));
    assert!(words.contains("expected to be `ok`, and is `?`"), "{words}");
    for (wrong, told) in [
        ("S99=ok", "there is no property `S99`; there are: S1, "),
        ("S4", "write for example S1=ok,L2=breaks"),
        ("S4=fine", "`fine` is neither `ok` nor `breaks`"),
    ] {
        let (code, words) = said("", &["--expect", wrong]);
        assert!(code == Some(2) && words.contains(told), "{words}");
    }
    let (code, words) = said("[expect.check.own]\nS99 = 'ok'", &[]);
    assert!(code == Some(2) && words.contains("unknown property `S99`"), "{words}");
    let (code, words) = said("[expect.check.mine]\nS4 = 'ok'", &[]);
    assert!(code == Some(2) && words.contains("unknown strategy `mine`"), "{words}");
}

#[test]
fn verdicts_are_json_too() {
    let arguments = ["--strategy", "naive", "--expect", "S4=ok", "--format", "json"];
    let output = check(&arguments);
    assert_eq!(output.status.code(), Some(100));
    let verdicts: Verdicts = serde_json::from_slice(&output.stdout).expect("it reads back");
    assert!(!verdicts.as_expected && verdicts.scenario.is_none());
    let [system] = &verdicts.systems[..] else {
        panic!("one strategy")
    };
    assert_eq!(
        (system.strategy.as_str(), system.states, system.complete),
        ("naive", 45, true)
    );
    let of = |property: &str| {
        system
            .verdicts
            .iter()
            .find(|row| row.property == property)
            .expect("each has a row")
    };
    let broken = of("S4");
    assert_eq!(
        (broken.verdict, broken.steps, broken.run.len()),
        (VerdictKind::Breaks, Some(4), 4)
    );
    assert_eq!(broken.expected.as_deref(), Some("ok"));
    assert_eq!((of("L2").steps, of("L2").around), (Some(6), Some(8)));
    assert_eq!(
        (of("S1").verdict, of("S3").verdict),
        (VerdictKind::NotReached, VerdictKind::Holds)
    );
    // The schema names every field.
    let schema = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args(["schema", "verdicts"])
        .output()
        .expect("it runs");
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    let written: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let row = &written["systems"][0]["verdicts"][0];
    for (object, described) in [
        (&written, &schema["properties"]),
        (&written["searched"], &schema["$defs"]["Searched"]["properties"]),
        (&written["systems"][0], &schema["$defs"]["SystemVerdicts"]["properties"]),
        (row, &schema["$defs"]["PropertyRow"]["properties"]),
    ] {
        for key in object.as_object().expect("an object").keys() {
            assert!(described.get(key).is_some(), "{key}");
        }
    }
}
