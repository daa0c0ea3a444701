//! What the provider of a case does: by names where it has some, and else as a scenario would write it.

use serde::{Deserialize, Serialize};

use crate::base::Duration;
use crate::engine::check::System;
use crate::engine::check::systems::{self, ROTATIONS};
use crate::provider::settings::{RefreshSettings, RuleSettings, Settings};
use crate::provider::{Issuance, OnFull, RotationRule, profiles};

/// Rules that cases are drawn with, the plainest first, with a sentence each. A profile of a provider can be named as well.
pub const RULES: [(&str, &str); 5] = [
    ("latest_only", "a new token ends the one before it at once"),
    ("overlap", "a new token ends the one before it after a while"),
    ("two_live", "two tokens are live, and a third ends the oldest"),
    ("returned", "a request returns the current token while it lives"),
    ("refused", "a request is refused while a token lives"),
];

/// Life of a token; a case's clock stands still, so it decides nothing.
const LIFE: Duration = Duration::from_secs(3600);

/// The rule beside refresh tokens, whose own rule says what ends: a new token ends no other.
const INDEPENDENT: &str = "independent";

/// The rule of this name: one of [`RULES`], `independent`, or a provider's.
pub fn rule(name: &str) -> Option<Issuance> {
    let mut rule = Issuance::latest_only(LIFE);
    match name {
        "latest_only" => {}
        "overlap" => rule.overlap = Duration::SECOND,
        "two_live" => rule.capacity = Some(2),
        "returned" => rule.reuse_threshold = Some(Duration::SECOND),
        "refused" => rule.on_full = OnFull::Refuse,
        INDEPENDENT => rule = Issuance::independent(LIFE),
        other => return Some(profiles::find(other)?.provider.issuance()),
    }
    Some(rule)
}

/// The name under which [`rule`] finds a rule.
pub fn name_of_rule(wanted: &Issuance) -> Option<String> {
    let profiles = profiles::PROFILES.iter().map(|(name, _)| *name);
    let mut names = RULES.iter().map(|(name, _)| *name).chain([INDEPENDENT]).chain(profiles);
    names
        .find(|name| rule(name).as_ref() == Some(wanted))
        .map(str::to_owned)
}

/// What becomes of refresh tokens under this name: one of [`ROTATIONS`], or a provider's.
fn rotation(name: &str) -> Option<RotationRule> {
    let of_provider = || Some(RotationRule::of(&profiles::find(name)?.provider.refresh_tokens()?));
    systems::rotation(name).or_else(of_provider)
}

/// The name of what becomes of refresh tokens in a system.
fn name_of_rotation(wanted: &System) -> Option<String> {
    let mut names = ROTATIONS.iter().chain(&profiles::PROFILES).map(|(name, _)| *name);
    names
        .find(|name| rotation(name).is_some_and(|rule| wanted.clone().rotating(Some(rule)).rotation == wanted.rotation))
        .map(str::to_owned)
}

/// What the provider of a case does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseRule {
    /// By names.
    Named {
        /// One that [`rule`] knows.
        rule: String,
        /// What becomes of refresh tokens, where there are any.
        refresh_tokens: Option<String>,
    },
    /// Something that has no name.
    Written(CaseProvider),
}

impl CaseRule {
    /// By names where it has some, and else as these settings write it.
    pub(super) fn of(system: &System, issuance: &Issuance, provider: Option<&Settings>) -> Option<Self> {
        let refresh_tokens = match system.rotation {
            None => Some(None),
            Some(_) => name_of_rotation(system).map(Some),
        };
        match name_of_rule(issuance).zip(refresh_tokens) {
            Some((rule, refresh_tokens)) => Some(Self::Named { rule, refresh_tokens }),
            None => CaseProvider::of(provider?, system, issuance).map(Self::Written),
        }
    }

    /// A system with this provider.
    pub(super) fn applied(&self, system: System) -> System {
        match self {
            Self::Named {
                rule: name,
                refresh_tokens,
            } => {
                let known = |name: &String| rotation(name).expect("a case names a rule for refresh tokens");
                System {
                    rule: rule(name).expect("a case names a rule"),
                    ..system.rotating(refresh_tokens.as_ref().map(known))
                }
            }
            Self::Written(provider) => provider.applied(system),
        }
    }

    /// Errors with what is wrong.
    pub(super) fn read(
        rule_name: Option<String>,
        refresh_tokens: Option<String>,
        provider: Option<CaseProvider>,
    ) -> Result<Self, String> {
        let rule_name = match (rule_name, provider) {
            (Some(name), None) => name,
            (None, Some(provider)) if refresh_tokens.is_none() => return Ok(Self::Written(provider)),
            (None, None) => return Err("there is neither a `rule` nor a `[provider]`".to_owned()),
            _ => {
                return Err(
                    "`[provider]` says what `rule` and `refresh_tokens` say by name; keep one of the two".to_owned(),
                );
            }
        };
        if rule(&rule_name).is_none() {
            let names: Vec<_> = RULES.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "there is no rule `{rule_name}`; there are: {}, and the providers' (tokenstorm list providers)",
                names.join(", ")
            ));
        }
        if let Some(name) = &refresh_tokens
            && rotation(name).is_none()
        {
            let names: Vec<_> = ROTATIONS.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "there is no rule `{name}` for refresh tokens; there are: {}, and those of providers that have one",
                names.join(", ")
            ));
        }
        Ok(Self::Named {
            rule: rule_name,
            refresh_tokens,
        })
    }
}

/// The part of a scenario's `[provider]` that decides what ends which token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseProvider {
    /// Life of a token; a case's clock stands still, so that it only tells one rule from another.
    pub token_ttl: Duration,
    /// What a new token does to earlier ones.
    pub rule: RuleSettings,
    /// What becomes of refresh tokens, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<RefreshSettings>,
}

impl CaseProvider {
    /// What these settings say of it; none where that is not what this system does under this rule.
    fn of(settings: &Settings, system: &System, rule: &Issuance) -> Option<Self> {
        let provider = Self {
            token_ttl: settings.issuance().ttl,
            rule: settings.rule?,
            refresh: settings.refresh_tokens(),
        };
        let under = provider.applied(system.clone());
        (under.rule == *rule && under.rotation == system.rotation).then_some(provider)
    }

    /// A system with this provider.
    fn applied(&self, system: System) -> System {
        let (reveals, on_bad_slot) = (system.reveals, system.on_bad_slot);
        System {
            reveals,
            on_bad_slot,
            ..system.under(&Settings {
                token_ttl: Some(self.token_ttl),
                rule: Some(self.rule),
                refresh: self.refresh,
                ..Settings::default()
            })
        }
    }
}
