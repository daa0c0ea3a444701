//! The simulator's side of the world: clock, order and dice.

use super::drivers::DriverQueue;
use super::event::Class;
use super::payload::Taken;
use super::purpose::{HIT, LAG, REPLICA, WAKE, latency_of, loss_of};
use super::queue::Queue;
use crate::base::{Chance, Delay, Dice, Duration, NodeId, Time};
use crate::metric::{Controls, Observed};
use crate::oauth::Token;
use crate::plan::{Links, Propagation};
use crate::trace::{Event, Sink};
use crate::world::{Delivery, Host, LEGS, Leg, Message};

/// Who hears of a run. Not a type parameter: the engine would be compiled anew for every listener and every strategy, which
/// takes minutes.
pub(super) enum Listener<'a> {
    /// All metrics, and nobody else.
    Metrics(&'a mut Observed),
    /// All metrics, and the control variates. Apart, since to ask for them at each event takes a hundredth of a run without them.
    Controlled(&'a mut Observed, &'a mut Controls),
    Other(&'a mut dyn Sink),
    /// Nobody: who looks on is told by the host around this one.
    Nobody,
}

/// The simulator's side of the world: clock, order and dice.
pub(super) struct SimHost<'a> {
    pub(super) now: Time,
    pub(super) queue: Queue,
    pub(super) dice: Dice,
    /// Of what is drawn again and is to be the same: also in a run that was split off another.
    pub(super) standing: Dice,
    pub(super) links: Links,
    /// Latencies are multiplied by this many thousandths, by leg.
    pub(super) slowness: [u64; LEGS],
    /// Legs that lose nothing and always take the same time, with this time.
    pub(super) steady: [Option<Duration>; LEGS],
    /// The lags of the resource servers, where they are always the same.
    pub(super) steady_lags: Option<(Duration, Duration)>,
    pub(super) drivers: DriverQueue<'a>,
    /// The plan asks for each token that a node holds.
    pub(super) holdings: bool,
    pub(super) sink: Listener<'a>,
}

#[inline(always)]
pub(super) fn class(message: &Message) -> Class {
    match message {
        Message::TokenRequest { .. } | Message::TokenServed { .. } => Class::Commit,
        Message::ApiRequest { .. } => Class::Check,
        _ => Class::Other,
    }
}

/// Legs with a way of their own in the queue: all but those of a second provider, which few runs have.
const LEGS_WITH_WAY: usize = Leg::SecondTokenRequest as usize;

/// Alarms that nearly always take the same time have ways of their own, after those of the legs.
fn way_of_alarm(alarm: &Message) -> Option<usize> {
    match alarm {
        Message::AttemptTimedOut { .. } => Some(LEGS_WITH_WAY),
        Message::TokenTimedOut { .. } => Some(LEGS_WITH_WAY + 1),
        Message::StoreTimedOut { .. } => Some(LEGS_WITH_WAY + 2),
        Message::BackoffOver { .. } => Some(LEGS_WITH_WAY + 3),
        _ => None,
    }
}

const _: () = assert!(LEGS_WITH_WAY + 4 <= super::queue::WAYS);

