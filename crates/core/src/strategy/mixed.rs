//! Nodes of one world that do not all follow the same: an old version beside a new one, an owner beside readers.
//!
//! It is no strategy of the list: each node follows one of those, and may retry by a policy of its own.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{AnyMemory, Coordination};
use crate::base::{CallId, Duration, NodeId};
use crate::node::{CallPolicy, Input, Me, Memory, Names, Outbox, Strategy, View};
use crate::oauth::Token;

/// What each node follows, where they do not all follow the same. Only a run that mixes is compiled for it.
#[derive(Clone, Debug)]
pub struct Mixed {
    versions: Arc<[Coordination]>,
    /// By version; empty where all nodes retry alike.
    policies: Arc<[CallPolicy]>,
    /// The version of each node; beyond its end, the first.
    of: Arc<[u8]>,
}

impl Mixed {
    /// Versions of the code, with a call policy for each or none for all, and which of them each node follows.
    ///
    /// # Panics
    /// Where a node follows a version that there is not, or some versions have a policy and others none.
    pub fn new(versions: Vec<Coordination>, policies: Vec<CallPolicy>, of: Vec<u8>) -> Self {
        assert!(of.iter().all(|&version| usize::from(version) < versions.len()));
        assert!(policies.is_empty() || policies.len() == versions.len());
        Self {
            versions: versions.into(),
            policies: policies.into(),
            of: of.into(),
        }
    }

    /// All nodes follow this one.
    pub fn alone(coordination: Coordination) -> Self {
        Self::new(vec![coordination], Vec::new(), Vec::new())
    }

    /// All that some node may follow.
    pub fn versions(&self) -> &[Coordination] {
        &self.versions
    }

    /// The version of a node.
    #[inline]
    pub fn version_of(&self, node: NodeId) -> u8 {
        self.of.get(node.index()).copied().unwrap_or(0)
    }

    /// What a node follows.
    #[inline]
    pub fn of(&self, node: NodeId) -> &Coordination {
        &self.versions[usize::from(self.version_of(node))]
    }

    fn any(&self, is: impl Fn(&Coordination) -> bool) -> bool {
        self.versions.iter().any(is)
    }
}

/// What a node remembers where nodes do not all follow the same: which strategy's memory it is tells two of them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MixedMemory(AnyMemory);

impl Hash for MixedMemory {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(&self.0).hash(state);
        self.0.hash(state);
    }
}

impl Memory for MixedMemory {
    #[inline]
    fn view(&self) -> View {
        self.0.view()
    }

    fn credential(&self) -> Option<Token> {
        self.0.credential()
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.0.rename(names);
    }

    fn rename_calls(&mut self, name: &mut dyn FnMut(CallId) -> Option<CallId>) {
        self.0.rename_calls(name);
    }
}

impl Strategy for Mixed {
    type Node = MixedMemory;

    fn boot(&self, me: Me) -> MixedMemory {
        MixedMemory(self.of(me.id).boot(me))
    }

    fn started(&self, me: Me, node: &mut MixedMemory, out: &mut Outbox) {
        self.of(me.id).started(me, &mut node.0, out);
    }

    fn on(&self, me: Me, node: &mut MixedMemory, input: Input, out: &mut Outbox) {
        self.of(me.id).on(me, &mut node.0, input, out);
    }

    fn needs_store(&self) -> bool {
        self.any(Coordination::needs_store)
    }

    fn needs_gateway(&self) -> bool {
        self.any(Coordination::needs_gateway)
    }

    fn times_requests(&self) -> bool {
        self.any(Coordination::times_requests)
    }

    fn lapses_after(&self) -> Option<Duration> {
        self.versions.iter().filter_map(Coordination::lapses_after).min()
    }

    fn renews_as_planned(&self) -> bool {
        self.any(Coordination::renews_as_planned)
    }

    fn shares_tokens(&self) -> bool {
        self.any(Coordination::shares_tokens)
    }

    fn duplicate_apps(&self) -> u16 {
        self.versions
            .iter()
            .map(Coordination::duplicate_apps)
            .max()
            .unwrap_or(1)
    }

    fn highest_slot(&self) -> Option<u16> {
        self.versions.iter().filter_map(Coordination::highest_slot).max()
    }

    fn policies(&self) -> &[CallPolicy] {
        &self.policies
    }

    #[inline]
    fn policy_of(&self, node: NodeId) -> Option<&CallPolicy> {
        self.policies.get(usize::from(self.version_of(node)))
    }

    fn adopt(&mut self, node: NodeId, version: u8) {
        let nodes = self.of.len().max(node.index() + 1);
        if nodes > self.of.len() {
            self.of = self
                .of
                .iter()
                .copied()
                .chain(std::iter::repeat(0))
                .take(nodes)
                .collect();
        }
        Arc::make_mut(&mut self.of)[node.index()] = version;
    }
}
