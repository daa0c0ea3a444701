//! F2: the winner's credential is kept. Broken by a loser that clears the store without a look at what lies there.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "F2",
    title: "winner is kept",
    about: "Nobody takes a refresh token out of the store that the provider would accept.",
    judge: Judge::Event(|event, _, _| match event {
        Event::CredentialCleared { good } => Some(!good),
        Event::RefreshAnswered { .. } => Some(true),
        _ => None,
    }),
};
