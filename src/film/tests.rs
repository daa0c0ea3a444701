mod jobs;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::base::{Dice, Time};
use crate::campaign::{self, CampaignOptions};
use crate::engine::{check, sim};
use crate::metric::{METRICS, Observed};
use crate::scenario::Scenario;
use crate::trace::{CallOutcome, Event};

/// Two nodes, each with a token of its own, at a provider where a new token kills the one before; messages are lost, a node pauses
/// and crashes, the token endpoint fails, and calls have one try.
pub(super) const TWO: &str = r#"
name = "two"
summary = "Two nodes and one live token"
source = "an example"
usable_tokens = true
run = { duration = "30min", warmup = "1min", replications = 1, seed = 7 }
app = [{ name = "main" }]

[provider]
profile = "zoom-s2s-2022"
faults = { api = { lost_before = 0.01 } }

[store]
request = { constant = "1ms" }
response = { constant = "1ms" }

[[fleet]]
name = "web"
nodes = 2
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "10/min" } }]

[[event]]
at = "10min"
what = { crash = { fleet = "web", node = 1, down = "20s" } }

[[event]]
at = "15min"
what = { pause = { fleet = "web", nodes = [1], for = "1min" } }

[[event]]
at = "20min"
what = { fail = { endpoint = "token", how = "errors", for = "1min" } }

[[strategy]]
name = "naive"
coordination = "naive"
retry = { fixed = { delay = "200ms", attempts = 2 } }

[[strategy]]
name = "lease"
coordination = { lease = {} }
retry = { fixed = { delay = "200ms", attempts = 2 } }

[[strategy]]
name = "gateway"
coordination = "gateway"
retry = { fixed = { delay = "200ms", attempts = 2 } }
"#;

fn scenario(text: &str) -> Scenario {
    Scenario::parse("film.toml", text, Path::new(".")).unwrap_or_else(|error| panic!("{:?}", error.mistakes()))
}

fn subject(strategy: &str, replication: u32) -> FilmSubject {
    let scenario = scenario(TWO);
    let points = scenario.points();
    let (point, scenario) = &points[0];
    let named = scenario
        .file
        .strategy
        .iter()
        .find(|known| known.name == strategy)
        .unwrap();
    FilmSubject::new((point, scenario), named, scenario.file.run.seed, replication).unwrap()
}

pub(super) fn whole(strategy: &str) -> Film {
    let subject = subject(strategy, 0);
    let survey = survey(&subject).unwrap();
    shoot(&subject, &survey, FilmWindow::from_to(1, u64::MAX)).unwrap()
}

pub(super) const STRATEGIES: [&str; 3] = ["naive", "lease", "gateway"];

#[test]
fn the_filmed_run_is_the_one_that_a_campaign_counts() {
    let scenario = scenario(TWO);
    let results = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false)).unwrap();
    for strategy in STRATEGIES {
        let observed = survey(&subject(strategy, 0)).unwrap().observed;
        for metric in METRICS {
            let counted = results.record.mean(strategy, metric.name);
            // A storm that never comes is no figure of a record.
            let own = (metric.read)(&observed).filter(|value| value.is_finite());
            assert_eq!(own, counted, "{strategy}: {}", metric.name);
        }
        // The third replication has other dice.
        let subject = subject(strategy, 2);
        let mut counted = Observed::new(campaign::run_context(subject.plan()));
        sim::observe(
            subject.plan(),
            Dice::replication(7, 2),
            &mut counted,
            sim::Shortcuts::ALL,
        );
        counted.finish();
        let filmed = survey(&subject).unwrap().observed;
        let all = |observed: &Observed| METRICS.iter().map(|metric| (metric.read)(observed)).collect::<Vec<_>>();
        assert_eq!(all(&filmed), all(&counted));
        assert_ne!(all(&filmed), all(&observed));
    }
}

#[test]
fn the_killer_is_the_one_that_the_ledger_says() {
    let subject = subject("naive", 0);
    let film = whole("naive");
    let mut events: Vec<(Time, Event)> = Vec::new();
    sim::run(subject.plan(), Dice::replication(7, 0), &mut events);
    let mut killed = 0;
    for (at, event) in events {
        let Event::Issued {
            node, token, evicted, ..
        } = event
        else {
            continue;
        };
        let life = film.token(token.sequence().into()).unwrap();
        assert_eq!((life.issuer, life.born_ns), (Some(node.index()), Some(at.nanos())));
        if let Some(evicted) = evicted {
            let life = film.token(evicted.sequence().into()).unwrap();
            let by = (life.killer, life.killed_by, life.death);
            let said = (
                Some(u64::from(token.sequence())),
                Some(node.index()),
                Some(Death::Superseded),
            );
            assert_eq!(by, said, "token {}", life.token);
            assert_eq!(
                (life.ends_ns, life.doomed),
                (Some(at.nanos()), Some(film.token(life.killer.unwrap()).unwrap().born))
            );
            killed += 1;
        }
    }
    assert!(killed > 100, "{killed}");
}

