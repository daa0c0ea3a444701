//! Nodes that are processes of the operating system, one each: a crash is a SIGKILL, a pause a SIGSTOP.

mod child;
mod parent;
pub(super) mod words;

use std::path::PathBuf;

pub(super) use parent::{Crew, recruit};

pub use child::be_node;
pub use words::{NodeSetup, SharedRedis};

/// How each node becomes a process.
#[derive(Clone, Debug)]
pub struct NodeProcesses {
    /// A program that reads a [`NodeSetup`] from the first line of its standard input, and then is [that node](be_node).
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The scenario with the one strategy that is run, as TOML.
    pub scenario: String,
    /// Where the files are that it names.
    pub folder: PathBuf,
    /// The seed of the run's dice: its first replication.
    pub seed: u64,
}
