//! A strategy as somebody would write it: by its name with plain settings, and without what says the same when it is left out.

use toml::{Table, Value};

use super::strategy::StrategySettings;
use crate::strategy::Coordination;

impl StrategySettings {
    /// A strategy of this name with these settings, and otherwise the defaults; none where it cannot be written down.
    pub fn plain(name: &str, coordination: &Coordination) -> Option<Self> {
        let mut table = Table::new();
        table.insert("name".to_owned(), name.into());
        table.insert("coordination".to_owned(), Value::try_from(coordination).ok()?);
        read(&table)
    }

    /// One `[[strategy]]` as it stands in a file, without what says the same when it is left out.
    pub fn to_short_toml(&self) -> String {
        let Ok(Value::Table(mut table)) = Value::try_from(self) else {
            return String::new();
        };
        let same = |table: &Table| read(table).is_some_and(|read| read == *self);
        let keys: Vec<Vec<String>> = paths(&table, 3);
        for path in keys.iter().rev() {
            let mut fewer = table.clone();
            if path.as_slice() != ["retry"] && remove(&mut fewer, path) && same(&fewer) {
                table = fewer;
            }
        }
        let mut text = "[[strategy]]\n".to_owned();
        let order = ["name", "client", "coordination", "retry"];
        let place = |key: &String| order.iter().position(|known| known == key).unwrap_or(order.len());
        let mut rows: Vec<_> = table.iter().collect();
        rows.sort_by_key(|(key, _)| place(key));
        for (key, value) in rows {
            text.push_str(&format!("{key} = {}\n", bare(value)));
        }
        text
    }
}

/// By way of text: straight from the table all of it would be compiled once more, for a second deserializer.
fn read(table: &Table) -> Option<StrategySettings> {
    toml::from_str(&table.to_string()).ok()
}

/// An alternative without settings is written by its name alone.
fn bare(value: &Value) -> Value {
    match value
        .as_table()
        .and_then(|table| table.iter().next().filter(|_| table.len() == 1))
    {
        Some((name, Value::Table(inner))) if inner.is_empty() => Value::String(name.clone()),
        _ => value.clone(),
    }
}

/// The ways to everything in a table, so many steps deep.
fn paths(table: &Table, deep: usize) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (key, value) in table {
        found.push(vec![key.clone()]);
        if let (Value::Table(inner), true) = (value, deep > 1) {
            let below = paths(inner, deep - 1).into_iter();
            found.extend(below.map(|path| std::iter::once(key.clone()).chain(path).collect()));
        }
    }
    found
}

fn remove(table: &mut Table, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => table.remove(last).is_some(),
        [first, rest @ ..] => match table.get_mut(first) {
            Some(Value::Table(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}
