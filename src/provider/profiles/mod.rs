//! Real providers, one TOML file each; every number with its source and the grade of evidence behind it.
//!
//! A new provider is one file here and its line in [`PROFILES`].

use serde::Deserialize;

use super::settings::Settings;

/// Name and text of every profile.
pub const PROFILES: [(&str, &str); 3] = [
    ("zoom-s2s-2022", include_str!("zoom-s2s-2022.toml")),
    ("zoom-s2s-2023", include_str!("zoom-s2s-2023.toml")),
    ("zoom-jwt-2022", include_str!("zoom-jwt-2022.toml")),
];

/// A profile as its file writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// One sentence on what a new token does to earlier ones.
    pub summary: String,
    /// When the provider behaved so.
    pub period: String,
    /// What each number rests on.
    pub source: Vec<Source>,
    #[serde(default)]
    pub provider: Settings,
}

/// Where a fact comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub of: String,
    pub grade: Grade,
    pub at: String,
}

/// How good the evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// The provider's own documentation.
    Documentation,
    /// A statement of its staff.
    Staff,
    /// Reports and experiments of users.
    Users,
    /// Ours, for want of any source.
    Assumed,
}

/// The profile of this name.
///
/// # Panics
/// When an embedded profile does not parse, which a test excludes.
pub fn find(name: &str) -> Option<Profile> {
    let (_, text) = PROFILES.iter().find(|(known, _)| *known == name)?;
    Some(toml::from_str(text).expect("a test parses every embedded profile"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_parses_and_names_its_sources() {
        for (name, text) in PROFILES {
            let profile: Profile = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(!profile.source.is_empty(), "{name} names no source");
            assert!(
                profile.provider.rule.is_some() && profile.provider.token_ttl.is_some(),
                "{name}"
            );
            assert_eq!(find(name).unwrap().summary, profile.summary);
        }
    }
}
