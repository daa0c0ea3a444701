//! Controls for what a scenario says, made from the schema of scenario files: a key that the schema learns is a control at once.
//!
//! Knows which keys come first, and nothing of what they mean.

mod draw;
mod stops;
mod walk;

use std::sync::LazyLock;

use serde_json::Value;

use crate::provider::profiles::PROFILES;
use crate::scenario::{self, Scenario};
use walk::{Walker, called, step};

pub(super) use draw::draw;

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&scenario::schema()).expect("a schema is plain data"));

/// One key of a scenario that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Control {
    /// As `run --set` has it.
    pub key: String,
    pub label: String,
    /// What the schema says of it, in a sentence.
    pub about: String,
    pub kind: Kind,
    /// As `run --set` takes it; none where it is left out.
    pub value: Option<String>,
    /// It belongs to the control before it.
    pub inner: bool,
}

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A slider over these values; others can be typed.
    Stops(Vec<String>),
    /// One of these, each with a sentence.
    Choice(Vec<(String, String)>),
    Switch,
}

/// What belongs together, under a heading.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub title: String,
    pub open: bool,
    pub groups: Vec<Group>,
}

/// Controls of one thing.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Its name; empty where the section's title says enough.
    pub title: String,
    /// Whether it is on, where it can be off.
    pub switch: Option<Control>,
    pub controls: Vec<Control>,
    /// Folded away.
    pub more: Vec<Control>,
}

/// All controls of a scenario.
pub(super) fn of(scenario: &Scenario) -> Vec<Section> {
    let resolved = toml::Table::try_from(&scenario.file).expect("what was read can be written");
    let written: toml::Table = scenario.as_written().parse().unwrap_or_default();
    let sections = Sections {
        walker: Walker { schema: &SCHEMA },
        resolved,
        written,
    };
    let mut all = sections.fleets();
    all.extend([
        sections.provider(),
        sections.strategies(),
        sections.latencies(),
        sections.run(),
        sections.rest(),
    ]);
    all.retain(|section| !section.groups.is_empty());
    let swept: Vec<&str> = scenario.file.sweep.iter().map(|(key, _)| key).collect();
    let is_swept = |control: &Control| swept.iter().any(|key| same_key(key, &control.key));
    for group in all.iter_mut().flat_map(|section| &mut section.groups) {
        for control in group.controls.iter_mut().chain(&mut group.more) {
            if is_swept(control) {
                control.about = format!("Swept over: {}", control.about);
            }
        }
    }
    all
}

/// Every control that can be set now.
pub(super) fn each(sections: &[Section]) -> impl Iterator<Item = &Control> {
    let groups = sections.iter().flat_map(|section| &section.groups);
    groups.flat_map(|group| group.switch.iter().chain(&group.controls).chain(&group.more))
}

/// What tells two sets of controls apart, whatever their values.
pub(super) fn shape(sections: &[Section]) -> String {
    let mut shape = String::new();
    for section in sections {
        shape.push_str(&section.title);
        for group in &section.groups {
            shape.push_str(&group.title);
        }
    }
    for control in each(sections) {
        let chosen = match control.kind {
            Kind::Choice(_) => control.value.as_deref().unwrap_or(""),
            Kind::Stops(_) | Kind::Switch => "",
        };
        shape.extend(["\n", &control.key, "=", chosen]);
    }
    crate::record::sha256(shape.as_bytes())
}

fn same_key(one: &str, other: &str) -> bool {
    scenario::key_path(one).ok() == scenario::key_path(other).ok()
}

/// Keys of the latencies of a provider.
const LATENCIES: [&str; 4] = ["token_request", "token_response", "api_request", "api_response"];
/// Keys that come first; all others of the same thing are folded away.
const FIRST_OF_FLEET: [&str; 2] = ["nodes", "workload"];
const FIRST_OF_PROVIDER: [&str; 4] = ["profile", "rule", "token_ttl", "refresh"];
const FIRST_OF_STRATEGY: [&str; 3] = ["coordination", "retry", "timeout"];
/// Keys of a provider that are about words, or have a place of their own.
const NOT_OF_PROVIDER: [&str; 5] = ["dialect", "profile", "slot_parameter", "limits", "faults"];

