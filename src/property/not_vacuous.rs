//! V: not vacuous. What never happens proves nothing.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "V",
    title: "not vacuous",
    about: "Whatever faults and messages there may be, each occurs in some run.",
    judge: Judge::Runs(Runs::NotVacuous),
};
