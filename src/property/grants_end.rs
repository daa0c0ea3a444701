//! L4: grants end. Broken by a lock without a time to live.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "L4",
    title: "grants end",
    about: "From every state in which a lease is held, some run ends it.",
    judge: Judge::Runs(Runs::GrantsEnd),
};
