//! What a strategy remembers at one node, as an engine sees it.

use std::fmt::Debug;
use std::hash::Hash;
use std::num::NonZeroU32;

use super::View;
use crate::base::{CallId, NodeId};
use crate::oauth::Token;

/// One node's volatile memory. Arrays only, so that a state can be copied, compared and counted.
pub trait Memory: Copy + Debug + Eq + Hash + Ord + Send + Sync {
    /// What an observer may ask.
    fn view(&self) -> View;

    /// The newest token that the node would present a refresh token of, dead or alive.
    fn credential(&self) -> Option<Token> {
        self.view().token
    }

    /// The phase that the node is in, by its place in [`Strategy::phases`](super::Strategy::phases); not asked where there are none.
    fn phase(&self) -> usize {
        0
    }

    /// Renames everything numbered that it holds but its calls, so that a checker can number by rank.
    fn rename(&mut self, names: &mut dyn Names);

    /// Renames every call that it keeps, so that a checker can number calls anew; a call that is over has no name any more, and is to
    /// be forgotten. A memory that keeps no calls has nothing to do.
    fn rename_calls(&mut self, name: &mut dyn FnMut(CallId) -> Option<CallId>) {
        let _ = name;
    }

    /// Renames every node that it keeps, such as one that has sent a note. Only asked of a strategy that
    /// [does not tell nodes apart](super::Strategy::tells_nodes_apart); a memory that keeps no nodes has nothing to do.
    fn rename_nodes(&mut self, name: &mut dyn FnMut(NodeId) -> NodeId) {
        let _ = name;
    }
}

/// Gives new names to what a memory holds.
pub trait Names {
    /// Another name for this token.
    fn token(&mut self, token: Token) -> Token;

    /// A fence of the shared store; zero, which is none, stays zero.
    fn fence(&mut self, fence: u32) -> u32;

    /// What a token reveals about when it was issued.
    fn rank(&mut self, rank: NonZeroU32) -> NonZeroU32 {
        rank
    }
}
