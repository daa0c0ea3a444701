//! S7: generation-safe. Broken by caches that clear on any 401.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S7",
    title: "generation-safe",
    about: "A refusal of one token leaves another that the node would send alone.",
    judge: Judge::Event(|event, _, _| match event {
        Event::RefusalHeard {
            token, before, after, ..
        } => Some(before.is_none_or(|sent| sent == *token) || before == after),
        _ => None,
    }),
};
