//! A network without latencies or dice: what is sent lies there until something happens to it.

use tokenstorm::base::{Chance, Delay, Duration, Time};
use tokenstorm::oauth::Token;
use tokenstorm::trace::Event;
use tokenstorm::world::{Host, Leg, Message};

/// Its clock stands still.
pub const NOW: Time = Time::ZERO;

/// What is sent lies in a heap; the clock stands still, and nothing is drawn.
#[derive(Default)]
pub struct Net {
    pub sent: Vec<Message>,
    pub events: Vec<Event>,
}

impl Host for Net {
    fn now(&self) -> Time {
        NOW
    }

    fn send(&mut self, _: Leg, _: u64, message: Message) {
        self.sent.push(message);
    }

    fn wake(&mut self, _: Delay, _: u64, alarm: Message) -> Duration {
        self.sent.push(alarm);
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
