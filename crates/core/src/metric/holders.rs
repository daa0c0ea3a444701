//! Which node held a live token when, sampled from some nodes at a number of instants of one run.
//!
//! The memory of [`Holders`] is bounded by nodes times instants, which the plan sets.

use crate::base::{NodeId, Time};
use crate::trace::{Event, Holds, Sink};

/// A stretch of like samples of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The node that was sampled.
    pub node: NodeId,
    /// The first sample of the stretch.
    pub from: Time,
    /// The first sample that differed, or the end of the run.
    pub until: Time,
    /// What the node would have sent at each of them.
    pub holds: Holds,
}

/// All stretches of one run so far.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// The stretch of each node that is still open, ordered by node.
    open: Vec<Stretch>,
    past: Vec<Stretch>,
}

impl Holders {
    /// All stretches, node by node in order of time; the last one of each node lasts until `end`.
    pub fn finish(mut self, end: Time) -> Vec<Stretch> {
        self.past
            .extend(self.open.into_iter().map(|last| Stretch { until: end, ..last }));
        self.past.sort_by_key(|holding| (holding.node, holding.from));
        self.past
    }
}

impl Sink for Holders {
    fn record(&mut self, now: Time, event: &Event) {
        let Event::Sampled { node, holds } = *event else { return };
        let fresh = Stretch {
            node,
            from: now,
            until: now,
            holds,
        };
        match self.open.binary_search_by_key(&node, |holding| holding.node) {
            Ok(place) if self.open[place].holds == holds => {}
            Ok(place) => {
                let before = std::mem::replace(&mut self.open[place], fresh);
                self.past.push(Stretch { until: now, ..before });
            }
            Err(place) => self.open.insert(place, fresh),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Duration;
    use crate::oauth::Token;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn like_samples_in_a_row_are_one_stretch() {
        let mut holders = Holders::default();
        let (one, two) = (NodeId(1), NodeId(2));
        let live = Holds::Live(Token::numbered(1));
        let mut sample = |seconds, node, holds| holders.record(at(seconds), &Event::Sampled { node, holds });
        for seconds in 0..3 {
            sample(seconds, two, Holds::Down);
            sample(seconds, one, if seconds < 2 { live } else { Holds::Nothing });
        }
        let stretch = |node, from, until, holds| Stretch {
            node,
            from: at(from),
            until: at(until),
            holds,
        };
        assert_eq!(
            holders.finish(at(9)),
            [
                stretch(one, 0, 2, live),
                stretch(one, 2, 9, Holds::Nothing),
                stretch(two, 0, 9, Holds::Down)
            ]
        );
    }
}
