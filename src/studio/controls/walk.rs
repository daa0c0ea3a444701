//! From a part of the scenario's schema, and what a scenario says there, to controls.

use serde_json::Value;

use super::stops;
use super::{Control, Kind};

/// What is set there, as the resolved scenario has it.
type Set<'a> = Option<&'a toml::Value>;

/// Levels of settings within settings that are walked.
const DEEPEST: usize = 5;

/// Reads a schema with its definitions.
pub(super) struct Walker<'a> {
    pub schema: &'a Value,
}

/// What a key is called where its name says too little.
const CALLED: [(&str, &str); 14] = [
    ("token_ttl", "token life"),
    ("ttl", "time to live"),
    ("token_request", "to the token endpoint"),
    ("token_response", "from the token endpoint"),
    ("api_request", "to the API"),
    ("api_response", "from the API"),
    ("request", "there"),
    ("response", "back"),
    ("nodes", "processes"),
    ("poisson", "rate at each process"),
    ("base", "first wait"),
    ("cap", "longest wait"),
    ("attempts", "tries"),
    ("cap_s", "longest wait"),
];

/// A key as a label.
pub(super) fn called(key: &str) -> String {
    let known = CALLED.iter().find(|(name, _)| *name == key);
    known.map_or_else(|| key.replace('_', " "), |(_, called)| (*called).to_owned())
}

/// A key's next step, as `--set` reads it.
pub(super) fn step(key: &str, name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let name = match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false if name.contains('"') => format!("'{name}'"),
        false => format!("\"{name}\""),
    };
    if key.is_empty() { name } else { format!("{key}.{name}") }
}

