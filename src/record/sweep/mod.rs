//! What a sweep leaves on disk: a journal while it goes on, and at its end `results.csv` with a manifest.
//!
//! Nothing here holds more than a few points at once, however many there are.

#[cfg(feature = "parquet")]
mod columns;
mod error;
mod journal;
mod ordered;
mod plan;
mod shard;
mod together;
mod whole;

#[cfg(feature = "parquet")]
pub use columns::write_columns;
pub use error::SweepFolderError;
pub use journal::{FinishedPlaces, FinishedPoint, JOURNAL, Journal, JournalHead};
pub use ordered::{MergedPoints, PointsInOrder};
pub use plan::{NamedFile, SweepPlan, SweptPrecision, SweptValues};
pub use shard::{MOST_SHARDS, SweepShard};
pub use together::together;
pub use whole::{SweepManifest, SweptFigure, WrittenPoints, figures, finished, point_of_row, rows, seal, write_points};
