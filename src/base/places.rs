//! Nodes that change places.

use super::NodeId;

/// Where a node has gone.
pub fn moved(places: &[NodeId], id: NodeId) -> NodeId {
    places.get(id.index()).copied().unwrap_or(id)
}

/// Puts every entry into the place of its node; nothing where there are no entries.
pub fn trade<T: Clone>(entries: &mut [T], places: &[NodeId]) {
    if entries.is_empty() {
        return;
    }
    let before = entries[..places.len()].to_vec();
    for (entry, place) in before.into_iter().zip(places) {
        entries[place.index()] = entry;
    }
}
