//! F3: the grant is held. Broken wherever F1 is and the provider revokes; and by one lost answer, whatever the strategy, where
//! the provider has no grace.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "F3",
    title: "grant is held",
    about: "At any time some node, message or store has a refresh token that the provider would accept.",
    judge: Judge::Runs(Runs::GrantIsHeld),
};
