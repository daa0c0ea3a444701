//! The parameters of a choice, as the JSON schema has them: what the schema says about a key is said here too.

use schemars::{JsonSchema, schema_for};
use serde_json::Value;

use super::wrap;

/// What can be set.
pub(super) struct Parameters {
    rows: Vec<Row>,
    /// What stands for the settings where they are one value and no table: `poisson = "2/s"`.
    value: Option<String>,
}

struct Row {
    key: String,
    about: String,
    /// As TOML.
    default: Option<String>,
    required: bool,
    example: String,
}

/// Those of one alternative of a choice.
pub(super) fn of<T: JsonSchema>(name: &str) -> Parameters {
    let schema = schema_for!(T).to_value();
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    let settings = alternatives
        .filter_map(|alternative| alternative["properties"].get(name))
        .map(|settings| follow(&schema, settings))
        .next();
    let Some(settings) = settings else {
        return Parameters {
            rows: Vec::new(),
            value: None,
        };
    };
    let Some(properties) = settings["properties"].as_object() else {
        let empty = settings["type"] == "object";
        return Parameters {
            rows: Vec::new(),
            value: (!empty).then(|| example(&schema, settings, name)),
        };
    };
    let required: Vec<&Value> = settings["required"].as_array().into_iter().flatten().collect();
    let rows = properties.iter().map(|(key, property)| {
        let own = property["description"].as_str();
        let about = own.or_else(|| follow(&schema, property)["description"].as_str());
        Row {
            key: key.clone(),
            about: about.unwrap_or_default().to_owned(),
            default: property
                .get("default")
                .filter(|default| !default.is_null())
                .map(toml_of),
            required: required.iter().any(|other| *other == key),
            example: example(&schema, property, key),
        }
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| !row.required);
    Parameters { rows, value: None }
}

/// The alternatives of a choice, each with the first sentence about it.
pub(in crate::cli) fn alternatives<T: JsonSchema>() -> Vec<(String, String)> {
    let schema = schema_for!(T).to_value();
    let all = schema["oneOf"].as_array().into_iter().flatten();
    let named = all.flat_map(|alternative| {
        let about = alternative["description"].as_str().unwrap_or_default();
        let names = alternative["properties"]
            .as_object()
            .into_iter()
            .flat_map(|keys| keys.keys());
        names.map(move |name| (name.clone(), about.split_whitespace().collect::<Vec<_>>().join(" ")))
    });
    named.collect()
}

/// The definition behind a reference; of an optional value, that of the value.
fn follow<'a>(schema: &'a Value, at: &'a Value) -> &'a Value {
    if let Some(first) = at["anyOf"].get(0)
        && at["anyOf"].get(1).is_some_and(|other| other["type"] == "null")
    {
        return follow(schema, first);
    }
    match at["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(path) => schema.pointer(path).map_or(at, |target| follow(schema, target)),
        None => at,
    }
}

/// Some value that may stand there.
fn example(schema: &Value, at: &Value, key: &str) -> String {
    if let Some(default) = at.get("default").filter(|default| !default.is_null()) {
        return toml_of(default);
    }
    let target = follow(schema, at);
    if let Some(examples) = target["examples"].as_array().filter(|examples| !examples.is_empty()) {
        // A cap as short as its base would be an odd example.
        let nth = usize::from(key == "cap") % examples.len();
        return toml_of(&examples[nth]);
    }
    if let Some(name) = target["enum"].get(0) {
        return toml_of(name);
    }
    if let Some(choice) = target["oneOf"].get(0).or(target["anyOf"].get(0)) {
        if let Some(name) = choice.get("const") {
            return toml_of(name);
        }
        if let Some(name) = choice["required"].get(0).and_then(Value::as_str) {
            return choice_of(schema, choice, name);
        }
    }
    match target["type"].as_str() {
        Some("integer" | "number") => target["minimum"].as_u64().unwrap_or(0).max(1).to_string(),
        Some("boolean") => "true".to_owned(),
        Some("object") => "{}".to_owned(),
        _ => "\"...\"".to_owned(),
    }
}

/// A choice by its name alone where that is enough, else with what it cannot do without.
fn choice_of(schema: &Value, choice: &Value, name: &str) -> String {
    let inner = follow(schema, &choice["properties"][name]);
    let is_table = inner["type"] == "object";
    if is_table && inner["required"].as_array().is_none_or(Vec::is_empty) {
        return toml_of(&name.into());
    }
    let value = match is_table {
        true => {
            let keys = inner["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let keys: Vec<_> = keys
                .map(|key| format!("{key} = {}", example(schema, &inner["properties"][key], key)))
                .collect();
            format!("{{ {} }}", keys.join(", "))
        }
        false => example(schema, inner, name),
    };
    format!("{{ {name} = {value} }}")
}

fn toml_of(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| value.to_string(), |value| value.to_string())
}

impl Parameters {
    pub(super) fn table(&self) -> String {
        if self.rows.is_empty() {
            return match &self.value {
                Some(_) => String::new(),
                None => "It has no parameters.\n\n".to_owned(),
            };
        }
        let mut table = "Parameters:\n\n".to_owned();
        for row in &self.rows {
            let default = match (&row.default, row.required) {
                (Some(default), _) => format!(" (default {default})"),
                (_, true) => " (required)".to_owned(),
                _ => " (may be left out)".to_owned(),
            };
            table.push_str(&format!("  {}{default}\n{}", row.key, wrap(&row.about, "      ")));
        }
        table.push('\n');
        table
    }

    /// The choice with what it cannot do without.
    pub(super) fn example(&self, name: &str) -> String {
        if let Some(value) = &self.value {
            return format!("{{ {name} = {value} }}");
        }
        if self.rows.iter().all(|row| !row.required) {
            return format!("\"{name}\"");
        }
        format!("{{ {name} = {{ {} }} }}", self.settings(|row| row.required))
    }

    /// The choice with everything that has a default, where [`Parameters::example`] leaves it all out.
    pub(super) fn whole(&self, name: &str) -> Option<String> {
        let settings = self.settings(|row| row.default.is_some());
        let needed = self.rows.iter().any(|row| row.required) || settings.is_empty();
        (!needed).then(|| format!("{{ {name} = {{ {settings} }} }}"))
    }

    fn settings(&self, which: impl Fn(&Row) -> bool) -> String {
        let rows = self.rows.iter().filter(|row| which(row));
        let settings: Vec<_> = rows.map(|row| format!("{} = {}", row.key, row.example)).collect();
        settings.join(", ")
    }
}
