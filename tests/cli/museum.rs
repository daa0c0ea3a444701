//! What `advise` recommends in the stories of the museum, beside what their threads found.

use std::fmt::Write as _;
use std::sync::atomic::AtomicBool;

use tokenstorm::campaign::advise::{AdviseOptions, Advising};
use tokenstorm::plan::SweepPoint;
use tokenstorm::record::advice::{Advice, Candidate, CriterionKind};
use tokenstorm::scenario::{Overrides, Scenario};

use super::root;

/// A story, and what its thread came to.
struct Story {
    file: &'static str,
    /// The point of its sweep that is the story.
    point: &'static str,
    /// The thread's cure, in a sentence.
    found: &'static str,
    /// Strategies that are this cure.
    cure: &'static [&'static str],
    one_machine: bool,
}

const LOCKS: &[&str] = &["lease", "file_lock"];

const STORIES: [Story; 12] = [
    Story {
        file: "zoom/default.toml",
        point: "",
        found: "as many identical apps as tokens are needed, or a gateway",
        cure: &["app_per_node", "gateway"],
        one_machine: false,
    },
    Story {
        file: "zoom/dev-invalidates-prod.toml",
        point: "",
        found: "an app of its own for development",
        cure: &["app_per_node"],
        one_machine: false,
    },
    Story {
        file: "zoom/user-and-background.toml",
        point: "",
        found: "two identical apps and rotation between them",
        cure: &["rotation", "app_per_node"],
        one_machine: false,
    },
    Story {
        file: "incidents/many-sites-one-credential.toml",
        point: "",
        found: "an app for each site",
        cure: &["app_per_node"],
        one_machine: false,
    },
    Story {
        file: "incidents/five-sessions-one-keychain.toml",
        point: "provider.refresh.retire.leeway=0s",
        found: "a lock round the whole refresh",
        cure: LOCKS,
        one_machine: true,
    },
    Story {
        file: "incidents/restart-herd.toml",
        point: "",
        found: "a lock round the whole refresh",
        cure: LOCKS,
        one_machine: true,
    },
    Story {
        file: "incidents/lock-around-the-write.toml",
        point: "",
        found: "a lock round the refresh, not round the write",
        cure: LOCKS,
        one_machine: true,
    },
    Story {
        file: "incidents/lease-of-two-seconds.toml",
        point: "",
        found: "a lease that outlives the refresh",
        cure: &["lease"],
        one_machine: false,
    },
    Story {
        file: "incidents/unicorn-refresh-loop.toml",
        point: "provider.rule.latest_only.overlap=0s",
        found: "one process renews, under a lock",
        cure: &["lease", "central_refresher"],
        one_machine: false,
    },
    Story {
        file: "incidents/old-answer-overwrites.toml",
        point: "",
        found: "a lock in the store",
        cure: &["lease"],
        one_machine: false,
    },
    Story {
        file: "incidents/quota-in-danger.toml",
        point: "",
        found: "a lock that all instances see",
        cure: &["lease"],
        one_machine: false,
    },
    Story {
        file: "incidents/everybody-expires-at-once.toml",
        point: "",
        found: "jitter of 10 % on the lifetime",
        cure: &["renew_ahead"],
        one_machine: false,
    },
];

/// Advice for a story, with so many replications of each finalist.
fn advise(story: &Story, (replications, states): (u32, usize), set: &[(&str, &str)]) -> Advice {
    let set = set
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let overrides = Overrides {
        set,
        ..Overrides::default()
    };
    let scenario = Scenario::load_with(&root().join("scenarios").join(story.file), &overrides).unwrap();
    let points = scenario.points();
    let wanted = SweepPoint::parse(story.point);
    let count = points.len();
    let (label, alone) = points.into_iter().find(|(label, _)| label.has(&wanted)).unwrap();
    let plain = AdviseOptions::of(&alone);
    let mut options = AdviseOptions {
        screening: (replications / 5).max(2),
        replications,
        states,
        ..plain
    };
    options.allowed.one_machine |= story.one_machine;
    let advising = Advising::new(&alone, (label, count), options).unwrap();
    advising.run(&(), &AtomicBool::new(false)).unwrap()
}

/// The best of those that are the thread's cure.
fn cure<'a>(story: &Story, advice: &'a Advice) -> Option<&'a Candidate> {
    advice
        .candidates
        .iter()
        .find(|candidate| story.cure.contains(&candidate.coordination.as_str()))
}

/// The criterion by which somebody fell out.
fn fell(advice: &Advice, name: &str) -> Option<CriterionKind> {
    let out = |names: &[String]| names.iter().any(|out| out == name);
    advice
        .criteria
        .iter()
        .find(|criterion| out(&criterion.out))
        .map(|criterion| criterion.by)
}

