//! The shape of what `tokenstorm check --format json` prints.
//!
//! A published interface with a JSON schema ([`schema`]): a field may be added, none may change its meaning without a new
//! [`FORMAT`]. This module does not know how a verdict is reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// The verdicts on some small systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokenstorm verdicts")]
pub struct Verdicts {
    /// Version of this shape.
    pub format: u32,
    /// Version of tokenstorm.
    pub tokenstorm: String,
    /// Name of the scenario; `null` for the built-in list.
    pub scenario: Option<String>,
    /// What was searched, for all systems alike.
    pub searched: Searched,
    /// In the order of the table.
    pub systems: Vec<SystemVerdicts>,
    /// Whether every expectation was met.
    pub as_expected: bool,
}

/// How far a search went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Searched {
    /// Nodes at which calls arrive.
    pub nodes: u32,
    /// Calls at each node.
    pub calls: u32,
    /// Faults of each kind that may happen in a run, such as `drop=1,crash=1`; `none` for none.
    pub faults: String,
    /// Name of the provider whose rules hold in place of the system's own; `null` for none.
    pub profile: Option<String>,
    /// What of the scenario, or of the provider, was left out, in words.
    pub left_out: Vec<String>,
}

/// The verdicts on one system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemVerdicts {
    /// Its strategy.
    pub strategy: String,
    /// Faults of each kind that may happen in a run of it: those of all systems, and a lease that lapses where its work can outlast it.
    pub faults: String,
    /// Tries of each call; `null` for as many as it takes.
    pub tries: Option<u32>,
    /// Store operations that a node has under way at most.
    pub store_operations: u8,
    /// Notes that two nodes have under way to each other at most.
    pub notes: u8,
    /// The two bounds kept something from happening in some state.
    pub held_back: bool,
    /// States that were found.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// Whether these are all states there are.
    pub complete: bool,
    /// In the order of the table.
    pub verdicts: Vec<PropertyRow>,
}

/// The verdict on one property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PropertyRow {
    /// Its short name.
    pub property: String,
    /// Its name in a few words.
    pub title: String,
    /// The verdict.
    pub verdict: VerdictKind,
    /// The most attempts or issuances of a run, where it holds and is about them.
    pub bound: Option<u32>,
    /// Steps of a shortest run that breaks it, up to the cycle where it goes on for ever.
    pub steps: Option<usize>,
    /// Steps of the cycle; zero for a run that ends.
    pub around: Option<usize>,
    /// That run, a line for each step.
    pub run: Vec<String>,
    /// What is to be said beside the run.
    pub remark: Option<String>,
    /// What was expected: `ok` or `breaks`; `null` for nothing.
    pub expected: Option<String>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// No run breaks it.
    Holds,
    /// Nothing that it is about happens in any run.
    NotReached,
    /// Not broken in the states that were looked at before the search was given up.
    Open,
    /// Some run breaks it.
    Breaks,
}

/// The JSON schema (draft 2020-12) of what `check --format json` prints.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Verdicts).to_value()
}
