//! What lies in a live node's inbox.

use tokio::sync::oneshot;

use super::machine::{HandedOver, Served, Told};
use crate::base::Group;
use crate::base::{NodeId, Time};
use crate::oauth::Token;
use crate::world::{Leg, Party};

/// How long a message was under way on one leg or two; an end that is missing is when it is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trip(pub [Option<(Leg, Time, Option<Time>)>; 2]);

impl Trip {
    /// Under way since then.
    pub fn since(leg: Leg, from: Time) -> Self {
        Self([Some((leg, from, None)), None])
    }

    /// There, where it turned, and back.
    pub fn round([there, back]: [Leg; 2], from: Time, turned: Time) -> Self {
        Self([Some((there, from, Some(turned))), Some((back, turned, None))])
    }
}

/// One thing in a node's inbox.
#[derive(Debug)]
pub(super) enum Mail {
    /// What is done to it from outside, or by its own timers.
    Told(Told),
    /// Something that was under way, whichever of its lives finds it.
    Arrives { told: Told, trip: Trip },
    /// The answer to something that this life of it has asked another party.
    Answer {
        epoch: u8,
        from: Option<Party>,
        told: Told,
        trip: Trip,
    },
    /// Another node hands a call over.
    TakeOver {
        connection: u64,
        call: HandedOver,
        answer: oneshot::Sender<Served>,
        trip: Trip,
    },
    /// Nobody waits any more for the answer on this connection.
    HungUp { connection: u64 },
    /// It stands still until then.
    Pause(Time),
    /// It goes on, if its pause is over.
    Resume,
    /// It cannot reach a party until then.
    Cut(Party, Time),
}

/// What a node reports to whoever conducts the run.
#[derive(Debug)]
pub(super) enum Report {
    /// A call of this group has ended.
    Ended { node: NodeId, group: Group },
    /// A call has failed for want of a grant.
    NeedsLogin { node: NodeId, credential: Option<Token> },
}