struct Sections {
    walker: Walker<'static>,
    resolved: toml::Table,
    /// The file itself: what is off is there alone.
    written: toml::Table,
}

impl Sections {
    /// Controls of a definition's properties: those of `first` in its order, or those that it does not name.
    fn properties(
        &self,
        definition: &str,
        key: &str,
        set: &toml::Value,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<Control> {
        let mut controls = Vec::new();
        for (name, node) in self.walker.properties(definition).filter(|(name, _)| wanted(name)) {
            self.walker
                .walk(node, &step(key, name), &called(name), set.get(name), &mut controls);
        }
        controls
    }

    fn first(&self, definition: &str, key: &str, set: &toml::Value, names: &[&str]) -> Vec<Control> {
        let each = names
            .iter()
            .flat_map(|wanted| self.properties(definition, key, set, |name| name == *wanted));
        each.collect()
    }

    fn tables(&self, name: &str) -> impl Iterator<Item = (&str, &toml::Value)> {
        let list = self.resolved.get(name).and_then(toml::Value::as_array);
        list.into_iter()
            .flatten()
            .map(|table| (table.get("name").and_then(toml::Value::as_str).unwrap_or(""), table))
    }

    fn fleets(&self) -> Vec<Section> {
        let fleet = |(name, fleet): (&str, &toml::Value)| {
            let key = step("fleet", name);
            let mut controls = self.first("FleetSettings", &key, fleet, &FIRST_OF_FLEET[..1]);
            let loads = fleet.get("workload").and_then(toml::Value::as_array);
            for load in loads.into_iter().flatten() {
                let kind = load.get("kind").and_then(toml::Value::as_str).unwrap_or("");
                let key = step(&step(&key, "workload"), kind);
                for (at, mut control) in self
                    .first("WorkloadSettings", &key, load, &["arrivals", "patience", "job"])
                    .into_iter()
                    .enumerate()
                {
                    if at == 0 {
                        control.label = format!("{kind} calls");
                    }
                    controls.push(control);
                }
            }
            Section {
                title: format!("Fleet “{name}”"),
                open: true,
                groups: vec![Group {
                    controls,
                    more: self.properties("FleetSettings", &key, fleet, |name| {
                        !FIRST_OF_FLEET.contains(&name) && name != "login"
                    }),
                    ..Group::default()
                }],
            }
        };
        self.tables("fleet").map(fleet).collect()
    }

    fn of(&self, name: &str) -> Option<&toml::Value> {
        self.resolved.get(name)
    }

    fn provider(&self) -> Section {
        let Some(provider) = self.of("provider") else {
            return Section::default();
        };
        let mut controls = vec![Control {
            key: "provider.profile".to_owned(),
            label: "profile".to_owned(),
            about: "Profile that fills in what is left out".to_owned(),
            kind: Kind::Choice(
                PROFILES
                    .iter()
                    .map(|(name, _)| ((*name).to_owned(), String::new()))
                    .collect(),
            ),
            value: provider.get("profile").and_then(toml::Value::as_str).map(str::to_owned),
            inner: false,
        }];
        controls.extend(self.first("Settings", "provider", provider, &FIRST_OF_PROVIDER[1..3]));
        if provider.get("refresh").is_some() {
            controls.extend(self.first("Settings", "provider", provider, &FIRST_OF_PROVIDER[3..]));
        }
        let left = |name: &str| {
            !FIRST_OF_PROVIDER.contains(&name) && !LATENCIES.contains(&name) && !NOT_OF_PROVIDER.contains(&name)
        };
        Section {
            title: "Provider".to_owned(),
            open: true,
            groups: vec![Group {
                controls,
                more: self.properties("Settings", "provider", provider, left),
                ..Group::default()
            }],
        }
    }

    /// Of those that are off the name and the switch alone.
    fn strategies(&self) -> Section {
        let written = self.written.get("strategy").and_then(toml::Value::as_array);
        let groups = written.into_iter().flatten().filter_map(|table| {
            let name = table.get("name").and_then(toml::Value::as_str)?;
            let key = step("strategy", name);
            let resolved = self
                .tables("strategy")
                .find(|(known, _)| *known == name)
                .map(|(_, table)| table);
            let switch = Control {
                key: step(&key, "off"),
                label: name.to_owned(),
                about: String::new(),
                kind: Kind::Switch,
                value: Some(resolved.is_none().to_string()),
                inner: false,
            };
            let of = |wanted: &dyn Fn(&str) -> bool| {
                resolved.map_or(Vec::new(), |table| {
                    self.properties("StrategySettings", &key, table, wanted)
                })
            };
            let first = |table| self.first("StrategySettings", &key, table, &FIRST_OF_STRATEGY);
            Some(Group {
                title: name.to_owned(),
                switch: Some(switch),
                controls: resolved.map_or(Vec::new(), first),
                more: of(&|name| !FIRST_OF_STRATEGY.contains(&name) && name != "off"),
            })
        });
        Section {
            title: "Strategies".to_owned(),
            open: true,
            groups: groups.collect(),
        }
    }

    fn latencies(&self) -> Section {
        let mut groups = Vec::new();
        if let Some(provider) = self.of("provider") {
            groups.push(Group {
                title: "Provider".to_owned(),
                controls: self.first("Settings", "provider", provider, &LATENCIES),
                ..Group::default()
            });
        }
        for (name, title, definition) in [
            ("store", "Store", "StoreSettings"),
            ("gateway", "Gateway", "GatewaySettings"),
            ("peers", "Between nodes", "PeerSettings"),
        ] {
            if let Some(way) = self.of(name) {
                groups.push(Group {
                    title: title.to_owned(),
                    controls: self.first(definition, name, way, &["request", "response", "latency"]),
                    more: self.properties(definition, name, way, |name| {
                        !["request", "response", "latency"].contains(&name)
                    }),
                    ..Group::default()
                });
            }
        }
        Section {
            title: "Latencies".to_owned(),
            open: false,
            groups,
        }
    }

    fn run(&self) -> Section {
        let Some(run) = self.of("run") else {
            return Section::default();
        };
        Section {
            title: "Run".to_owned(),
            open: false,
            groups: vec![Group {
                controls: self.first(
                    "RunSettings",
                    "run",
                    run,
                    &["duration", "warmup", "drain", "replications", "seed"],
                ),
                ..Group::default()
            }],
        }
    }

    fn rest(&self) -> Section {
        let mut groups: Vec<Group> = self
            .tables("app")
            .map(|(name, app)| Group {
                title: format!("App “{name}”"),
                controls: self.first("AppSettings", &step("app", name), app, &["slots"]),
                ..Group::default()
            })
            .collect();
        let provider = self.of("provider");
        let of = |name: &str| provider.map_or(Vec::new(), |set| self.first("Settings", "provider", set, &[name]));
        groups.push(Group {
            title: "Limits of the provider".to_owned(),
            controls: of("limits"),
            ..Group::default()
        });
        groups.push(Group {
            title: "Faults of the provider".to_owned(),
            controls: of("faults"),
            ..Group::default()
        });
        if let Some(trigger) = self.of("trigger") {
            groups.push(Group {
                title: "Trigger".to_owned(),
                controls: self.properties("TriggerSettings", "trigger", trigger, |_| true),
                ..Group::default()
            });
        }
        groups.retain(|group| !group.controls.is_empty());
        Section {
            title: "Everything else".to_owned(),
            open: false,
            groups,
        }
    }
}
