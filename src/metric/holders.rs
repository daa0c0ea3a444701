//! Who held a live token when: what some nodes held at a number of instants of one run.
//!
//! Its memory is bounded by nodes times instants, which the plan sets.

use crate::base::{NodeId, Time};
use crate::trace::{Event, Holds, Sink};

/// What a node was seen to hold, from the first of some looks in a row until the first that saw something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub node: NodeId,
    pub from: Time,
    pub until: Time,
    pub holds: Holds,
}

/// What has been seen.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// By node, in the order in which they are looked at, with the last look at each still open.
    seen: Vec<Stretch>,
    past: Vec<Stretch>,
}

impl Holders {
    /// All that was seen, node by node in order of time; the last look of each lasts until `end`.
    pub fn finish(mut self, end: Time) -> Vec<Stretch> {
        self.past
            .extend(self.seen.into_iter().map(|last| Stretch { until: end, ..last }));
        self.past.sort_by_key(|holding| (holding.node, holding.from));
        self.past
    }
}

impl Sink for Holders {
    fn hear(&mut self, now: Time, event: &Event) {
        let Event::Sampled { node, holds } = *event else { return };
        let fresh = Stretch {
            node,
            from: now,
            until: now,
            holds,
        };
        match self.seen.binary_search_by_key(&node, |holding| holding.node) {
            Ok(place) if self.seen[place].holds == holds => {}
            Ok(place) => {
                let before = std::mem::replace(&mut self.seen[place], fresh);
                self.past.push(Stretch { until: now, ..before });
            }
            Err(place) => self.seen.insert(place, fresh),
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
    fn like_looks_in_a_row_are_one_stretch() {
        let mut holders = Holders::default();
        let (one, two) = (NodeId(1), NodeId(2));
        let live = Holds::Live(Token::numbered(1));
        let mut look = |seconds, node, holds| holders.hear(at(seconds), &Event::Sampled { node, holds });
        for seconds in 0..3 {
            look(seconds, two, Holds::Down);
            look(seconds, one, if seconds < 2 { live } else { Holds::Nothing });
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
