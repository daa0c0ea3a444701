use super::*;
use crate::record::advice::{CanHappen, Candidate, CriterionKind, Ever, Needed, OtherAssumption};
use std::collections::BTreeMap;

fn candidate(name: &str, own: bool, failures: f64) -> Candidate {
    let figure = |mean| crate::record::advice::AdvisedFigure { mean, ci95: None };
    Candidate {
        name: name.to_owned(),
        coordination: "lease".to_owned(),
        retry: "full jitter".to_owned(),
        own,
        finalist: true,
        front: !own,
        dominated_by: own.then(|| "lease".to_owned()),
        needs: Needed {
            store: !own,
            ..Needed::default()
        },
        elsewhere: None,
        figures: BTreeMap::from([("failure_rate".to_owned(), figure(failures))]),
        can_happen: vec![CanHappen {
            property: "L2".to_owned(),
            title: "no livelock".to_owned(),
            lasting: true,
            verdict: if own { Ever::Can } else { Ever::Never },
            steps: own.then_some(7),
        }],
        searched_calls: 1,
    }
}

fn advice() -> Advice {
    let criterion = crate::record::advice::Criterion {
        by: CriterionKind::Failures,
        best: Some(0.0),
        margin: 0.001,
        left: vec!["lease".to_owned()],
        out: vec!["<now>".to_owned()],
        unsure: vec!["<now>".to_owned()],
    };
    let change = |recommended: Option<&str>| OtherAssumption {
        assumption: "the moon is full".to_owned(),
        recommended: recommended.map(str::to_owned),
        flips: recommended == Some("<now>"),
        by: Some(CriterionKind::Failures),
        figures: Some((0.5, 0.25)),
        remark: recommended.is_none().then(|| "no moon".to_owned()),
    };
    serde_json::from_value::<Advice>(serde_json::json!({
        "format": 1, "tokenstorm": "0", "scenario": "s", "summary": "A & B", "source": "", "point": "", "points": 1,
        "setting": "2 nodes of `web`", "seed": 1, "interrupted": false,
        "allowed": { "store": true, "gateway": true, "peers": true, "one_machine": false, "apps": null },
        "effort": { "candidates": 2, "screening": 2, "front": 1, "finalists": 2, "replications": 3, "changed": 2 },
        "recommended": "lease", "reference": "<now>", "written": "[[strategy]]\nname = \"lease\"\n", "ties": [],
        "criteria": [criterion], "candidates": [candidate("lease", false, 0.0), candidate("<now>", true, 0.2)],
        "comparisons": [{ "strategy": "<now>", "reference": "lease", "point": "", "metric": "failure_rate", "difference": 0.2,
            "interval": [0.1, 0.3], "verdict": "worse" }],
        "left_out": [{ "what": "file lock", "why": "it needs one machine" }],
        "searched": { "nodes": 2, "calls": 2, "faults": "none", "states": 9, "strategies": 2, "given_up": 2, "given_up_at_once": 0,
            "left_out": [] },
        "changes": [change(Some("lease")), change(Some("<now>")), change(None)],
        "not_modelled": ["Money."],
    }))
    .unwrap()
}

#[test]
fn a_record_reads_back_and_every_reason_has_its_figures() {
    let told = advice();
    assert_eq!(serde_json::from_str::<Advice>(&told.to_json()).unwrap(), told);
    let text = human(&told, 200);
    for part in [
        "Recommended: “lease”. 0 % of its calls fail",
        "Calls that fail: 0 %. Of 2, 1 falls out for this (20 %): “<now>”. Chance may have done so to “<now>”.",
        "calls that fail 20 % against 0 %, worse",
        "the other is worse beyond chance in 1, better in 0",
        "If the moon is full: it stays.",
        "If the moon is full: “<now>” instead for calls that fail: 25 % against 50 %.",
        "not known, as it cannot be run: no moon.",
        "file lock: it needs one machine.",
        "a search with one call each",
        "L2! ¹",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    assert!(markdown(&told).contains("```toml\n[[strategy]]\nname = \"lease\"\n```"));
}

#[test]
fn names_do_nothing_on_the_page_and_empty_advice_has_one() {
    let page_of = page(&advice());
    assert!(page_of.contains("&lt;now&gt;") && !page_of.contains("<now>") && page_of.contains("A &amp; B"));
    assert!(
        !page_of.contains("src=") && !page_of.contains("href="),
        "nothing is fetched"
    );
    let mut nothing = advice();
    nothing.candidates.clear();
    nothing.criteria.clear();
    nothing.comparisons.clear();
    assert!(page(&nothing).contains("Nothing was measured."));
}
