//! A strategy is one file and one line: where else in the house one may be named, and why.

use std::path::Path;

use tokenstorm::strategy::STRATEGIES;

use super::source::sources;

/// Files beside its own and the list that may know a strategy by its type, and why.
const ACQUAINTANCES: &[(&str, &[&str], &str)] = &[
    (
        "strategy/file_lock.rs",
        &["Lease"],
        "it is a lease that one machine keeps",
    ),
    ("strategy/rotation.rs", &["Lease"], "its token is renewed under a lease"),
    (
        "scenario/check/strategy.rs",
        &[
            "AppPerNode",
            "CentralRefresher",
            "ClockFirst",
            "Leader",
            "Lease",
            "RenewAhead",
            "Rotation",
            "ScheduledRefresher",
            "SlotPerNode",
        ],
        "a setting that makes no sense is told with its place in the file",
    ),
    ("scenario/check/refresher.rs", &["ScheduledRefresher"], "the same"),
    (
        "scenario/planning.rs",
        &["Gateway", "SlotPerNode"],
        "nodes that forward their calls have no usable token, and only a scenario's provider says what its slot parameter is called",
    ),
    ("scenario/resolve.rs", &["SlotPerNode"], "the same"),
    (
        "testing/laws.rs",
        &["Naive", "SlotPerNode"],
        "what a law of the provider's rules is tried with",
    ),
    (
        "testing/plan.rs",
        &["Naive"],
        "a plan names some strategy, even one that is not looked at",
    ),
];

fn type_name(name: &str) -> String {
    let capital = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('_').map(capital).collect()
}

/// Whether the code names this strategy by its type: under its file, its room or its enum, alone or in a list of imports.
fn names_strategy(code: &str, file: &str) -> bool {
    let (wanted, own) = (type_name(file), format!("{file}::"));
    ["Coordination::", "strategy::", &own].iter().any(|path| {
        code.match_indices(path).any(|(at, _)| {
            let rest = &code[at + path.len()..];
            let listed = rest.strip_prefix('{').and_then(|list| list.split('}').next());
            let first = || rest.split(|letter: char| !letter.is_alphanumeric()).next();
            let mut names = listed.or_else(first).unwrap_or_default().split([',', ' ', '\n']);
            names.any(|name| name == wanted)
        })
    })
}

/// A new strategy is one file with its page, its `mod` line, and its line in the list.
#[test]
fn a_strategy_stands_in_its_file_and_in_one_list() {
    let (sources, mut wrong) = (sources(), Vec::new());
    for (file, _) in STRATEGIES {
        let wanted = type_name(file);
        for source in &sources {
            let path = source.path.to_str().unwrap();
            let code = source.code.join("\n");
            if path == "strategy/mod.rs" {
                let words = code.split(|letter: char| !letter.is_alphanumeric());
                let listed = words.filter(|word| *word == wanted).count();
                let declared = code.lines().filter(|line| *line == format!("mod {file};")).count();
                if (listed, declared) != (1, 1) {
                    wrong.push(format!(
                        "{path} names {wanted} {listed} times, and its file {declared} times"
                    ));
                }
            } else if path != format!("strategy/{file}.rs") && !path.contains("tests") && names_strategy(&code, file) {
                let known = |(other, names, _): &(&str, &[&str], &str)| *other == path && names.contains(&&*wanted);
                if !ACQUAINTANCES.iter().any(known) {
                    wrong.push(format!(
                        "{path} must not know {wanted}: the strategy says itself what it needs"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (path, names, why) in ACQUAINTANCES {
        let source = sources.iter().find(|source| source.path == Path::new(path));
        let code = source.unwrap_or_else(|| panic!("{path} is gone")).code.join("\n");
        for name in *names {
            let file = STRATEGIES.iter().find(|(file, _)| type_name(file) == *name);
            let (file, _) = file.unwrap_or_else(|| panic!("{name} is no strategy"));
            assert!(
                names_strategy(&code, file),
                "{path} no longer knows {name}: strike it from the list"
            );
        }
        assert!(!why.is_empty());
    }
}

/// The test above can fail.
#[test]
fn a_strategy_is_seen_where_it_is_named() {
    for (code, known) in [
        ("use crate::strategy::{Coordination, FileLock};", true),
        ("Coordination::FileLock(lock) => {}", true),
        ("use super::file_lock::{FileLock,\n    LockKind};", true),
        ("use crate::strategy::{FileLocks};", false),
        ("Role::FileLock", false),
    ] {
        assert_eq!(names_strategy(code, "file_lock"), known, "{code}");
    }
}
