//! The points of a sweep: which values stand in which places, and what a point is called.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{self, NoSuchPlace, Path, Span};
use super::error::Mistake;
use crate::plan::SweepPoint;

/// A key of the file, and the values that are tried in its place.
pub(super) struct Axis<'t> {
    pub key: String,
    pub key_span: Span,
    path: Path,
    pub values: Vec<Spanned<DeValue<'t>>>,
}

/// One value of each axis.
pub(super) struct Point<'t> {
    /// `key=value;key=value`, empty without a sweep.
    pub label: SweepPoint,
    values: Vec<(Path, Span, Spanned<DeValue<'t>>)>,
}

fn mistake(NoSuchPlace { message, help }: NoSuchPlace, at: Span) -> Mistake {
    let mistake = Mistake::new(message).at(at, "leads nowhere");
    match help {
        Some(help) => mistake.help(help),
        None => mistake,
    }
}

impl<'t> Axis<'t> {
    pub fn new(key: &str, key_span: Span, values: Vec<Spanned<DeValue<'t>>>) -> Result<Self, Mistake> {
        let path = document::split(key).map_err(|error| mistake(error, key_span.clone()))?;
        if let Some(section @ ("sweep" | "expect" | "assert" | "name")) = path.first().map(String::as_str) {
            return Err(Mistake::new(format!("`{section}` cannot be swept over"))
                .at(key_span, "the same for every point")
                .help("sweep over what a run depends on"));
        }
        if values.is_empty() {
            return Err(Mistake::new(format!("`{key}` is swept over no values"))
                .at(key_span, "an empty list makes no points")
                .help("give at least one value, or remove the key"));
        }
        Ok(Self {
            key: key.to_owned(),
            key_span,
            path,
            values,
        })
    }

    /// Puts the first value in its place.
    pub fn put_first(&self, root: &mut DeTable<'t>) -> Result<(), Mistake> {
        document::put(root, &self.path, &self.key_span, self.values[0].clone())
            .map_err(|error| mistake(error, self.key_span.clone()))
    }
}

/// The axes of a file's `[sweep]`, in its order. What is not a table of lists is left to the reader of the whole file.
pub(super) fn axes<'t>(root: &DeTable<'t>) -> Result<Vec<Axis<'t>>, Vec<Mistake>> {
    let (mut axes, mut mistakes) = (Vec::new(), Vec::new());
    let table = root.get("sweep").and_then(|sweep| sweep.get_ref().as_table());
    for (key, values) in table.into_iter().flatten() {
        if let DeValue::Array(values) = values.get_ref() {
            match Axis::new(key.get_ref(), key.span(), values.iter().cloned().collect()) {
                Ok(axis) => axes.push(axis),
                Err(mistake) => mistakes.push(mistake),
            }
        }
    }
    if mistakes.is_empty() { Ok(axes) } else { Err(mistakes) }
}

/// The keys and values of a text's `[sweep]`, each value as a text that reads back as the same.
pub(super) fn as_written(text: &str) -> Vec<(String, Vec<String>)> {
    let root = DeTable::parse(text).map(Spanned::into_inner).unwrap_or_default();
    let value = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::Table(_) => inline(value, text),
        _ => text.get(value.span()).unwrap_or_default().to_owned(),
    };
    let axes = axes(&root).unwrap_or_default().into_iter();
    axes.map(|axis| (axis.key, axis.values.iter().map(value).collect()))
        .collect()
}

/// Every combination, the last axis varying fastest; an error when there are more than `most`.
pub(super) fn points<'t>(axes: &[Axis<'t>], text: &str, most: usize) -> Result<Vec<Point<'t>>, Mistake> {
    let count = axes
        .iter()
        .try_fold(1usize, |count, axis| count.checked_mul(axis.values.len()))
        .unwrap_or(usize::MAX);
    if count > most {
        let (first, rest) = axes.split_first().expect("one point without axes");
        let mistake = Mistake::new(format!("a sweep over {count} points; there can be {most}"));
        return Err(rest
            .iter()
            .fold(
                mistake.at(first.key_span.clone(), format!("{} values", first.values.len())),
                |mistake, axis| mistake.at(axis.key_span.clone(), format!("times {}", axis.values.len())),
            )
            .help("thin out the values, or split the sweep over several scenarios"));
    }
    for axis in axes {
        let mut seen = BTreeMap::new();
        for value in &axis.values {
            if let Some(before) = seen.insert(shown(value, text), value.span()) {
                return Err(Mistake::new(format!("`{}` has the same value twice", axis.key))
                    .at(value.span(), "again")
                    .at(before, "here")
                    .help(
                        "points are told apart by their values; for more runs of one point raise `run.replications`",
                    ));
            }
        }
    }
    Ok((0..count)
        .map(|index| {
            let mut rest = index;
            let mut values: Vec<_> = axes
                .iter()
                .rev()
                .map(|axis| {
                    let value = &axis.values[rest % axis.values.len()];
                    rest /= axis.values.len();
                    (axis, value)
                })
                .collect();
            values.reverse();
            Point {
                label: SweepPoint::of(
                    values
                        .iter()
                        .map(|(axis, value)| (axis.key.as_str(), shown(value, text))),
                ),
                values: values
                    .into_iter()
                    .map(|(axis, value)| (axis.path.clone(), axis.key_span.clone(), value.clone()))
                    .collect(),
            }
        })
        .collect())
}

