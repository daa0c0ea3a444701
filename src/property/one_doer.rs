//! S2b: one doer. Broken by every lease under a crash (the request of the dead node commits later) or a lapse: no client can
//! prevent it.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S2b",
    title: "one doer",
    about: "Where nodes take a lease, no token request commits for a node that does not hold it at that instant.",
    judge: Judge::Event(|event, _, _| match event {
        Event::CommittedUnderLease { held, .. } => Some(*held),
        _ => None,
    }),
};
