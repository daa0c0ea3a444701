//! L1: no deadlock. Broken by a lock without expiry, under a crash.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "L1",
    title: "no deadlock",
    about: "No state is without a next step while a call is pending.",
    judge: Judge::Runs(Runs::NoDeadlock),
};
