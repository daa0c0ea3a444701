//! The scenario with other strategies and under other assumptions: it is written anew and read as any other, so that all the rules of a
//! scenario hold for it, and a refusal has its words.

use std::sync::Arc;

use serde::Serialize;
use toml::{Table, Value};

use crate::scenario::{Scenario, StrategySettings};

/// A scenario without what advice puts in its own place: strategies, sweep, trigger and what is stated of them.
#[derive(Clone)]
pub(super) struct Base {
    table: Table,
    folder: std::path::PathBuf,
    origin: Arc<str>,
}

impl Base {
    pub fn of(scenario: &Scenario) -> Self {
        let mut table: Table = scenario.to_resolved_toml().parse().unwrap_or_default();
        for key in ["strategy", "sweep", "trigger", "assert", "expect", "holders"] {
            table.remove(key);
        }
        // Versions are a strategy's own, and gone with it.
        if let Some(Value::Array(events)) = table.get_mut("event") {
            events.retain(|event| event.get("what").is_none_or(|what| what.get("rollout").is_none()));
        }
        Self {
            table,
            folder: scenario.folder.clone(),
            origin: scenario.origin.as_str().into(),
        }
    }

    /// The same with these strategies; the error is why it cannot be run.
    pub fn with<'a>(&self, strategies: impl IntoIterator<Item = &'a StrategySettings>) -> Result<Scenario, String> {
        let strategies: Result<Vec<_>, _> = strategies.into_iter().map(Value::try_from).collect();
        let mut table = self.table.clone();
        table.insert(
            "strategy".to_owned(),
            Value::Array(strategies.map_err(|error| error.to_string())?),
        );
        let text = toml::to_string(&table).map_err(|error| error.to_string())?;
        Scenario::parse(&self.origin, &text, &self.folder).map_err(|error| {
            let first = error.mistakes().first();
            first.map_or_else(|| error.to_string(), |mistake| mistake.message().to_owned())
        })
    }

    /// The same with one more event.
    pub fn with_event(&self, at: &str, what: Value) -> Self {
        let mut event = Table::new();
        event.insert("at".to_owned(), at.into());
        event.insert("what".to_owned(), what);
        let mut changed = self.clone();
        match changed.table.entry("event").or_insert(Value::Array(Vec::new())) {
            Value::Array(events) => events.push(Value::Table(event)),
            _ => unreachable!("a scenario's events are a list"),
        }
        changed
    }

    /// The same with so many times the nodes of each fleet.
    pub fn with_nodes_times(&self, factor: i64) -> Self {
        let mut changed = self.clone();
        if let Some(Value::Array(fleets)) = changed.table.get_mut("fleet") {
            for fleet in fleets.iter_mut().filter_map(Value::as_table_mut) {
                if let Some(Value::Integer(nodes)) = fleet.get_mut("nodes") {
                    *nodes = nodes.saturating_mul(factor);
                }
            }
        }
        changed
    }
}

/// The name of an alternative as a scenario writes it.
pub(super) fn tag(alternative: &impl Serialize) -> String {
    match serde_json::to_value(alternative) {
        Ok(serde_json::Value::Object(table)) => table.keys().next().cloned().unwrap_or_default(),
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
