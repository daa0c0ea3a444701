//! What every strategy is checked against: one file per property, and its line in [`PROPERTIES`].
//!
//! Reads trace events, and a little that is asked of the engine about the instant; never the state of a strategy. Properties
//! about all runs at once, such as "a call may go on for ever", are named here and worked out by the engine that knows all
//! runs.

mod attempts_bounded;
mod family_survives;
mod generation_safe;
mod grant_is_held;
mod grants_end;
mod history;
mod issuances_bounded;
mod never_trapped;
mod no_collateral_rejection;
mod no_deadlock;
mod no_known_dead_use;
mod no_live_token_lost;
mod no_livelock;
mod no_needless_kill;
mod not_vacuous;
mod one_believer;
mod one_doer;
mod recovery;
mod single_flight;
mod store_never_regresses;
mod winner_is_kept;

use crate::oauth::Token;
use crate::trace::Event;

pub use history::History;

/// One property.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its short name, such as `S1`.
    pub name: &'static str,
    pub title: &'static str,
    /// The property, in a sentence.
    pub about: &'static str,
    pub judge: Judge,
}

/// What a property says of one event: none where the event is not its business, otherwise whether it stands.
pub type JudgeEvent = fn(&Event, &History, &dyn StateView) -> Option<bool>;

/// How a property is judged.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// At each event.
    Event(JudgeEvent),
    /// Over all runs at once, by an engine that knows them.
    Runs(Runs),
}

/// A property about all runs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// No run has infinitely many of these.
    Bounded(Counted),
    /// No state is without a next step while a call is pending.
    NoDeadlock,
    /// No weakly fair infinite run has a call pending for ever.
    NoLivelock,
    /// From every state some run completes all calls.
    NeverTrapped,
    /// From every state in which a lease is held some run ends it.
    GrantsEnd,
    /// In no state a grant is beyond use.
    GrantIsHeld,
    /// Once all is quiet, another call costs at most so much.
    Recovery { token_requests: u16, attempts: u16 },
    /// Whatever may happen, happens in some run.
    NotVacuous,
}

/// What a bound is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Attempts,
    Issuances,
}

/// What a property may ask about the instant of an event.
pub trait StateView {
    /// Whether the provider would accept it.
    fn is_live(&self, token: Token) -> bool;

    /// Whether, just before, a running node, a message under way or a store had it.
    fn was_known(&self, token: Token) -> bool;

    /// Whether nothing has gone wrong so far: no fault has happened but planned renewals.
    fn is_undisturbed(&self) -> bool;
}

/// All properties, in the order in which they are shown.
pub const PROPERTIES: [Property; 20] = [
    store_never_regresses::PROPERTY,
    one_believer::PROPERTY,
    one_doer::PROPERTY,
    no_live_token_lost::PROPERTY,
    no_needless_kill::PROPERTY,
    no_collateral_rejection::PROPERTY,
    generation_safe::PROPERTY,
    no_known_dead_use::PROPERTY,
    single_flight::PROPERTY,
    attempts_bounded::PROPERTY,
    issuances_bounded::PROPERTY,
    no_deadlock::PROPERTY,
    no_livelock::PROPERTY,
    never_trapped::PROPERTY,
    grants_end::PROPERTY,
    recovery::PROPERTY,
    family_survives::PROPERTY,
    winner_is_kept::PROPERTY,
    grant_is_held::PROPERTY,
    not_vacuous::PROPERTY,
];

/// The property of this short name, in any case.
pub fn find(name: &str) -> Option<&'static Property> {
    PROPERTIES
        .iter()
        .find(|property| property.name.eq_ignore_ascii_case(name))
}
