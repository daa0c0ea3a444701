//! A finding as a file.

use std::path::{Path, PathBuf};

use super::Subject;
use crate::engine::fuzz::{Finding, Saved};
use crate::record::{sha256, write};

/// Keeps a finding in a folder; where it lies.
///
/// Errors with the reason in words.
pub(super) fn save(folder: &Path, subject: &Subject, seed: u64, finding: &Finding) -> Result<PathBuf, String> {
    let rule = &subject.rules[finding.case.draw.rule].1;
    let setup = (&subject.setup, subject.provider.as_ref());
    let saved = Saved::new(finding.property, Some(seed), setup, rule, &finding.case)?;
    let file = folder.join(file_name(&subject.name, &saved));
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot write {}: {error}", folder.display()))?;
    write::place_alone(&file, saved.to_string().as_bytes()).map_err(|error| error.to_string())?;
    Ok(file)
}

/// A name that no other case has: the strategy as far as a file can be called so, the property, and what the case itself comes to.
/// The same case found again has the same one.
fn file_name(strategy: &str, saved: &Saved) -> String {
    let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
    let strategy: String = strategy.chars().map(word).take(NAME).collect();
    let content = &sha256(saved.to_string().as_bytes())[..8];
    format!("{strategy}-{}-{content}.toml", saved.property.to_lowercase())
}

/// Letters of a strategy's name in the name of a file, which cannot be of any length.
const NAME: usize = 40;
