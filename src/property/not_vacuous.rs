//! V: not vacuous. What never happens proves nothing.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "V",
    title: "not vacuous",
    about: "In some run a call succeeds, and each kind of fault that is allowed happens in some run.",
    judge: Judge::Runs(Runs::NotVacuous),
};
