//! Parts of sentences: names, values, what something needs.

use crate::record::advice::{Candidate, CriterionKind, Ever, Needed};
use crate::report::{number, one_line};

/// A name between quotes; the names of candidates tell their settings, and are longer than others.
pub(super) fn quoted(name: &str) -> String {
    format!("“{}”", one_line(name, 90))
}

/// Names of a sentence: up to four, and how many more.
pub(super) fn named(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
    match names.len() {
        0 => "none".to_owned(),
        1 => shown.concat(),
        all if all <= SHOWN => format!("{} and {}", shown[..all - 1].join(", "), shown[all - 1]),
        all => format!("{} and {} more", shown.join(", "), all - SHOWN),
    }
}

/// A value of a criterion.
pub(super) fn value(by: CriterionKind, value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite()) else {
        return number::MISSING.to_owned();
    };
    match by {
        CriterionKind::Failures | CriterionKind::Rejections | CriterionKind::Elsewhere => number::percent(value),
        CriterionKind::AddedLatency => number::seconds(value),
        _ => number::short(value),
    }
}

/// What a candidate needs, in a few words.
pub(super) fn needs(needs: Needed) -> String {
    let mut parts = Vec::new();
    for (is_there, words) in [
        (needs.store, "a shared store"),
        (needs.gateway, "a process of its own"),
        (needs.peers, "notes between nodes"),
        (needs.one_machine, "a lock on one machine"),
        (needs.slots > 0, "further token slots"),
    ] {
        if is_there {
            parts.push(words.to_owned());
        }
    }
    match needs.apps {
        0 => {}
        1 => parts.push("a second app".to_owned()),
        apps => parts.push(format!("{apps} further apps")),
    }
    match parts.is_empty() {
        true => "nothing".to_owned(),
        false => parts.join(", "),
    }
}

/// The criterion as the subject of a sentence.
pub(super) fn subject(by: CriterionKind) -> &'static str {
    match by {
        CriterionKind::Failures => "calls that fail",
        CriterionKind::GrantsLost => "grants lost in a run",
        CriterionKind::LastingHarm => "properties that can break with lasting harm",
        CriterionKind::Rejections => "first attempts refused",
        CriterionKind::AddedLatency => "mean latency above the API's",
        CriterionKind::Infrastructure => "points for what it needs",
        CriterionKind::TokenRequests => "token requests per call",
        CriterionKind::Peak => "most token requests in a second",
        CriterionKind::Elsewhere => "calls that fail under the other assumptions",
        CriterionKind::Broken => "properties that can break or are left open",
    }
}

/// What a search says of a candidate, in a cell.
pub(super) fn can_happen(candidate: &Candidate) -> String {
    let mut parts: Vec<String> = Vec::new();
    for row in candidate.can_happen.iter().filter(|row| row.verdict == Ever::Can) {
        parts.push(format!("{}{}", row.property, if row.lasting { "!" } else { "" }));
    }
    let open = candidate
        .can_happen
        .iter()
        .filter(|row| row.verdict == Ever::Open)
        .count();
    if open > 0 {
        parts.push(format!("{open}?"));
    }
    if parts.is_empty() {
        parts.push("nothing".to_owned());
    }
    if candidate.searched_calls == 1 {
        parts.push("¹".to_owned());
    }
    parts.join(" ")
}
