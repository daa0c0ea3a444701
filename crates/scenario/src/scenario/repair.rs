//! Reading on after a mistake: what cannot be read is replaced by something that can, so that one reading tells every mistake of
//! form. What is put in place is never run: a file with a mistake is refused.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bounds::MOST_SHOWN;
use super::document::{Path, Span, moved, path_at};
use super::error::Mistake;
use super::examples::{EXAMPLES, choice_at};
use super::file::ScenarioFile;
use super::nearest::nearest;
use super::version;
use super::weight::weight_of_table;
use super::words::translate;

/// Readings of one file at most.
const MOST_READINGS: usize = 120;
/// Bytes of a document that is read again; only the first mistake of a larger one is told.
const LARGEST: usize = 1 << 20;

/// A file as far as it can be read.
pub(super) struct Reading {
    /// The file, with replacements where there are mistakes.
    pub file: Option<ScenarioFile>,
    pub mistakes: Vec<Mistake>,
    /// Where something was replaced.
    pub repaired: Vec<Path>,
}

fn deserialize(root: &DeTable<'_>) -> Result<ScenarioFile, toml::de::Error> {
    let mut root = root.clone();
    // A repair may have put new parts in place; an unknown client among them is told by the reading.
    let _ = version::fill_in(&mut root);
    let deserializer = toml::Deserializer::from(Spanned::new(0..0, root));
    serde::Deserialize::deserialize(deserializer)
}

/// Reads a document, and goes on after each mistake.
pub(super) fn read(root: &DeTable<'_>) -> Reading {
    let mut reading = Reading {
        file: None,
        mistakes: Vec::new(),
        repaired: Vec::new(),
    };
    let first = match deserialize(root) {
        Ok(file) => {
            reading.file = Some(file);
            return reading;
        }
        Err(error) => error,
    };
    reading.mistakes.push(translate(&first, Some(root)));
    if weight_of_table(root) > LARGEST {
        return reading;
    }
    let mut readings = 0;
    let (mut root, mut error) = (root.clone(), first);
    loop {
        let Some(place) = error
            .span()
            .and_then(|span| path_at(&root, &span).or_else(|| whole(&span)))
        else {
            return reading;
        };
        match next(&root, &error, &place, &mut readings) {
            None => return reading,
            Some((_, Ok(file))) => {
                reading.repaired.push(place);
                reading.file = Some(file);
                return reading;
            }
            Some((repaired, Err(other))) => {
                reading.repaired.push(place);
                (root, error) = (repaired, other);
                reading.mistakes.push(translate(&error, Some(&root)));
                if reading.mistakes.len() > MOST_SHOWN {
                    return reading;
                }
            }
        }
    }
}

/// What is missing in the file itself has no place in it.
fn whole(span: &Span) -> Option<Path> {
    (*span == (0..0)).then(Path::new)
}

/// Something done to a document; none where it has no such place.
type Change<'a, 't> = Box<dyn Fn(&mut DeTable<'t>) -> Option<()> + 'a>;

type Attempt<'t> = (DeTable<'t>, Result<ScenarioFile, toml::de::Error>);

