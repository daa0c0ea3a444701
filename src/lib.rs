//! What happens when many processes share one OAuth credential, and a new token kills the old one?
//!
//! tokenstorm simulates it: nodes with a coordination strategy and a retry policy, a provider with its rule, latencies and
//! faults, a shared store. Every strategy meets the same arrivals and the same luck, so that a difference between two
//! results is one between the strategies; every figure comes with a 95 % confidence interval.
//!
//! ```
//! use std::path::Path;
//! use std::sync::atomic::AtomicBool;
//! use tokenstorm::campaign::{self, CampaignOptions};
//! use tokenstorm::scenario::Scenario;
//!
//! let text = r#"
//!     name = "pair"
//!     summary = "Two processes share one app"
//!     source = "the front page of the documentation"
//!     run = { duration = "10min", warmup = "1min", replications = 10 }
//!     provider = { profile = "zoom-s2s-2022" }
//!     app = [{ name = "main" }]
//!
//!     [[fleet]]
//!     name = "web"
//!     nodes = 2
//!     app = "main"
//!     workload = [{ kind = "user", arrivals = { poisson = "6/min" } }]
//!
//!     [[strategy]]
//!     name = "each its own token"
//!     coordination = "naive"
//!
//!     [[strategy]]
//!     name = "one app for each"
//!     coordination = { app_per_node = { apps = 2 } }
//! "#;
//! let scenario = Scenario::parse("pair.toml", text, Path::new("."))?;
//! let outcome = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false))?;
//!
//! // Each renewal kills the other process's token: half of all calls are refused first.
//! let rejected = |strategy| outcome.record.mean(strategy, "first_attempt_rejection_rate").unwrap();
//! assert!((rejected("each its own token") - 0.5).abs() < 0.05);
//! assert_eq!(rejected("one app for each"), 0.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The map
//!
//! | to see | look into |
//! |---|---|
//! | what a strategy is, and those that there are | [`node`], [`strategy`] |
//! | what a provider does to earlier tokens | [`provider`] |
//! | how calls are retried | [`retry`] |
//! | how all of it is wired together, without clock or dice | [`world`] |
//! | what an engine runs | [`plan`] |
//! | clock, order and dice | [`engine`] |
//! | what happens in a run | [`trace`] |
//! | replications, intervals, verdicts | [`campaign`] |
//! | one run, event by event | [`film`] |
//! | what is measured | [`metric`] |
//! | scenario files and their mistakes | [`scenario`] |
//! | one token for the threads and tasks of a process | [`cell`] |
//! | tour, model, defaults, findings, limits | [`manual`] |

#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod campaign;
#[cfg(feature = "cli")]
pub mod cli;
pub mod film;
pub mod manual;
pub mod record;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "ui")]
pub mod studio;

pub mod engine {
    //! The engines: each has its own clock, its own order of deliveries and its own dice, and all run the same state machines.

    #[doc(inline)]
    pub use tokenstorm_core::engine::{check, fuzz, sim, splitting};
    #[cfg(feature = "live")]
    #[doc(inline)]
    pub use tokenstorm_wire::live;
}

// Crates of their own: a run spends its time in the core, and a server on the wire, and so they are compiled for speed.
#[doc(inline)]
pub use tokenstorm_core::{
    base, cell, metric, net, node, oauth, plan, property, provider, retry, store, strategy, testing, trace, workload,
    world,
};
#[doc(inline)]
pub use tokenstorm_scenario::scenario;
#[cfg(feature = "serve")]
#[doc(inline)]
pub use tokenstorm_wire::emulator;
#[cfg(feature = "live")]
#[doc(inline)]
pub use tokenstorm_wire::{live, probe};
