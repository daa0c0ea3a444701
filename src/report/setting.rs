//! What was simulated, in words, from the resolved scenario that a record keeps.
//!
//! An old record whose scenario this version cannot read any more is shown without it.

use std::path::Path;

use crate::base::Share;
use crate::node::Strategy as _;
use crate::record::Record;
use crate::scenario::{Scenario, ScenarioFile, StrategySettings, WhichProvider, WorkloadSettings};
use crate::strategy::Coordination;

/// The scenario of a record as it was resolved.
pub(super) struct Setting {
    file: ScenarioFile,
}

impl Setting {
    /// None where this version does not read it.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let resolved = &record.manifest.as_resolved;
        // What a scenario names lies beside it, and is not looked at here.
        let scenario = Scenario::parse("resolved.toml", resolved, Path::new(".")).ok()?;
        Some(Self { file: scenario.file })
    }

    /// `8 nodes`, `12 nodes in 2 fleets`, `2 nodes for 300 tenants`.
    pub(super) fn size(&self) -> String {
        let nodes: u32 = self.file.fleet.iter().map(|fleet| fleet.nodes).sum();
        let plural = if nodes == 1 { "" } else { "s" };
        let tenants: u32 = self
            .file
            .app
            .iter()
            .map(|app| app.tenants)
            .filter(|&many| many > 1)
            .sum();
        let whom = match tenants {
            0 => String::new(),
            tenants => format!(" for {tenants} tenants"),
        };
        match self.file.fleet.len() {
            0 | 1 => format!("{nodes} node{plural}{whom}"),
            fleets => format!("{nodes} node{plural} in {fleets} fleets{whom}"),
        }
    }

    /// How many tenants an app serves, in a few words; nothing where it serves one.
    fn serves(&self, app: &str) -> String {
        let tenants = self.file.app.iter().find(|known| known.name == app);
        match tenants.map_or(1, |app| app.tenants) {
            1 => String::new(),
            tenants => format!(" with {tenants} tenants"),
        }
    }

    /// What the provider does, a sentence for each rule.
    pub(super) fn rules(&self) -> Vec<String> {
        let second = self.file.second_provider.iter();
        let second = second.flat_map(|it| {
            it.sentences()
                .into_iter()
                .map(|rule| format!("The second provider: {rule}"))
        });
        self.file.provider.sentences().into_iter().chain(second).collect()
    }

    /// What was taken for true, each with its key in the scenario.
    pub(super) fn assumptions(&self) -> Vec<(String, String)> {
        let file = &self.file;
        let mut told = Vec::new();
        let mut tell = |key: String, value: String| told.push((key, value));
        if let Some(ttl) = file.provider.token_ttl {
            tell("provider.token_ttl".into(), format!("a token lives {ttl}"));
        }
        if let Some(ttl) = file.second_provider.as_ref().and_then(|second| second.token_ttl) {
            tell("second_provider.token_ttl".into(), format!("a token lives {ttl}"));
        }
        for fleet in &file.fleet {
            let calls: Vec<String> = fleet.workload.iter().map(calls_of).collect();
            let calls = match calls.is_empty() {
                true => "no calls".to_owned(),
                false => format!("calls at each node: {}", calls.join("; ")),
            };
            let nodes = format!("{} node{}", fleet.nodes, if fleet.nodes == 1 { "" } else { "s" });
            tell(
                format!("fleet.{}", fleet.name),
                format!("{nodes}, app `{}`{}, {calls}", fleet.app, self.serves(&fleet.app)),
            );
        }
        let second = file.second_provider.as_ref().map(|second| ("second_provider", second));
        for (name, provider) in [("provider", &file.provider)].into_iter().chain(second) {
            let ways = [
                ("token_request", &provider.token_request),
                ("token_response", &provider.token_response),
                ("api_request", &provider.api_request),
                ("api_response", &provider.api_response),
            ];
            for (way, takes) in ways {
                if let Some(takes) = takes {
                    tell(format!("{name}.{way}"), format!("takes {}", inline(takes)));
                }
            }
        }
        if file
            .strategy
            .iter()
            .any(|strategy| strategy.any(Coordination::needs_store))
            && let Some(store) = &file.store
        {
            let (there, back) = (inline(&store.request), inline(&store.response));
            tell("store".into(), format!("takes {there} there, {back} back"));
        }
        for strategy in &file.strategy {
            let how =
                |part: &StrategySettings| format!("{}; retry {}", inline(&part.coordination), inline(&part.retry));
            tell(format!("strategy.{}", strategy.name), how(strategy));
            for (kind, parts) in [("fleet", &strategy.fleet), ("version", &strategy.version)] {
                for (name, part) in parts.iter() {
                    tell(
                        format!("strategy.{}.{kind}.{name}", strategy.name),
                        how(part.settings()),
                    );
                }
            }
        }
        told
    }

    /// Faults of the real world that this scenario leaves out, in a sentence; none where it has them all.
    pub(super) fn left_out(&self) -> Option<String> {
        let file = &self.file;
        let provider = &file.provider;
        let never = |share: Option<Share>| share.is_none_or(|share| share == Share::default());
        let endpoints = [&provider.faults.token, &provider.faults.api];
        let lossless = endpoints
            .iter()
            .all(|faults| never(faults.lost_before) && never(faults.lost_after));
        let faultless = endpoints.iter().all(|faults| never(faults.error_rate));
        let mut names: Vec<&str> = Vec::new();
        let mut absent = |what: &'static str, absent: bool| names.extend(absent.then_some(what));
        absent("lost requests and answers", lossless);
        absent("failures of the server", faultless);
        absent("restarts, crashes and outages", file.event.is_empty());
        absent(
            "pauses of processes",
            file.fleet.iter().all(|fleet| fleet.pauses.is_none()),
        );
        absent(
            "clocks that differ",
            file.fleet
                .iter()
                .all(|f| f.clock_skew.is_zero() && f.clock_drift_ppm == 0),
        );
        (!names.is_empty()).then(|| format!("This scenario has none of: {}.", names.join(", ")))
    }
}

/// When calls of one kind arrive, and what follows each.
fn calls_of(load: &WorkloadSettings) -> String {
    let whom = match load.provider {
        WhichProvider::First => "",
        WhichProvider::Second => " to the second provider",
        WhichProvider::Both => " to both providers",
    };
    match &load.job {
        None => format!("{}{whom}", inline(&load.arrivals)),
        Some(job) => format!(
            "{}{whom}, each the first of a job {}",
            inline(&load.arrivals),
            inline(job)
        ),
    }
}

/// A setting as a scenario would have it on one line.
fn inline(value: &impl serde::Serialize) -> String {
    match toml::Value::try_from(value) {
        Ok(value) => value.to_string(),
        Err(_) => "?".to_owned(),
    }
}
