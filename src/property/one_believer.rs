//! S2a: one believer. Broken by everything without a lock, and by leases that lapse.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S2a",
    title: "one believer",
    about: "At most one node waits for a token of a slot: nobody asks while another believes that it is its turn.",
    judge: Judge::Event(|event, facts, _| match event {
        Event::TokenAsked { bucket, .. } => Some(bucket.is_none_or(|bucket| facts.asking(bucket) <= 1)),
        _ => None,
    }),
};
