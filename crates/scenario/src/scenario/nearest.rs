//! Known names beside a mistyped one.

use super::bounds::LONGEST_NAME;

/// The known name that a mistyped one comes nearest to, if any comes near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // No name is that long, and the work grows with the product of the lengths.
    if name.len() > LONGEST_NAME {
        return None;
    }
    let lower = name.to_lowercase();
    // `strategies` for `strategy`: as many letters differ as in another word.
    let singular = lower.strip_suffix("ies").map(|stem| format!("{stem}y"));
    let known: Vec<&str> = known.filter(|candidate| candidate.len() <= LONGEST_NAME).collect();
    let close = known
        .iter()
        .map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &other);
            let distance = if singular.as_deref() == Some(other.as_str()) {
                1
            } else {
                distance
            };
            (distance, *candidate)
        })
        .filter(|(distance, candidate)| *distance <= (name.len().min(candidate.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate);
    // `zoom-s2s` for `zoom-s2s-2022`.
    let begun = || {
        let begins = known
            .iter()
            .filter(|candidate| candidate.to_lowercase().starts_with(&lower));
        begins.min_by_key(|candidate| candidate.len()).copied()
    };
    close.or_else(|| begun().filter(|_| lower.len() >= 3))
}

/// Names between backquotes, with commas.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// `did you mean`, and what there is where that is short enough to read.
pub fn suggestion(name: &str, known: &[&str], what: &str) -> String {
    /// More names than a reader takes in at a glance.
    const MOST_LISTED: usize = 16;
    let near = nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    let all =
        (!known.is_empty() && known.len() <= MOST_LISTED).then(|| format!("{what}: {}", listed(known.iter().copied())));
    match (near, all) {
        (Some(near), Some(all)) => format!("{near} {all}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => format!("none of the {what} has a name like it"),
    }
}
