//! Advice in sentences.

use super::Section;
use super::phrases::{named, needs, quoted, subject, value};
use super::reasons::because;
use crate::base::shown::capital;
use crate::record::advice::{Advice, Candidate, CriterionKind, Ever, OtherAssumption};
use crate::record::{Comparison, ComparisonVerdict};

/// The point, where there are several.
pub(super) fn at_point(advice: &Advice) -> String {
    match advice.point.is_empty() {
        true => String::new(),
        false => format!(" at {} (one of {} points)", advice.point, advice.points),
    }
}

/// The answer in a sentence.
pub(super) fn headline(advice: &Advice) -> String {
    let Some(best) = advice.candidate(&advice.recommended) else {
        return "Nothing was measured.".to_owned();
    };
    let of = |by| value(by, best.value(by));
    let keep = if best.own {
        ", which the scenario has already"
    } else {
        ""
    };
    format!(
        "Recommended: {}{keep}. {} of its calls fail, {} of first attempts are refused, it makes {} token requests per call, adds \
         {} to a call in the mean, and needs {}.",
        quoted(&best.name),
        of(CriterionKind::Failures),
        of(CriterionKind::Rejections),
        of(CriterionKind::TokenRequests),
        of(CriterionKind::AddedLatency),
        needs(best.needs),
    )
}

/// What was run.
pub(super) fn effort(advice: &Advice) -> String {
    let effort = advice.effort;
    format!(
        "{}. {} candidates were run {} times each; nothing dominates {} of them; {} were run {} times, and {} times under each other \
         assumption; seed {}.",
        advice.setting,
        effort.candidates,
        effort.screening,
        effort.front,
        effort.finalists,
        effort.replications,
        effort.changed,
        advice.seed
    )
}

/// What the columns of the table mean.
pub(super) fn legend(advice: &Advice) -> String {
    let searched = &advice.searched;
    let kinds = match searched.kinds.is_empty() {
        true => String::new(),
        false => format!(", which is {}", searched.kinds.join(", or ")),
    };
    format!(
        "* no other finalist is as good by every measure and better by one. ◦ the scenario's own. “can happen”: properties that some run \
         of {} nodes with up to {} calls each{kinds} breaks (faults {}; tried as often as it takes), ! with lasting harm, ? left open, ¹ looked at whole with one call each; \
         `tokenstorm check` tells them.",
        searched.nodes, searched.calls, searched.faults
    )
}

/// Everything below the table.
pub(super) fn sections(advice: &Advice) -> Vec<Section> {
    let not_tried = advice.left_out.iter();
    let sections = [
        ("Because", "because", because(advice)),
        ("Against what the scenario has", "own", own(advice)),
        ("How sure this is", "sure", sure(advice)),
        ("What can ever happen with it", "ever", ever(advice)),
        (
            "What would change it",
            "changes",
            advice.changes.iter().map(change).collect(),
        ),
        (
            "Not tried",
            "not-tried",
            not_tried.map(|item| format!("{}: {}.", item.what, item.why)).collect(),
        ),
        ("Not modelled", "not-modelled", advice.not_modelled.clone()),
    ];
    let sections = sections.into_iter().filter(|(.., lines)| !lines.is_empty());
    sections
        .map(|(title, id, lines)| Section { title, id, lines })
        .collect()
}

/// The scenario's first strategy and the best of its others beside the one that is recommended.
fn own(advice: &Advice) -> Vec<String> {
    let best = advice.candidate(&advice.recommended);
    let is_other = |candidate: &&Candidate| candidate.own && candidate.name != advice.recommended;
    let reference = |candidate: &&Candidate| candidate.name == advice.reference;
    let others = || advice.candidates.iter().filter(is_other);
    let first = others().find(reference);
    let shown = first.into_iter().chain(others().find(|other| !reference(other)));
    let beside = |other: &Candidate| {
        let parts = [
            CriterionKind::Failures,
            CriterionKind::Rejections,
            CriterionKind::TokenRequests,
        ]
        .map(|by| {
            let verdict = advice
                .comparisons
                .iter()
                .find(|row| row.strategy == other.name && Some(row.metric.as_str()) == by.metric())
                .map_or("", |row| match row.verdict {
                    ComparisonVerdict::Better => ", better",
                    ComparisonVerdict::Worse => ", worse",
                    ComparisonVerdict::Same => ", the same",
                    ComparisonVerdict::NotDistinguishable => ", not distinguishable",
                });
            format!(
                "{} {} against {}{verdict}",
                subject(by),
                value(by, other.value(by)),
                value(by, best.and_then(|best| best.value(by))),
            )
        });
        format!(
            "{}: {}; needs {}.",
            quoted(&other.name),
            parts.join("; "),
            needs(other.needs)
        )
    };
    shown.map(beside).collect()
}

