//! How large a document is: what it takes in memory, and lists that are too long to be meant.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bounds::{LARGEST_SWEEP, LONGEST_LABEL, MOST_ENTRIES};
use super::document::Span;
use super::error::Mistake;

/// What a plain value takes in memory, about, once it has been read.
const VALUE: usize = 100;

/// The bytes that a document takes in memory, about: a value each, and its texts.
fn weight(value: &DeValue<'_>) -> usize {
    match value {
        DeValue::String(text) => VALUE + text.len(),
        DeValue::Array(items) => VALUE + items.iter().map(|item| weight(item.get_ref())).sum::<usize>(),
        DeValue::Table(table) => VALUE + weight_of_table(table),
        _ => VALUE,
    }
}

pub(super) fn weight_of_table(table: &DeTable<'_>) -> usize {
    let entries = table.iter();
    entries
        .map(|(key, value)| key.get_ref().len() + weight(value.get_ref()))
        .sum()
}

/// The lists and tables of a document that are too long to be meant.
pub(super) fn too_long(root: &DeTable<'_>) -> Vec<Mistake> {
    fn look(value: &Spanned<DeValue<'_>>, found: &mut Vec<(Span, usize, &'static str)>) {
        match value.get_ref() {
            DeValue::Array(items) => {
                if items.len() > MOST_ENTRIES {
                    found.push((value.span(), items.len(), "entries of one list"));
                }
                items.iter().for_each(|item| look(item, found));
            }
            DeValue::Table(table) => {
                if table.len() > MOST_ENTRIES {
                    found.push((value.span(), table.len(), "keys of one table"));
                }
                table.iter().for_each(|(_, value)| look(value, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    root.iter().for_each(|(_, value)| look(value, &mut found));
    let mistakes = found.into_iter().map(|(span, count, what)| {
        Mistake::new(format!("{count} {what}; there can be {MOST_ENTRIES}"))
            .at(span.start..span.end.min(span.start + 1), "too many")
            .help("like processes are one fleet with many `nodes`; measured values belong into a CSV file")
    });
    mistakes.collect()
}

/// A sweep whose points would fill the memory.
pub(super) fn sweep_too_large(root: &DeTable<'_>, key: &Span, labels: impl Iterator<Item = usize>) -> Option<Mistake> {
    let (mut points, mut longest) = (0, 0);
    for label in labels {
        points += 1;
        longest = longest.max(label);
    }
    if longest > LONGEST_LABEL {
        return Some(
            Mistake::new(format!(
                "a point of the sweep has values of {longest} bytes; there can be {LONGEST_LABEL}"
            ))
            .at(key.clone(), "too long")
            .help("sweep over short values, or put the alternatives into strategies of their own"),
        );
    }
    let one = weight_of_table(root);
    (one.saturating_mul(points) > LARGEST_SWEEP).then(|| {
        Mistake::new(format!(
            "{points} points of a scenario of {one} bytes; there can be {LARGEST_SWEEP} bytes in all"
        ))
        .at(key.clone(), "too many points for a file of this size")
        .help("thin out the values, or split the sweep over several scenarios")
    })
}
