//! What lies in a live node's inbox.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::machine::{HandedOver, Served, Told};
use super::texts::TokenText;
use crate::base::Group;
use crate::base::{NodeId, Time};
use crate::node::Ticket;
use crate::oauth::Token;
use crate::provider::Outage;
use crate::trace::CallOutcome;
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
    /// Somebody in this process makes a call, and sends it himself.
    Begins { waits: oneshot::Sender<CallStep> },
    /// He tells what came of an attempt; where he would try again, he waits.
    Tells {
        ticket: Ticket,
        told: Told,
        waits: Option<oneshot::Sender<CallStep>>,
    },
    /// He gives the call up.
    Leaves { ticket: Ticket },
    /// Nobody waits any more for the answer on this connection.
    HungUp { connection: u64 },
    /// It stands still until then.
    Pause(Time),
    /// The network or the store changes, for a node that is a process of its own.
    Around(Change),
    /// A call has arrived, perhaps before this is read.
    Arrived { at: Time, group: Group, draw_key: u32 },
    /// It goes on, if its pause is over.
    Resume,
    /// It cannot reach a party until then.
    Cut(Party, Time),
}

/// What changes around all nodes.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// The latencies of these legs are so many thousandths of what they were.
    Slow(Vec<Leg>, u64),
    /// The store fails, or works again.
    StoreOutage(Option<Outage>),
    /// Another Redis is the store from now on.
    StoreFailover,
}

/// What comes next in a call that somebody in this process sends himself.
#[derive(Debug)]
pub(super) enum CallStep {
    /// It is to be sent with this token.
    Attempt {
        ticket: Ticket,
        token: Token,
        text: Arc<TokenText>,
    },
    /// It is over.
    Over(CallOutcome),
}

/// What a node reports to whoever conducts the run.
#[derive(Debug)]
pub(super) enum Report {
    /// A call of this group has ended.
    Ended { node: NodeId, group: Group },
    /// A call has failed for want of a grant.
    NeedsLogin { node: NodeId, credential: Option<Token> },
    /// A node that is a process of its own is not there any more.
    Died(String),
}
