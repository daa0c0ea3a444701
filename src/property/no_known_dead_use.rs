//! S8: no known-dead use. Broken by those who read the store again without a look at what they find.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S8",
    title: "no known-dead use",
    about: "No call carries a token that this node has seen refused.",
    judge: Judge::Event(|event, facts, _| match event {
        Event::AttemptSent { node, token, .. } => Some(!facts.has_seen_refused(*node, *token)),
        _ => None,
    }),
};