/// How many differences are more than chance, and where another is better.
fn sure(advice: &Advice) -> Vec<String> {
    let rows = &advice.comparisons;
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let mut lines = vec![format!(
        "Of {} paired comparisons with the other finalists (failures, refusals, latency, token requests; all together at 95 %) the \
         other is worse beyond chance in {}, better in {}, the same within a thousandth in {}, and not distinguishable in {}.",
        rows.len(),
        count(ComparisonVerdict::Worse),
        count(ComparisonVerdict::Better),
        count(ComparisonVerdict::Same),
        count(ComparisonVerdict::NotDistinguishable),
    )];
    for (by, metric) in [
        CriterionKind::Failures,
        CriterionKind::Rejections,
        CriterionKind::AddedLatency,
        CriterionKind::TokenRequests,
    ]
    .into_iter()
    .filter_map(|by| Some((by, by.metric()?)))
    {
        let better = |row: &&Comparison| row.metric == metric && row.verdict == ComparisonVerdict::Better;
        let rows: Vec<&Comparison> = rows.iter().filter(better).collect();
        let most = rows.iter().map(|row| row.difference).fold(0.0, f64::min);
        let names: Vec<&str> = rows.iter().map(|row| row.strategy.as_str()).collect();
        if !names.is_empty() {
            lines.push(format!(
                "Fewer or less in {}: {}, by {} at most.",
                subject(by),
                named(&names),
                value(by, Some(-most))
            ));
        }
    }
    lines
}

/// What a search says of the one that is recommended.
fn ever(advice: &Advice) -> Vec<String> {
    let Some(best) = advice.candidate(&advice.recommended) else {
        return Vec::new();
    };
    let of = |verdict: Ever| best.can_happen.iter().filter(move |row| row.verdict == verdict);
    let mut lines = Vec::new();
    for row in of(Ever::Can) {
        let steps = row.steps.map_or(String::new(), |steps| format!(", in {steps} steps"));
        let harm = if row.lasting { ", with lasting harm" } else { "" };
        lines.push(format!("{} ({}) can break{steps}{harm}.", row.property, row.title));
    }
    let holds = of(Ever::Never).count();
    let open: Vec<&str> = of(Ever::Open).map(|row| row.property.as_str()).collect();
    let never = of(Ever::NotReached).count();
    lines.push(format!(
        "{holds} properties hold in every run of the small system, {never} are about nothing that happens there{}.",
        match open.is_empty() {
            true => String::new(),
            false => format!("; open are {}", open.join(", ")),
        }
    ));
    let searched = &advice.searched;
    if best.searched_calls < searched.calls {
        lines.push(format!(
            "Not all states were looked at with {} calls at each node: what is said is what {} shows, and what was found broken beyond \
             it. --states raises the bound of {}.",
            searched.calls,
            match best.searched_calls {
                0 => "no whole search".to_owned(),
                1 => "a search with one call each".to_owned(),
                calls => format!("a search with {calls} calls each"),
            },
            searched.states
        ));
    }
    if searched.given_up > 0 {
        lines.push(format!(
            "Of {} strategies {} were given up at {} calls, {} even at one.",
            searched.strategies, searched.given_up, searched.calls, searched.given_up_at_once
        ));
    }
    if !searched.left_out.is_empty() {
        lines.push(format!("The search leaves out: {}.", searched.left_out.join(", ")));
    }
    lines
}

fn change(change: &OtherAssumption) -> String {
    let remark = change.remark.as_deref();
    let Some(now) = change.recommended.as_deref() else {
        return format!(
            "If {}: not known, as it cannot be run: {}.",
            change.assumption,
            remark.unwrap_or("?")
        );
    };
    if !change.flips {
        return format!("If {}: it stays.", change.assumption);
    }
    let why = match (change.by, change.figures) {
        (Some(by), Some((before, now))) => {
            format!(
                " for {}: {} against {}",
                subject(by),
                value(by, Some(now)),
                value(by, Some(before))
            )
        }
        (Some(by), None) => format!(" for {}", subject(by)),
        (None, _) => String::new(),
    };
    let remark = remark.map_or(String::new(), |remark| format!(" ({remark})"));
    format!("If {}: {} instead{why}{remark}.", change.assumption, quoted(now))
}

/// A sentence of its own, for a page's lead.
pub(super) fn lead(advice: &Advice) -> String {
    capital(&headline(advice))
}
