//! R1: recovery. How much a calm call costs after whatever has happened.

use super::{Judge, Property, Runs};

pub(super) const PROPERTY: Property = Property {
    name: "R1",
    title: "recovery",
    about: "Once all is quiet, the next call on any node costs at most 1 token request and 2 attempts.",
    judge: Judge::Runs(Runs::Recovery {
        token_requests: 1,
        attempts: 2,
    }),
};
