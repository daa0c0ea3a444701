//! `recovery_probability`: replications in which goodput came back after the trigger, within the measured span.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "recovery_probability",
    unit: "share",
    about: "Replications in which goodput came back after the trigger, within the measured span.",
    read: |run| {
        let after = run.seconds.recovery.after_s()?;
        Some(f64::from(u8::from(after.is_finite())))
    },
    by_group: None,
    better: Some(Better::High),
};
