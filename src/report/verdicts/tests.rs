//! Verdicts of any shape have a page, and names do nothing on it.

use super::*;
use crate::property::PROPERTIES;
use crate::record::verdicts::{FORMAT, PropertyRow, Searched, SystemVerdicts, VerdictKind};

const HOSTILE: &str = "<script>alert(1)</script>\" onload='x' \u{1b}[2J\u{202e}&amp;";

fn row(place: usize, verdict: VerdictKind) -> PropertyRow {
    let breaks = verdict == VerdictKind::Breaks;
    let run = ["a call arrives at A", "A calls with t1: refused", "A tries again"];
    PropertyRow {
        property: PROPERTIES[place].name.to_owned(),
        title: PROPERTIES[place].title.to_owned(),
        verdict,
        bound: None,
        steps: breaks.then_some(1 + place % 2),
        around: breaks.then_some(2 - place % 2),
        run: run.map(str::to_owned).into_iter().filter(|_| breaks).collect(),
        remark: (place == 3).then(|| HOSTILE.to_owned()),
        shows: breaks
            .then(|| format!("Step 3 breaks it: {HOSTILE}."))
            .into_iter()
            .collect(),
        why: (verdict == VerdictKind::Open).then(|| format!("left out: {HOSTILE}")),
        expected: (place == 2).then(|| "ok".to_owned()),
    }
}

fn system(name: String, breaks: usize) -> SystemVerdicts {
    let kind = |place| match place {
        place if place < breaks => VerdictKind::Breaks,
        5 => VerdictKind::Open,
        6 => VerdictKind::NotReached,
        _ => VerdictKind::Holds,
    };
    SystemVerdicts {
        strategy: name,
        faults: "none".to_owned(),
        tries: None,
        store_operations: 2,
        notes: 2,
        mix: Vec::new(),
        held_back: false,
        states: 100,
        steps: 300,
        complete: true,
        refresh_tokens: breaks == 2,
        issued: Some(1.5),
        verdicts: (0..PROPERTIES.len()).map(|place| row(place, kind(place))).collect(),
    }
}

fn of(systems: Vec<SystemVerdicts>) -> Verdicts {
    Verdicts {
        format: FORMAT,
        tokenstorm: "0".to_owned(),
        scenario: Some(HOSTILE.to_owned()),
        searched: Searched {
            nodes: 2,
            calls: 1,
            faults: "none".to_owned(),
            profile: None,
            kinds: vec![HOSTILE.to_owned()],
            left_out: vec![HOSTILE.to_owned()],
        },
        systems,
        as_expected: false,
        command_line: vec!["tokenstorm".to_owned(), HOSTILE.to_owned()],
        not_searched: vec![HOSTILE.to_owned()],
    }
}

fn drawn(_: usize, _: usize, title: &str) -> Option<String> {
    let line = crate::engine::check::Line {
        from: 0,
        to: 1,
        text: HOSTILE.to_owned(),
        fault: false,
        sent: None,
        scene: Default::default(),
    };
    let story = crate::engine::check::Story {
        parties: vec![HOSTILE.to_owned(), "API".to_owned()],
        opening: Default::default(),
        lines: vec![line],
        around: 0,
        owed: Vec::new(),
        remark: None,
    };
    Some(crate::engine::check::svg(&story, title))
}

/// What stands in a tag outside the quotes of its attributes is the page's own.
fn is_harmless(page: &str) {
    assert_eq!(page.matches("<script").count(), 1, "its own alone");
    assert!(!page.contains("\u{202e}") && !page.contains('\u{1b}'));
    assert!(!page.contains("src="), "nothing is fetched");
    let targets = page.split("href=\"").skip(1);
    for target in targets {
        let (target, _) = target.split_once('"').unwrap();
        let id = target.strip_prefix('#').expect("only to a place of the page");
        assert!(page.contains(&format!("id=\"{id}\"")), "{target} leads nowhere");
    }
    for (tag, _) in page.split('<').skip(1).filter_map(|rest| rest.split_once('>')) {
        let own: String = tag.split('"').step_by(2).collect();
        assert!(!own.contains("onload"), "{tag}");
    }
}

#[test]
fn none_one_and_forty_strategies_have_a_page_on_which_names_do_nothing() {
    let many = (0..40).map(|at| system(format!("{HOSTILE} {at}"), at % 5)).collect();
    for systems in [Vec::new(), vec![system(HOSTILE.to_owned(), 4)], many] {
        let verdicts = of(systems);
        let page = page(&verdicts, &drawn);
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("</html>"));
        is_harmless(&page);
        for system in &verdicts.systems {
            assert!(
                page.contains(&*crate::base::shown::line("alert(1)")),
                "{}",
                system.strategy
            );
        }
        assert_eq!(
            page.matches("<svg").count(),
            page.matches("role=\"img\"").count(),
            "every diagram has a title"
        );
        let _ = (human(&verdicts), markdown(&verdicts), verdicts.to_csv());
    }
}

/// However many runs there are to tell, the diagrams take no more than they may, and the page says that some are missing.
#[test]
fn a_page_stays_small() {
    let large = |_: usize, _: usize, _: &str| Some(format!("<svg role=\"img\">{}</svg>", " ".repeat(100_000)));
    let many = (0..40).map(|at| system(format!("strategy {at}"), 4)).collect();
    let page = page(&of(many), &large);
    assert!(page.len() < DIAGRAMS + 500_000, "{} bytes", page.len());
    let drawn = page.matches("<svg").count();
    assert_eq!(drawn, DIAGRAMS / (100_000 + "<svg role=\"img\"></svg>".len()));
    // Two ways for each: the rows of odd and of even places are broken by the same run.
    assert!(page.contains(&format!("{} of the runs are told in words alone", 80 - drawn)));
}

#[test]
fn the_answer_is_a_sentence() {
    let named = |name: &str, breaks| system(name.to_owned(), breaks);
    let answer = |systems| words::lead(&of(systems));
    assert_eq!(answer(Vec::new()), "Nothing was searched.");
    assert_eq!(
        answer(vec![named("naive", 0)]),
        "Nothing that was searched breaks any of 20 properties of “naive”, and 1 of them is open."
    );
    assert_eq!(
        answer(vec![named("naive", 1)]),
        "“naive” can break 1 of 20 properties: S1 (store never regresses) by a cycle of 2 steps after 1 step; 1 more is open."
    );
    assert_eq!(
        answer(vec![named("a", 3), named("b", 0), named("c", 4)]),
        "Nothing that was searched breaks a property of “b”; of the other 2 strategies “c” can break the most (4). 3 verdicts are open."
    );
    assert_eq!(
        answer(vec![named("a", 3), named("c", 4), named("d", 4)]),
        "Each of 3 strategies can break some property: “a” the fewest (3), “c” the most (4). 3 verdicts are open."
    );
}

#[test]
fn what_is_open_is_said_once_for_all_whom_it_concerns() {
    let named = |name: &str| system(name.to_owned(), 0);
    let mut verdicts = of(vec![named("a"), named("b"), named("c")]);
    verdicts.systems[2].verdicts[7] = row(7, VerdictKind::Open);
    let [line] = &words::open(&verdicts)[..] else {
        panic!("one reason")
    };
    let (fifth, seventh) = (PROPERTIES[5].name, PROPERTIES[7].name);
    assert_eq!(
        line,
        &format!("{fifth} of “a” and “b”; {fifth}, {seventh} of “c”: left out: {HOSTILE}")
    );
}
