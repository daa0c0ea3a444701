//! Opening a CSV file that somebody has named: only a regular one, and only of some size.

use std::fs::{self, File};
use std::io::{Read as _, Take};
use std::path::Path;

/// Larger files are not read: what a scenario names is a sample, not an archive.
const LARGEST: u64 = 64 << 20;

/// A reader of a file's rows, cells trimmed.
///
/// Errors with the reason when it cannot be opened, is no regular file (a pipe would block, a device would never end) or is
/// larger than 64 MB.
pub fn open_csv(path: &Path) -> Result<csv::Reader<Take<File>>, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !metadata.is_file() {
        return Err("is not a regular file".into());
    }
    if metadata.len() > LARGEST {
        let size = metadata.len() >> 20;
        return Err(format!(
            "{size} MB are too large for a sample; keep some hundred thousand rows"
        ));
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut builder = csv::ReaderBuilder::new();
    Ok(builder.trim(csv::Trim::All).from_reader(file.take(LARGEST)))
}
