//! What a run and a node that is a process of its own tell each other: JSON, one thing on a line.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::LiveProvider;
use super::super::texts::Written;
use crate::base::{Duration, Group, NodeId, Time};
use crate::provider::Outage;
use crate::trace::{CallOutcome, Event, FailedBy};
use crate::world::Party;

/// Where a run's Redis is, and under which key its stores lie there.
#[derive(Clone, Serialize, Deserialize)]
pub struct SharedRedis {
    pub(in crate::live) url: String,
    pub(in crate::live) replica: Option<String>,
    pub(in crate::live) key: String,
}

impl SharedRedis {
    /// A Redis, perhaps one that takes over, and the key.
    pub(in crate::live) fn new(url: &str, replica: Option<&str>, key: &str) -> Self {
        Self {
            url: url.to_owned(),
            replica: replica.map(str::to_owned),
            key: key.to_owned(),
        }
    }
}

/// What a process has to know to be a node: the first line that it reads.
#[derive(Clone, Serialize, Deserialize)]
pub struct NodeSetup {
    /// The scenario with its one strategy, as TOML.
    pub scenario: String,
    /// Where the files are that it names.
    pub folder: PathBuf,
    /// The seed of the run.
    pub seed: u64,
    pub(in crate::live) node: u32,
    /// How often the node has been killed before.
    pub(in crate::live) life: u32,
    pub(in crate::live) began_unix_ns: u64,
    pub(in crate::live) pace: f64,
    pub(in crate::live) provider: LiveProvider,
    pub(in crate::live) redis: Option<SharedRedis>,
    /// Where it listened before it was killed.
    pub(in crate::live) address: Option<SocketAddr>,
}

/// What a node is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::live) enum Order {
    /// Where each node listens.
    Addresses(Vec<SocketAddr>),
    Start,
    Stop,
    /// From its next start on it follows this version.
    Adopt {
        version: u8,
    },
    /// The run is over.
    Close,
    /// A call has arrived, perhaps while the process stood still.
    Call {
        at_ns: u64,
        group: u16,
        draw_key: u32,
    },
    Login(Written),
    Cut {
        party: Party,
        until_ns: u64,
    },
    /// The latencies of these legs, by their numbers, are so many thousandths of what they were.
    Slow {
        legs: Vec<usize>,
        thousandths: u64,
    },
    StoreOutage(Option<Down>),
    StoreFailover,
}

/// How a store is down.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::live) enum Down {
    Errors,
    Silent,
}

impl From<Outage> for Down {
    fn from(outage: Outage) -> Self {
        match outage {
            Outage::Silent => Self::Silent,
            _ => Self::Errors,
        }
    }
}

impl From<Down> for Outage {
    fn from(down: Down) -> Self {
        match down {
            Down::Errors => Self::Errors,
            Down::Silent => Self::Silent,
        }
    }
}

/// What a node tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::live) enum Word {
    /// It is there, and listens here.
    Ready(SocketAddr),
    Event {
        at_ns: u64,
        what: What,
    },
    /// A message was under way on this leg, by its number.
    Way {
        leg: usize,
        from_ns: u64,
        to_ns: u64,
    },
    /// The provider has decided on a token.
    Issued {
        token: String,
        at_ns: u64,
    },
    /// One token was obtained with the refresh token of another.
    Descends {
        token: String,
        from: String,
    },
    /// A token was written into the store, perhaps over another.
    Written {
        at_ns: u64,
        token: Option<String>,
        over: Option<String>,
    },
    /// A call has failed for want of a grant, with this token.
    NeedsLogin(Option<String>),
}

/// The events that a live node sees.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::live) enum What {
    CallArrived {
        group: u16,
    },
    AttemptSent {
        group: u16,
        token: u32,
        repeat: bool,
    },
    CallEnded {
        group: u16,
        arrived_ns: u64,
        outcome: CallOutcome,
        by: FailedBy,
        attempts: u16,
        rejections: u16,
        first_rejected: bool,
        rejected_in_flight: bool,
    },
    TokenRequested,
    TokenRequestLost,
    LeaseLapsed,
    NodeStarted,
    NodeStopped,
}

pub(in crate::live) fn ns(at: Time) -> u64 {
    at.since(Time::ZERO).nanos()
}

pub(in crate::live) fn time(ns: u64) -> Time {
    Time::ZERO + Duration::from_nanos(ns)
}

impl What {
    /// None for what a node of its own process does not tell so.
    pub(in crate::live) fn of(event: &Event) -> Option<Self> {
        Some(match *event {
            Event::CallArrived { group, .. } => Self::CallArrived { group: group.0 },
            Event::AttemptSent {
                group, token, repeat, ..
            } => Self::AttemptSent {
                group: group.0,
                token: token.sequence(),
                repeat,
            },
            Event::CallEnded {
                group,
                arrived,
                outcome,
                by,
                attempts,
                rejections,
                first_rejected,
                rejected_in_flight,
                ..
            } => Self::CallEnded {
                group: group.0,
                arrived_ns: ns(arrived),
                outcome,
                by,
                attempts,
                rejections,
                first_rejected,
                rejected_in_flight,
            },
            Event::TokenRequested { .. } => Self::TokenRequested,
            Event::TokenRequestLost => Self::TokenRequestLost,
            Event::LeaseLapsed => Self::LeaseLapsed,
            Event::NodeStarted { .. } => Self::NodeStarted,
            Event::NodeStopped { .. } => Self::NodeStopped,
            _ => return None,
        })
    }

    /// As an event of this node. A token keeps the number that it has in its process.
    pub(in crate::live) fn event(self, node: NodeId) -> Event {
        match self {
            Self::CallArrived { group } => Event::CallArrived {
                node,
                group: Group(group),
            },
            Self::AttemptSent { group, token, repeat } => Event::AttemptSent {
                node,
                group: Group(group),
                token: crate::oauth::Token::numbered(token),
                repeat,
            },
            Self::CallEnded {
                group,
                arrived_ns,
                outcome,
                by,
                attempts,
                rejections,
                first_rejected,
                rejected_in_flight,
            } => Event::CallEnded {
                node,
                group: Group(group),
                arrived: time(arrived_ns),
                outcome,
                by,
                attempts,
                rejections,
                first_rejected,
                rejected_in_flight,
            },
            Self::TokenRequested => Event::TokenRequested { node },
            Self::TokenRequestLost => Event::TokenRequestLost,
            Self::LeaseLapsed => Event::LeaseLapsed,
            Self::NodeStarted => Event::NodeStarted { node },
            Self::NodeStopped => Event::NodeStopped { node },
        }
    }
}
