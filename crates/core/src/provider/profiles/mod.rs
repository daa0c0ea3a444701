//! Real providers, one TOML file each; every number with its source and the grade of evidence behind it.
//!
//! A new provider is one file here and its line in [`PROFILES`]. A profile says what its sources say and no more: what none of
//! them tells is left out, and [`Settings::neutral`] fills it in.

use serde::Deserialize;

use super::settings::Settings;

/// Name and text of every profile.
pub const PROFILES: [(&str, &str); 54] = [
    ("airlock", include_str!("airlock.toml")),
    ("asgardeo", include_str!("asgardeo.toml")),
    ("atlassian", include_str!("atlassian.toml")),
    ("atlassian-2021", include_str!("atlassian-2021.toml")),
    ("auth0", include_str!("auth0.toml")),
    ("beschannels", include_str!("beschannels.toml")),
    ("box", include_str!("box.toml")),
    ("breezeway", include_str!("breezeway.toml")),
    ("cognito", include_str!("cognito.toml")),
    ("commvault", include_str!("commvault.toml")),
    ("curity", include_str!("curity.toml")),
    ("dingtalk", include_str!("dingtalk.toml")),
    ("django-oauth-toolkit", include_str!("django-oauth-toolkit.toml")),
    ("douyin-classic", include_str!("douyin-classic.toml")),
    ("douyin-stable", include_str!("douyin-stable.toml")),
    ("duende", include_str!("duende.toml")),
    ("earthdata", include_str!("earthdata.toml")),
    ("ebay", include_str!("ebay.toml")),
    ("entra", include_str!("entra.toml")),
    ("feishu", include_str!("feishu.toml")),
    ("github-app-user", include_str!("github-app-user.toml")),
    ("github-oauth-app", include_str!("github-oauth-app.toml")),
    ("gitlab", include_str!("gitlab.toml")),
    ("google", include_str!("google.toml")),
    ("guesty", include_str!("guesty.toml")),
    ("hubspot", include_str!("hubspot.toml")),
    ("hydra", include_str!("hydra.toml")),
    ("keycloak", include_str!("keycloak.toml")),
    ("line", include_str!("line.toml")),
    ("marketo", include_str!("marketo.toml")),
    ("matrix", include_str!("matrix.toml")),
    ("mercado-libre", include_str!("mercado-libre.toml")),
    ("okta", include_str!("okta.toml")),
    ("quickbooks", include_str!("quickbooks.toml")),
    ("ringcentral", include_str!("ringcentral.toml")),
    ("salesforce", include_str!("salesforce.toml")),
    ("shopify", include_str!("shopify.toml")),
    ("shopify-2026-07", include_str!("shopify-2026-07.toml")),
    ("slack", include_str!("slack.toml")),
    ("snyk", include_str!("snyk.toml")),
    ("soundcloud", include_str!("soundcloud.toml")),
    ("strava", include_str!("strava.toml")),
    ("supabase", include_str!("supabase.toml")),
    ("twitch", include_str!("twitch.toml")),
    ("wechat-classic", include_str!("wechat-classic.toml")),
    ("wechat-stable", include_str!("wechat-stable.toml")),
    ("wecom", include_str!("wecom.toml")),
    ("withings", include_str!("withings.toml")),
    ("xero", include_str!("xero.toml")),
    ("zoho", include_str!("zoho.toml")),
    ("zoom-jwt-2022", include_str!("zoom-jwt-2022.toml")),
    ("zoom-s2s-2022", include_str!("zoom-s2s-2022.toml")),
    ("zoom-s2s-2023", include_str!("zoom-s2s-2023.toml")),
    ("zoom-user-level", include_str!("zoom-user-level.toml")),
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
    /// Where sources do not agree.
    #[serde(default)]
    pub disagreement: Vec<Disagreement>,
    /// The settings that the profile stands for.
    #[serde(default)]
    pub provider: Settings,
}

/// Where facts come from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Keys of the settings that it is about, with a dot between the steps; a key stands for everything in it.
    pub of: Vec<String>,
    /// What it says.
    pub says: String,
    /// How good the evidence is.
    pub grade: Grade,
    /// Where it says so.
    pub at: String,
}

/// What different sources say about the same thing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// What they disagree about.
    pub of: String,
    /// At least two.
    pub views: Vec<ProfileView>,
}

