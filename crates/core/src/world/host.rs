//! What the world asks of an engine: a clock, an order and a pair of dice.

use super::leg::Leg;
use super::message::Message;
use crate::base::{Chance, Delay, Duration, Time};
use crate::oauth::Token;
use crate::provider::ServerHost;
use crate::trace::Event;

/// An engine as the world sees it. A `key` names a draw: the same key for the same leg is the same luck, whatever else
/// happens in the run. [`World`](super::World) shows a small one.
pub trait Host {
    /// Whether its runs may have a [second provider](super::World::with_second). An engine that says no is compiled without: nothing asks which
    /// provider it is.
    const TWO_PROVIDERS: bool = true;

    /// The instant of the delivery under way.
    fn now(&self) -> Time;

    /// Lets a message travel; it may be lost.
    fn send(&mut self, leg: Leg, key: u64, message: Message);

    /// Delivers an alarm to its own party after a delay, of which the drawn length is returned.
    fn wake(&mut self, delay: Delay, key: u64, alarm: Message) -> Duration;

    /// Whether something happens that has this chance.
    fn hit(&mut self, chance: Chance, key: u64) -> bool;

    /// How late the resource server that an attempt meets hears that this token exists, and that it has ended.
    fn lags(&mut self, token: Token, key: u64) -> (Duration, Duration);

    /// Tells the trace. The event is made where it is heard: what nobody asks for is never put together.
    fn note(&mut self, event: impl FnOnce() -> Event);

    /// Whether it wants to be told details too, which only properties ask for.
    #[inline]
    fn wants_details(&self) -> bool {
        false
    }

    /// Whether it wants to be told of each token that a node holds.
    #[inline]
    fn wants_holdings(&self) -> bool {
        false
    }
}

/// An engine that carries requests to a server serves the server too.
impl<H: Host> ServerHost for H {
    #[inline]
    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        Host::hit(self, chance, key)
    }

    #[inline]
    fn lags(&mut self, token: Token, key: u64) -> (Duration, Duration) {
        Host::lags(self, token, key)
    }

    #[inline(always)]
    fn note(&mut self, event: impl FnOnce() -> Event) {
        Host::note(self, event);
    }

    #[inline]
    fn wants_details(&self) -> bool {
        Host::wants_details(self)
    }
}
