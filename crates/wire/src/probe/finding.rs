//! What was found, by what it is about.

use std::collections::BTreeMap;
use std::fmt;

use super::span::shown;
use crate::base::Duration;

/// One thing that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeFinding {
    /// One of a few words.
    Is(&'static str),
    /// A number that was counted.
    Count(u32),
    /// A number that is greater than this: counting went no further.
    MoreThan(u32),
    /// A span that is longer than the first and at most as long as the second, with the value that is believed.
    Within(Duration, Duration, Duration),
    /// A span that is longer than this: waiting went no further.
    Beyond(Duration),
}

/// All that was found, by key.
pub type Findings = BTreeMap<&'static str, ProbeFinding>;

impl ProbeFinding {
    /// Whether both can come of the same provider, where clocks and networks are as they are.
    pub fn agrees(self, other: Self) -> bool {
        let slack = |span: Duration| span.ratio(1, 50).saturating_add(Duration::from_millis(300));
        match (self, other) {
            (Self::MoreThan(_), Self::MoreThan(_)) | (Self::Beyond(_), Self::Beyond(_)) => true,
            (Self::MoreThan(more), Self::Count(count)) | (Self::Count(count), Self::MoreThan(more)) => count > more,
            (Self::Beyond(more), Self::Within(_, to, _)) | (Self::Within(_, to, _), Self::Beyond(more)) => to > more,
            (Self::Within(low, high, _), Self::Within(from, to, _)) => {
                low < to.saturating_add(slack(to)) && from < high.saturating_add(slack(high))
            }
            (one, other) => one == other,
        }
    }

    /// The span that is believed.
    pub const fn span(self) -> Option<Duration> {
        match self {
            Self::Within(_, _, value) => Some(value),
            _ => None,
        }
    }

    /// The number that was counted.
    pub const fn count(self) -> Option<u32> {
        match self {
            Self::Count(count) => Some(count),
            _ => None,
        }
    }
}

impl fmt::Display for ProbeFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(word) => f.write_str(&word.replace('_', " ")),
            Self::Count(count) => write!(f, "{count}"),
            Self::MoreThan(count) => write!(f, "more than {count}"),
            Self::Within(low, high, _) if low == high => write!(f, "{low}"),
            Self::Within(low, high, _) => write!(f, "longer than {}, at most {}", shown(*low), shown(*high)),
            Self::Beyond(span) => write!(f, "longer than {}", shown(*span)),
        }
    }
}

/// Whether something is known to be this word.
pub fn is(findings: &Findings, key: &str, word: &str) -> bool {
    matches!(findings.get(key), Some(ProbeFinding::Is(found)) if *found == word)
}

/// The span that is believed of something.
pub fn span(findings: &Findings, key: &str) -> Option<Duration> {
    findings.get(key)?.span()
}

/// The number that was counted of something.
pub fn count(findings: &Findings, key: &str) -> Option<u32> {
    findings.get(key)?.count()
}

/// Whether all that was `observed` is predicted as well.
pub fn explains(predicted: &Findings, observed: &Findings) -> bool {
    observed
        .iter()
        .all(|(key, finding)| predicted.get(key).is_some_and(|other| finding.agrees(*other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_agree_as_far_as_they_were_measured() {
        let s = Duration::from_secs;
        let within = |low, high| ProbeFinding::Within(s(low), s(high), s(high));
        for (one, other, agree) in [
            (ProbeFinding::Is("same"), ProbeFinding::Is("new"), false),
            (ProbeFinding::Count(3), ProbeFinding::Count(3), true),
            (ProbeFinding::MoreThan(17), ProbeFinding::MoreThan(51), true),
            (ProbeFinding::MoreThan(17), ProbeFinding::Count(30), true),
            (ProbeFinding::MoreThan(17), ProbeFinding::Count(15), false),
            (within(9, 10), within(9, 11), true),
            (within(9, 10), within(29, 30), false),
            (ProbeFinding::Beyond(s(60)), within(29, 30), false),
            (ProbeFinding::Beyond(s(60)), within(3599, 3600), true),
        ] {
            assert_eq!(
                (one.agrees(other), other.agrees(one)),
                (agree, agree),
                "{one:?} {other:?}"
            );
        }
    }
}
