//! What is looked for, and how far a run can be on its way to it.

use std::str::FromStr;
use std::sync::Arc;

use super::error::RareError;
use crate::base::{Duration, NodeId, Time};
use crate::node::{Again, Call, CallPolicy};
use crate::plan::Plan;

/// An event that is too rare to be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RareEvent {
    /// A call that arrives in the measured span does not end with success: its chance.
    FailedCall,
    /// The first second of livelock after the warm-up: how long it takes.
    Livelock,
}

/// Their names with a sentence each.
pub const RARE_EVENTS: [(&str, RareEvent); 2] = [
    ("failed_call", RareEvent::FailedCall),
    ("livelock", RareEvent::Livelock),
];

/// Nodes of a plan whose whole state is copied at each split, at most.
const MOST_NODES: usize = 10_000;

impl RareEvent {
    /// As it is written.
    pub fn name(self) -> &'static str {
        let named = RARE_EVENTS.iter().find(|(_, event)| *event == self);
        named.map_or("", |(name, _)| name)
    }

    /// Whether a plan has levels that tell of this event.
    ///
    /// # Errors
    /// Where it has none: too many nodes, or a call without an end.
    pub fn allows(self, strategy: &str, plan: &Plan) -> Result<(), RareError> {
        self.approach(strategy, plan).map(drop)
    }

    /// What the levels of a plan are; an error where none tells of this event.
    pub fn approach(self, strategy: &str, plan: &Plan) -> Result<Approach, RareError> {
        let nodes = plan.nodes();
        if nodes > MOST_NODES {
            return Err(RareError::Large {
                nodes,
                most: MOST_NODES,
            });
        }
        let nearness = match self {
            Self::Livelock => Nearness::Nodes(nodes as u32),
            Self::FailedCall => {
                let mut tries = (0..nodes as u32).map(|node| most_tries(plan.client_of(NodeId(node)).1));
                let most = tries.try_fold(1, |most: u32, tries| tries.map(|tries| most.max(tries)));
                let patience = &plan.layout.patience;
                match most {
                    Some(most) => Nearness::Tries(most - 1),
                    None if patience.iter().any(Option::is_some) => Nearness::Age(patience.as_slice().into()),
                    None => {
                        return Err(RareError::Unbounded {
                            strategy: strategy.to_owned(),
                        });
                    }
                }
            }
        };
        Ok(Approach { event: self, nearness })
    }
}

/// What is looked for, and what says how near it is.
#[derive(Clone, Debug)]
pub struct Approach {
    /// Which event.
    pub event: RareEvent,
    /// What says how near a run is to it.
    pub nearness: Nearness,
}

/// What a level counts.
#[derive(Clone, Debug)]
pub enum Nearness {
    /// Tries that the call under way that has failed most often has used up; so many at most before its last one.
    Tries(u32),
    /// Parts of its caller's patience that the call under way that has waited longest in proportion has used up; the patience by group.
    Age(Arc<[Option<Duration>]>),
    /// Nodes with a call under way that has been refused, of so many.
    Nodes(u32),
}

/// Parts of a caller's patience that are levels.
const AGES: u64 = 20;

impl Nearness {
    /// In words.
    pub fn words(&self) -> &'static str {
        match self {
            Self::Tries(_) => "tries that the call under way that has failed most often has used up",
            Self::Age(_) => {
                "twentieths of its caller's patience that the call under way that has waited longest has used up"
            }
            Self::Nodes(_) => "nodes with a call under way that has been refused",
        }
    }

    /// The level beyond which there is only the event itself.
    pub fn highest(&self) -> u32 {
        match *self {
            Self::Tries(most) | Self::Nodes(most) => most,
            Self::Age(_) => AGES as u32,
        }
    }

    /// How far a call is on its way to its failure.
    pub fn of_call(&self, call: &Call, now: Time) -> u32 {
        let Self::Age(patience) = self else {
            return u32::from(call.tries);
        };
        match patience.get(usize::from(call.group.0)).copied().flatten() {
            Some(patience) if !patience.is_zero() => {
                let parts =
                    u128::from(now.since(call.arrived).nanos()) * u128::from(AGES) / u128::from(patience.nanos());
                parts.min(u128::from(AGES)) as u32
            }
            _ => 0,
        }
    }
}

/// Tries of a call in all, where they are bounded.
fn most_tries(policy: &CallPolicy) -> Option<u32> {
    let again = |again: Again| u32::from(again.refused) + u32::from(again.call) + u32::from(again.token) + 1;
    let bounds = [policy.retry.attempts().most(), policy.again.map(again)];
    bounds.into_iter().flatten().min()
}

impl FromStr for RareEvent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = RARE_EVENTS.iter().find(|(name, _)| *name == text);
        known.map(|(_, event)| *event).ok_or_else(|| {
            let names = RARE_EVENTS.map(|(name, _)| name).join(" or ");
            format!(
                "`{text}` is no event that runs can be split for; write {names}. Figures that are no event come from `tokenstorm run`"
            )
        })
    }
}
