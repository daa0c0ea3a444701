//! What `tokenstorm fuzz` found, as it prints it in JSON and CSV.
//!
//! A published interface with a JSON schema ([`schema`]): a field may be added, none may change its meaning without a new
//! [`FORMAT`]. This module does not know how a case is found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::csv_text;
use crate::base::shown;

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// What was found by chance about some strategies. What is not found has not been shown to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokenstorm findings")]
pub struct FuzzFindings {
    /// Version of this shape.
    pub format: u32,
    /// Version of tokenstorm.
    pub tokenstorm: String,
    /// Name of the scenario; `null` for the built-in list.
    pub scenario: Option<String>,
    /// By which all cases were drawn.
    pub seed: u64,
    /// Whether nothing was found that should have held.
    pub as_expected: bool,
    /// Whether it was interrupted: the last of the strategies has then fewer cases than were asked for.
    pub interrupted: bool,
    /// What a call can be, such as `a job of 2 calls that asks for a token before each`; empty where all are single ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// What of the scenario, or of the profile, no case has: nothing was tried with it.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// In the order of the table.
    pub systems: Vec<FuzzedSystem>,
}

/// What was found about one strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FuzzedSystem {
    /// The strategy.
    pub strategy: String,
    /// Cases that were run.
    pub cases: u64,
    /// The smallest case for each property that is broken.
    pub findings: Vec<FoundCase>,
    /// How often each kind of message arrived, and each alarm rang, in all cases together; the most frequent first.
    pub arrived: Vec<MetInCases>,
    /// How often each kind of fault happened in all cases together; those that never did are left out.
    pub faults: Vec<MetInCases>,
    /// Faults that were allowed and that no case has met.
    pub never_met: Vec<String>,
}

/// Something that cases came by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetInCases {
    /// What it is.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// The smallest case that was found to break a property, which need not be the smallest there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FoundCase {
    /// Short name of the property.
    pub property: String,
    /// Its name in a few words.
    pub title: String,
    /// Steps of the run, up to the cycle where it goes on for ever.
    pub steps: usize,
    /// Steps of the cycle; zero for a run that ends.
    pub around: usize,
    /// Nodes at which calls arrive.
    pub nodes: u32,
    /// Calls at each node.
    pub calls: u32,
    /// Faults of each kind that the case may have, such as `drop=1,crash=1`; `none` for none.
    pub faults: String,
    /// The provider's rule, by name where it has one.
    pub rule: String,
    /// Number of the case of the seed that it was made from.
    pub case: u64,
    /// It was asked for by `--property`, or the checker's lists say that the property holds.
    pub unexpected: bool,
    /// The run, a line for each step.
    pub run: Vec<String>,
    /// What the run shows, in words.
    pub shows: Vec<String>,
    /// Where the case is kept; `null` where it is not.
    pub saved: Option<String>,
}

impl FoundCase {
    /// How large it is, in words.
    pub fn size(&self) -> String {
        let around = match self.around {
            0 => String::new(),
            around => format!(" and {around} around"),
        };
        format!(
            "{} steps{around}, nodes {}, calls {}, faults {}, {}, case {}",
            self.steps, self.nodes, self.calls, self.faults, self.rule, self.case
        )
    }
}

impl FuzzFindings {
    /// For programs, with a newline at its end.
    ///
    /// # Panics
    /// Never: findings are plain data.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("findings are plain data");
        format!("{}\n", shown::json(&text))
    }

    /// For spreadsheets: a row for each finding, and one for each strategy without any.
    pub fn to_csv(&self) -> String {
        let scenario = self.scenario.clone().unwrap_or_default();
        let rows = self.systems.iter().flat_map(|system| {
            let of = |found: Option<&FoundCase>| {
                let text = |value: &dyn Fn(&FoundCase) -> String| found.map(value).unwrap_or_default();
                [
                    scenario.clone(),
                    self.seed.to_string(),
                    system.strategy.clone(),
                    system.cases.to_string(),
                    text(&|found| found.property.clone()),
                    text(&|found| found.steps.to_string()),
                    text(&|found| found.around.to_string()),
                    text(&|found| found.nodes.to_string()),
                    text(&|found| found.calls.to_string()),
                    text(&|found| found.faults.clone()),
                    text(&|found| found.rule.clone()),
                    text(&|found| found.case.to_string()),
                    text(&|found| found.unexpected.to_string()),
                    text(&|found| found.saved.clone().unwrap_or_default()),
                ]
            };
            match system.findings.is_empty() {
                true => vec![of(None)],
                false => system.findings.iter().map(|found| of(Some(found))).collect(),
            }
        });
        csv_text(&CSV_HEADER, rows)
    }
}

const CSV_HEADER: [&str; 14] = [
    "scenario",
    "seed",
    "strategy",
    "cases",
    "property",
    "steps",
    "around",
    "nodes",
    "calls",
    "faults",
    "rule",
    "case",
    "unexpected",
    "saved",
];

/// The JSON schema (draft 2020-12) of what `fuzz --format json` prints.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(FuzzFindings).to_value()
}
