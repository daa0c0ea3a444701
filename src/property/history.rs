//! The history of a run as far as properties need it: as little as will do, since a checker tells states apart by it.

use std::hash::Hash;

use crate::base::{NodeId, Permutation, clone_in_place};
use crate::oauth::Token;
use crate::provider::Bucket;
use crate::trace::Event;

/// Buckets that are told apart; a checker's plan has fewer.
const BUCKETS: usize = 8;

/// The part of a run's history that properties ask for, by node.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct History {
    nodes: Vec<OfNode>,
}

clone_in_place!(History { nodes });

#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct OfNode {
    /// Tokens that this life of the node has seen refused, in order.
    refused: Vec<Token>,
    /// Token requests that the node waits for, by bucket; the last counts those that the provider will refuse.
    asked: [u8; BUCKETS + 1],
}

clone_in_place!(OfNode { refused, asked });

impl History {
    /// The history of a run that has not begun.
    pub fn new(nodes: usize) -> Self {
        Self {
            nodes: vec![OfNode::default(); nodes],
        }
    }

    /// Records an event; properties are judged after that.
    pub fn record(&mut self, event: &Event) {
        match *event {
            Event::NodeStarted { node } => self.nodes[node.index()] = OfNode::default(),
            Event::RefusalHeard { node, token, .. } => {
                let refused = &mut self.nodes[node.index()].refused;
                if let Err(place) = refused.binary_search(&token) {
                    refused.insert(place, token);
                }
            }
            Event::TokenAsked { node, bucket } => self.nodes[node.index()].asked[place(bucket)] += 1,
            Event::TokenHeard { node, late: false } => {
                // Which of several it was does not matter: no strategy waits for two buckets at once.
                if let Some(count) = self.nodes[node.index()].asked.iter_mut().find(|count| **count > 0) {
                    *count -= 1;
                }
            }
            _ => {}
        }
    }

    /// The history of one node, without a word of which one it is.
    pub fn of(&self, node: NodeId) -> impl Hash + '_ {
        &self.nodes[node.index()]
    }

    /// Moves the history of each node to its new place.
    pub fn move_nodes(&mut self, places: Permutation) {
        places.trade(&mut self.nodes);
    }

    /// Whether the node, in its present life, has seen this token refused.
    pub fn has_seen_refused(&self, node: NodeId, token: Token) -> bool {
        self.nodes[node.index()].refused.binary_search(&token).is_ok()
    }

    /// Token requests that the node waits for.
    pub fn waits_for(&self, node: NodeId) -> u32 {
        self.nodes[node.index()]
            .asked
            .iter()
            .map(|&count| u32::from(count))
            .sum()
    }

    /// Nodes that wait for a token of this bucket.
    pub fn asking(&self, bucket: Bucket) -> usize {
        let place = place(Some(bucket));
        self.nodes.iter().filter(|node| node.asked[place] > 0).count()
    }

    /// Renames tokens by a monotone map, and forgets those that have no name any more.
    pub fn rename(&mut self, name: &dyn Fn(Token) -> Option<Token>) {
        for node in &mut self.nodes {
            node.refused.retain_mut(|token| {
                let named = name(*token);
                *token = named.unwrap_or(*token);
                named.is_some()
            });
        }
    }
}

fn place(bucket: Option<Bucket>) -> usize {
    bucket.map_or(BUCKETS, |bucket| (bucket.0 as usize).min(BUCKETS - 1))
}
