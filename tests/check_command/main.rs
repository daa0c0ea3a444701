//! `tokenstorm check` as a user meets it.

mod gate;
mod page;
mod scope;

use std::collections::HashMap;
use std::process::{Command, Output};

use tempfile::TempDir;
use tokenstorm::engine::check::expected::{self, Expectation, LISTS};
use tokenstorm::engine::check::{FaultBudget, systems};
use tokenstorm::property::PROPERTIES;

fn check(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1");
    command.arg("check").args(arguments).output().expect("the program runs")
}

/// What it prints when all is well.
fn printed(arguments: &[&str]) -> String {
    let output = check(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

/// States of a system that is printed by itself.
fn states(arguments: &[&str]) -> usize {
    let text = printed(arguments);
    let (_, rest) = text.split_once(": ").expect("a name");
    let (states, _) = rest.split_once(" states").expect("a number of states");
    states.parse().expect("a number")
}

/// Every cell, by strategy and property; what all rows of a table say alike is said below it.
fn cells(table: &str) -> HashMap<(&str, &str), &str> {
    let (mut cells, mut heads, mut names) = (HashMap::new(), Vec::new(), Vec::new());
    for line in table.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let alike = [("hold in every row", "ok"), ("are reached in no row", "-")];
        let below = alike
            .iter()
            .find_map(|(ending, cell)| Some((line.strip_suffix(ending)?, *cell)));
        match words.first() {
            None => {}
            // What was searched.
            Some(word) if word.ends_with(':') => {}
            Some(_)
                if ["given up: ", "left out: ", "open, "]
                    .iter()
                    .any(|head| line.starts_with(head)) => {}
            Some(_) if line.starts_with(' ') => heads = words,
            Some(_) if below.is_some() => {
                let (properties, cell) = below.expect("just seen");
                let properties = properties.split(", ").map(str::trim);
                cells.extend(properties.flat_map(|of| names.iter().map(move |name| ((*name, of), cell))));
            }
            Some(&name) => {
                names.push(name);
                assert_eq!(words.len(), heads.len() + 1, "{line}");
                cells.extend(heads.iter().zip(&words[1..]).map(|(of, cell)| ((name, *of), *cell)));
            }
        }
    }
    cells
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes a minute without optimisation")]
fn the_whole_matrix_of_two_nodes_is_as_expected() {
    let text = printed(&[]);
    let (mut compared, (.., list)) = (0, LISTS[0]);
    for table in text.split("\n\n") {
        let cells = cells(table);
        let names: Vec<_> = expected::names(list)
            .filter(|name| cells.contains_key(&(*name, "states")))
            .collect();
        for name in names {
            let expected = expected::of(name, 2, FaultBudget::NONE).expect("a line of the list");
            for (property, wanted) in PROPERTIES.iter().zip(&expected.verdicts) {
                let found = cells.get(&(name, property.name));
                assert_eq!(found, Some(&wanted.to_string().as_str()), "{name}: {}", property.name);
                compared += 1;
            }
            assert_eq!(cells[&(name, "states")], expected.states.to_string(), "{name}");
            assert_eq!(cells[&(name, "steps")], expected.transitions.to_string(), "{name}");
        }
    }
    assert_eq!(
        compared,
        expected::names(list).count() * PROPERTIES.len(),
        "all are printed"
    );
}

#[test]
fn nodes_have_names_where_one_asks_for_them() {
    let (without, with) = (["--strategy", "naive"], ["--strategy", "naive", "--names"]);
    assert_eq!((states(&without), states(&with)), (45, 88));
    // A slot for each node: they are told apart in any case.
    let (without, with) = (
        ["--strategy", "slot_per_node"],
        ["--strategy", "slot_per_node", "--names"],
    );
    assert_eq!(states(&without), states(&with));
}

#[test]
fn the_help_and_the_manual_say_how_far_a_search_goes() {
    let help = printed(&["--help"]);
    let says = format!(
        "[default: {}, with three nodes or with faults {}]",
        systems::MOST,
        systems::NEAREST
    );
    assert!(
        help.split_whitespace().collect::<Vec<_>>().join(" ").contains(&says),
        "{says}"
    );
    let manual = include_str!("../../src/manual/checking.md");
    let three = expected::of("put_if_newer", 3, FaultBudget::NONE).expect("a line of the list");
    for figure in [systems::NEAREST, three.states] {
        let (thousands, rest) = (figure / 1_000, figure % 1_000);
        let shown = match thousands {
            1_000.. => format!("{},{:03},{rest:03}", thousands / 1_000, thousands % 1_000),
            _ => format!("{thousands},{rest:03}"),
        };
        assert!(manual.contains(&shown), "{shown}");
    }
    // All systems of two nodes, "all but six" of three.
    let open = LISTS.map(|(nodes, faults, list)| {
        let rows = expected::names(list).filter_map(|name| expected::of(name, nodes, faults));
        rows.filter(|row| row.verdicts.contains(&Expectation::Open)).count()
    });
    assert_eq!(open, [0, 0, 0, 0, 0, 0, 6], "the page says how many come to their end");
}

#[test]
fn a_search_that_is_given_up_says_so() {
    let text = printed(&["--strategy", "lease", "--nodes", "3", "--states", "500"]);
    assert!(text.starts_with("lease: 50"), "{text}");
    let holds = text.lines().filter(|line| line.ends_with(" ok")).count();
    let open = text.lines().filter(|line| line.ends_with(" ?")).count();
    assert!(holds == 0 && open > 10, "{text}");
}

#[test]
fn a_run_is_told_in_words_and_drawn() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("run.svg");
    let trace = ["--strategy", "naive", "--trace", "L2", "--svg", file.to_str().unwrap()];
    let text = printed(&trace);
    assert!(text.starts_with("naive breaks L2: no livelock\n"), "{text}");
    assert!(text.contains("from here on, again and again"), "{text}");
    let mut steps = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit() || c == ' '));
    let last = steps.next_back().expect("a step");
    assert!(last.starts_with("14 "), "six steps and eight around: {last}");
    assert!(
        text.contains("\nSteps 7 to 14 can be repeated for ever, and a call waits all the while.\nIt is fair: "),
        "{text}"
    );
    let drawn = std::fs::read_to_string(&file).expect("it is written");
    assert!(drawn.starts_with("<svg") && drawn.contains("no livelock"), "{drawn}");
    // Nothing to tell where nothing is broken.
    let text = printed(&["--strategy", "lease", "--trace", "S1"]);
    assert_eq!(
        text,
        "S1 (store never regresses) is broken in no run of `lease` with 326 states\n"
    );
}

