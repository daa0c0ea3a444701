//! Time, chances, draws and quantities with a unit: no word of the domain.
//!
//! Integers throughout, so that the same seed gives the same bytes on every machine. Floats are met only where a
//! number is read from a file or shown to a reader.

mod by_name;
mod clone_in_place;
mod csv_file;
mod delay;
mod draws;
mod fingerprint;
mod hours;
mod ids;
mod paced_clock;
mod permutation;
mod prefetch;
mod quantiles;
mod quantity;
pub mod shown;
mod time;
mod times;
mod written;

pub use by_name::{ByName, by_name, by_name_if_any};
pub(crate) use clone_in_place::clone_in_place;
pub use csv_file::open_csv;
pub use delay::{Delay, DelayShape};
pub use draws::{Chance, Dice, mix};
pub use fingerprint::{Fingerprint, fingerprint};
pub use hours::Hours;
pub use ids::{CallId, Group, NodeId};
pub use paced_clock::PacedClock;
pub use permutation::Permutation;
pub use prefetch::prefetch;
pub use quantiles::{Quantiles, exponential, unit_exponential};
pub use quantity::split as number_and_unit;
pub use quantity::{Factor, QuantityError, Rate, Share};
pub use time::{Duration, Millis, Rough, Time};
pub use times::Times;
