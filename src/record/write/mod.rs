//! A record's directory: four files, or five, of one run, that appear whole or not at all.
//!
//! `manifest.json` says where the figures come from, `results.csv` and `timeline.csv` hold them one per row for
//! spreadsheets and data frames, `summary.json` holds them nested for programs.
//!
//! This module does not know what a metric means, which charts exist, or that anything is printed: whoever draws
//! charts hands them to [`place`] as bytes.

mod arrival;
mod death;
mod error;
mod files;
#[cfg(test)]
mod kills;
mod lock;
mod place;

pub use super::layout::{HOLDERS, MANIFEST, RESULTS, SUMMARY, TENANTS, TIMELINE};
pub(super) use arrival::Arrival;
pub use error::WriteError;
pub(super) use error::refusal;
pub use files::{ResultFile, files, obsolete, results_csv, summary_json, timeline_csv};
pub(super) use files::{ended_csv, json_text, readings_csv};
pub use place::{RunFolder, place, place_alone};
