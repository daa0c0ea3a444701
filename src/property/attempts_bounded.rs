//! B1: attempts are bounded. Broken by everything that can livelock.

use super::{Counted, Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "B1",
    title: "attempts bounded",
    about: "No run has infinitely many attempts, though every call may be tried for ever.",
    judge: Judge::Runs(Runs::Bounded(Counted::Attempts)),
};