impl<'a> Walker<'a> {
    /// The properties of what a definition describes, in the order of the schema.
    pub fn properties(&self, definition: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let node = match definition {
            "" => self.schema,
            name => &self.schema["$defs"][name],
        };
        node["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, node)| (&**name, node))
    }

    /// Controls for a key and, where it is a choice or a table, for what lies in it.
    pub fn walk(&self, node: &'a Value, key: &str, label: &str, set: Set<'_>, out: &mut Vec<Control>) {
        self.at(node, key, label, set, 0, out);
    }

    fn at(&self, node: &'a Value, key: &str, label: &str, set: Set<'_>, depth: usize, out: &mut Vec<Control>) {
        if depth > DEEPEST {
            return;
        }
        let about = node["description"].as_str().unwrap_or_default();
        let (name, node) = self.meant(node);
        let shown = set.and_then(scalar).map(|text| match name {
            Some("Share") => percent(&text),
            _ => text,
        });
        let mut push = |kind: Kind| {
            out.push(Control {
                key: key.to_owned(),
                label: label.to_owned(),
                about: first_sentence(if about.is_empty() {
                    node["description"].as_str().unwrap_or_default()
                } else {
                    about
                }),
                kind,
                value: shown.clone(),
                inner: depth > 0,
            });
        };
        match name {
            Some("Duration") => return push(Kind::Stops(stops::durations_of(key))),
            Some("Rate") => return push(Kind::Stops(stops::rates())),
            Some("Share") => return push(Kind::Stops(stops::shares())),
            Some("Factor") => return push(Kind::Stops(stops::factors())),
            _ => {}
        }
        match kind(node) {
            Some("boolean") => return push(Kind::Switch),
            Some("integer") => {
                let bound = |name: &str| node[name].as_u64();
                let (low, high) = (bound("minimum").unwrap_or(0), bound("maximum").unwrap_or(u64::MAX));
                return push(Kind::Stops(stops::counts(low, high)));
            }
            Some("object") => {
                let inner = node["properties"].as_object().into_iter().flatten();
                for (name, node) in inner {
                    let set = set.and_then(|set| set.get(name));
                    self.at(node, &step(key, name), &called(name), set, depth + 1, out);
                }
                return;
            }
            _ => {}
        }
        if let Some(alternatives) = node["anyOf"].as_array() {
            self.words(alternatives, key, push);
        } else if let Some(alternatives) = node["oneOf"].as_array() {
            self.choice(alternatives, (key, label, about), set, depth, out);
        }
    }

    /// A duration, or a word in its place.
    fn words(&self, alternatives: &'a [Value], key: &str, push: impl FnOnce(Kind)) {
        let is_duration = |node: &Value| node["$ref"].as_str() == Some("#/$defs/Duration");
        if !alternatives.iter().any(is_duration) {
            return;
        }
        let words = alternatives.iter().filter_map(|node| node["enum"].as_array()).flatten();
        let mut all = stops::durations_of(key);
        all.extend(words.filter_map(|word| word.as_str().map(str::to_owned)));
        push(Kind::Stops(all));
    }

    /// One of several, each with settings of its own.
    fn choice(
        &self,
        alternatives: &'a [Value],
        (key, label, about): (&str, &str, &str),
        set: Set<'_>,
        depth: usize,
        out: &mut Vec<Control>,
    ) {
        let mut names = Vec::new();
        for alternative in alternatives {
            let about = || first_sentence(alternative["description"].as_str().unwrap_or_default());
            let required = alternative["required"][0].as_str();
            // What names a file is written by hand.
            if matches!(required, Some("empirical" | "trace")) {
                continue;
            }
            match (
                alternative["const"].as_str().or(required),
                alternative["enum"].as_array(),
            ) {
                (Some(name), _) => names.push((name.to_owned(), about())),
                (None, Some(several)) => {
                    names.extend(
                        several
                            .iter()
                            .filter_map(|name| Some((name.as_str()?.to_owned(), about()))),
                    );
                }
                (None, None) => return,
            }
        }
        let chosen = match set {
            Some(toml::Value::String(name)) => Some((name.clone(), None)),
            Some(toml::Value::Table(table)) => table.iter().next().map(|(name, inner)| (name.clone(), Some(inner))),
            _ => None,
        };
        out.push(Control {
            key: key.to_owned(),
            label: label.to_owned(),
            about: first_sentence(about),
            kind: Kind::Choice(names),
            value: chosen.as_ref().map(|(name, _)| name.clone()),
            inner: depth > 0,
        });
        let Some((name, inner)) = chosen else { return };
        let node = alternatives
            .iter()
            .find_map(|alternative| alternative["properties"].get(&name));
        if let Some(node) = node {
            self.at(node, &step(key, &name), &called(&name), inner, depth + 1, out);
        }
    }

    /// What a node stands for, and the name of the definition that says so: what may also be left out, or named alone, is meant as it is.
    fn meant(&self, mut node: &'a Value) -> (Option<&'a str>, &'a Value) {
        let mut name = None;
        loop {
            if let Some(reference) = node["$ref"].as_str() {
                name = reference.strip_prefix("#/$defs/");
                node = &self.schema["$defs"][name.unwrap_or_default()];
                continue;
            }
            let alternatives = node["anyOf"].as_array().map_or(&[][..], Vec::as_slice);
            let by_name = name.is_some_and(|name| name.ends_with("ByName"));
            match alternatives {
                [meant, null] if null["type"] == "null" => node = meant,
                [_, meant] if by_name => node = meant,
                _ => return (name, node),
            }
        }
    }
}

/// A value without parts, as `--set` takes it.
fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        _ => None,
    }
}

/// The type of a node that may be left out.
fn kind(node: &Value) -> Option<&str> {
    match &node["type"] {
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        one => one.as_str(),
    }
}

/// A share as the stops have it.
fn percent(text: &str) -> String {
    match text.parse::<f64>() {
        // Thousandths of a percent: what a float adds beyond is not meant.
        Ok(share) => format!("{}%", (share * 1e7).round() / 1e5),
        Err(_) => text.to_owned(),
    }
}

fn first_sentence(text: &str) -> String {
    let text = text.replace('\n', " ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    text[..end].replace('`', "").trim_end_matches(':').to_owned()
}
