//! Known names beside a mistyped one.

/// The known name that a mistyped one comes nearest to, if any comes near.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= (name.len().min(candidate.len()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
