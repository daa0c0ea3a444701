//! What a node waits for besides its calls: token requests of the node as a whole, store operations, timers.

use crate::base::{CallId, NodeId, clone_in_place};

use super::TIMERS;

/// Whose a token request is.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    /// This call's alone.
    Call(CallId),
    /// The node's, which calls it so.
    Node { tag: u8 },
}

impl Whose {
    /// A call's where there is one, and else the node's own, which has no name for it.
    #[inline]
    pub fn of(call: Option<CallId>) -> Self {
        call.map_or(Self::Node { tag: 0 }, Self::Call)
    }
}

/// A node's store operations and timers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PendingOps {
    /// Store operations sent so far; the low bits are the numbers of `stored`.
    pub operations: u32,
    /// Operations that are still waited for, a bit for each number.
    pub stored: u32,
    /// How often each timer has been armed, modulo 256: an alarm of an earlier arming is over.
    pub armed: [u8; TIMERS],
}

/// Numbers of requests and operations that can be told apart while they are under way.
pub const NUMBERS: u32 = 32;

/// The pending operations of one node or of many; there is room for them only once a node has any, because many strategies
/// have none.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub struct Pending {
    ops: Vec<PendingOps>,
}

clone_in_place!(Pending { ops });

impl Pending {
    /// The operations of a node among so many; the first use makes room for all.
    #[inline]
    pub fn of(&mut self, node: NodeId, nodes: usize) -> &mut PendingOps {
        if self.ops.is_empty() {
            self.ops = vec![PendingOps::default(); nodes];
        }
        &mut self.ops[node.index()]
    }

    /// The operations of a node, where there is room for any.
    #[inline]
    pub fn get(&self, node: NodeId) -> Option<&PendingOps> {
        self.ops.get(node.index())
    }

    /// As [`Pending::get`].
    #[inline]
    pub fn get_mut(&mut self, node: NodeId) -> Option<&mut PendingOps> {
        self.ops.get_mut(node.index())
    }

    /// Sets the operations of a node, the first one first; all nodes have some, or none has room for any.
    pub fn put(&mut self, node: NodeId, ops: Option<PendingOps>) {
        self.ops.truncate(node.index());
        self.ops.extend(ops);
    }

    /// The operations of all nodes.
    pub fn all_mut(&mut self) -> &mut [PendingOps] {
        &mut self.ops
    }

    /// Bytes that they take.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.ops)
    }
}
