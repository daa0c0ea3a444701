//! What is pending, and what is next: a tournament between the heads of the lanes and the first of all other events.
//!
//! The order is that of [`QueuedEvent`] whichever way an event is kept, so a lane or a wheel changes how long a run takes and
//! nothing else. An event that would not be the last of its lane (because a latency has just become shorter) is kept like
//! any other.

use super::event::{Class, EventTime, QueuedEvent};
use super::heap::Heap;
use super::lane::{LANES, Lanes};
use super::payload::{ARRIVAL, Due, Flights, KIND, LANE, MESSAGE, QueuePlace, TIMELINE, Taken};
use super::wheel::Wheel;
use crate::base::Time;
use crate::world::Message;

/// Kinds of message that may have a lane each.
pub const WAYS: usize = LANES;

/// All ways and the rest.
const SOURCES: usize = WAYS + 1;

pub(super) const REST: usize = 0;

const UNOPENED: u8 = u8::MAX;

/// With more pending events than this outside the lanes, a wheel pays.
pub(super) const FEW: usize = 384;

/// Everything pending.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The first event of each source; `sources` of them are in use.
    pub(super) heads: [QueuedEvent; SOURCES],
    sources: usize,
    /// The head of the rest has been taken, and the next not been looked for.
    pub(super) stale: bool,
    lane_of: [u8; WAYS],
    lanes: Lanes,
    pub(super) heap: Heap,
    pub(super) wheel: Option<Box<Wheel>>,
    /// The heap's size at which a wheel is built, or built anew.
    pub(super) few: usize,
    flights: Flights,
    sequence: u32,
    shortcuts: bool,
}

impl Queue {
    /// An empty queue; without `shortcuts` it keeps everything in one heap.
    pub fn new(shortcuts: bool) -> Self {
        Self {
            heads: [QueuedEvent::NEVER; SOURCES],
            sources: 1,
            stale: false,
            lane_of: [UNOPENED; WAYS],
            lanes: Lanes::default(),
            heap: Heap::default(),
            wheel: None,
            few: FEW,
            flights: Flights::default(),
            sequence: 0,
            shortcuts,
        }
    }

    /// A message that takes as long as all others of its way, or nearly always does.
    ///
    /// Nothing but places in memory is handed the message: so it is written there field by field, and never put together on
    /// the stack first, to be read again before it has got there.
    #[inline(always)]
    pub fn push_steady(&mut self, way: usize, at: Time, class: Class, message: Message) {
        let instant = EventTime::new(at, class);
        let mut lane = self.lane_of[way];
        if lane == UNOPENED {
            lane = self.open(way);
        }
        let lane = usize::from(lane);
        if !self.lanes.fits(lane, instant) {
            self.lanes.write(lane, message);
            self.displace(lane, at, class);
            return;
        }
        let event = QueuedEvent::new(instant, self.number(), LANE | lane as u32);
        if self.lanes.push(lane, event, message) {
            self.heads[lane % LANES + 1] = event;
        }
    }

    /// Opens a lane for this way; without shortcuts one that takes no message.
    #[cold]
    fn open(&mut self, way: usize) -> u8 {
        let after = if self.shortcuts {
            EventTime::default()
        } else {
            EventTime::NEVER
        };
        let lane = self.lanes.open(after) as u8;
        self.lane_of[way] = lane;
        self.sources += 1;
        lane
    }

    /// The message that was written to the end of this lane may not stay there.
    #[cold]
    fn displace(&mut self, lane: usize, at: Time, class: Class) {
        let message = self.lanes.written(lane);
        self.push_message(at, class, message);
    }

    /// A message that may take any time.
    #[inline(always)] // As in a lane.
    pub fn push_message(&mut self, at: Time, class: Class, message: Message) {
        let place = self.flights.insert(message);
        self.push(at, class, MESSAGE | place);
    }

    /// The next arrival of a stream.
    #[inline]
    pub fn push_arrival(&mut self, at: Time, stream: u32) {
        self.push(at, Class::Other, ARRIVAL | stream);
    }

    pub fn push_act(&mut self, at: Time) {
        self.push(at, Class::Commit, TIMELINE);
    }

