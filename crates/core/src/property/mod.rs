//! What every strategy is checked against, by theme: safety, liveness, refresh grants.
//!
//! A property reads trace events, the [`History`] of the run and what [`StateView`] says of the instant; never the state of a
//! strategy. A property of all runs at once, such as "no call goes on for ever", has only its name and its kind here: the engine
//! that knows all runs judges it.
//!
//! A new property is one entry in the file of its theme and one line in [`PROPERTIES`].

mod grants;
mod history;
mod liveness;
mod safety;

use crate::oauth::Token;
use crate::trace::Event;

pub use history::{History, NodeHistory};

/// One property.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its short name, such as `S1`.
    pub name: &'static str,
    /// Its name in a few words.
    pub title: &'static str,
    /// What must hold, in a sentence.
    pub about: &'static str,
    /// How it is judged.
    pub judge: Judge,
}

/// The verdict of a property on one event: whether it holds there, or none where the event does not concern it.
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
    /// In no state is a grant beyond use.
    GrantIsHeld,
    /// Once all is quiet, another call on any node costs at most so much.
    Recovery {
        /// Token requests that it costs at most.
        token_requests: u16,
        /// Attempts that it costs at most.
        attempts: u16,
    },
    /// Whatever may happen, happens in some run.
    NotVacuous,
}

/// What a bound counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// API attempts.
    Attempts,
    /// Tokens issued.
    Issuances,
}

/// The state at the instant of an event, as far as a property may ask for it.
pub trait StateView {
    /// Whether the provider would accept this token.
    fn is_live(&self, token: Token) -> bool;

    /// Whether, just before, a running node, a message under way or a store had this token.
    fn was_known(&self, token: Token) -> bool;

    /// Whether no fault has happened so far but planned renewals.
    fn is_undisturbed(&self) -> bool;
}

/// All properties, in the order in which they are shown.
pub const PROPERTIES: [Property; 20] = [
    safety::STORE_NEVER_REGRESSES,
    safety::ONE_BELIEVER,
    safety::ONE_DOER,
    safety::NO_LIVE_TOKEN_LOST,
    safety::NO_NEEDLESS_KILL,
    safety::NO_COLLATERAL_REJECTION,
    safety::GENERATION_SAFE,
    safety::NO_KNOWN_DEAD_USE,
    safety::SINGLE_FLIGHT,
    liveness::ATTEMPTS_BOUNDED,
    liveness::ISSUANCES_BOUNDED,
    liveness::NO_DEADLOCK,
    liveness::NO_LIVELOCK,
    liveness::NEVER_TRAPPED,
    liveness::GRANTS_END,
    liveness::RECOVERY,
    grants::FAMILY_SURVIVES,
    grants::WINNER_IS_KEPT,
    grants::GRANT_IS_HELD,
    liveness::NOT_VACUOUS,
];

/// The property of this short name, in any case.
pub fn find(name: &str) -> Option<&'static Property> {
    PROPERTIES
        .iter()
        .find(|property| property.name.eq_ignore_ascii_case(name))
}
