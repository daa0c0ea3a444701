use super::*;
use crate::film::tests::whole;
use crate::film::{FilmSubject, FilmWindow, PartyKind, shoot, survey};
use crate::scenario::Scenario;

#[test]
fn each_kill_of_a_chain_is_the_reason_of_the_one_before() {
    let film = whole("naive");
    let refused = film.steps.iter().filter(|step| step.refused && step.call.is_some());
    let mut longest = 0;
    for step in refused.step_by(7) {
        let chain = chain(&film, step.call.unwrap()).unwrap();
        longest = longest.max(chain.kills.len());
        let mut before: Option<&Kill> = None;
        for kill in &chain.kills {
            let refused = film.step(kill.refused).unwrap();
            let life = film.token(refused.token.unwrap()).unwrap();
            // The step that is named issued the token that took its place, for another node.
            let killed = film.step(kill.killed).unwrap();
            assert_eq!(killed.token, life.killer);
            assert_ne!(killed.from, refused.from);
            assert_eq!(life.killed_by, Some(killed.from));
            let asked = film.step(kill.asked.unwrap()).unwrap();
            assert_eq!(asked.to, killed.from);
            if let Some(before) = before {
                // This refusal is what the request before was sent for.
                let answer = film.step(before.asked.unwrap()).unwrap();
                assert_eq!(
                    (answer.kind, answer.sent),
                    (StepKind::AttemptAnswered, Some(kill.refused))
                );
            }
            before = Some(kill);
        }
        assert!(chain.steps.is_sorted() && chain.steps.contains(&step.number));
        let all = chain.steps.last().unwrap() - chain.steps[0] + 1;
        assert_eq!(chain.left_out + chain.steps.len() as u64, all);
    }
    assert!(
        longest > 10,
        "two nodes kill each other's tokens again and again: {longest}"
    );
}

#[test]
fn a_chain_ends_where_the_film_begins() {
    let scenario = Scenario::parse("film.toml", crate::film::tests::TWO, std::path::Path::new(".")).unwrap();
    let points = scenario.points();
    let subject = FilmSubject::new((&points[0].0, &points[0].1), &scenario.file.strategy[0], 7, 0).unwrap();
    let survey = survey(&subject).unwrap();
    let last = survey.marks.failures.last().unwrap();
    let (short, long) = (
        FilmWindow::up_to(last.step, 300),
        FilmWindow::up_to(last.step, u64::MAX),
    );
    let [short, long] = [short, long].map(|window| shoot(&subject, &survey, window).unwrap());
    let [few, many] = [&short, &long].map(|film| chain(film, last.call.unwrap()).unwrap());
    assert!(few.kills.len() < many.kills.len());
    assert_eq!(few.kills, many.kills[..few.kills.len()]);
    assert!(
        few.words
            .iter()
            .any(|words| words.contains("within the steps that were looked at")),
        "{:?}",
        few.words
    );
    assert!(chain(&short, 1).is_none(), "its call is long over");
}

#[test]
fn where_nothing_is_refused_nothing_is_said_of_tokens() {
    let film = whole("gateway");
    let lost = film
        .steps
        .iter()
        .find(|step| step.lost && step.kind == StepKind::AttemptArrives)
        .unwrap();
    assert_eq!(film.parties[lost.from].kind, PartyKind::Gateway);
    let chain = chain(&film, lost.call.unwrap()).unwrap();
    assert!(chain.kills.is_empty());
    assert!(
        chain.words.iter().any(|words| words.contains("a message is lost")),
        "{:?}",
        chain.words
    );
}

#[test]
fn instants_are_told_to_the_millisecond_where_that_says_all() {
    assert_eq!(instant(12_304_000_000), "12.304 s");
    assert_eq!(instant(12_304_000_999), "12.304000 s");
    assert_eq!(instant(0), "0.000 s");
}

/// A token that the API has not heard of yet is not said to have died.
#[test]
fn a_token_that_is_unknown_yet_is_not_dead() {
    let text = crate::film::tests::TWO.replace(
        "[store]",
        "lags = { visible_after = { constant = \"30d\" } }\n\n[store]",
    );
    let scenario = Scenario::parse("film.toml", &text, std::path::Path::new(".")).unwrap();
    let points = scenario.points();
    let subject = FilmSubject::new((&points[0].0, &points[0].1), &scenario.file.strategy[0], 7, 0).unwrap();
    let survey = survey(&subject).unwrap();
    let failed = survey.marks.first_failure().unwrap();
    let film = shoot(&subject, &survey, FilmWindow::up_to(failed.step, u64::MAX)).unwrap();
    let words = chain(&film, failed.call.unwrap()).unwrap().words.join(" ");
    assert!(words.contains("the API had not heard of it yet"), "{words}");
    assert!(
        !words.contains("died on the way") && !words.contains("killed token"),
        "{words}"
    );
}
