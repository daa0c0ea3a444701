//! From a path to a text, without ever reading what cannot be a scenario.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::LARGEST_FILE;
use super::error::{Mistake, ScenarioError};
use super::nearest::nearest;

/// Entries of a folder that are looked at for a name like a missing one.
const MOST_NEIGHBOURS: usize = 10_000;

/// The text of a scenario file.
pub(super) fn text(path: &Path) -> Result<String, ScenarioError> {
    let name = path.display().to_string();
    let fail = |mistake: Mistake| ScenarioError::new(&name, "", vec![mistake]);
    // Before it is opened: opening a pipe would wait for a writer.
    let metadata = fs::metadata(path).map_err(|error| fail(unreadable(path, &error)))?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() {
            "a folder"
        } else {
            "not a regular file"
        };
        let mistake = Mistake::new(format!("this is {what}"));
        return Err(fail(match toml_files(path).as_slice() {
            [] => mistake.help("name a scenario file, such as `scenarios/zoom/default.toml`"),
            [first, ..] => mistake.help(format!("did you mean `{}`?", path.join(first).display())),
        }));
    }
    if metadata.len() > LARGEST_FILE {
        return Err(fail(too_large(metadata.len())));
    }
    let file = File::open(path).map_err(|error| fail(unreadable(path, &error)))?;
    from(&name, file)
}

/// A text that comes from a file or from somewhere else.
pub(super) fn from(name: &str, input: impl Read) -> Result<String, ScenarioError> {
    let fail = |mistake: Mistake| ScenarioError::new(name, "", vec![mistake]);
    let mut bytes = Vec::new();
    input
        .take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(Mistake::new(format!("cannot be read: {error}"))))?;
    // It may have grown since, and the length of some files is not known before they are read.
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(fail(too_large(bytes.len() as u64)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let line = 1 + bytes[..at].iter().filter(|&&byte| byte == b'\n').count();
        let mistake = Mistake::new(format!(
            "not UTF-8: byte {:#04x} at offset {at} (line {line}) begins no character",
            bytes[at]
        ))
        .at(at..at + char::REPLACEMENT_CHARACTER.len_utf8(), "this byte")
        .help("save the file as UTF-8");
        ScenarioError::new(name, &String::from_utf8_lossy(&bytes), vec![mistake])
    })
}

pub(super) fn too_large(length: u64) -> Mistake {
    Mistake::new(format!(
        "{length} bytes are too many for a scenario; there can be {LARGEST_FILE}"
    ))
    .help("measured values belong into a CSV file beside it: `{ empirical = \"token.csv\" }`")
}

fn unreadable(path: &Path, error: &std::io::Error) -> Mistake {
    let mistake = Mistake::new(format!("cannot be read: {error}"));
    if error.kind() != std::io::ErrorKind::NotFound {
        return mistake;
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return mistake.help(format!("there is no folder `{}`", folder.display()));
    }
    let names = toml_files(folder);
    let wanted = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = wanted.strip_suffix(".toml").unwrap_or(&wanted);
    let stems = names.iter().map(|name| name.strip_suffix(".toml").unwrap_or(name));
    match (nearest(stem, stems), names.as_slice()) {
        (Some(near), _) => mistake.help(format!(
            "did you mean `{}`?",
            folder.join(format!("{near}.toml")).display()
        )),
        (None, []) => mistake.help(format!("there is no TOML file in `{}`", folder.display())),
        (None, names) => mistake.help(format!(
            "TOML files in `{}`: {}{}",
            folder.display(),
            names.iter().take(8).cloned().collect::<Vec<_>>().join(", "),
            if names.len() > 8 { ", ..." } else { "" }
        )),
    }
}

/// Names of the TOML files in a folder, in order; none when it cannot be read.
fn toml_files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .take(MOST_NEIGHBOURS)
        .flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    names
}
