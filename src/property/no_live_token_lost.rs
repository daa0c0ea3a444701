//! S3: no live token is lost. Broken where an order of arrival is taken for the order of issue.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S3",
    title: "no live token lost",
    about: "No node forgets a live token, or ignores one that it obtained, in favour of a dead one.",
    judge: Judge::Event(|event, _, _| match event {
        Event::LiveTokenDropped { .. } => Some(false),
        Event::TokenHeard { .. } => Some(true),
        _ => None,
    }),
};
