//! L3: never trapped. Broken by a strategy that gives up for ever.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "L3",
    title: "never trapped",
    about: "From every state some run completes all calls.",
    judge: Judge::Runs(Runs::NeverTrapped),
};