/// Makes room in a resolved file for the values that its sweep puts in: what the first of them came to may be written otherwise than
/// the path says, a rule with an overlap of nothing as one without. There stands what `text` has, or nothing.
pub(super) fn leave_open<'k>(file: &mut toml::Table, text: &str, keys: impl Iterator<Item = &'k String>) {
    let written: toml::Table = text.parse().unwrap_or_default();
    for path in keys.filter_map(|key| document::split(key).ok()) {
        leave_open_at(file, Some(&written), &path);
    }
}

fn leave_open_at(table: &mut toml::Table, written: Option<&toml::Table>, path: &[String]) {
    let [step, rest @ ..] = path else { return };
    let Some(next) = rest.first() else { return };
    let Some(value) = table.get_mut(step) else { return };
    let before = written.and_then(|written| written.get(step));
    match value {
        toml::Value::Table(inner) if inner.contains_key(next) => {
            leave_open_at(inner, before.and_then(toml::Value::as_table), rest);
        }
        toml::Value::Array(items) => {
            let is = |item: &toml::Value| item.get("name").and_then(toml::Value::as_str) == Some(next);
            let index = next.parse().ok().or_else(|| items.iter().position(is));
            let before = index.and_then(|index: usize| before?.get(index)?.as_table());
            if let Some(toml::Value::Table(item)) = index.and_then(|index| items.get_mut(index)) {
                leave_open_at(item, before, &rest[1..]);
            }
        }
        _ => match before {
            Some(before) => *value = before.clone(),
            None => drop(table.remove(step)),
        },
    }
}

impl<'t> Point<'t> {
    /// Where its keys and values stand in the sweep.
    pub fn spans(&self) -> Vec<(Span, Span)> {
        let places = self.values.iter();
        places.map(|(_, key, value)| (key.clone(), value.span())).collect()
    }

    /// The file with this point's values in place, and without the sweep.
    pub fn apply(&self, root: &DeTable<'t>) -> Result<DeTable<'t>, Mistake> {
        let mut root = root.clone();
        root.remove("sweep");
        for (path, key_span, value) in &self.values {
            document::put(&mut root, path, key_span, value.clone())
                .map_err(|error| mistake(error, key_span.clone()))?;
        }
        Ok(root)
    }
}

/// A value as a label shows it: a string bare, a table in one line however it was written, anything else as it was written.
fn shown(value: &Spanned<DeValue<'_>>, text: &str) -> String {
    match value.get_ref() {
        DeValue::String(string) => string.to_string(),
        _ => inline(value, text),
    }
}

fn inline(value: &Spanned<DeValue<'_>>, text: &str) -> String {
    match value.get_ref() {
        DeValue::Table(table) => {
            let pairs = table.iter();
            let pairs: Vec<String> = pairs
                .map(|(key, value)| format!("{} = {}", key.get_ref(), inline(value, text)))
                .collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        _ => {
            let written = text.get(value.span()).unwrap_or_default();
            written.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_every_combination_in_file_order() {
        let text = "[sweep]\nb = [1, 2]\na = ['x', { y = 1 }]\n";
        let root = DeTable::parse(text).unwrap().into_inner();
        let axes = axes(&root).unwrap_or_default();
        let labels: Vec<_> = points(&axes, text, 4)
            .unwrap()
            .into_iter()
            .map(|point| point.label.to_string())
            .collect();
        assert_eq!(labels, ["b=1;a=x", "b=1;a={ y = 1 }", "b=2;a=x", "b=2;a={ y = 1 }"]);
        assert!(points(&axes, text, 3).is_err());
        let texts = |values: [&str; 2]| values.map(str::to_owned).to_vec();
        assert_eq!(
            as_written(text),
            [
                ("b".to_owned(), texts(["1", "2"])),
                ("a".to_owned(), texts(["'x'", "{ y = 1 }"]))
            ]
        );
    }

    #[test]
    fn a_table_has_one_label_however_it_is_written() {
        let inline = "[sweep]\na = [{ y = 1, z = { k = '2s' } }, { y = 2 }]\n";
        let spread = "[[sweep.a]]\ny = 1\nz.k = '2s'\n[[sweep.a]]\ny = 2\n";
        let [one, other] = [inline, spread].map(|text| {
            let root = DeTable::parse(text).unwrap().into_inner();
            let points = points(&axes(&root).unwrap_or_default(), text, 4).unwrap();
            points
                .into_iter()
                .map(|point| point.label.to_string())
                .collect::<Vec<_>>()
        });
        assert_eq!(one, ["a={ y = 1, z = { k = '2s' } }", "a={ y = 2 }"]);
        assert_eq!(other, one);
    }
}
