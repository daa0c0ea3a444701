//! The world in parts: for an engine that keeps many worlds of which most parts are alike.

use std::hash::Hash;

use super::World;
use super::disturbance::Disturbance;
use super::logins::Logins;
use crate::base::NodeId;
use crate::node::{Calls, NodeState, PendingOps, RetryState, Shared, Strategy};
use crate::provider::{Outage, Rule};
use crate::store::Store;

/// What is at one node, apart from its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodePart<M> {
    state: NodeState<M>,
    pending: Option<PendingOps>,
    retries: Option<RetryState>,
}

/// What is neither at a node nor behind the provider's URLs.
#[derive(Debug)]
pub struct Backdrop {
    stores: Vec<Store<Shared>>,
    logins: Logins,
    store_down: Option<Outage>,
    disturbance: Disturbance,
}

impl<S: Strategy, R: Rule> World<S, R> {
    /// What is at a node.
    pub fn node_part(&self, id: NodeId) -> NodePart<S::Node> {
        NodePart {
            state: self.nodes[id.index()],
            pending: self.tables.pending.get(id).copied(),
            retries: self.tables.retries.get(id.index()).copied(),
        }
    }

    /// Puts a node into the state of a world of the same layout. All nodes are put, one after another, the first one first.
    pub fn put_node(&mut self, id: NodeId, part: &NodePart<S::Node>) {
        self.nodes[id.index()] = part.state;
        self.tables.pending.put(id, part.pending);
        if let (Some(here), Some(retries)) = (self.tables.retries.get_mut(id.index()), part.retries) {
            *here = retries;
        }
    }

    /// Puts these calls in the place of all.
    pub fn put_calls(&mut self, calls: &Calls) {
        self.calls.clone_from(calls);
    }

    /// What tells a backdrop from others.
    pub fn backdrop_look(&self) -> impl Hash + '_ {
        (&self.stores, &self.logins, self.store_down, &self.disturbance)
    }

    /// A copy of what is neither at a node nor behind the provider's URLs.
    pub fn backdrop(&self) -> Backdrop {
        Backdrop {
            stores: self.stores.clone(),
            logins: self.logins.clone(),
            store_down: self.store_down,
            disturbance: self.disturbance.clone(),
        }
    }

    /// Puts this backdrop in the place of the present one.
    pub fn put_backdrop(&mut self, backdrop: &Backdrop) {
        self.stores.clone_from(&backdrop.stores);
        self.logins.clone_from(&backdrop.logins);
        self.store_down = backdrop.store_down;
        self.disturbance.clone_from(&backdrop.disturbance);
    }
}

impl Backdrop {
    /// Bytes of its lists, roughly.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.stores)
    }
}
