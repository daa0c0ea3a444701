//! Calls by number: their places in the table are used again, their numbers are not.

use std::collections::BTreeMap;
use std::fmt;

use super::parties::Parties;
use crate::base::{CallId, Group, NodeId, Time};
use crate::node::{Call, Calls, Phase};
use crate::trace::Event;

/// A call as it can be told from all that have its place before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    number: u64,
    arrived: Time,
    node: NodeId,
    draw_key: u32,
}

impl Identity {
    fn is(&self, call: &Call) -> bool {
        (self.arrived, self.node, self.draw_key) == (call.arrived, call.node, call.draw_key)
    }
}

/// A call by its number, and which of the calls of its job it has come to, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NamedCall {
    pub(super) number: u64,
    pub(super) of_job: Option<(u32, u32)>,
    /// That call has not begun: the one before it has just been answered.
    pub(super) is_next: bool,
}

impl fmt::Display for NamedCall {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "call {}", self.number)?;
        match self.of_job {
            Some((place, all)) => write!(to, " ({place} of {all})"),
            None => Ok(()),
        }
    }
}

/// A call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) number: u64,
    pub(super) event: Event,
}

/// The numbers of the calls under way.
#[derive(Debug, Default)]
pub(super) struct Numbering {
    places: Vec<Option<Identity>>,
    /// Calls that have not ended, by where and when they arrived.
    open: BTreeMap<(NodeId, Time, Group), Vec<(CallId, u64)>>,
    /// Where the calls lie that have not ended.
    at: BTreeMap<u64, CallId>,
    pub(super) arrived: u64,
}

impl Numbering {
    /// A call has arrived, at this place.
    pub(super) fn arrives(&mut self, place: CallId, now: Time, node: NodeId, group: Group, draw_key: u32) -> u64 {
        self.arrived += 1;
        let number = self.arrived;
        self.enter(
            place,
            Identity {
                number,
                arrived: now,
                node,
                draw_key,
            },
        );
        self.open.entry((node, now, group)).or_default().push((place, number));
        self.at.insert(number, place);
        number
    }

    fn enter(&mut self, place: CallId, identity: Identity) {
        if self.places.len() <= place.index() {
            self.places.resize(place.index() + 1, None);
        }
        self.places[place.index()] = Some(identity);
    }

    /// The number of the call that has this place, or had it last; a gateway's call has the number of the call that it serves.
    pub(super) fn number(&mut self, calls: &Calls, place: CallId) -> Option<u64> {
        let known = self.places.get(place.index()).copied().flatten();
        let Some(call) = calls.find(place) else {
            return known.map(|identity| identity.number);
        };
        if let Some(known) = known.filter(|identity| identity.is(call)) {
            return Some(known.number);
        }
        let origin = call.peer().filter(|_| call.is_forwarded())?;
        let number = self.places.get(origin.index()).copied().flatten()?.number;
        self.enter(
            place,
            Identity {
                number,
                arrived: call.arrived,
                node: call.node,
                draw_key: call.draw_key,
            },
        );
        Some(number)
    }

    /// Which calls have ended in a step that has told these ends.
    ///
    /// Calls of one kind that arrived at one node at one instant are told apart by whether their place is free now; of several that
    /// end in one step, the one that came first is taken first.
    pub(super) fn ended(&mut self, calls: &Calls, event: &Event) -> Option<Ended> {
        let Event::CallEnded {
            node, group, arrived, ..
        } = *event
        else {
            return None;
        };
        let key = (node, arrived, group);
        let candidates = self.open.get_mut(&key)?;
        let places = &self.places;
        let gone = |&(place, number): &(CallId, u64)| {
            let known = places[place.index()].filter(|identity| identity.number == number);
            !known.is_some_and(|identity| calls.find(place).is_some_and(|call| identity.is(call)))
        };
        let at = candidates.iter().position(gone)?;
        let (_, number) = candidates.remove(at);
        if candidates.is_empty() {
            self.open.remove(&key);
        }
        self.at.remove(&number);
        Some(Ended { number, event: *event })
    }

    /// The call of this number at the node where it arrived, unless it has ended.
    pub(super) fn call<'c>(&self, calls: &'c Calls, number: u64) -> Option<&'c Call> {
        calls.find(*self.at.get(&number)?)
    }

    /// A call by its number, as it stands now where it arrived.
    pub(super) fn named(&self, calls: &Calls, parties: &Parties, number: u64) -> NamedCall {
        let place = self.at.get(&number).copied();
        let found = place.and_then(|place| Some((place, calls.find(place)?)));
        let of_job = found.and_then(|(place, call)| {
            let all = parties.calls_of_job(call.group)?;
            Some((calls.done(place) + 1, all))
        });
        NamedCall {
            number,
            of_job,
            is_next: found.is_some_and(|(_, call)| call.phase == Phase::Between),
        }
    }

    /// All calls that have not ended, in the order of arrival.
    pub(super) fn under_way(&self) -> impl Iterator<Item = u64> + '_ {
        self.at.keys().copied()
    }
}