#[test]
fn a_window_shows_what_the_whole_film_shows() {
    for strategy in STRATEGIES {
        let subject = subject(strategy, 0);
        let survey = survey(&subject).unwrap();
        let all = whole(strategy);
        assert_eq!(
            (all.left_out, all.steps.len() as u64),
            (LeftOut::default(), survey.marks.steps)
        );
        for step in [2, 60, 500, survey.marks.steps - 50] {
            let part = shoot(&subject, &survey, FilmWindow::around(step, 10, 30)).unwrap();
            let first = part.steps[0].number;
            assert_eq!(
                part.left_out.before + part.left_out.after + part.steps.len() as u64,
                survey.marks.steps
            );
            if first > 1 {
                let mut before = all.picture(first - 1).unwrap();
                // What the whole film does not say again: how often a call was refused since the picture before.
                before.calls.clone_from(&part.opening.calls);
                assert_eq!(part.opening, before, "{strategy} at {first}");
            }
            for step in &part.steps {
                let same = all.step(step.number).unwrap();
                assert_eq!(
                    (step.at_ns, &step.text, step.sent, step.call),
                    (same.at_ns, &same.text, same.sent, same.call)
                );
                assert_eq!(
                    part.picture(step.number).unwrap().nodes,
                    all.picture(step.number).unwrap().nodes
                );
            }
        }
    }
}

#[test]
fn what_arrives_was_sent_before_by_whom_it_comes_from() {
    for strategy in STRATEGIES {
        let film = whole(strategy);
        let mut last = 0;
        for step in &film.steps {
            assert_eq!(step.number, last + 1);
            last = step.number;
            if let Some(sent) = step.sent {
                let sent = film.step(sent).unwrap();
                assert!(sent.number < step.number && sent.at_ns <= step.at_ns);
                // Only a step that concerns the sender can have sent it; a queue may stand between.
                assert!(sent.from == step.from || sent.to == step.from, "{sent:?} {step:?}");
            }
            let own = |kind| film.parties[step.from].kind == kind;
            match step.kind {
                StepKind::AttemptAnswered => assert!(own(PartyKind::Api) && step.sent.is_some()),
                StepKind::TokenAnswered => assert!(own(PartyKind::TokenEndpoint) && step.sent.is_some()),
                StepKind::CallArrives => assert!(step.call.is_some() && step.sent.is_none()),
                StepKind::StoreAnswered => assert!(own(PartyKind::Store) && strategy == "lease"),
                StepKind::CallForwarded => assert_eq!(film.parties[step.to].kind, PartyKind::Gateway),
                _ => {}
            }
        }
        let has = |kind| film.steps.iter().any(|step| step.kind == kind);
        for kind in [
            StepKind::Crash,
            StepKind::Paused,
            StepKind::Resumed,
            StepKind::Outage,
            StepKind::OutageOver,
            StepKind::End,
        ] {
            assert!(has(kind), "{strategy}: {kind:?}");
        }
        assert!(film.steps.iter().any(|step| step.lost && step.fault));
        assert_eq!(has(StepKind::StoreOperation), strategy == "lease");
        assert_eq!(has(StepKind::CallForwarded), strategy == "gateway");
    }
}

#[test]
fn marks_name_the_steps_that_they_mark() {
    let subject = subject("naive", 0);
    let survey = survey(&subject).unwrap();
    let film = whole("naive");
    let marks = &survey.marks;
    let ended = |step: &Step| -> Vec<(u64, CallOutcome)> {
        let ended = step.changes.iter().filter_map(|change| match change {
            Change::CallEnded { call, outcome } => Some((*call, *outcome)),
            _ => None,
        });
        ended.collect()
    };
    let mut all: Vec<(u64, u64, CallOutcome)> = Vec::new();
    for step in &film.steps {
        all.extend(
            ended(step)
                .into_iter()
                .map(|(call, outcome)| (step.number, call, outcome)),
        );
    }
    let failed: Vec<_> = all
        .iter()
        .filter(|(_, _, outcome)| *outcome != CallOutcome::Succeeded)
        .collect();
    assert!(!failed.is_empty());
    assert_eq!(marks.failed, failed.len() as u64);
    for (mark, (step, call, outcome)) in marks.failures.iter().zip(failed) {
        assert_eq!(
            (mark.step, mark.call, mark.outcome),
            (*step, Some(*call), Some(*outcome))
        );
    }
    // Each call that arrived has ended once.
    let mut calls: Vec<u64> = all.iter().map(|(_, call, _)| *call).collect();
    calls.sort_unstable();
    assert!(calls.iter().copied().eq(1..=marks.calls));
    let refused = film.steps.iter().find(|step| step.refused).unwrap();
    assert_eq!(marks.first_refusal.as_ref().map(|mark| mark.step), Some(refused.number));
    assert_eq!(marks.tokens, film.tokens.last().unwrap().token);
}