    pub(super) fn push(&mut self, at: Time, class: Class, payload: u32) {
        let sequence = self.number();
        let event = QueuedEvent::new(EventTime::new(at, class), sequence, payload);
        // All that there is beside the lanes, where one stream feeds them.
        if self.stale && self.wheel.is_none() && self.heap.put_alone(event) {
            self.heads[REST] = event;
            self.stale = false;
            return;
        }
        self.heads[REST] = self.heads[REST].min(event);
        match &mut self.wheel {
            Some(wheel) if wheel.takes(event) => {
                self.stale |= wheel.first().is_none();
                wheel.push(event);
            }
            _ => {
                self.heap.push(event);
                if self.shortcuts && self.heap.len() > self.few {
                    self.rebuild();
                }
            }
        }
    }

    #[inline]
    fn number(&mut self) -> u32 {
        if self.sequence == u32::MAX {
            self.renumber();
        }
        self.sequence += 1;
        self.sequence - 1
    }

    /// Takes the first event.
    #[inline(always)] // Called in one place of an engine.
    pub fn pop(&mut self) -> Option<(Time, Due)> {
        if self.stale {
            self.look();
        }
        let first = least(&self.heads, self.sources);
        let payload = first.payload();
        let due = match payload & KIND {
            LANE if payload == QueuedEvent::NEVER.payload() => return None,
            LANE => Due::Message(QueuePlace(payload)),
            kind => {
                self.take_rest(first);
                match kind {
                    MESSAGE => Due::Message(QueuePlace(payload)),
                    ARRIVAL => Due::Arrival(payload & !KIND),
                    _ => Due::Act,
                }
            }
        };
        Some((first.instant().at(), due))
    }

    /// Takes the message that is due. It is copied nowhere: what reads it reads the fields as they were written, which a
    /// processor does sooner than to read them all at once while the writing is still under way.
    #[inline(always)]
    pub fn take(&mut self, place: QueuePlace) -> Taken {
        if place.0 & KIND == LANE {
            let lane = place.0 as usize % LANES;
            let (at, next) = self.lanes.pop(lane);
            self.heads[lane + 1] = next;
            Taken::FromLane(at)
        } else {
            self.flights.free.push(place.0);
            Taken::FromRest(place.0)
        }
    }

    /// The message that was taken last.
    #[inline(always)]
    pub fn message(&self, taken: Taken) -> &Message {
        match taken {
            Taken::FromLane(at) => self.lanes.message(at),
            Taken::FromRest(at) => &self.flights.messages[at as usize],
        }
    }

    /// The message that comes this many places after one that has been taken from its lane; `beyond` that, more of the lane
    /// is fetched from memory.
    #[inline]
    pub fn ahead(&self, place: QueuePlace, places: u32, beyond: u32) -> Option<&Message> {
        if place.0 & KIND != LANE {
            return None;
        }
        let lane = (place.0 & !KIND) as usize;
        self.lanes.expect(lane, beyond);
        self.lanes.ahead(lane, places)
    }

    /// Starts the sequence anew in the order of the events.
    #[cold]
    fn renumber(&mut self) {
        let mut rest = self.heap.drain();
        if let Some(mut wheel) = self.wheel.take() {
            rest.append(&mut wheel.drain());
        }
        let key = |event: QueuedEvent| (event.instant(), event.sequence());
        let mut all: Vec<_> = self.lanes.events().chain(rest.iter().copied()).map(key).collect();
        all.sort_unstable();
        let rank = |event: QueuedEvent| all.binary_search(&key(event)).expect("every event was ranked") as u32;
        self.lanes.renumber(rank);
        for lane in 0..self.sources - 1 {
            self.heads[lane + 1] = self.lanes.first(lane);
        }
        rest.iter()
            .for_each(|&event| self.heap.push(event.renumbered(rank(event))));
        self.stale = true;
        self.sequence = all.len() as u32;
        if self.shortcuts && self.heap.len() > self.few {
            self.rebuild();
        }
    }
}

