//! A checker's side of the world.

use crate::base::{Chance, Delay, Duration, Permutation, Time};
use crate::oauth::Token;
use crate::trace::Event;
use crate::world::{Host, Leg, Message, Renamed};

/// A checker's clock stands still.
pub const NOW: Time = Time::ZERO;

/// The checker as the world's host: messages that are sent lie in a bag until a step picks one.
#[derive(Debug, Default)]
pub struct CheckHost {
    /// The messages under way.
    pub bag: Vec<Message>,
    /// Events of the last step, in order.
    pub events: Vec<Event>,
    /// What tokens are called after the last step.
    pub renamed: Renamed,
    /// Which places the nodes have taken after the last step, where only their order is known.
    pub places: Permutation,
}

impl Host for CheckHost {
    const TWO_PROVIDERS: bool = false;

    fn now(&self) -> Time {
        NOW
    }
    fn send(&mut self, _: Leg, _: u64, message: Message) {
        self.bag.push(message);
    }
    fn wake(&mut self, _: Delay, _: u64, alarm: Message) -> Duration {
        self.bag.push(alarm);
        // How long it was decides nothing: alarms ring in any order.
        Duration::ZERO
    }
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }
    fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }
    fn note(&mut self, event: impl FnOnce() -> Event) {
        self.events.push(event());
    }
    fn wants_details(&self) -> bool {
        true
    }
}
