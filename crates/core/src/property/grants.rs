//! Refresh grants: the family of a refresh token, the credential in the store, and a grant that stays usable. Each entry says
//! what breaks the property.

use super::{Judge, Property, Runs};
use crate::trace::Event;

/// F1: the family survives. Broken by everything unlocked where refresh tokens rotate.
pub(super) const FAMILY_SURVIVES: Property = Property {
    name: "F1",
    title: "family survives",
    about: "No node presents a refresh token that another has used up: the provider finds no reuse.",
    judge: Judge::Event(|event, _, _| match event {
        Event::RefreshAnswered { reuse } => Some(!reuse),
        _ => None,
    }),
};

/// F2: the winner's credential is kept. Broken by a loser that clears the store whatever lies there.
pub(super) const WINNER_IS_KEPT: Property = Property {
    name: "F2",
    title: "winner is kept",
    about: "Nobody takes a refresh token out of the store that the provider would accept.",
    judge: Judge::Event(|event, _, _| match event {
        Event::CredentialCleared { good } => Some(!good),
        Event::RefreshAnswered { .. } => Some(true),
        _ => None,
    }),
};

/// F3: the grant is held. Broken wherever F1 is and the provider revokes; and by one lost answer, whatever the strategy, where
/// the provider has no grace.
pub(super) const GRANT_IS_HELD: Property = Property {
    name: "F3",
    title: "grant is held",
    about: "At any time some node, message or store has a refresh token that the provider would accept.",
    judge: Judge::Runs(Runs::GrantIsHeld),
};
