//! How a step changes the picture.

use super::form::{Change, Film};
use super::picture::Picture;

/// Puts an entry into its place in an ordered list, in place of the one that was there.
fn put<T: Clone, K: Ord>(list: &mut Vec<T>, entry: &T, key: impl Fn(&T) -> K) {
    match list.binary_search_by_key(&key(entry), &key) {
        Ok(place) => list[place] = entry.clone(),
        Err(place) => list.insert(place, entry.clone()),
    }
}

impl Picture {
    /// Changes the picture as a step at this instant does.
    pub fn apply(&mut self, change: &Change, at_ns: Option<u64>) {
        match change {
            Change::Node(node) => put(&mut self.nodes, node, |node| node.party),
            // One that lives on for its overlap stays until another step ends it.
            Change::Token(life) => match life.is_over(at_ns) {
                true => self.tokens.retain(|other| other.token != life.token),
                false => put(&mut self.tokens, life, |life| life.token),
            },
            Change::Call(call) => put(&mut self.calls, call, |call| call.call),
            Change::CallEnded { call, .. } => self.calls.retain(|other| other.call != *call),
            Change::Store(store) => put(&mut self.stores, store, |store| store.party),
            Change::Slots(slots) => put(&mut self.slots, slots, |slots| slots.client),
        }
    }
}

impl Film {
    /// The picture after the step of this number, where it was kept.
    pub fn picture(&self, number: u64) -> Option<Picture> {
        self.step(number)?;
        let mut picture = self.opening.clone();
        for step in self.steps.iter().take_while(|step| step.number <= number) {
            let changes = step.changes.iter();
            changes.for_each(|change| picture.apply(change, step.at_ns));
        }
        Some(picture)
    }
}
