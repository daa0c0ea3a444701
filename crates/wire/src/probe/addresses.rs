//! URLs that are given by hand, and what is told of those that cannot be used.

use super::subject::Halt;
use crate::live::reachable;

/// Refuses what cannot be reached, with the flag that it came from.
pub(super) fn checked(flag: &str, url: &str) -> Result<(), Halt> {
    let wrong = |why: String| Halt::Broken(format!("{flag} {url}: {why}"));
    reachable(url).map(drop).map_err(wrong)
}

/// A query may hold what is secret.
pub(super) fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}
