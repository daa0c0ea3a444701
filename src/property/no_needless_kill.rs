//! S4: no needless kill. Broken by everything unlocked on a shared slot, and by planned renewal on any single slot.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S4",
    title: "no needless kill",
    about: "No issuance kills a live token that a running node, a message under way or the store still has.",
    judge: Judge::Event(|event, _, scene| match event {
        Event::Issued { evicted, .. } => {
            Some(evicted.is_none_or(|token| scene.is_live(token) || !scene.was_known(token)))
        }
        _ => None,
    }),
};