fn percent(candidate: &Candidate, by: CriterionKind) -> String {
    candidate
        .value(by)
        .map_or("—".to_owned(), |value| format!("{:.3} %", value * 100.0))
}

/// How the advice stands to the cure: the same, or why another.
fn beside(story: &Story, advice: &Advice) -> String {
    let best = advice.candidate(&advice.recommended).unwrap();
    let Some(cure) = cure(story, advice) else {
        return "the cure cannot be tried here".to_owned();
    };
    if story.cure.contains(&best.coordination.as_str()) {
        return "what the thread found".to_owned();
    }
    let figures = format!(
        "failures {} against {}, first attempts refused {} against {}, {} points of infrastructure against {}",
        percent(best, CriterionKind::Failures),
        percent(cure, CriterionKind::Failures),
        percent(best, CriterionKind::Rejections),
        percent(cure, CriterionKind::Rejections),
        best.needs.points(),
        cure.needs.points(),
    );
    let why = match fell(advice, &cure.name) {
        Some(by) => {
            let by = serde_json::to_value(by).unwrap();
            let by = by.as_str().unwrap().replace('_', " ");
            let value = |of: &Candidate| {
                let value = of.value(fell(advice, &cure.name).unwrap());
                value.map_or("—".to_owned(), |value| format!("{value:.4}"))
            };
            format!(
                "`{}` falls out by {by}: {} against {}",
                cure.name,
                value(cure),
                value(best)
            )
        }
        None => format!("`{}` ties, or was left behind in the screening", cure.name),
    };
    format!("another: {why} ({figures})")
}

/// `UPDATE_ADVICE=20` writes the table with 20 replications of each finalist.
#[test]
fn the_advice_of_the_museum_is_written_down() {
    let Ok(replications) = std::env::var("UPDATE_ADVICE") else {
        let text = std::fs::read_to_string(root().join("reports/advice.md")).unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows.len(), STORIES.len());
        for (row, story) in rows.iter().zip(&STORIES) {
            let name = story.file.trim_end_matches(".toml");
            assert!(row.starts_with(&format!("| `{name}`")), "{name} is missing: {row}");
            assert!(
                row.contains(story.found),
                "{name}: its thread came to another cure: {row}"
            );
        }
        return;
    };
    let replications: u32 = replications.parse().expect("UPDATE_ADVICE is a number of replications");
    let mut text = format!(
        "# What `advise` recommends in the museum\n\n\
         Written by `UPDATE_ADVICE={replications} cargo test --release --test cli museum`: {replications} replications of each finalist, \
         searches of up to {} states. The rule by which it chooses is on the page `advice` of the manual.\n\n\
         | story | the thread came to | recommended | its calls that fail | needs, points | is this |\n|---|---|---|---|---|---|\n",
        500 * replications
    );
    for story in &STORIES {
        let advice = advise(story, (replications, 500 * replications as usize), &[]);
        let best = advice.candidate(&advice.recommended).unwrap();
        let flips: Vec<&str> = advice
            .changes
            .iter()
            .filter(|change| change.flips)
            .map(|change| change.assumption.as_str())
            .collect();
        let flips = match flips.is_empty() {
            true => String::new(),
            false => format!(" It would be another if {}.", flips.join(", or if ")),
        };
        writeln!(
            text,
            "| `{}`{} | {} | {} | {} | {} | {}.{flips} |",
            story.file.trim_end_matches(".toml"),
            if story.point.is_empty() {
                String::new()
            } else {
                format!(" at {}", story.point)
            },
            story.found,
            best.name,
            percent(best, CriterionKind::Failures),
            best.needs.points(),
            beside(story, &advice),
        )
        .unwrap();
    }
    std::fs::write(root().join("reports/advice.md"), text).unwrap();
}

/// Small stories are advised on as their threads were.
#[test]
fn small_stories_of_the_museum_get_the_advice_of_their_threads() {
    let story = |file: &str| STORIES.iter().find(|story| story.file.ends_with(file)).unwrap();
    let short = [("run.duration", "10min"), ("run.warmup", "1min")];
    let told = advise(story("dev-invalidates-prod.toml"), (2, 50), &short);
    let best = told.candidate(&told.recommended).unwrap();
    assert_eq!(best.coordination, "app_per_node", "{:?}", told.criteria);
    assert_eq!(best.value(CriterionKind::Rejections), Some(0.0));

    let told = advise(story("unicorn-refresh-loop.toml"), (2, 50), &[("run.duration", "1min")]);
    let best = told.candidate(&told.recommended).unwrap();
    let blind = told.candidate("token file, blind").unwrap();
    let fail = |candidate: &Candidate| candidate.value(CriterionKind::Failures).unwrap();
    assert!(fail(best) == 0.0 && fail(blind) > 0.5, "{} {}", fail(best), fail(blind));
    assert!(fell(&told, "token file, blind").is_some());
}
