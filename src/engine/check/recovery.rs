//! The cost of the next call once all is quiet: that of the dearest over all nodes and all orders of deliveries, without faults.

use std::collections::HashSet;
use std::fmt;

use crate::node::Strategy;
use crate::provider::Rule;
use crate::trace::Event;

use super::action::Action;
use super::host::CheckHost;
use super::state::State;
use super::visited::fingerprint;

/// The cost of a call, counted up to `MOST` of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost {
    /// Token requests that reach the provider.
    pub token_requests: u16,
    /// API attempts.
    pub attempts: u16,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count, what| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let (requests, attempts) = (of(self.token_requests, "token request"), of(self.attempts, "attempt"));
        write!(f, "{requests} and {attempts}")
    }
}

/// More than this are not counted.
const MOST: u16 = 8;

/// The dearest call that can follow a quiet state; the way begins with its arrival, where `Deliver` finds it.
pub fn dearest_call<S: Strategy, R: Rule>(quiet: &State<S, R>) -> (Cost, Vec<Action>) {
    let mut dearest = (Cost::default(), Vec::new());
    let (mut host, mut actions) = (CheckHost::default(), Vec::new());
    for node in quiet.callers() {
        let first = quiet.with_call(node);
        let mut seen = HashSet::from([fingerprint(&(&first, Cost::default()))]);
        let mut open = vec![(first, Cost::default(), Vec::new())];
        while let Some((state, cost, way)) = open.pop() {
            if cost > dearest.0 {
                dearest = (cost, way.clone());
            }
            state.actions(&mut actions);
            for &action in &actions {
                let next = state.next(action, &mut host);
                let mut after = cost;
                for event in &host.events {
                    match event {
                        Event::TokenRequested => after.token_requests = (after.token_requests + 1).min(MOST),
                        Event::AttemptSent { .. } => after.attempts = (after.attempts + 1).min(MOST),
                        _ => {}
                    }
                }
                if seen.insert(fingerprint(&(&next, after))) {
                    let mut longer = way.clone();
                    longer.push(action);
                    open.push((next, after, longer));
                }
            }
        }
    }
    dearest
}
