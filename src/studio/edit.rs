//! A value of a scenario set in its text, which stays as it was written otherwise: comments, order, blanks.
//!
//! What is set means what `run --set` means by the same key and value, but that a choice which the text leaves to the profile or to a
//! default keeps its other settings.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::scenario;

/// The text with a value at a key, as `--set KEY=VALUE` has both. `resolved` is the scenario as it is now, with its defaults.
///
/// # Errors
/// With the reason, in words, where the text is no TOML or the key leads nowhere.
pub(super) fn set(text: &str, resolved: &toml::Table, key: &str, value: &str) -> Result<String, String> {
    let path = scenario::key_path(key)?;
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    let value = read(&path, value);
    let root = toml::Value::Table(resolved.clone());
    put_into(document.as_table_mut(), &path, &root, value).ok_or_else(|| format!("`{key}` leads nowhere"))?;
    Ok(document.to_string())
}

/// A TOML value where the text is one, otherwise a string; of a choice that needs settings an example of them.
fn read(path: &[String], text: &str) -> Value {
    let last = path.last().map_or("", String::as_str);
    let text = scenario::example(last, text).unwrap_or(text);
    match text.parse::<Value>() {
        Ok(mut value) => {
            value.decor_mut().clear();
            value
        }
        Err(_) => Value::from(text),
    }
}

/// Puts a value below a table. `resolved` is what lies there in the end.
fn put_into(table: &mut dyn TableLike, path: &[String], resolved: &toml::Value, value: Value) -> Option<()> {
    let (step, rest) = path.split_first()?;
    let below = resolved.get(step);
    if rest.is_empty() {
        replace(table, step, value);
        return Some(());
    }
    if table.get(step).is_none_or(Item::is_none) {
        table.insert(step, made(below, rest));
    }
    let item = table.get_mut(step)?;
    put(item, rest, below.unwrap_or(&NOTHING), value)
}

/// Puts a value below an item.
fn put(item: &mut Item, path: &[String], resolved: &toml::Value, value: Value) -> Option<()> {
    // `retry = "fixed"` means `retry = { fixed = {} }`, and a step may lead into it.
    let named = item.as_str() == path.first().map(String::as_str);
    if named && let (Some(Value::InlineTable(choice)), Some(old)) = (inline(resolved), item.as_value_mut()) {
        let decor = old.decor().clone();
        *old = Value::InlineTable(choice);
        *old.decor_mut() = decor;
    }
    if let Some(tables) = item.as_array_of_tables_mut() {
        let (step, rest) = path.split_first()?;
        let at = place(tables.iter().map(|table| table as &dyn TableLike), step)?;
        return put_into(tables.get_mut(at)?, rest, entry(resolved, step), value);
    }
    if let Some(items) = item.as_array_mut() {
        let (step, rest) = path.split_first()?;
        let all: Vec<&dyn TableLike> = items
            .iter()
            .map(|item| item.as_inline_table().map(|table| table as &dyn TableLike))
            .collect::<Option<_>>()?;
        let at = place(all.into_iter(), step)?;
        return put_into(
            items.get_mut(at)?.as_inline_table_mut()?,
            rest,
            entry(resolved, step),
            value,
        );
    }
    put_into(item.as_table_like_mut()?, path, resolved, value)
}

/// The entry of a resolved list that goes by a name; a strategy that is off is none of them.
fn entry<'a>(resolved: &'a toml::Value, name: &str) -> &'a toml::Value {
    let named = |item: &&toml::Value| {
        let own = item.get("name").or_else(|| item.get("kind"));
        own.and_then(toml::Value::as_str) == Some(name)
    };
    let found = resolved.as_array().and_then(|items| items.iter().find(named));
    let at = || name.parse::<usize>().ok().and_then(|at| resolved.get(at));
    found.or_else(at).unwrap_or(&NOTHING)
}

static NOTHING: toml::Value = toml::Value::Boolean(false);

/// Which of the tables goes by a name: by its name, else by its kind, else by its position.
fn place<'a>(tables: impl Iterator<Item = &'a dyn TableLike>, name: &str) -> Option<usize> {
    let names: Vec<Option<String>> = tables
        .map(|table| {
            let item = table.get("name").or_else(|| table.get("kind"))?;
            item.as_str().map(str::to_owned)
        })
        .collect();
    let at = names.iter().position(|known| known.as_deref() == Some(name));
    at.or_else(|| name.parse().ok().filter(|at| *at < names.len()))
}

/// What is put where the text has nothing: a choice as it is resolved, a section otherwise.
fn made(resolved: Option<&toml::Value>, rest: &[String]) -> Item {
    let is_choice = |table: &toml::Table| table.len() == 1 && rest.first().is_some_and(|next| table.contains_key(next));
    match resolved {
        Some(toml::Value::Table(table)) if is_choice(table) => {
            inline(&toml::Value::Table(table.clone())).map_or(Item::None, Item::Value)
        }
        _ if rest.len() > 1 => Item::Table(implicit()),
        _ => Item::Value(Value::InlineTable(InlineTable::new())),
    }
}