/// The run was found, and is told all the same.
#[test]
fn a_picture_that_cannot_be_written_costs_no_run() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("missing").join("run.svg");
    let output = check(&["--strategy", "naive", "--trace", "L2", "--svg", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("naive breaks L2"), "{told}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("error: cannot write ") && said.contains("run.svg"),
        "{said}"
    );
}

#[test]
fn the_rules_of_a_provider_and_the_strategies_of_a_scenario_can_be_checked() {
    let latest_only = printed(&["--strategy", "naive"]);
    assert_ne!(latest_only, printed(&["--strategy", "naive", "--profile", "auth0"]));
    let text = printed(&["scenarios/zoom/default.toml", "--strategy", "single-flight"]);
    assert!(text.starts_with("single-flight: "), "{text}");
}

#[test]
fn what_cannot_be_meant_is_said_with_what_can() {
    let cases = [
        (
            &["--strategy", "nope"][..],
            "there is no strategy `nope`; there are: token_per_call, naive, ",
        ),
        (
            &["--strategy", "naive", "--trace", "L9"],
            "there is no property `L9`; there are: S1, ",
        ),
        (&["--profile", "nope"], "there is no provider `nope`; there are: "),
        (
            &["--faults", "drp=1"],
            "there is no fault `drp`; write for example drop=1,crash=1, of: drop, ",
        ),
        (&["--nodes", "9"], "9 is not in 1..=4"),
        (&["--trace", "L2"], "--strategy <NAME>"),
        (&["scenarios/nope.toml"], "cannot be read"),
    ];
    for (arguments, says) in cases {
        let output = check(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_was_searched_is_said() {
    let text = printed(&["--strategy", "naive"]);
    let says = "searched: 2 nodes with 1 call each, tried as often as it takes; faults none; at most 2 store operations of a node and 2 notes \
                between two nodes under way\n";
    assert!(text.ends_with(says), "{text}");
    let text = printed(&["--strategy", "gossip", "--nodes", "3", "--states", "500"]);
    assert!(
        text.contains("under way, which kept something back\ngiven up: gossip after 50"),
        "{text}"
    );
    let text = printed(&["--strategy", "naive_strict", "--faults", "elapse=1,crash=1"]);
    assert!(
        text.contains("; faults crash=1,elapse=1 (and expiry=1 with refresh tokens); "),
        "{text}"
    );
    let text = printed(&["--strategy", "naive", "--profile", "xero"]);
    assert!(
        text.contains("left out: ") && text.contains("the life of refresh tokens"),
        "{text}"
    );
}

/// Whether the line of a property tells a run that breaks it.
fn broken(text: &str, property: &str) -> bool {
    let line = text.lines().find(|line| line.starts_with(property));
    let line = line.expect("a line for each");
    line.ends_with(|last: char| last.is_ascii_digit()) && !line.contains("<=")
}

/// A run of two hours sees tokens of an hour end, so the search does too: what the next call costs after that is more than before.
#[test]
fn tokens_that_end_in_a_run_end_in_the_search() {
    let ahead = ["scenarios/zoom/default.toml", "--strategy", "renewal ahead"];
    let text = printed(&ahead);
    assert!(text.contains("; faults expiry=1; ") && broken(&text, "R1 "), "{text}");
    let without = printed(&[&ahead[..], &["--faults", "none"]].concat());
    assert!(!broken(&without, "R1 "), "{without}");
    let open = without.lines().find(|line| line.starts_with("open, as "));
    assert!(
        without.contains("tokens that end by themselves") && open.is_some_and(|open| open.contains("R1")),
        "{without}"
    );
    // Tokens of an hour outlive a run of twenty minutes.
    let short = printed(&["scenarios/questions/slots.toml"]);
    assert!(
        short.contains("; faults none; ") && !short.contains("tokens that end"),
        "{short}"
    );
}

/// What a scenario tells of goes wrong in the search too, once, unless one says otherwise; and what a search does not know of is said.
#[test]
fn a_scenario_brings_its_faults_and_what_is_left_out() {
    let pauses = [
        "scenarios/faults/pause-longer-than-lease.toml",
        "--strategy",
        "lock of 5 s",
    ];
    let text = printed(&pauses);
    assert!(text.contains("; faults lapse=1,expiry=1; "), "{text}");
    assert!(broken(&text, "S2b "), "{text}");
    let calm = printed(&[&pauses[..], &["--faults", "none"]].concat());
    assert!(calm.contains("; faults none; ") && !broken(&calm, "S2b "), "{calm}");
    let failover = ["scenarios/faults/store-failover.toml", "--strategy", "lease"];
    let text = printed(&failover);
    assert!(
        text.contains("left out: ") && text.contains("failover of the store"),
        "{text}"
    );
    // What it may break is open, what it cannot is not.
    let cell = |property: &str| {
        let line = text
            .lines()
            .find(|line| line.split_whitespace().next() == Some(property));
        line.and_then(|line| line.split_whitespace().last())
            .expect("a line for each")
    };
    assert_eq!((cell("S1"), cell("S9"), cell("L1")), ("?", "?", "ok"), "{text}");
    assert!(
        text.contains("\nopen, as what was left out may break it: S1, "),
        "{text}"
    );
    let why = printed(&[&failover[..], &["--trace", "S1"]].concat());
    assert!(
        why.contains("is not broken, but open: left out: ") && why.contains("failover"),
        "{why}"
    );
    assert_eq!(
        check(&[&failover[..], &["--expect", "S1=ok"]].concat()).status.code(),
        Some(100)
    );
}

#[test]
fn properties_and_faults_are_listed_with_what_they_mean() {
    let list = |kind: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
        let output = command.args(["list", kind]).output().expect("the program runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let properties = list("properties");
    for property in &PROPERTIES {
        let line = properties
            .lines()
            .find(|line| line.split_whitespace().next() == Some(property.name));
        let line = line.unwrap_or_else(|| panic!("{}", property.name));
        assert!(
            line.contains(property.title) && line.ends_with(property.about),
            "{line}"
        );
    }
    let events = list("events");
    assert!(
        events.contains("fail_over_store  The shared stores lose their primaries"),
        "{events}"
    );
    let show = |name: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenstorm"));
        let output = command.args(["show", name]).output().expect("the program runs");
        String::from_utf8(output.stdout).expect("text")
    };
    let page = show("s1");
    assert!(
        page.starts_with("S1: a property, store never regresses\n\nNo write"),
        "{page}"
    );
    assert!(show("lapse").contains("--faults lapse=1"));
    let faults = list("faults");
    assert_eq!(faults.lines().count(), tokenstorm::engine::check::FAULTS.len());
    assert!(
        faults.contains("drop      a request or a response is lost\n"),
        "{faults}"
    );
}
