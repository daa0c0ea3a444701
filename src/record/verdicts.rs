//! The verdicts of `tokenstorm check`, as it prints them in JSON and CSV and leaves them in a folder.
//!
//! A published interface with a JSON schema ([`schema`]): a field may be added, none may change its meaning without a new
//! [`FORMAT`]. This module does not know how a verdict is reached.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::csv_text;
use crate::base::shown;

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// The verdicts on some small systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// The command that finds the same.
    #[serde(default)]
    pub command_line: Vec<String>,
    /// Strategies that an interrupt kept from being searched; that which was under way is among the systems.
    #[serde(default)]
    pub not_searched: Vec<String>,
}

/// How far a search went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Searched {
    /// Nodes at which calls arrive.
    pub nodes: u32,
    /// Calls at each node.
    pub calls: u32,
    /// What each of them can be, such as `a job of 2 calls that asks for a token before each`; empty where all are single ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Faults of each kind that may happen in a run, such as `drop=1,crash=1`; `none` for none.
    pub faults: String,
    /// Name of the provider whose rules hold in place of the system's own; `null` for none.
    pub profile: Option<String>,
    /// What of the scenario, or of the provider, was left out, in words.
    pub left_out: Vec<String>,
}

/// The verdicts on one system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SystemVerdicts {
    /// Its strategy.
    pub strategy: String,
    /// What its nodes follow in turn, where they do not all follow the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<String>,
    /// Faults of each kind that may happen in a run of it: those of all systems, a planned renewal where it plans some, and a lease that
    /// lapses where its work can outlast it.
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
    /// Whether its provider has refresh tokens.
    #[serde(default)]
    pub refresh_tokens: bool,
    /// Tokens that a run issues in the mean, if each step that can come next is as likely as any other; `null` where that is not known.
    #[serde(default)]
    pub issued: Option<f64>,
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
    /// What the run shows, in words.
    #[serde(default)]
    pub shows: Vec<String>,
    /// Why it is open, where it is.
    #[serde(default)]
    pub why: Option<String>,
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

impl VerdictKind {
    /// As JSON and CSV have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotReached => "not_reached",
            Self::Open => "open",
            Self::Breaks => "breaks",
        }
    }
}

impl Verdicts {
    /// For programs, with a newline at its end.
    ///
    /// # Panics
    /// Never: verdicts are plain data.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("verdicts are plain data");
        format!("{}\n", shown::json(&text))
    }

    /// For spreadsheets: a row for each strategy and property, and what has no value is empty.
    pub fn to_csv(&self) -> String {
        let scenario = self.scenario.clone().unwrap_or_default();
        let number = |number: Option<usize>| number.map_or(String::new(), |number| number.to_string());
        let rows = self.systems.iter().flat_map(|system| {
            let of = |row: &PropertyRow| {
                [
                    scenario.clone(),
                    system.strategy.clone(),
                    row.property.clone(),
                    row.verdict.name().to_owned(),
                    number(row.bound.map(|bound| bound as usize)),
                    number(row.steps),
                    number(row.around),
                    row.expected.clone().unwrap_or_default(),
                    row.why.clone().unwrap_or_default(),
                ]
            };
            system.verdicts.iter().map(of).collect::<Vec<_>>()
        });
        csv_text(&CSV_HEADER, rows)
    }
}

const CSV_HEADER: [&str; 9] = [
    "scenario", "strategy", "property", "verdict", "bound", "steps", "around", "expected", "why",
];

/// The JSON schema (draft 2020-12) of what `check --format json` prints.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Verdicts).to_value()
}
