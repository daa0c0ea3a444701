//! Why: one sentence for each criterion by which somebody fell out.

use super::phrases::{named, subject, value};
use crate::base::shown::capital;
use crate::record::advice::{Advice, Criterion};

/// Why it was recommended, in the order of the criteria.
pub(super) fn because(advice: &Advice) -> Vec<String> {
    let mut reasons: Vec<String> = advice
        .criteria
        .iter()
        .filter(|criterion| !criterion.out.is_empty())
        .map(|criterion| reason(advice, criterion))
        .collect();
    if reasons.is_empty() {
        reasons.push("By no criterion is any finalist worse.".to_owned());
    }
    let last = advice.criteria.last().map(|criterion| criterion.left.len());
    if last.is_some_and(|left| left > 1) {
        let ties: Vec<&str> = advice.ties.iter().map(String::as_str).collect();
        reasons.push(format!(
            "A tie: {} come{} out as well by every criterion. Among them what the scenario has already comes first, then who is better by \
             less than a margin.",
            named(&ties),
            if ties.len() == 1 { "s" } else { "" },
        ));
    }
    reasons
}

fn reason(advice: &Advice, criterion: &Criterion) -> String {
    let by = criterion.by;
    let own = advice.candidate(&advice.recommended).and_then(|own| own.value(by));
    let worst = |name: &String| advice.candidate(name).and_then(|candidate| candidate.value(by));
    let (first, last) = (
        criterion.out.first().and_then(worst),
        criterion.out.last().and_then(worst),
    );
    let span = match (first, last) {
        (Some(first), Some(last)) if first == last => value(by, Some(first)),
        (Some(first), Some(last)) => format!("{} to {}", value(by, Some(first)), value(by, Some(last))),
        (Some(first), None) => format!("{} and more, or none that could be measured", value(by, Some(first))),
        (None, _) => "none that could be measured".to_owned(),
    };
    let out: Vec<&str> = criterion.out.iter().map(String::as_str).collect();
    let mut words = format!(
        "{}: {}. Of {}, {} {} out for this ({span}): {}.",
        capital(subject(by)),
        value(by, own),
        criterion.left.len() + out.len(),
        out.len(),
        if out.len() == 1 { "falls" } else { "fall" },
        named(&out),
    );
    let unsure: Vec<&str> = criterion.unsure.iter().map(String::as_str).collect();
    if !unsure.is_empty() {
        words.push_str(&format!(" Chance may have done so to {}.", named(&unsure)));
    }
    words
}
