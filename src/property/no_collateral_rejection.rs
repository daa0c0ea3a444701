//! S6: no collateral 401. Broken by every strategy with a single slot, and with two slots from the second overlapping renewal.

use super::{Judge, Property};
use crate::trace::Event;

pub(super) const PROPERTY: Property = Property {
    name: "S6",
    title: "no collateral 401",
    about: "With planned renewals as the only disturbance, no call meets a dead token.",
    judge: Judge::Event(|event, _, scene| match event {
        Event::AttemptRejected { .. } => Some(!scene.is_undisturbed()),
        Event::AttemptAccepted { .. } => Some(true),
        _ => None,
    }),
};
