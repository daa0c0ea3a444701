//! L2: no livelock. Broken by everything unlocked unless there are as many slots as nodes.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "L2",
    title: "no livelock",
    about: "No weakly fair infinite run has a call pending for ever.",
    judge: Judge::Runs(Runs::NoLivelock),
};
