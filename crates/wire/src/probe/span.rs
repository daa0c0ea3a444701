//! Spans as they are told.

use crate::base::Duration;

/// A span as people read it: what is shorter than a thousandth of it is left out.
pub(super) fn shown(span: Duration) -> Duration {
    let grain = [1_000_000_000, 100_000_000, 1_000_000]
        .into_iter()
        .find(|grain| span.nanos() >= grain * 100)
        .unwrap_or(1_000_000);
    Duration::from_nanos((span.nanos() + grain / 2) / grain * grain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shown_as_people_read_them() {
        for (ns, text) in [
            (7_199_999_513_514, "2h"),
            (6_666_817_527, "6667ms"),
            (90_400_000_001, "90400ms"),
            (3_599_000_000_000, "3599s"),
        ] {
            assert_eq!(shown(Duration::from_nanos(ns)).to_string(), text);
        }
    }
}
