//! How the files of a record are called, and the columns of its tables.

/// Provenance, as [`Manifest`](super::Manifest).
pub const MANIFEST: &str = "manifest.json";

/// Readings, one per row.
pub const RESULTS: &str = "results.csv";

/// Series over simulated time, one value per row.
pub const TIMELINE: &str = "timeline.csv";

/// Who held a live token when, one stretch per row; only where the scenario asks for it.
pub const HOLDERS: &str = "holders.csv";

/// The rows of a sweep's `results.csv` once more, as columns with types; only where it was asked for.
#[cfg(feature = "parquet")]
pub const RESULTS_PARQUET: &str = "results.parquet";

/// What single replications came to, all those of one figure in a row.
pub const REPLICATIONS: &str = "replications.csv";

/// What is asked for each tenant and refused, a tenant in a row; only where an app serves several.
pub const TENANTS: &str = "tenants.csv";

/// Everything but the series' values, as [`Summary`](super::summary::Summary).
pub const SUMMARY: &str = "summary.json";

/// The points of a sweep that is not finished, or of a share of one.
pub const JOURNAL: &str = "points.journal";

/// Columns of `results.csv`.
pub(super) const RESULTS_HEADER: [&str; 13] = [
    "scenario",
    "strategy",
    "point",
    "metric",
    "unit",
    "mean",
    "ci95_low",
    "ci95_high",
    "replications",
    "doubt",
    "storm_mean",
    "calm_mean",
    "run",
];

/// Columns of the `results.csv` of a version that did not say what is in doubt; they are read, too.
pub(super) const OLDER_RESULTS_HEADER: [&str; 10] = [
    "scenario",
    "strategy",
    "point",
    "metric",
    "unit",
    "mean",
    "ci95_low",
    "ci95_high",
    "replications",
    "run",
];

/// Columns of the `results.csv` of a sweep whose points have as many replications as a precision takes: the last one says what ended them.
pub(super) const PRECISE_HEADER: [&str; 14] = {
    let mut header = ["ended_by"; 14];
    let mut at = 0;
    while at < RESULTS_HEADER.len() {
        header[at] = RESULTS_HEADER[at];
        at += 1;
    }
    header
};

/// Columns of `timeline.csv`.
pub(super) const TIMELINE_HEADER: [&str; 7] = ["scenario", "strategy", "point", "t_s", "series", "value", "run"];
