//! Nodes that change places.

use super::NodeId;

/// Where each of the first few nodes has gone, in two bytes; all others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permutation(u16);

/// Bits of a place.
const BITS: u32 = 3;

impl Permutation {
    /// Nodes that can change places.
    pub const NODES: u32 = u16::BITS / BITS;
    /// Everybody stays.
    pub const IDENTITY: Self = Self(0o43210);

    /// The first of `order` goes to the first place, the next to the second; they are the first nodes, each once.
    ///
    /// # Panics
    /// With more than [`Permutation::NODES`].
    pub fn sorting(order: impl IntoIterator<Item = NodeId>) -> Self {
        (0..)
            .map(NodeId)
            .zip(order)
            .fold(Self::IDENTITY, |all, (place, id)| all.with(id, place))
    }

    fn with(self, id: NodeId, place: NodeId) -> Self {
        assert!(id.0 < Self::NODES, "{} nodes can change places", Self::NODES);
        let (cleared, place) = (self.0 & !(7 << (BITS * id.0)), place.0 as u16);
        Self(cleared | place << (BITS * id.0))
    }

    /// Where a node has gone.
    pub const fn of(self, id: NodeId) -> NodeId {
        if id.0 < Self::NODES {
            NodeId((self.0 >> (BITS * id.0) & 7) as u32)
        } else {
            id
        }
    }

    /// First this one, then another.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        let nodes = (0..Self::NODES).map(NodeId);
        nodes.fold(self, |all, id| all.with(id, next.of(self.of(id))))
    }

    /// The way back.
    #[must_use]
    pub fn inverse(self) -> Self {
        let nodes = (0..Self::NODES).map(NodeId);
        nodes.fold(self, |all, id| all.with(self.of(id), id))
    }

    /// Puts every entry into the place of its node; nothing where there are no entries.
    pub fn trade<T>(self, entries: &mut [T]) {
        let mut left = self;
        for here in (0..Self::NODES).map(NodeId).take(entries.len()) {
            // Whoever is here goes to its place, until it is the one that belongs here.
            while left.of(here) != here {
                let there = left.of(here);
                entries.swap(here.index(), there.index());
                left = left.with(here, left.of(there)).with(there, there);
            }
        }
    }
}

impl Default for Permutation {
    fn default() -> Self {
        Self::IDENTITY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permutations_are_a_group() {
        let ids = |order: [u32; 5]| Permutation::sorting(order.map(NodeId));
        let (one, other) = (ids([2, 0, 1, 4, 3]), ids([4, 1, 0, 3, 2]));
        assert_eq!(one.of(NodeId(2)), NodeId(0));
        assert_eq!(one.then(one.inverse()), Permutation::IDENTITY);
        assert_eq!(one.then(other).inverse(), other.inverse().then(one.inverse()));
        assert_ne!(one.then(other), other.then(one));
        for id in (0..9).map(NodeId) {
            assert_eq!(one.then(other).of(id), other.of(one.of(id)));
        }
        assert_eq!(one.of(NodeId(7)), NodeId(7));
    }

    #[test]
    fn entries_go_with_their_nodes() {
        let order = Permutation::sorting([1, 2, 0].map(NodeId));
        let mut entries = ["a", "b", "c", "gateway"];
        order.trade(&mut entries);
        assert_eq!(entries, ["b", "c", "a", "gateway"]);
        order.trade::<u8>(&mut []);
    }
}