impl SimHost<'_> {
    /// A node's pause by chance ends then.
    pub(super) fn resume_at(&mut self, at: Time, node: NodeId) {
        let resume = self.drivers.resumption(node);
        self.queue.push_arrival(at, resume);
    }

    /// The same host at this instant, for a run that goes on with other draws; whoever listens here hears nothing of it.
    pub(super) fn branch(&self, dice: Dice) -> Self {
        let mut drivers = self.drivers.clone();
        drivers.redraw(dice);
        Self {
            now: self.now,
            queue: self.queue.clone(),
            dice,
            standing: self.standing,
            links: self.links.clone(),
            slowness: self.slowness,
            steady: self.steady,
            steady_lags: self.steady_lags,
            drivers,
            holdings: self.holdings,
            sink: Listener::Nobody,
        }
    }

    #[cold]
    #[inline(never)]
    fn tell(&mut self, event: &Event) {
        if let Event::CallEnded { node, group, .. } = *event
            && let Some((number, think)) = self.drivers.ended(node, group)
        {
            self.queue.push_arrival(self.now + think, number);
        }
        match &mut self.sink {
            Listener::Controlled(observed, controls) => {
                observed.record(self.now, event);
                controls.record(self.now, event);
            }
            Listener::Other(sink) => sink.record(self.now, event),
            Listener::Metrics(_) | Listener::Nobody => {}
        }
    }

    /// Which way a message on this leg goes, and how long it takes; none if it is lost.
    fn by_chance(&self, leg: Leg, key: u64) -> Option<(Option<usize>, Duration)> {
        let link = self.links.leg(leg);
        if !link.loss.is_never() && link.loss.hit(self.dice.draw(loss_of(leg), key, 0)) {
            return None;
        }
        let (way, latency) = match link.latency.as_constant() {
            Some(constant) => (Some(leg as usize).filter(|&way| way < LEGS_WITH_WAY), constant),
            None => (None, link.latency.sample(self.dice.draw(latency_of(leg), key, 0))),
        };
        Some((way, self.slowed(leg, latency)))
    }

    fn slowed(&self, leg: Leg, latency: Duration) -> Duration {
        match self.slowness[leg as usize] {
            1000 => latency,
            thousandths => latency.ratio(thousandths, 1000),
        }
    }

    /// From now on the latencies of these legs are multiplied by so many thousandths.
    pub(super) fn slow(&mut self, legs: &[Leg], thousandths: u64) {
        for &leg in legs {
            self.slowness[leg as usize] = thousandths;
            let link = self.links.leg(leg);
            let has_way = link.loss.is_never() && (leg as usize) < LEGS_WITH_WAY;
            let constant = link.latency.as_constant().filter(|_| has_way);
            self.steady[leg as usize] = constant.map(|latency| self.slowed(leg, latency));
        }
    }

    /// A message on this leg is lost.
    #[cold]
    #[inline(never)]
    fn lose(&mut self, leg: Leg) {
        if let Some(event) = Self::loss(leg) {
            self.note(|| event);
        }
    }

    /// What the trace is told of the loss of a message on this leg.
    pub(super) const fn loss(leg: Leg) -> Option<Event> {
        match leg {
            Leg::TokenRequest | Leg::SecondTokenRequest => Some(Event::TokenRequestLost),
            Leg::TokenResponse | Leg::SecondTokenResponse => Some(Event::TokenAnswerLost),
            _ => None,
        }
    }

    /// Which way a message that is sent now on this leg goes, and how long it takes; none if it is lost.
    #[inline(always)]
    pub(super) fn way(&self, leg: Leg, key: u64) -> Option<(Option<usize>, Duration)> {
        let steady = self.steady[leg as usize].map(|latency| (Some(leg as usize), latency));
        steady.or_else(|| self.by_chance(leg, key))
    }

    #[inline(always)]
    pub(super) fn schedule(&mut self, way: Option<usize>, at: Time, message: Message) {
        match way {
            Some(way) => self.queue.push_steady(way, at, class(&message), message),
            None => self.queue.push_message(at, class(&message), message),
        }
    }
}

impl Host for SimHost<'_> {
    const TWO_PROVIDERS: bool = false;

    #[inline]
    fn now(&self) -> Time {
        self.now
    }

    #[inline(always)] // Which leg and which kind of message is known where it is sent.
    fn send(&mut self, leg: Leg, key: u64, message: Message) {
        match self.way(leg, key) {
            Some((way, latency)) => self.schedule(way, self.now + latency, message),
            None => self.lose(leg),
        }
    }

    #[inline]
    fn wake(&mut self, delay: Delay, key: u64, alarm: Message) -> Duration {
        let (way, delay) = if delay.spread.is_zero() {
            (way_of_alarm(&alarm), delay.at(0))
        } else {
            let drawn = delay.at(self.dice.draw(WAKE, key, 0));
            if Delay::is_never(drawn) {
                return drawn;
            }
            (None, drawn)
        };
        self.schedule(way, self.now + delay, alarm);
        delay
    }

    #[inline]
    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        !chance.is_never() && chance.hit(self.dice.draw(HIT, key, 0))
    }

    #[inline]
    fn lags(&mut self, token: Token, key: u64) -> (Duration, Duration) {
        if let Some(lags) = self.steady_lags {
            return lags;
        }
        let Propagation {
            visible_after,
            invalidation,
            replicas,
        } = self.links.lags_of(token);
        let replica = (u128::from(self.dice.draw(REPLICA, key, 0)) * u128::from(*replicas)) >> 64;
        let party = (u64::from(token.sequence()) << 16) | replica as u64;
        (
            visible_after.sample(self.standing.draw(LAG, party, 0)),
            invalidation.sample(self.standing.draw(LAG, party, 1)),
        )
    }

    #[inline]
    fn wants_holdings(&self) -> bool {
        self.holdings
    }

    #[inline(always)] // The metrics then meet only the event that is told here, and of it only what they count.
    fn note(&mut self, event: impl FnOnce() -> Event) {
        match &mut self.sink {
            Listener::Metrics(observed) => observed.record(self.now, &event()),
            _ => self.tell(&event()),
        }
    }
}

impl Delivery<SimHost<'_>> for Taken {
    #[inline(always)]
    fn message<'a>(&'a self, host: &'a SimHost<'_>) -> &'a Message {
        host.queue.message(*self)
    }
}
