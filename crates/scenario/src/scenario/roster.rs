//! Which nodes their fleets want, by runs of like nodes.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::base::Duration;

/// What the fleet and chance have in store for a node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Standing {
    /// Its fleet wants it to run.
    pub(super) wanted: bool,
    /// When it is back from a crash, or its turn to start has come.
    pub(super) back: Duration,
    /// When its fleet will want it no longer.
    pub(super) leaves: Option<Duration>,
}

/// The standing of every node, by runs of like nodes.
pub(super) struct Roster(pub(super) BTreeMap<u32, Standing>);

impl Roster {
    pub(super) fn new() -> Self {
        Self(BTreeMap::from([(0, Standing::default())]))
    }

    fn cut(&mut self, at: u32) {
        let (_, &standing) = self.0.range(..=at).next_back().expect("there is a run from zero on");
        self.0.entry(at).or_insert(standing);
    }

    /// Calls `change` for each run of like nodes among these.
    pub(super) fn each(&mut self, nodes: Range<u32>, mut change: impl FnMut(Range<u32>, &mut Standing)) {
        if nodes.is_empty() {
            return;
        }
        self.cut(nodes.start);
        self.cut(nodes.end);
        let mut runs = self.0.range_mut(nodes.clone()).peekable();
        while let Some((&first, standing)) = runs.next() {
            let end = runs.peek().map_or(nodes.end, |(next, _)| **next);
            change(first..end, standing);
        }
    }
}
