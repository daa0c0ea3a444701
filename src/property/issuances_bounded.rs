//! B2: issuances are bounded. Broken by everything that can livelock.

use super::{Counted, Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "B2",
    title: "issuances bounded",
    about: "No run has infinitely many issuances.",
    judge: Judge::Runs(Runs::Bounded(Counted::Issuances)),
};
