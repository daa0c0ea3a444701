//! Names with a sentence each, for people.

use super::sheet::{Column, Sheet};
use crate::record::names::NameList;

/// A name to a line, with what it is beside it.
pub fn human(names: &NameList) -> String {
    let width = names.names.iter().map(|named| named.name.len()).max().unwrap_or(0);
    let line = |(name, about): (&str, &str)| format!("{name:width$}  {about}\n");
    names
        .names
        .iter()
        .map(|named| line((&named.name, &named.about)))
        .collect()
}

/// For an issue or a page.
pub fn markdown(names: &NameList) -> String {
    let sheet = Sheet {
        columns: vec![Column::left("name"), Column::flexible("what it is", 20)],
        rows: names
            .names
            .iter()
            .map(|named| vec![named.name.clone(), named.about.clone()])
            .collect(),
        blocks: 0,
        marks: Default::default(),
    };
    sheet.markdown()
}
