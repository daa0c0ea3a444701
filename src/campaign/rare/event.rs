//! What is looked for, and how far a run can be on its way to it.

use std::str::FromStr;

use super::RareError;
use crate::base::NodeId;
use crate::node::{Again, CallPolicy};
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

    /// What a level counts.
    pub fn level_counts(self) -> &'static str {
        match self {
            Self::FailedCall => "tries that the call under way that has failed most often has used up",
            Self::Livelock => "nodes with a call under way that has been refused",
        }
    }

    /// The level beyond which there is only the event itself; an error where levels tell nothing of this plan.
    pub(super) fn highest_level(self, strategy: &str, plan: &Plan) -> Result<u32, RareError> {
        let nodes = plan.nodes();
        if nodes > MOST_NODES {
            return Err(RareError::Large {
                nodes,
                most: MOST_NODES,
            });
        }
        match self {
            Self::Livelock => Ok(nodes as u32),
            Self::FailedCall => {
                let mut tries = (0..nodes as u32).map(|node| most_tries(plan.client_of(NodeId(node)).1));
                let most = tries.try_fold(1, |most: u32, tries| tries.map(|tries| most.max(tries)));
                let unbounded = || RareError::Unbounded {
                    strategy: strategy.to_owned(),
                };
                most.map(|most| most - 1).ok_or_else(unbounded)
            }
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
