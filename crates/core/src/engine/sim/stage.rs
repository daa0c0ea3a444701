//! Where a run takes place: the simulator's host alone, or with somebody who looks on.

use super::host::SimHost;
use super::payload::Taken;
use crate::base::{NodeId, Time};
use crate::node::Strategy;
use crate::plan::Act;
use crate::provider::Rule;
use crate::world::{Host, Message, World};

/// What is about to happen.
#[derive(Clone, Copy, Debug)]
pub(super) enum Occasion<'a> {
    /// A message that was under way arrives.
    Taken(Taken),
    /// A call arrives.
    Message(&'a Message),
    /// The timeline does something.
    Act(&'a Act),
    /// A node pauses by chance, until then.
    Pause(NodeId, Time),
    /// A pause by chance is over.
    Resume(NodeId),
    /// The provider revokes the tokens of this client.
    Revocation(u16),
    /// The run ends.
    End,
}

/// A host of a run. Its own methods do nothing unless somebody looks on: the loop of a run that nobody looks at has none of it.
pub(super) trait Stage<'a, S: Strategy, R: Rule>: Host {
    /// The simulator's host.
    fn sim(&self) -> &SimHost<'a>;

    /// The simulator's host, to be changed.
    fn sim_mut(&mut self) -> &mut SimHost<'a>;

    /// Something is about to happen.
    #[inline(always)]
    fn begins(&mut self, _world: &World<S, R>, _what: Occasion<'_>) {}

    /// It has happened.
    #[inline(always)]
    fn done(&mut self, _world: &World<S, R>) {}

    /// Whether the run pauses here, before its next event, to be gone on with.
    #[inline(always)]
    fn pauses(&mut self, _world: &World<S, R>) -> bool {
        false
    }

    /// Whether nobody wants to see more.
    #[inline(always)]
    fn has_seen_enough(&self) -> bool {
        false
    }
}

impl<'a, S: Strategy, R: Rule> Stage<'a, S, R> for SimHost<'a> {
    #[inline(always)]
    fn sim(&self) -> &SimHost<'a> {
        self
    }

    #[inline(always)]
    fn sim_mut(&mut self) -> &mut SimHost<'a> {
        self
    }
}
