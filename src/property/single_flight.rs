//! S9: single flight. Broken by a naive cache in which every call asks on its own.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S9",
    title: "single flight",
    about: "No node waits for more than one token request at a time.",
    judge: Judge::Event(|event, facts, _| match event {
        Event::TokenAsked { node, .. } => Some(facts.waits_for(*node) <= 1),
        _ => None,
    }),
};
