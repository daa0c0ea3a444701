//! The control plane as OpenAPI describes it: one table, which the page of contents is made from too.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::asked::{AssertAsked, ClockAsked, EndAsked, FaultAsked, LoginAsked, SlotsAsked};
use super::hold::{Condition, Release};
use super::paths::CONTROL_PATH;

/// One thing that can be asked.
struct Operation {
    method: &'static str,
    path: &'static str,
    about: &'static str,
    /// Parameters of the query: name, schema type, what it is.
    query: &'static [(&'static str, &'static str, &'static str)],
    body: Option<fn() -> Value>,
    /// An example of the body, for whoever reads.
    example: &'static str,
    /// What is answered where all is well.
    media_type: &'static str,
    /// Statuses beside 200 and what is answered to a wrong body.
    others: &'static [(u16, &'static str)],
}

const JSON: &str = "application/json";

const NOTHING: Operation = Operation {
    method: "get",
    path: "/",
    about: "",
    query: &[],
    body: None,
    example: "",
    media_type: JSON,
    others: &[],
};

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Value::Object(all) = &mut schema {
        all.remove("$schema");
    }
    bound(&mut schema);
    schema
}

/// Says how large an integer may be: `format` alone does not.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(all) => {
            let largest = match all.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(u32::MAX)),
                Some("uint64") => Some(u64::MAX),
                _ => None,
            };
            if let Some(largest) = largest {
                all.insert("maximum".to_owned(), json!(largest));
            }
            all.values_mut().for_each(bound);
        }
        Value::Array(all) => all.iter_mut().for_each(bound),
        _ => {}
    }
}

const OPERATIONS: [Operation; 21] = [
    Operation {
        about: "What there is, for readers",
        media_type: "text/plain",
        ..NOTHING
    },
    Operation {
        path: "/openapi.json",
        about: "This description",
        ..NOTHING
    },
    Operation {
        path: "/state",
        about: "Everything at once: clients, callers and what they hold, live tokens, counts",
        ..NOTHING
    },
    Operation {
        path: "/events",
        about: "The event log, a line of JSON each; as server-sent events where that is what is accepted",
        query: &[
            ("since", "integer", "events after this number"),
            ("limit", "integer", "at most so many"),
        ],
        media_type: "application/x-ndjson",
        ..NOTHING
    },
    Operation {
        path: "/counts",
        about: "What was counted, of all or of one caller",
        query: &[("caller", "string", "of this caller alone")],
        ..NOTHING
    },
    Operation {
        path: "/metrics",
        about: "The counts as Prometheus reads them",
        media_type: "text/plain",
        ..NOTHING
    },
    Operation {
        path: "/tokens/{name}",
        about: "Who got a token, who ended it, who holds it; by its number, its fingerprint, or itself",
        others: &[(404, "no such token, or it is one of long ago")],
        ..NOTHING
    },
    Operation {
        path: "/clock",
        about: "The emulator's time",
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/clock",
        about: "Moves the clock ahead, stops it, or lets it go on",
        body: Some(schema::<ClockAsked>),
        example: r#"{"advance": "1h"}"#,
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/login",
        about: "A user logs in, which begins a grant; the answer is the token endpoint's",
        body: Some(schema::<LoginAsked>),
        example: r#"{"client": "app", "caller": "pod-1"}"#,
        others: &[(404, "there is no such token, or no such client")],
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/expire",
        about: "Ends tokens now, as if their time had come: one, a client's, or all",
        body: Some(schema::<EndAsked>),
        example: r#"{"client": "app", "slot": 0}"#,
        others: &[(404, "there is no such token, or no such client")],
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/revoke",
        about: "Takes tokens back now: one, a grant's by its refresh token, a client's, or all",
        body: Some(schema::<EndAsked>),
        example: r#"{"token": "..."}"#,
        others: &[(404, "there is no such token, or no such client")],
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/slots",
        about: "Grants a client so many slots",
        body: Some(schema::<SlotsAsked>),
        example: r#"{"client": "app", "slots": 3}"#,
        others: &[(404, "there is no such token, or no such client")],
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/faults",
        about: "Sets how an endpoint fails; what is left out is as if it were none",
        body: Some(schema::<FaultAsked>),
        example: r#"{"at": "token", "outage": "errors", "error_rate": 0.1}"#,
        ..NOTHING
    },
    Operation {
        method: "delete",
        path: "/faults",
        about: "No faults from now on",
        ..NOTHING
    },
    Operation {
        path: "/holds",
        about: "Which requests are held",
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/holds",
        about: "Stops such requests from now on, before anything has happened or before the answer goes back",
        body: Some(schema::<Condition>),
        example: r#"{"at": "token", "point": "arrival", "caller": "pod-1", "count": 2}"#,
        others: &[(429, "there are 1,000 holds already")],
        ..NOTHING
    },
    Operation {
        path: "/holds/{number}",
        about: "Waits until a hold has stopped so many requests",
        query: &[
            ("requests", "integer", "how many, 1 left out"),
            ("timeout", "duration", "how long, 10s left out"),
        ],
        others: &[(404, "no such hold"), (409, "they did not come in time")],
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/release",
        about: "Lets a request go, those of a hold, or all; but for one request alone the hold is lifted",
        body: Some(schema::<Release>),
        example: r#"{"request": 17}"#,
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/reset",
        about: "Tokens, counts and faults as at the start",
        ..NOTHING
    },
    Operation {
        method: "post",
        path: "/assert",
        about: "Whether counts are as they should be",
        body: Some(schema::<AssertAsked>),
        example: r#"{"that": ["token_requests <= 1", "unnecessary_issuances == 0"]}"#,
        others: &[(409, "they are not")],
        ..NOTHING
    },
];