fn implicit() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

/// A value on one line.
fn inline(value: &toml::Value) -> Option<Value> {
    value.to_string().parse().ok()
}

/// Puts a value at a key, and leaves what is written around it.
fn replace(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        Some(other) => *other = Item::Value(value),
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{Overrides, Scenario};
    use crate::studio::controls::{self, Kind};
    use crate::studio::examples;

    fn parse(text: &str) -> Scenario {
        Scenario::parse("example", text, Path::new(".")).unwrap()
    }

    fn edited(text: &str, key: &str, value: &str) -> Result<String, String> {
        let resolved = toml::Table::try_from(&parse(text).file).unwrap();
        set(text, &resolved, key, value)
    }

    /// What a control may set, but what it is set to.
    fn others(kind: &Kind, now: Option<&str>) -> Vec<String> {
        let all: Vec<String> = match kind {
            Kind::Stops(stops) => vec![stops[stops.len() / 2].clone(), stops[stops.len() / 3].clone()],
            Kind::Choice(names) => names.iter().map(|(name, _)| name.clone()).take(4).collect(),
            Kind::Switch => ["true", "false"].map(String::from).into(),
        };
        all.into_iter().filter(|value| Some(value.as_str()) != now).collect()
    }

    /// Every control of these says in the text what `--set` says of the file, mistakes included.
    #[test]
    fn a_control_and_a_file_say_the_same() {
        let mut compared = 0;
        for name in [
            "zoom/default",
            "questions/pods-and-a-batch",
            "incidents/refresh-storm",
            "zoom/user-and-background",
        ] {
            let text = examples::find(name).unwrap().text;
            let sections = controls::of(&parse(text));
            for control in controls::each(&sections) {
                // A choice that needs settings gets an example of them from the editor.
                for value in others(&control.kind, control.value.as_deref()) {
                    let last = control.key.rsplit('.').next().unwrap();
                    let meant = scenario::example(last, &value).unwrap_or(&value).to_owned();
                    let overrides = Overrides {
                        set: vec![(control.key.clone(), meant)],
                        ..Overrides::default()
                    };
                    let wanted = Scenario::parse_with("example", text, Path::new("."), &overrides);
                    let found = edited(text, &control.key, &value).unwrap();
                    let found = Scenario::parse("example", &found, Path::new("."));
                    compared += usize::from(wanted.is_ok());
                    match (wanted, found) {
                        (Ok(wanted), Ok(found)) => {
                            assert_eq!(found.file, wanted.file, "{name}: {} = {value}", control.key);
                        }
                        (Err(_), Err(_)) => {}
                        (wanted, found) => panic!("{name}: {} = {value}: {wanted:?} {found:?}", control.key),
                    }
                }
            }
        }
        assert!(compared > 300, "{compared}");
    }

    #[test]
    fn what_is_written_around_a_value_stays() {
        let text = examples::EXAMPLES[0].text;
        let eight = edited(text, "fleet.web.nodes", "12").unwrap();
        assert_eq!(eight, text.replace("nodes = 8\n", "nodes = 12\n"));
        let lease = edited(text, "strategy.\"shared store, lease\".coordination.lease.poll", "1s").unwrap();
        let line = lease.lines().find(|line| line.contains("poll")).unwrap();
        assert!(
            line.starts_with("coordination = {") && line.contains("poll = \"1s\""),
            "{line}"
        );
        assert_eq!(lease.matches("# ").count(), text.matches("# ").count());
        assert!(
            edited(text, "fleet.nobody.nodes", "1")
                .unwrap_err()
                .contains("leads nowhere")
        );
        assert!(edited(text, "a..b", "1").is_err());
    }

    #[test]
    fn a_strategy_is_switched_off_and_on_again() {
        let text = examples::EXAMPLES[0].text;
        let off = edited(text, "strategy.\"naive cache\".off", "true").unwrap();
        let set = edited(&off, "strategy.\"slot per node\".coordination.slot_per_node.slots", "2").unwrap();
        let on = edited(&set, "strategy.\"naive cache\".off", "false").unwrap();
        assert_eq!(parse(&set).file.strategy.len() + 1, parse(&on).file.strategy.len());
        assert!(on.contains("coordination = { slot_per_node = { slots = 2 } }"), "{on}");
    }

    /// The rule of a profile keeps its other settings when one of them is changed.
    #[test]
    fn a_choice_that_the_profile_makes_keeps_its_other_settings() {
        let text = examples::find("zoom/gateway")
            .unwrap()
            .text
            .replace("zoom-s2s-2022", "douyin-stable");
        let before = parse(&text).file.provider.rule;
        let (key, value) = ("provider.rule.reuse.threshold", "7min");
        let after = parse(&edited(&text, key, value).unwrap()).file.provider.rule;
        let [before, after] = [before, after].map(|rule| toml::Value::try_from(rule).unwrap());
        let mut wanted = before;
        assert!(wanted["reuse"].get("force").is_some());
        wanted["reuse"]["threshold"] = value.into();
        assert_eq!(after, wanted);
    }
}
