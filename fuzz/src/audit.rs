//! The books of one run, whatever the scenario is: time goes forward, a call ends once and after it arrived, what is accepted was
//! issued.

use std::collections::{BTreeMap, BTreeSet};

use tokenstorm::base::{NodeId, Time};
use tokenstorm::oauth::Token;
use tokenstorm::trace::{Event, Sink};

/// The books so far.
#[derive(Default)]
pub struct Audit {
    last: Time,
    /// Calls under way by node, group and arrival.
    under_way: BTreeMap<(NodeId, u16, Time), u32>,
    issued: BTreeSet<Token>,
    /// A login gives a token too, and says nothing of which.
    logins: bool,
}

impl Sink for Audit {
    fn record(&mut self, now: Time, event: &Event) {
        assert!(now >= self.last, "time runs backwards: {now:?} after {:?}", self.last);
        self.last = now;
        match *event {
            Event::CallArrived { node, group } => {
                *self.under_way.entry((node, group.0, now)).or_default() += 1;
            }
            Event::CallEnded {
                node, group, arrived, ..
            } => {
                let key = (node, group.0, arrived);
                let left = self
                    .under_way
                    .get_mut(&key)
                    .unwrap_or_else(|| panic!("no such call has arrived: {event:?}"));
                *left -= 1;
                if *left == 0 {
                    self.under_way.remove(&key);
                }
            }
            Event::Issued { token, .. } => assert!(self.issued.insert(token), "{token:?} is issued twice"),
            Event::LoggedIn { .. } => self.logins = true,
            Event::AttemptAccepted { token } => {
                let known = self.logins || self.issued.contains(&token);
                assert!(known, "{token:?} was never issued");
            }
            _ => {}
        }
    }
}

impl Audit {
    /// The run is over: so are all calls.
    pub fn close(&self) {
        assert!(self.under_way.is_empty(), "{} calls never ended", self.under_way.len());
    }
}