/// The description, in OpenAPI 3.1.
pub(super) fn document(base: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in &OPERATIONS {
        let path = paths
            .entry(format!("{CONTROL_PATH}{}", operation.path))
            .or_insert_with(|| json!({}));
        path[operation.method] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "tokenstorm serve: the control plane",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": base}],
        "security": [{}, {"secret": []}],
        "components": {
            "securitySchemes": {"secret": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}},
        },
        "paths": paths,
    })
}

fn described(operation: &Operation) -> Value {
    let of_path = operation
        .path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next());
    let of_path = of_path.map(|name| {
        let kind = if name == "number" { "integer" } else { "string" };
        let mut schema = json!({"type": kind});
        if kind == "integer" {
            schema["minimum"] = json!(0);
            schema["maximum"] = json!(u64::MAX);
        }
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    });
    let of_query = operation.query.iter().map(|(name, kind, about)| {
        let mut schema = match *kind {
            "duration" => json!({"type": "string", "pattern": "^[0-9]{1,3}(ms|s|min|h|d)$"}),
            kind => json!({"type": kind}),
        };
        if *kind == "integer" {
            schema["minimum"] = json!(0);
            schema["maximum"] = json!(u64::MAX);
        }
        json!({"name": name, "in": "query", "required": false, "description": about, "schema": schema})
    });
    let parameters: Vec<_> = of_path.chain(of_query).collect();
    let mut answers = json!({
        "200": {"description": "so it is", "content": {operation.media_type: {"schema": {}}}},
        "401": error("the control plane asks for its secret"),
    });
    if operation.body.is_some() || !parameters.is_empty() {
        answers["400"] = error("what was asked makes no sense");
    }
    if operation.body.is_some() {
        answers["413"] = error("the body is too long");
    }
    for (status, about) in operation.others {
        answers[status.to_string()] = error(about);
    }
    let mut described = json!({"summary": operation.about, "parameters": parameters, "responses": answers});
    if let Some(body) = operation.body {
        let mut content = json!({"schema": body()});
        if let Ok(example) = serde_json::from_str::<Value>(operation.example) {
            content["example"] = example;
        }
        let required = content["schema"].get("required").is_some();
        described["requestBody"] = json!({"required": required, "content": {JSON: content}});
    }
    described
}

fn error(about: &str) -> Value {
    let schema = json!({"schema": {"$ref": "#/components/schemas/Error"}});
    json!({"description": about, "content": {JSON: schema}})
}

/// The same for whoever reads it at a terminal.
pub(super) fn contents() -> String {
    let mut text = "tokenstorm serve: the control plane\n\n".to_owned();
    for operation in &OPERATIONS {
        let method = operation.method.to_uppercase();
        let path = format!("{CONTROL_PATH}{}", operation.path);
        text.push_str(&format!("{method:6} {path:30} {}\n", operation.about));
        if !operation.example.is_empty() {
            text.push_str(&format!("{:38}{}\n", "", operation.example));
        }
        for (name, _, about) in operation.query {
            text.push_str(&format!("{:38}?{name}=  {about}\n", ""));
        }
    }
    text
}