/// The document with something in the place of a mistake, and what becomes of reading it.
fn next<'t>(root: &DeTable<'t>, error: &toml::de::Error, place: &Path, readings: &mut usize) -> Option<Attempt<'t>> {
    let message = error.message();
    let quoted: Vec<String> = message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let span = error.span().unwrap_or(0..0);
    let known = quoted.get(1..).unwrap_or_default();
    let missing = message
        .starts_with("missing field")
        .then(|| quoted.first().cloned())
        .flatten();
    // Made one after another, since each takes a copy of the document and most often the first will do.
    let mut changes: Vec<Change<'_, 't>> = Vec::new();
    match (&missing, place.split_last()) {
        (Some(name), _) => {
            for value in values(span.start..span.start) {
                changes.push(Box::new(move |root| insert(root, place, name, value.clone())));
            }
        }
        (None, Some((last, table))) => {
            if let Some(near) = nearest(last, known.iter().map(String::as_str)) {
                changes.push(Box::new(move |root| rename(root, table, last, near)));
            }
            for name in known {
                let value = Spanned::new(span.clone(), DeValue::String(name.clone().into()));
                changes.push(Box::new(move |root| replace(root, place, value.clone())));
            }
            let keys = place.iter().rev().filter(|step| step.parse::<usize>().is_err());
            if let Some(choice) = keys.take(1).find_map(|key| choice_at(key))
                && let Ok(example) = DeValue::parse(choice.any_example())
            {
                let value = moved(example, &span);
                changes.push(Box::new(move |root| replace(root, place, value.clone())));
            }
            for value in values(span.clone()) {
                changes.push(Box::new(move |root| replace(root, place, value.clone())));
            }
        }
        (None, None) => {}
    }
    // In the end what cannot be read is left out, and at last what it stands in.
    for depth in (1..=place.len()).rev() {
        changes.push(Box::new(move |root| remove(root, &place[..depth])));
    }
    for change in changes {
        let mut changed = root.clone();
        if change(&mut changed).is_none() {
            continue;
        }
        *readings += 1;
        if *readings > MOST_READINGS {
            return None;
        }
        match deserialize(&changed) {
            Err(other) if other.span() == error.span() && (missing.is_none() || other.message() == message) => {}
            Err(other) if missing.is_some() && other.span() == Some(span.start..span.start) => {}
            read => return Some((changed, read)),
        }
    }
    None
}

/// Something of each type, in the order in which it fits most places.
fn values<'t>(span: Span) -> Vec<Spanned<DeValue<'t>>> {
    let texts = [
        "1",
        "\"1min\"",
        "\"1/s\"",
        "\"naive\"",
        "\"a\"",
        "0.5",
        "true",
        "{}",
        "[]",
        "\">=\"",
        "\"== 0\"",
        "[{ kind = \"a\", arrivals = { poisson = \"1/s\" } }]",
    ];
    let examples = EXAMPLES.iter().map(|(.., text)| *text);
    let parsed = texts
        .into_iter()
        .chain(examples)
        .filter_map(|text| DeValue::parse(text).ok());
    parsed.map(|value| moved(value, &span)).collect()
}

/// The table or list that a path leads to, and its last step.
fn parent<'a, 't>(root: &'a mut DeTable<'t>, path: &[String]) -> Option<&'a mut DeValue<'t>> {
    let (first, rest) = path.split_first()?;
    let mut value = root.get_mut(first.as_str())?.get_mut();
    for step in rest {
        value = match value {
            DeValue::Table(table) => table.get_mut(step.as_str())?.get_mut(),
            DeValue::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?.get_mut(),
            _ => return None,
        };
    }
    Some(value)
}

fn table<'a, 't>(root: &'a mut DeTable<'t>, path: &[String]) -> Option<&'a mut DeTable<'t>> {
    match path {
        [] => Some(root),
        path => match parent(root, path)? {
            DeValue::Table(table) => Some(table),
            _ => None,
        },
    }
}

fn insert<'t>(root: &mut DeTable<'t>, path: &[String], key: &str, value: Spanned<DeValue<'t>>) -> Option<()> {
    let span = value.span();
    table(root, path)?.insert(Spanned::new(span, key.to_owned().into()), value);
    Some(())
}

fn replace<'t>(root: &mut DeTable<'t>, path: &[String], value: Spanned<DeValue<'t>>) -> Option<()> {
    let (last, way) = path.split_last()?;
    if let Some(table) = table(root, way) {
        *table.get_mut(last.as_str())? = value;
        return Some(());
    }
    match parent(root, way)? {
        DeValue::Array(items) => *items.get_mut(last.parse::<usize>().ok()?)? = value,
        _ => return None,
    }
    Some(())
}

fn rename(root: &mut DeTable<'_>, way: &[String], from: &str, to: &str) -> Option<()> {
    let table = table(root, way)?;
    if table.contains_key(to) {
        return None;
    }
    let (key, value) = table.remove_entry(from)?;
    table.insert(Spanned::new(key.span(), to.to_owned().into()), value);
    Some(())
}

fn remove(root: &mut DeTable<'_>, path: &[String]) -> Option<()> {
    let (last, way) = path.split_last()?;
    table(root, way)?.remove(last.as_str()).map(|_| ())
}
