//! What a live node was told and what it said, and the proof that the one follows from the other.

use super::machine::{Machine, Said, Told};
use crate::base::{Dice, NodeId, Time};
use crate::plan::Plan;

/// One thing that reached a node, and what the node said to it.
#[derive(Clone, Debug)]
pub(super) struct RecordedStep {
    pub at: Time,
    pub told: Told,
    pub said: Vec<Said>,
}

/// Everything that reached one node in a run, in order, with what the node said.
#[derive(Clone, Debug)]
pub struct NodeRecord {
    node: NodeId,
    steps: Vec<RecordedStep>,
}

/// A node said something else when it was told the same again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("step {step} of node {node}, told {told}: it said {said} then, and says {again} now")]
pub struct ReplayDiffers {
    /// Which node.
    pub node: u32,
    /// Which step, from 0.
    pub step: usize,
    /// What reached it.
    pub told: String,
    /// What it said in the run.
    pub said: String,
    /// What it says in the replay.
    pub again: String,
}

impl NodeRecord {
    pub(super) fn of(node: NodeId) -> Self {
        Self {
            node,
            steps: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, step: RecordedStep) {
        self.steps.push(step);
    }

    pub(super) const fn node(&self) -> NodeId {
        self.node
    }

    /// How many things reached the node.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether nothing did.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many words the node said.
    pub fn words(&self) -> usize {
        self.steps.iter().map(|step| step.said.len()).sum()
    }

    /// Tells a new node of the same plan the same, under the same dice.
    ///
    /// # Errors
    /// At the first thing to which it says something else than in the run.
    pub fn replay(&self, plan: &Plan, dice: Dice) -> Result<(), ReplayDiffers> {
        let mut machine = Machine::new(plan, self.node, dice);
        for (place, step) in self.steps.iter().enumerate() {
            let again = machine.take(step.at, step.told);
            if again != step.said {
                return Err(ReplayDiffers {
                    node: self.node.0,
                    step: place,
                    told: format!("{:?}", step.told),
                    said: format!("{:?}", step.said),
                    again: format!("{again:?}"),
                });
            }
        }
        Ok(())
    }
}
