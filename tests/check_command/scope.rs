//! What of a scenario is searched, and what is said to be left out.

use tempfile::TempDir;

use super::printed;

/// What is said of a property where a system is printed by itself: `ok`, `?`, `12`.
fn verdict<'a>(text: &'a str, property: &str) -> &'a str {
    let mut lines = text.lines().map(|line| line.split_whitespace());
    let line = lines.find(|words| words.clone().next() == Some(property));
    line.and_then(Iterator::last).expect("a line for each")
}

/// A scenario's jobs are searched, and what was searched of them is said.
#[test]
fn a_scenario_brings_its_jobs() {
    let story = "scenarios/incidents/second-use-of-a-token.toml";
    let text = printed(&[story, "--strategy", "a token for all"]);
    let says = "searched: 2 nodes with 1 call each, which is a job of 2 calls that keeps its token and fails when it is refused, or a job \
                of 2 calls that asks for a token before each, or a single call, tried once; ";
    assert!(text.contains(says), "{text}");
    assert!(!text.contains("jobs") && !text.contains("of a job after"), "{text}");
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("long.toml");
    let long = std::fs::read_to_string(story)
        .unwrap()
        .replace("calls = 2,", "calls = 20,");
    std::fs::write(&file, long).unwrap();
    let text = printed(&[file.to_str().unwrap(), "--strategy", "a token for all"]);
    assert!(text.contains(says), "{text}");
    assert!(
        text.contains("left out: ") && text.contains("calls of a job after the first 2"),
        "{text}"
    );
}

/// What a client believes of a token's life is named, and open is what that can break, unless tokens end at any time in the search.
#[test]
fn what_a_client_believes_of_a_life_is_named() {
    let why = |strategy: &str, faults: &str| {
        let story = "scenarios/incidents/an-hour-for-five-minutes.toml";
        printed(&[story, "--strategy", strategy, "--faults", faults, "--trace", "R1"])
    };
    let named = "how long a client believes that tokens live";
    let open = why("believes in an hour", "none");
    assert!(open.contains("but open: left out: ") && open.contains(named), "{open}");
    let others = why("believes what the answer says", "none");
    assert!(
        others.contains("but open: left out: ") && !others.contains(named),
        "{others}"
    );
    let searched = why("believes in an hour", "expiry=1");
    assert!(!searched.contains(named), "{searched}");
    let story = [
        "scenarios/incidents/an-hour-for-five-minutes.toml",
        "--strategy",
        "believes in an hour",
    ];
    let text = printed(&story);
    assert!(
        text.contains("; faults expiry=1; ") && text.contains(&format!("left out: {named}, ")),
        "{text}"
    );
}

/// The refresher waits only after a try that has failed, so that phase is looked for where something can fail.
#[test]
fn a_phase_that_follows_a_failure_is_looked_for_where_something_fails() {
    let story = [
        "scenarios/questions/cron-refresher.toml",
        "--strategy",
        "five minutes before the end",
    ];
    for faults in ["none", "throttle=1"] {
        let text = printed(&[&story[..], &["--faults", faults]].concat());
        assert_eq!(verdict(&text, "V"), "ok", "{text}");
    }
}

/// Two nodes that share a refresh token, which the provider ends when it is used twice.
const LOGS_IN_AGAIN: &str = r#"
name = "again"
summary = "Two nodes that share a refresh token, and a user who logs in again"
source = "a test"
run = { duration = "2h" }
provider = { token_ttl = "5min", refresh = { rotate = "always", on_violation = { revoke_family = { access = true } } } }
login = { again_after = "30min" }
app = [{ name = "main" }]
fleet = [{ name = "web", nodes = 2, app = "main", workload = [{ kind = "user", arrivals = { poisson = "1/min" } }] }]
strategy = [{ name = "naive", coordination = "naive" }]
"#;

/// A scenario whose users log in again is searched with one login; what a login can break is open where it is left out.
#[test]
fn a_scenario_brings_its_users_who_log_in_again() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("again.toml");
    std::fs::write(&file, LOGS_IN_AGAIN).unwrap();
    let told = |more: &[&str]| printed(&[&[file.to_str().unwrap(), "--strategy", "naive"], more].concat());
    let text = told(&[]);
    assert!(text.contains("; faults expiry=1,login=1; "), "{text}");
    assert!(
        text.contains("left out: ") && text.contains("logins after the first"),
        "{text}"
    );
    assert_eq!([verdict(&text, "S3"), verdict(&text, "F2")], ["12", "ok"], "{text}");
    let text = told(&["--faults", "none"]);
    assert!(
        text.contains("left out: ") && text.contains("users who log in again"),
        "{text}"
    );
    assert_eq!([verdict(&text, "S3"), verdict(&text, "F2")], ["?", "?"], "{text}");
    let story = told(&["--trace", "S3"]);
    assert!(
        story.contains("the user logs in again, and all nodes have t2"),
        "{story}"
    );
    let never = LOGS_IN_AGAIN.replace("login = { again_after = \"30min\" }\n", "");
    std::fs::write(&file, never).unwrap();
    let text = told(&[]);
    assert!(!text.contains("login") && !text.contains("log in again"), "{text}");
    assert_eq!([verdict(&text, "S3"), verdict(&text, "F2")], ["?", "ok"], "{text}");
}
