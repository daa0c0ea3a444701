//! Safety: what must not happen at any event of any run. Each entry says what breaks the property.

use super::{Judge, Property};
use crate::trace::Event;

/// S1: the store never regresses. Broken by blind overwrites, and by a lease with blind writes once it lapses.
pub(super) const STORE_NEVER_REGRESSES: Property = Property {
    name: "S1",
    title: "store never regresses",
    about: "No write to the store replaces a live token by a dead one.",
    judge: Judge::Event(|event, _, _| match event {
        Event::StoreWritten { regressed } => Some(!regressed),
        _ => None,
    }),
};

/// S2a: one believer. Broken by everything without a lock, and by leases that lapse.
pub(super) const ONE_BELIEVER: Property = Property {
    name: "S2a",
    title: "one believer",
    about: "At most one node waits for a token of a slot: nobody asks while another believes that it is its turn.",
    judge: Judge::Event(|event, history, _| match event {
        Event::TokenAsked { bucket, .. } => Some(bucket.is_none_or(|bucket| history.asking(bucket) <= 1)),
        _ => None,
    }),
};

/// S2b: one doer. Broken by every lease under a crash (the request of the dead node commits later) or a lapse: no client can
/// prevent it.
pub(super) const ONE_DOER: Property = Property {
    name: "S2b",
    title: "one doer",
    about: "Where nodes take a lease, no token request commits for a node that does not hold it at that instant.",
    judge: Judge::Event(|event, _, _| match event {
        Event::CommittedUnderLease { held, .. } => Some(*held),
        _ => None,
    }),
};

/// S3: no live token is lost. Broken where an order of arrival is taken for the order of issue.
pub(super) const NO_LIVE_TOKEN_LOST: Property = Property {
    name: "S3",
    title: "no live token lost",
    about: "No node forgets a live token, or ignores one that it obtained, in favour of a dead one.",
    judge: Judge::Event(|event, _, _| match event {
        Event::LiveTokenDropped { .. } => Some(false),
        Event::TokenHeard { .. } => Some(true),
        _ => None,
    }),
};

/// S4: no needless kill. Broken by everything unlocked on a shared slot, and by planned renewal on any single slot.
pub(super) const NO_NEEDLESS_KILL: Property = Property {
    name: "S4",
    title: "no needless kill",
    about: "No issuance kills a live token that a running node, a message under way or the store still has.",
    judge: Judge::Event(|event, _, view| match event {
        Event::Issued { evicted, .. } => {
            Some(evicted.is_none_or(|token| view.is_live(token) || !view.was_known(token)))
        }
        _ => None,
    }),
};

/// S6: no collateral 401. Broken by every strategy with a single slot, and with two slots from the second overlapping renewal.
pub(super) const NO_COLLATERAL_REJECTION: Property = Property {
    name: "S6",
    title: "no collateral 401",
    about: "With planned renewals as the only disturbance, no call meets a dead token.",
    judge: Judge::Event(|event, _, view| match event {
        Event::AttemptRejected { .. } => Some(!view.is_undisturbed()),
        Event::AttemptAccepted { .. } => Some(true),
        _ => None,
    }),
};

/// S7: generation-safe. Broken by caches that clear on any 401.
pub(super) const GENERATION_SAFE: Property = Property {
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

/// S8: no known-dead use. Broken by strategies that read the store again and use whatever lies there.
pub(super) const NO_KNOWN_DEAD_USE: Property = Property {
    name: "S8",
    title: "no known-dead use",
    about: "No call carries a token that this node has seen refused.",
    judge: Judge::Event(|event, history, _| match event {
        Event::AttemptSent { node, token, .. } => Some(!history.has_seen_refused(*node, *token)),
        _ => None,
    }),
};

/// S9: single flight. Broken by a naive cache in which every call asks on its own.
pub(super) const SINGLE_FLIGHT: Property = Property {
    name: "S9",
    title: "single flight",
    about: "No node waits for more than one token request at a time.",
    judge: Judge::Event(|event, history, _| match event {
        Event::TokenAsked { node, .. } => Some(history.waits_for(*node) <= 1),
        _ => None,
    }),
};