/// What one source says of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileView {
    /// The value, in its words.
    pub value: String,
    /// How good the evidence is.
    pub grade: Grade,
    /// Where it says so.
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
    /// Source code, its own or that of a client that has to live with it.
    Code,
    /// Reports and experiments of users.
    Users,
    /// Ours, from what a source says about something near it.
    Inferred,
    /// Ours, for want of any source.
    Assumed,
}

impl Grade {
    /// Its name in a profile.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documentation => "documentation",
            Self::Staff => "staff",
            Self::Code => "code",
            Self::Users => "users",
            Self::Inferred => "inferred",
            Self::Assumed => "assumed",
        }
    }
}

/// The profile of this name.
///
/// # Panics
/// When an embedded profile does not parse, which a test excludes.
pub fn find(name: &str) -> Option<Profile> {
    let (_, text) = PROFILES.iter().find(|(known, _)| *known == name)?;
    Some(toml::from_str(text).expect("a test parses every embedded profile"))
}

/// What the head of a profile's file tells about it, in one paragraph.
pub fn about(name: &str) -> String {
    let text = PROFILES
        .iter()
        .find(|(known, _)| *known == name)
        .map_or("", |(_, text)| text);
    let lines: Vec<_> = text.lines().map_while(|line| line.strip_prefix("# ")).collect();
    lines.join(" ")
}

/// Whether a key is the same as another, or lies within it.
pub fn lies_in(key: &str, whole: &str) -> bool {
    key.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Every value that a profile sets, in the order of its file: the key with a dot between the steps, and the value as TOML.
///
/// # Panics
/// When an embedded profile is not TOML, which a test excludes.
pub fn settings_of(name: &str) -> Vec<(String, String)> {
    let text = PROFILES.iter().find(|(known, _)| *known == name);
    text.map_or_else(Vec::new, |(_, text)| values_in(text, "provider"))
}

/// Every value of one table of an embedded profile, of whatever kind; as [`settings_of`].
///
/// # Panics
/// When the text is not TOML, which a test excludes.
pub fn values_in(text: &str, table: &str) -> Vec<(String, String)> {
    fn walk(key: &str, value: &toml::Value, found: &mut Vec<(String, String)>) {
        match value {
            toml::Value::Table(inner) if !inner.is_empty() => {
                for (step, value) in inner {
                    let whole = if key.is_empty() {
                        step.clone()
                    } else {
                        format!("{key}.{step}")
                    };
                    walk(&whole, value, found);
                }
            }
            _ => found.push((key.to_owned(), value.to_string())),
        }
    }
    let mut found = Vec::new();
    let whole: toml::Table = toml::from_str(text).expect("a test parses every embedded profile");
    if let Some(part) = whole.get(table) {
        walk("", part, &mut found);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_parses_and_is_named_once_in_order() {
        for (name, text) in PROFILES {
            let profile: Profile = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(find(name).unwrap().summary, profile.summary);
            assert!(!profile.period.is_empty() && !profile.summary.ends_with('.'), "{name}");
        }
        assert!(PROFILES.is_sorted_by(|(one, _), (other, _)| one < other));
    }

    /// Both ways: no value without a source, and no source of a value that is not there.
    #[test]
    fn every_value_has_a_source_and_every_source_a_value() {
        for (name, _) in PROFILES {
            let profile = find(name).unwrap();
            let settings = settings_of(name);
            assert!(!settings.is_empty(), "{name} sets nothing");
            let sourced: Vec<&String> = profile.source.iter().flat_map(|source| &source.of).collect();
            for (key, value) in &settings {
                assert!(
                    sourced.iter().any(|of| lies_in(key, of)),
                    "{name}: no source says `{key} = {value}`"
                );
            }
            for of in sourced {
                assert!(
                    settings.iter().any(|(key, _)| lies_in(key, of)),
                    "{name}: a source is about `{of}`, which is not set"
                );
            }
        }
    }

    #[test]
    fn what_is_assumed_names_no_source_and_all_else_does() {
        for (name, _) in PROFILES {
            let profile = find(name).unwrap();
            for source in &profile.source {
                assert!(!source.of.is_empty() && !source.says.is_empty(), "{name}");
                assert_eq!(
                    source.grade == Grade::Assumed,
                    source.at == "no source",
                    "{name}: {}",
                    source.says
                );
            }
            for disagreement in &profile.disagreement {
                assert!(disagreement.views.len() > 1, "{name}: {}", disagreement.of);
            }
        }
    }
}
