//! The shape of what `tokenstorm list` prints for programs.
//!
//! A published interface with a JSON schema ([`schema`]): a field may be added, none may change its meaning without a new
//! [`FORMAT`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::csv_text;

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// Names of one kind, in the order in which they are documented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokenstorm names")]
pub struct NameList {
    /// Version of this shape.
    pub format: u32,
    /// Version of tokenstorm.
    pub tokenstorm: String,
    /// What they name, such as `strategies`.
    pub kind: String,
    /// The names.
    pub names: Vec<Named>,
}

/// A name that a scenario or a command can use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// As it is written.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
}

impl NameList {
    /// For programs, with a newline at its end.
    ///
    /// # Panics
    /// Never: names are plain data.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("names are plain data");
        format!("{text}\n")
    }

    /// For spreadsheets: a row for each name.
    pub fn to_csv(&self) -> String {
        let rows = self.names.iter().map(|named| [named.name.clone(), named.about.clone()]);
        csv_text(&["name", "about"], rows)
    }
}

/// The JSON schema (draft 2020-12) of what `list --format json` prints.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(NameList).to_value()
}
