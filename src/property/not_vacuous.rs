//! V: not vacuous. What never happens proves nothing.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "V",
    title: "not vacuous",
    about: "In some run a call succeeds, in some run each kind of fault that is allowed happens, and in some run a node is in each \
            phase of its strategy.",
    judge: Judge::Runs(Runs::NotVacuous),
};
