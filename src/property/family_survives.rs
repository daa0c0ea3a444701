//! F1: the family survives. Broken by everything unlocked where refresh tokens rotate.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "F1",
    title: "family survives",
    about: "No node presents a refresh token that another has used up: the provider finds no reuse.",
    judge: Judge::Event(|event, _, _| match event {
        Event::RefreshAnswered { reuse } => Some(!reuse),
        _ => None,
    }),
};
