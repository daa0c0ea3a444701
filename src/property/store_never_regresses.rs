//! S1: the store never regresses. Broken by blind overwrites, and by a lease with blind writes once it lapses.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S1",
    title: "store never regresses",
    about: "No write to the store replaces a live token by a dead one.",
    judge: Judge::Event(|event, _, _| match event {
        Event::StoreWritten { regressed } => Some(!regressed),
        _ => None,
    }),
};
