//! What a run shows, in words and as a picture.

use tokenstorm::base::Duration;
use tokenstorm::engine::check::systems;
use tokenstorm::engine::check::{self, FaultBudget, PropertyVerdict, Story};
use tokenstorm::engine::fuzz::Saved;
use tokenstorm::property::PROPERTIES;
use tokenstorm::workload::{Job, JobToken, OnRefusal};

use super::place;

/// A shortest run of this system that breaks a property, with the words about it.
fn told(name: &str, faults: &str, property: &str) -> (Story, String) {
    let setup = systems::setup(name, 2, 1, faults.parse().expect("a budget")).expect("a name of the list");
    let report = check::check(&setup, &());
    let PropertyVerdict::Breaks(example) = &report.verdicts[place(property)] else {
        panic!("{name} with {faults} breaks {property}")
    };
    let story = check::narrate(&setup, example);
    let words = check::explain(&story, &PROPERTIES[place(property)]);
    (story, words)
}

#[test]
fn the_step_that_breaks_a_property_is_said() {
    let (story, words) = told("put_if_newer", "none", "S1");
    assert!(words.starts_with("Step 12 breaks S1: A writes t1.\n"), "{words}");
    // The write that comes too late was sent when the token had come, and others were quicker.
    assert_eq!(story.lines[11].sent, Some(4), "{story:?}");
    assert!(words.contains("what arrives in step 12 was sent in step 5"), "{words}");
    let (_, words) = told("naive_strict", "none", "F3");
    assert!(words.contains("has a refresh token that would be accepted"), "{words}");
    let (_, words) = told("lease_for_ever", "crash=1", "L4");
    assert!(words.starts_with("After step 5 no run ends the lease"), "{words}");
}

/// Every line that is an arrival says when that was sent, and no line says so of what was sent later.
#[test]
fn what_arrives_was_sent_before() {
    let (story, _) = told("compare_and_set", "none", "S3");
    for (at, line) in story.lines.iter().enumerate() {
        assert!(line.sent.is_none_or(|sent| sent < at), "{story:?}");
        assert_eq!(line.sent.is_some(), line.from != line.to, "{line:?}");
    }
    let drawn = check::svg(&story, "a title");
    assert!(drawn.contains("#fdebd0"), "the last step is marked");
    // Step 12, a write, was sent in step 11; step 8 was sent in step 5.
    let y = |step: usize| 40 + 36 + (step - 1) * 26;
    assert!(
        drawn.contains(&format!("y1=\"{}\"", y(5))) && drawn.contains(&format!("y2=\"{}\"", y(8))),
        "{drawn}"
    );
}

#[test]
fn a_cycle_says_why_it_is_fair() {
    let (story, words) = told("naive", "none", "L2");
    assert!(
        words.starts_with("Steps 7 to 14 can be repeated for ever, and a call waits all the while.\n"),
        "{words}"
    );
    assert!(words.contains("It is fair: "), "{words}");
    assert!(story.owed.iter().all(|&line| line >= 6), "{story:?}");
    let (_, words) = told("naive", "none", "B1");
    assert!(words.contains("with an attempt each time around"), "{words}");
}

#[test]
fn a_request_says_for_which_slot_it_is() {
    let (story, _) = told("slot_per_node", "late=1", "S3");
    assert!(
        story
            .lines
            .iter()
            .any(|line| line.text.contains("'s request for slot ")),
        "{story:?}"
    );
    let (story, _) = told("app_per_node", "late=1", "S3");
    assert!(
        story.lines.iter().any(|line| line.text.contains("'s request for app ")),
        "{story:?}"
    );
}

/// A token that a job keeps is ended by another node's request before the job's second call: the run says which call is which.
#[test]
fn a_kept_token_is_killed_in_the_middle_of_a_job() {
    let saved: Saved = include_str!("../../../../tests/cases/token_per_call-job-s6.toml")
        .parse()
        .expect("a case");
    let example = saved.run().expect("it breaks its property");
    let story = check::narrate(&saved.setup(), &example);
    let text = check::text(&story);
    for line in [
        "a job of 2 calls arrives at A",
        "A calls with t1 (call 1 of 2): accepted",
        "A has its answer (call 1 of 2)",
        "A goes on with its job (call 2 of 2)",
        "A calls with t1 (call 2 of 2): refused",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

/// The search finds such a run by itself: a job goes on with a token that its node has seen refused meanwhile, which no single call does.
#[test]
fn a_job_goes_on_with_a_token_that_was_refused() {
    let mut setup = systems::setup("single_flight", 2, 2, FaultBudget::NONE).expect("a name of the list");
    let single = check::check(&setup.clone().without_names(), &());
    assert_eq!(single.verdicts[place("S8")], PropertyVerdict::Holds(None));
    setup.system.kinds = vec![Job {
        calls: 2,
        gap: Duration::ZERO,
        token: JobToken::Kept,
        on_refusal: OnRefusal::Renews,
    }];
    setup.system.most = 10_000;
    let report = check::check(&setup.clone().without_names(), &());
    let PropertyVerdict::Breaks(example) = &report.verdicts[place("S8")] else {
        panic!("{:?}", report.verdicts[place("S8")]);
    };
    let story = check::narrate(&setup, example);
    let last = &story.lines.last().expect("a step").text;
    assert_eq!(
        (example.steps(), last.as_str()),
        (11, "A goes on with its job (call 2 of 2)")
    );
}