/// The earliest of so many heads. Four legs and the rest are what most plans have: those are compared without a loop.
#[inline(always)]
fn least(heads: &[QueuedEvent; SOURCES], sources: usize) -> QueuedEvent {
    let earlier = |one: QueuedEvent, other: QueuedEvent| if other < one { other } else { one };
    let [a, b, c, d, e, others @ ..] = heads;
    let mut first = earlier(earlier(earlier(*a, *b), earlier(*c, *d)), *e);
    if sources > 5 {
        for &other in &others[..(sources - 5).min(others.len())] {
            first = earlier(first, other);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{Group, NodeId};

    fn message(number: u32) -> Message {
        Message::Arrival {
            node: NodeId(number),
            group: Group(0),
            draw_key: 0,
        }
    }

    fn next(queue: &mut Queue) -> Option<(Time, Message)> {
        queue.pop().map(|(at, due)| match due {
            Due::Message(place) => {
                let taken = queue.take(place);
                (at, *queue.message(taken))
            }
            _ => unreachable!("only messages were scheduled"),
        })
    }

    #[derive(Clone, Debug)]
    struct Step {
        delay: u64,
        class: u8,
        /// The way of a steady message, or none for one without a lane.
        way: Option<usize>,
        pops: u8,
        renumber: bool,
    }

    fn step() -> impl Strategy<Value = Step> {
        let delay = prop_oneof![0u64..4, 0u64..50, (0u32..40).prop_map(|bits| 1 << bits)];
        let way = prop_oneof![2 => Just(None), 3 => (0usize..3).prop_map(Some)];
        (delay, 0u8..3, way, 0u8..3, prop::bool::weighted(0.02)).prop_map(|(delay, class, way, pops, renumber)| Step {
            delay,
            class,
            way,
            pops,
            renumber,
        })
    }

    proptest! {
        /// Comes out sorted by instant and class, first come first within, whatever is kept in lanes or in the wheel; a
        /// renumbering in between changes nothing.
        #[test]
        fn comes_out_in_order(
            steps in prop::collection::vec(step(), 1..400),
            shortcuts: bool,
            few in prop_oneof![Just(FEW), 1usize..20],
        ) {
            let mut queue = Queue::new(shortcuts);
            queue.few = few;
            let mut model = std::collections::BTreeSet::new();
            let mut now = 0;
            let mut check = |queue: &mut Queue, model: &mut std::collections::BTreeSet<(u64, u8, u32)>| {
                let expected = model.pop_first().map(|(at, _, number)| (Time::from_nanos(at), message(number)));
                let found = next(queue);
                if let Some((at, _)) = found {
                    now = at.nanos();
                }
                (expected, found, now)
            };
            let mut from = 0;
            for (number, step) in (0..).zip(steps) {
                let class = [Class::Commit, Class::Check, Class::Other][usize::from(step.class)];
                let at = from + step.delay;
                match step.way {
                    Some(way) => queue.push_steady(way, Time::from_nanos(at), class, message(number)),
                    None => queue.push_message(Time::from_nanos(at), class, message(number)),
                }
                model.insert((at, step.class, number));
                if step.renumber {
                    queue.renumber();
                }
                for _ in 0..step.pops {
                    let (expected, found, now) = check(&mut queue, &mut model);
                    prop_assert_eq!(expected, found);
                    from = now;
                }
            }
            loop {
                let (expected, found, _) = check(&mut queue, &mut model);
                prop_assert_eq!(expected, found);
                if found.is_none() {
                    break;
                }
            }
        }
    }

    /// A wheel of many events, on instants from one nanosecond to years apart and with bursts in one instant.
    #[test]
    fn many_events_come_out_in_order() {
        let dice = crate::base::Dice::new(4);
        for spread in [0, 10, 30, 55] {
            let (mut fast, mut plain) = (Queue::new(true), Queue::new(false));
            for count in 0..20_000 {
                let draw = dice.draw(0, spread, count);
                let at = Time::from_nanos((draw >> 9) >> (55 - spread));
                fast.push_message(at, Class::Other, message(count as u32));
                plain.push_message(at, Class::Other, message(count as u32));
            }
            for count in 0..60_000 {
                let due = next(&mut fast);
                assert_eq!(due, next(&mut plain));
                let Some((now, again)) = due else { break };
                if count < 20_000 {
                    let later =
                        now + crate::base::Duration::from_nanos(dice.draw(1, spread, count) >> 9 >> (55 - spread));
                    fast.push_message(later, Class::Check, again);
                    plain.push_message(later, Class::Check, again);
                }
            }
        }
    }
}
