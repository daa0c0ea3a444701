//! The scenario files of tokenstorm: what may be written in one, its mistakes, and the plan that an engine runs.
//!
//! Use it by way of the crate `tokenstorm`, which has all of it under the same names.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod scenario;

// Rooms of another crate are named as if they were of this one, as everywhere in tokenstorm.
use tokenstorm_core::{base, metric, net, node, oauth, plan, property, provider, retry, strategy, workload, world};
