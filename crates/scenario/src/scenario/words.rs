//! The reader's words for what the TOML parser and serde say: none of theirs reaches a user, and each message says what to write
//! instead.

use toml::de::{DeTable, DeValue};

use super::document::{Span, path_at, value_at};
use super::error::Mistake;
use super::examples::{Choice, choice_at, choice_of};
use super::nearest::{listed, suggestion};
use crate::base::{Duration, Rate};

/// What an error says, and where.
struct Told<'a> {
    message: &'a str,
    /// Between backquotes in the message.
    quoted: Vec<&'a str>,
    span: Span,
    path: Option<Vec<String>>,
    root: Option<&'a DeTable<'a>>,
}

impl Told<'_> {
    /// The last key of the place, and of its positions none.
    fn key(&self) -> Option<&str> {
        let keys = self.path.as_deref()?.iter().rev();
        keys.map(String::as_str).find(|step| step.parse::<usize>().is_err())
    }

    fn value(&self) -> Option<&DeValue<'_>> {
        value_at(self.root?, self.path.as_deref()?)
    }

    fn mistake(&self, message: impl Into<String>, label: &str, help: impl Into<String>) -> Mistake {
        Mistake::new(message).at(self.span.clone(), label).help(help)
    }
}

/// What an error means and what would do.
pub(super) fn translate(error: &toml::de::Error, root: Option<&DeTable<'_>>) -> Mistake {
    let span = error.span();
    let told = Told {
        message: error.message(),
        quoted: error.message().split('`').skip(1).step_by(2).collect(),
        path: root.zip(span.as_ref()).and_then(|(root, span)| path_at(root, span)),
        span: span.unwrap_or(0..0),
        root,
    };
    let forms: [fn(&Told<'_>) -> Option<Mistake>; 5] = [unknown_key, unknown_choice, missing, one_choice, other_type];
    forms
        .iter()
        .find_map(|form| form(&told))
        .unwrap_or_else(|| own_words(&told))
}

fn unknown_key(told: &Told<'_>) -> Option<Mistake> {
    if told.message.starts_with("unknown field") {
        let (name, known) = told.quoted.split_first()?;
        let whose = told.path.as_deref().and_then(owner);
        let whose = whose.map_or_else(String::new, |owner| format!(" in {owner}"));
        let help = match known {
            [] => "there are no keys here: remove it".into(),
            known => suggestion(name, known, "keys"),
        };
        return Some(told.mistake(format!("unknown key `{name}`{whose}"), "no such key", help));
    }
    let rest = told.message.strip_prefix("unexpected keys in table: ")?;
    let (extra, known) = rest.split_once(", available keys: ")?;
    let name = extra.split(", ").next().unwrap_or(extra);
    let known: Vec<&str> = known.split(", ").collect();
    Some(told.mistake(
        format!("unknown key `{name}`"),
        "no such key",
        suggestion(name, &known, "keys"),
    ))
}

fn unknown_choice(told: &Told<'_>) -> Option<Mistake> {
    if !told.message.starts_with("unknown variant") {
        return None;
    }
    let (name, known) = told.quoted.split_first()?;
    let choice = choice_of(known);
    let (one, all) = choice.names();
    let key = told.key().filter(|key| key != name).unwrap_or_default();
    // A quantity where it needs a name around it.
    let around = match choice {
        Choice::Distribution if name.parse::<Duration>().is_ok() => Some(format!(r#"{{ constant = "{name}" }}"#)),
        Choice::Arrivals if name.parse::<Rate>().is_ok() => Some(format!(r#"{{ poisson = "{name}" }}"#)),
        _ => None,
    };
    if let Some(around) = around {
        let key = if key.is_empty() { "it" } else { key };
        return Some(told.mistake(
            format!("`{name}` alone does not say which {one}"),
            "needs the name of one",
            format!("write `{key} = {around}`"),
        ));
    }
    let swapped = match (choice, *name) {
        (Choice::Comparison, "=>") => Some(">="),
        (Choice::Comparison, "=<") => Some("<="),
        (Choice::Comparison, "=") => Some("=="),
        _ => None,
    };
    let help = match swapped {
        Some(sign) => format!("did you mean `{sign}`? {all}: {}", listed(known.iter().copied())),
        None => suggestion(name, known, all),
    };
    Some(told.mistake(format!("unknown {one} `{name}`"), &format!("no such {one}"), help))
}

fn missing(told: &Told<'_>) -> Option<Mistake> {
    let name = match (told.message.starts_with("missing field"), told.quoted.as_slice()) {
        (true, [name]) => *name,
        _ => return None,
    };
    if let Some((choice, alternative)) = bare_choice(told) {
        let example = choice.example(&alternative)?;
        let key = told.key().unwrap_or("it");
        return Some(told.mistake(
            format!("missing key `{name}`: `{alternative}` needs its settings"),
            "a name alone",
            format!("write `{key} = {example}`"),
        ));
    }
    let whose = told.path.as_deref().and_then(thing);
    let whose = whose.map_or_else(String::new, |owner| format!(" in {owner}"));
    let help = match (
        told.path.as_deref().and_then(|path| path.first()).map(String::as_str),
        name,
    ) {
        (Some("fleet"), "app") => name_an_app(told.root),
        (_, "duration") => "add `duration = \"10min\"`".into(),
        (_, "nodes") => "add `nodes = 8`".into(),
        (_, "calls") => "add `calls = 20`".into(),
        (_, "run") => "add a table `[run]` with a `duration`".into(),
        (_, "at") => "say when, counted from the start of the warm-up: `at = \"5min\"`".into(),
        (_, "for") => "say how long it lasts: `for = \"30s\"`".into(),
        (_, "coordination") => {
            "choose one: `coordination = \"naive\"`, of `tokenstorm list strategies`; or a library: `client = \"google-auth\"`, of `tokenstorm list clients`"
                .into()
        }
        (_, "arrivals") => "say when calls arrive: `arrivals = { poisson = \"2/s\" }`".into(),
        (_, "name" | "summary" | "source" | "kind" | "app" | "fleet" | "strategy" | "metric") => {
            format!("add `{name} = \"...\"`")
        }
        (_, "base" | "delay") => format!("add `{name} = \"100ms\"`"),
        (_, "cap" | "every" | "on" | "off" | "between" | "down" | "window" | "loses" | "mean" | "median" | "p99") => {
            format!("add `{name} = \"10s\"`")
        }
        (_, name) => match choice_at(name) {
            Some(choice) => format!("add `{name} = {}`", choice.any_example()),
            None => format!("add the key `{name}`"),
        },
    };
    Some(told.mistake(
        format!("missing key `{name}`{whose}"),
        &format!("has no `{name}`"),
        help,
    ))
}

fn name_an_app(root: Option<&DeTable<'_>>) -> String {
    let apps = root.and_then(|root| root.get("app")?.get_ref().as_array());
    let names = apps.into_iter().flatten();
    let names: Vec<&str> = names
        .filter_map(|app| app.get_ref().get("name")?.get_ref().as_str())
        .collect();
    match names.is_empty() {
        true => "describe an app first: `[[app]]` with a `name`, then name it here".into(),
        false => format!("name the app whose credential the fleet uses; apps: {}", listed(names)),
    }
}

/// The name of an alternative where it stands alone and needs settings.
fn bare_choice(told: &Told<'_>) -> Option<(Choice, String)> {
    let DeValue::String(name) = told.value()? else {
        return None;
    };
    let choice = choice_at(told.key()?)?;
    choice.example(name).map(|_| (choice, name.to_string()))
}

fn one_choice(told: &Told<'_>) -> Option<Mistake> {
    if told.message.starts_with("wanted exactly 1 element") || told.message.contains("is a second choice") {
        return Some(told.mistake(
            "one alternative at a time",
            "exactly one key may stand here",
            "the key's name is the choice, its table holds the settings: `{ fixed = { delay = \"1s\" } }`",
        ));
    }
    let wants_a_choice = told.message == "wanted string or table"
        || told.message.contains("a name, or a table with the name")
        || told.message.contains("chooses nothing")
        || told.message.contains("needs its settings")
        || told.message.contains("variant");
    if !wants_a_choice {
        return None;
    }
    if let Some((choice, alternative)) = bare_choice(told) {
        let (key, example) = (told.key().unwrap_or("it"), choice.example(&alternative)?);
        return Some(told.mistake(
            format!("`{alternative}` needs its settings"),
            "a name alone",
            format!("write `{key} = {example}`"),
        ));
    }
    let choice = told.key().and_then(choice_at);
    let (one, example) = choice.map_or(("choice", "{ constant = \"40ms\" }"), |choice| {
        (choice.names().0, choice.any_example())
    });
    let key = told.key().filter(|_| choice.is_some());
    let help = match key {
        Some(key) => format!("for instance `{key} = {example}`"),
        None => "for instance `{ constant = \"40ms\" }` or `{ poisson = \"2/s\" }`".to_owned(),
    };
    Some(told.mistake(
        format!("this is not a {one}: a name, or a table with the name as its only key"),
        "not a choice",
        help,
    ))
}

/// A value of another type than the key has.
fn other_type(told: &Told<'_>) -> Option<Mistake> {
    let rest = told
        .message
        .strip_prefix("invalid type: ")
        .or_else(|| told.message.strip_prefix("invalid value: "))?;
    let (found, wanted) = rest.split_once(", expected ")?;
    let value = told
        .quoted
        .first()
        .copied()
        .or_else(|| found.split('"').nth(1))
        .unwrap_or_default();
    let key = told.key().unwrap_or("it");
    let what = match found.split(' ').next().unwrap_or_default() {
        "string" => format!("the text \"{value}\""),
        "integer" | "floating" => value.to_owned(),
        "boolean" => format!("`{value}`"),
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => "this".to_owned(),
    };
    let (kind, help) = match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" => whole_number(key, value, wanted),
        "f64" | "f32" => (
            "a number",
            match value.parse::<f64>() {
                Ok(number) => format!("write `{key} = {number}`, without quotes"),
                Err(_) => format!("write a number: `{key} = 1.5`"),
            },
        ),
        "a boolean" => (
            "true or false",
            match value {
                "true" | "false" => format!("write `{key} = {value}`, without quotes"),
                _ => format!("write `{key} = true` or `{key} = false`"),
            },
        ),
        "a string" | "a borrowed string" | "path string" => (
            "a text",
            match value {
                "" => format!("write a text between quotes: `{key} = \"...\"`"),
                _ => format!("write it between quotes: `{key} = \"{value}\"`"),
            },
        ),
        "a sequence" => ("a list", a_list(key, found.starts_with("map"))),
        wanted if wanted.starts_with("an array of length") || wanted.starts_with("a tuple") => (
            "a list of that length",
            format!("for instance `{key} = [\"10ms\", \"30ms\"]`"),
        ),
        wanted if wanted.starts_with("struct") || wanted.contains("map") || wanted == "a table" => {
            ("a table", a_table(key))
        }
        own => {
            let help = own.split_once("such as ").map_or_else(
                || format!("write {own}"),
                |(_, examples)| format!("write it like {examples}"),
            );
            return Some(told.mistake(format!("`{key}` is {own}, not {what}"), "here", help));
        }
    };
    Some(told.mistake(format!("`{key}` is {kind}, not {what}"), "here", help))
}

fn whole_number(key: &str, value: &str, wanted: &str) -> (&'static str, String) {
    let most = match wanted {
        "u8" => u64::from(u8::MAX),
        "u16" => u64::from(u16::MAX),
        "u32" => u64::from(u32::MAX),
        _ => i64::MAX as u64,
    };
    let help = match value.trim().parse::<i128>() {
        Ok(number) if number < 0 => format!(
            "it cannot be below 0; write `{key} = {}`",
            number.unsigned_abs().min(most.into())
        ),
        Ok(number) if number > i128::from(most) => format!("it can be {most} at most; write a smaller number"),
        Ok(number) => format!("write `{key} = {number}`, without quotes"),
        Err(_) => match value.parse::<f64>() {
            Ok(number) if number.is_finite() && (0.0..1e15).contains(&number) => {
                format!("write `{key} = {}` or `{key} = {}`", number.floor(), number.ceil())
            }
            _ => format!("write a whole number from 0 to {most}: `{key} = 8`"),
        },
    };
    ("a whole number", help)
}

fn a_list(key: &str, is_table: bool) -> String {
    match key {
        "app" | "fleet" | "strategy" | "event" | "assert" if is_table => {
            format!("write `[[{key}]]`, with two brackets: each begins one entry of the list")
        }
        "workload" => {
            "write `workload = [{ kind = \"user\", arrivals = { poisson = \"2/s\" } }]`, or `[[fleet.workload]]`"
                .to_owned()
        }
        _ => format!("write a list: `{key} = [...]`"),
    }
}

fn a_table(key: &str) -> String {
    let example = match key {
        "run" => "{ duration = \"10min\" }",
        "provider" => "{ profile = \"zoom-s2s-2022\" }",
        "app" => "[{ name = \"main\" }]",
        "fleet" => "[{ name = \"web\", nodes = 8, app = \"main\" }]",
        "strategy" => "[{ name = \"naive cache\", coordination = \"naive\" }]",
        "event" => "[{ at = \"5min\", what = { revoke = { app = \"main\" } } }]",
        "sweep" => "{ \"fleet.web.nodes\" = [1, 2, 4] }",
        "start" => "{ at = \"0s\", over = \"1min\" }",
        "job" => "{ calls = 20, gap = \"2s\" }",
        "expect" => "{ \"naive cache\" = { success_rate = \">= 99%\" } }",
        _ => return format!("write a table: `{key} = {{ ... }}`, or `[{key}]` on a line of its own"),
    };
    format!("write a table: `{key} = {example}`")
}

/// Our own quantities say in one sentence what is wrong and what would do; so does the parser of TOML, but for the fix.
fn own_words(told: &Told<'_>) -> Mistake {
    if told.message.contains("recurs") {
        return told.mistake(
            "tables or lists are nested too deeply",
            "here",
            "no scenario needs more than eight levels",
        );
    }
    let message = told.message.replace('\n', ", ");
    if told.path.is_none() {
        return told.mistake(format!("not valid TOML: {message}"), "here", toml_help(&message));
    }
    match message
        .split_once("; ")
        .filter(|(_, help)| help.starts_with("did you mean") || help.starts_with("write"))
    {
        Some((head, help)) => told.mistake(head, "here", help),
        None => told.mistake(message, "here", ""),
    }
}

fn toml_help(message: &str) -> &'static str {
    if message.contains("duplicate key") {
        return "each key once: remove or rename one of them";
    }
    if message.contains("string") || message.contains("quote") {
        return "texts stand between quotes: `name = \"web\"`";
    }
    if message.contains("key with no value") || message.contains("expected `=`") {
        return "each line is `key = value`, or `[table]`, or a `# comment`";
    }
    if message.contains("unclosed table") {
        return "a table is `[run]`, an entry of a list `[[fleet]]`, each on a line of its own";
    }
    if message.contains("newline") {
        return "one `key = value` on each line";
    }
    ""
}

/// The table that a key stands in, in words.
fn owner(path: &[String]) -> Option<String> {
    thing(path.split_last()?.1)
}

fn thing(path: &[String]) -> Option<String> {
    let names = path.iter().map(String::as_str);
    let names: Vec<&str> = names.filter(|step| step.parse::<usize>().is_err()).collect();
    (!names.is_empty()).then(|| format!("`{}`", names.join(".")))
}