#[test]
fn a_picture_holds_the_calls_and_tokens_of_its_time() {
    for strategy in STRATEGIES {
        let film = whole(strategy);
        let mut picture = film.opening.clone();
        let mut open = std::collections::BTreeSet::new();
        for step in &film.steps {
            for change in &step.changes {
                picture.apply(change, step.at_ns);
                if let Change::CallEnded { call, .. } = change {
                    open.remove(call);
                }
            }
            if step.kind == StepKind::CallArrives
                && !step
                    .changes
                    .iter()
                    .any(|change| matches!(change, Change::CallEnded { .. }))
            {
                open.extend(step.call);
            }
            assert!(
                picture.calls.iter().map(|call| call.call).eq(open.iter().copied()),
                "{strategy}: {step:?}"
            );
            let live = film
                .tokens
                .iter()
                .filter(|life| life.born <= step.number && life.doomed.is_none_or(|doomed| doomed > step.number));
            assert!(
                picture
                    .tokens
                    .iter()
                    .map(|life| life.token)
                    .eq(live.map(|life| life.token)),
                "{strategy}: {step:?}"
            );
            assert!(picture.tokens.len() <= 1, "one is live at a time");
        }
    }
}

#[test]
fn the_json_form_stays() {
    let film = whole("naive");
    let text = serde_json::to_string(&film).unwrap();
    assert_eq!(serde_json::from_str::<Film>(&text).unwrap(), film);
    let step = |number| serde_json::to_string(film.step(number).unwrap()).unwrap();
    let arrives = film
        .steps
        .iter()
        .position(|step| step.kind == StepKind::CallArrives)
        .unwrap() as u64
        + 1;
    assert_eq!(
        step(arrives),
        "{\"number\":2,\"at_ns\":702219778,\"kind\":\"call_arrives\",\"from\":1,\"to\":1,\"text\":\"call 1 arrives at web 1; it asks for \
         a new token\",\"call\":1,\"changes\":[{\"call\":{\"call\":1,\"party\":1,\"arrived_ns\":702219778,\"phase\":\"waits_for_token\",\
         \"attempts\":0,\"refused\":0}}]}"
    );
    assert_eq!(
        step(arrives + 1),
        "{\"number\":3,\"at_ns\":742219778,\"kind\":\"token_request_arrives\",\"from\":1,\"to\":2,\"text\":\"web 1's token request for \
         call 1 is granted: token 1 is issued\",\"call\":1,\"token\":1,\"sent\":2,\"changes\":[{\"token\":{\"token\":1,\"issuer\":1,\
         \"client\":0,\"slot\":0,\"born\":3,\"born_ns\":742219778,\"expires_ns\":3600742219778,\"ends_ns\":3600742219778}}]}"
    );
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    let wanted = [
        "form",
        "left_out",
        "marks",
        "opening",
        "parties",
        "replication",
        "scenario",
        "seed",
        "steps",
        "strategy",
        "timed",
        "tokens",
    ];
    assert_eq!(keys, wanted);
}

/// Two nodes that keep what they have kill each other's tokens for ever: the checker's own run of it.
#[test]
fn a_counterexample_is_a_film_too() {
    let setup = check::systems::setup("naive", 2, 1, check::FaultBudget::NONE).unwrap();
    let report = check::check(&setup, &());
    let found = report.verdicts.iter().find_map(|verdict| match verdict {
        check::PropertyVerdict::Breaks(example) if example.around > 0 => Some(example),
        _ => None,
    });
    let story = check::narrate(&setup, found.expect("the naive cache never comes to rest"));
    let film = film_of(&story, "no livelock", "naive");
    assert_eq!(film.steps.len(), story.lines.len());
    assert!(!film.timed && film.steps.iter().all(|step| step.at_ns.is_none()));
    for (step, line) in film.steps.iter().zip(&story.lines) {
        assert_eq!((&step.text, step.from, step.to), (&line.text, line.from, line.to));
        assert_eq!(step.sent, line.sent.map(|sent| sent as u64 + 1));
        // The pictures are those of the checker's states.
        let picture = film.picture(step.number).unwrap();
        let held: Vec<_> = picture.nodes.iter().map(|node| node.token).collect();
        let known: Vec<_> = line.scene.nodes.iter().map(|token| token.map(u64::from)).collect();
        assert_eq!(held, known);
        let live: Vec<_> = picture.tokens.iter().map(|life| life.token as u32).collect();
        assert_eq!(live, line.scene.live, "{}", step.text);
    }
    // Each token but the last was killed by the next one, which another node asked for.
    let killed: Vec<_> = film
        .tokens
        .iter()
        .filter(|life| life.death == Some(Death::Superseded))
        .collect();
    assert!(killed.len() >= 2);
    for life in killed {
        let killer = film.token(life.killer.unwrap()).unwrap();
        assert_eq!((killer.born, killer.issuer), (life.doomed.unwrap(), life.killed_by));
        assert_eq!(film.step(killer.born).unwrap().kind, StepKind::TokenRequestArrives);
    }
    let text = serde_json::to_string(&film).unwrap();
    assert_eq!(serde_json::from_str::<Film>(&text).unwrap(), film);
}
