//! `logins`: users who had to log in again.

use super::{Better, Metric};

pub(super) const METRIC: Metric = Metric {
    name: "logins",
    unit: "count",
    about: "Users who had to log in again.",
    read: |run| Some(run.logins as f64),
    by_group: None,
    better: Some(Better::Low),
};
