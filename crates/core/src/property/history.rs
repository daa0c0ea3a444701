//! The history of a run as far as properties need it: as little as will do, since a checker tells states apart by it.

use std::hash::Hash;

use crate::base::{NodeId, Permutation, clone_in_place};
use crate::oauth::Token;
use crate::provider::Bucket;
use crate::trace::{Asker, Event, Ticket};

/// Buckets that are told apart; a checker's plan has fewer.
const BUCKETS: usize = 8;

/// The part of a run's history that properties ask for, by node.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct History {
    nodes: Vec<NodeHistory>,
}

clone_in_place!(History { nodes });

/// The history of one node.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeHistory {
    /// Tokens that this life of the node has seen refused, in order.
    refused: Vec<Token>,
    /// Token requests that the node waits for, each with the bucket that it asks for: those of calls before those of the node as a
    /// whole, of which the oldest comes first.
    asked: Vec<(Asker, u8)>,
}

clone_in_place!(NodeHistory { refused, asked });

impl History {
    /// The history of a run that has not begun.
    pub fn new(nodes: usize) -> Self {
        Self {
            nodes: vec![NodeHistory::default(); nodes],
        }
    }

    /// Records an event; properties are judged after that.
    pub fn record(&mut self, event: &Event) {
        match *event {
            Event::NodeStarted { node } => self.nodes[node.index()] = NodeHistory::default(),
            Event::RefusalHeard { node, token, .. } => {
                let refused = &mut self.nodes[node.index()].refused;
                if let Err(place) = refused.binary_search(&token) {
                    refused.insert(place, token);
                }
            }
            Event::TokenAsked { node, asker, bucket } => self.nodes[node.index()].asked.push((asker, place(bucket))),
            Event::TokenHeard {
                node,
                asker,
                late: false,
            } => self.nodes[node.index()].asked.retain(|(other, _)| *other != asker),
            _ => {}
        }
    }

    /// The history of one node.
    pub fn node(&self, node: NodeId) -> &NodeHistory {
        &self.nodes[node.index()]
    }

    /// Puts this history of a node in the place of its present one.
    pub fn put_node(&mut self, node: NodeId, history: &NodeHistory) {
        self.nodes[node.index()].clone_from(history);
    }

    /// The history of one node, without a word of which one it is, nor of its calls.
    pub fn of(&self, node: NodeId) -> impl Hash + '_ {
        let NodeHistory { refused, asked } = &self.nodes[node.index()];
        let mut buckets = [0u8; BUCKETS + 1];
        asked.iter().for_each(|&(_, place)| buckets[usize::from(place)] += 1);
        (refused, buckets)
    }

    /// Moves the history of each node to its new place; what calls are called now, `name` says.
    pub fn move_nodes(&mut self, places: Permutation, name: impl Fn(Ticket) -> Ticket) {
        places.trade(&mut self.nodes);
        self.rename_calls(name);
    }

    /// Forgets requests of which nobody waits for the answer any more, as their calls have ended.
    pub fn forget(&mut self, awaited: impl Fn(NodeId, Asker) -> bool) {
        for (id, node) in (0..).map(NodeId).zip(&mut self.nodes) {
            node.asked.retain(|&(asker, _)| awaited(id, asker));
        }
    }

    /// Whether the node, in its present life, has seen this token refused.
    pub fn has_seen_refused(&self, node: NodeId, token: Token) -> bool {
        self.nodes[node.index()].refused.binary_search(&token).is_ok()
    }

    /// Token requests that the node waits for.
    pub fn waits_for(&self, node: NodeId) -> usize {
        self.nodes[node.index()].asked.len()
    }

    /// Nodes that wait for a token of this bucket.
    pub fn asking(&self, bucket: Bucket) -> usize {
        let asks = |node: &&NodeHistory| node.asked.iter().any(|&(_, asked)| asked == place(Some(bucket)));
        self.nodes.iter().filter(asks).count()
    }

    /// Renames the calls that wait, and numbers the requests of each node by their age.
    pub fn rename_calls(&mut self, name: impl Fn(Ticket) -> Ticket) {
        for node in &mut self.nodes {
            let mut age = 0;
            for (asker, _) in &mut node.asked {
                match asker {
                    Asker::Call(ticket) => *ticket = name(*ticket),
                    Asker::Node { number, .. } => {
                        *number = age;
                        age += 1;
                    }
                }
            }
            node.asked.sort_unstable();
        }
    }

    /// Renames tokens, and forgets those that have no name any more.
    pub fn rename(&mut self, name: &dyn Fn(Token) -> Option<Token>) {
        for node in &mut self.nodes {
            node.refused.retain_mut(|token| {
                let named = name(*token);
                *token = named.unwrap_or(*token);
                named.is_some()
            });
            node.refused.sort_unstable();
        }
    }
}

impl NodeHistory {
    /// Bytes of its lists.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.refused) + size_of_val(&*self.asked)
    }
}

/// The place of a bucket; the last stands for requests that the provider will refuse.
fn place(bucket: Option<Bucket>) -> u8 {
    bucket.map_or(BUCKETS, |bucket| (bucket.0 as usize).min(BUCKETS - 1)) as u8
}
