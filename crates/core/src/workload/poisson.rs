//! Poisson arrivals: independent calls, with exponential gaps.

use super::Arrival;
use crate::base::{Rate, exponential};

pub(super) fn next(rate: Rate, draw: u64) -> Option<Arrival> {
    rate.gap().map(|mean| Arrival {
        gap: exponential(mean, draw),
        calls: 1,
    })
}
