//! The cost of the next call once all is quiet: that of the dearest over all nodes and all orders of deliveries, without faults.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use crate::node::Strategy;
use crate::provider::Rule;
use crate::trace::Event;

use super::action::Action;
use super::host::CheckHost;
use super::state::State;
use super::visited::fingerprint;

/// The cost of a call, counted up to eight of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cost {
    /// Token requests that reach the provider.
    pub token_requests: u16,
    /// API attempts.
    pub attempts: u16,
}

/// More than this are not counted.
const MOST: u16 = 8;

/// States, told apart by the cost so far, after which the search for the dearest call that can follow one quiet state is given up.
const MOST_STATES: usize = 20_000;

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count, what| {
            let least = if count == MOST { "at least " } else { "" };
            format!("{least}{count} {what}{}", if count == 1 { "" } else { "s" })
        };
        let (requests, attempts) = (of(self.token_requests, "token request"), of(self.attempts, "attempt"));
        write!(f, "{requests} and {attempts}")
    }
}

impl Cost {
    fn after(mut self, events: &[Event]) -> Self {
        for event in events {
            match event {
                Event::TokenRequested { .. } => self.token_requests = (self.token_requests + 1).min(MOST),
                Event::AttemptSent { .. } => self.attempts = (self.attempts + 1).min(MOST),
                _ => {}
            }
        }
        self
    }

    /// By token requests first.
    fn by_requests(self) -> (u16, u16) {
        (self.token_requests, self.attempts)
    }

    /// By attempts first.
    fn by_attempts(self) -> (u16, u16) {
        (self.attempts, self.token_requests)
    }
}

/// The dearest calls that can follow: a call can be dear in one thing and cheap in the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dearest {
    /// The one with the most token requests.
    pub in_requests: Cost,
    /// The one with the most attempts.
    pub in_attempts: Cost,
    /// There may be dearer ones: not all that can follow has been looked at.
    pub given_up: bool,
}

impl Dearest {
    /// Looks at one more call; returns for each of the two whether it is dearer.
    fn add(&mut self, cost: Cost) -> [bool; 2] {
        let dearer = [
            cost.by_requests() > self.in_requests.by_requests(),
            cost.by_attempts() > self.in_attempts.by_attempts(),
        ];
        if dearer[0] {
            self.in_requests = cost;
        }
        if dearer[1] {
            self.in_attempts = cost;
        }
        dearer
    }

    /// Takes in what can follow another quiet state.
    pub fn take_in(&mut self, other: Self) -> [bool; 2] {
        self.given_up |= other.given_up;
        let [in_requests, _] = self.add(other.in_requests);
        let [_, in_attempts] = self.add(other.in_attempts);
        [in_requests, in_attempts]
    }

    /// The first of the two that costs more than this.
    pub fn beyond(&self, token_requests: u16, attempts: u16) -> Option<Cost> {
        let both = [self.in_requests, self.in_attempts];
        both.into_iter()
            .find(|cost| cost.token_requests > token_requests || cost.attempts > attempts)
    }
}

/// What the next call can cost after a quiet state.
pub fn dearest_call<S: Strategy, R: Rule>(quiet: &State<S, R>) -> Dearest {
    let mut dearest = Dearest::default();
    dearest.given_up = !follow(quiet, |_, cost| {
        dearest.add(cost);
        false
    });
    dearest
}

/// A call of this cost that can follow a quiet state, from its arrival to its end; where it never ends, until it costs so much.
pub fn call_of_cost<S: Strategy, R: Rule>(quiet: &State<S, R>, wanted: Cost) -> Vec<Action> {
    let ends = |state: &State<S, R>, cost| cost == wanted && state.pending() == 0;
    let mut way = Vec::new();
    if !way_to(quiet, ends, &mut way) {
        way_to(quiet, |_, cost| cost == wanted, &mut way);
    }
    way
}

/// The shortest way to a state and a cost that is wanted; nothing where none of those that are looked at is.
fn way_to<S: Strategy, R: Rule>(
    quiet: &State<S, R>,
    mut wanted: impl FnMut(&State<S, R>, Cost) -> bool,
    way: &mut Vec<Action>,
) -> bool {
    let mut found = false;
    follow(quiet, |steps, cost| {
        found = wanted(steps.state, cost);
        if found {
            *way = steps.way();
        }
        found
    });
    found
}

/// A state on the way of a call, with the steps that have led there.
struct Steps<'a, S: Strategy, R> {
    state: &'a State<S, R>,
    before: &'a [(usize, Action)],
    last: usize,
}

impl<S: Strategy, R> Steps<'_, S, R> {
    fn way(&self) -> Vec<Action> {
        let mut way = Vec::new();
        let mut at = self.last;
        loop {
            let (before, action) = self.before[at];
            way.push(action);
            if before == at {
                way.reverse();
                return way;
            }
            at = before;
        }
    }
}

/// Shows every state that can follow a quiet one once another call has come, with the cost of that call so far, the nearest first, until
/// one is what was looked for. False where too many can follow.
fn follow<S: Strategy, R: Rule>(quiet: &State<S, R>, mut look: impl FnMut(&Steps<'_, S, R>, Cost) -> bool) -> bool {
    let (mut host, mut actions) = (CheckHost::default(), Vec::new());
    for node in quiet.callers() {
        let arrives = Action::Arrive(node.0 as u8);
        let first = quiet.next(arrives, &mut host);
        let cost = Cost::default().after(&host.events);
        let mut seen = HashSet::from([fingerprint(&(&first, cost))]);
        let mut before = vec![(0, arrives)];
        let mut open = VecDeque::from([(first, cost, 0)]);
        while let Some((state, cost, last)) = open.pop_front() {
            let steps = Steps {
                state: &state,
                before: &before,
                last,
            };
            if look(&steps, cost) {
                return true;
            }
            state.actions(&mut actions);
            for &action in &actions {
                let next = state.next(action, &mut host);
                let after = cost.after(&host.events);
                if seen.insert(fingerprint(&(&next, after))) {
                    before.push((last, action));
                    open.push_back((next, after, before.len() - 1));
                }
            }
            if seen.len() > MOST_STATES {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call that is dear in its attempts is no less so for another that asks for more tokens.
    #[test]
    fn neither_part_of_a_cost_hides_behind_the_other() {
        let cost = |token_requests, attempts| Cost {
            token_requests,
            attempts,
        };
        let mut dearest = Dearest::default();
        assert_eq!(dearest.add(cost(0, 5)), [true, true]);
        assert_eq!(dearest.add(cost(1, 2)), [true, false]);
        assert_eq!(dearest.beyond(1, 2), Some(cost(0, 5)));
        let mut other = Dearest::default();
        other.add(cost(3, 1));
        assert_eq!(dearest.take_in(other), [true, false]);
        assert_eq!(dearest.beyond(1, 2), Some(cost(3, 1)));
        assert_eq!(dearest.beyond(3, 5), None);
    }

    #[test]
    fn a_cost_that_is_not_counted_further_says_so() {
        let cost = Cost {
            token_requests: 1,
            attempts: MOST,
        };
        assert_eq!(cost.to_string(), "1 token request and at least 8 attempts");
    }
}
