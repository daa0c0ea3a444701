//! From what was found to the settings of a provider that behaves so, and from settings to parts that can be compared.

use super::finding::{Findings, ProbeFinding, count, is, span};
use crate::base::Duration;
use crate::net::Distribution;
use crate::provider::settings::{
    CapacitySettings, DepthSettings, ForceSettings, IndependentSettings, KillsAccess, OnFullSettings,
    OnViolationSettings, OverlapSettings, RefreshSettings, ReplayAnswer, RetireSettings, ReuseSettings,
    RevokeFamilySettings, RotateSettings, RuleSettings, Settings, SuccessorUsedSettings, WhichUse,
};
use crate::provider::{OnBadSlot, RotationRule};

/// Stands for a number of forced renewals in a day that nobody counted.
const MANY: u32 = 1_000_000;

/// The settings of a provider that behaves as was found; what was not found out is as the defaults have it.
pub fn conclude(found: &Findings) -> Settings {
    let grants = is(found, "mode", "grants");
    let mut settings = Settings {
        rule: Some(rule(found, grants)),
        refresh: grants.then(|| refresh(found)),
        token_ttl: span(found, "life").or_else(|| span(found, "stated_life")),
        ..Settings::default()
    };
    settings.lags.visible_after = span(found, "visible").map(Distribution::Constant);
    let heeds = is(found, "bad_slot", "refuse") || is(found, "apart", "yes");
    settings.slot_parameter = heeds.then(|| "slot".to_owned());
    settings.on_bad_slot = match found.get("bad_slot") {
        Some(ProbeFinding::Is("refuse")) => Some(OnBadSlot::Refuse),
        Some(ProbeFinding::Is("ignore")) => Some(OnBadSlot::Ignore),
        _ => None,
    };
    settings
}

fn rule(found: &Findings, grants: bool) -> RuleSettings {
    let depth = count(found, "depth");
    let latest = |overlap| {
        RuleSettings::LatestOnly(OverlapSettings {
            overlap,
            overlap_depth: depth,
        })
    };
    if is(found, "again", "same") {
        return RuleSettings::Reuse(reuse(found));
    }
    if let Some(live) = count(found, "live") {
        return RuleSettings::Capacity(CapacitySettings {
            live,
            on_full: match is(found, "full", "refuse") {
                true => OnFullSettings::Refuse,
                false => OnFullSettings::EvictOldest,
            },
            overlap: span(found, "evicted_lingers").unwrap_or_default(),
            overlap_depth: depth,
        });
    }
    let superseded = match grants {
        // A refresh may end what a login does not.
        true => is(found, "login_ends", "yes") && count(found, "grants") != Some(1),
        false => is(found, "earlier", "ended"),
    };
    match span(found, "lingers") {
        Some(overlap) => latest(overlap),
        None if superseded => latest(Duration::ZERO),
        None => RuleSettings::Independent(IndependentSettings {}),
    }
}

fn reuse(found: &Findings) -> ReuseSettings {
    let ends = is(found, "forced_earlier", "ended") || is(found, "renewed_earlier", "ended");
    let overlap = span(found, "forced_lingers");
    let gap = span(found, "force_gap");
    let counted = count(found, "force_count");
    let force = match (found.get("forces"), gap, counted) {
        (Some(ProbeFinding::Is("no")), ..) => Some((0, Duration::ZERO)),
        (_, None, None) => None,
        (_, gap, counted) => Some((counted.unwrap_or(MANY), gap.unwrap_or_default())),
    };
    ReuseSettings {
        threshold: span(found, "threshold").unwrap_or_default(),
        extend: is(found, "extends", "yes"),
        live: (ends || overlap.is_some()).then_some(1),
        overlap: overlap.unwrap_or_default(),
        overlap_depth: None,
        force: force.map(|(count, min_gap)| ForceSettings {
            count,
            window: span(found, "force_window").unwrap_or(Duration::from_secs(86_400)),
            min_gap,
        }),
    }
}

fn refresh(found: &Findings) -> RefreshSettings {
    let rotate = match (found.get("rotates"), span(found, "rotate_age")) {
        (Some(ProbeFinding::Is("no")), Some(age)) => RotateSettings::AfterAge(age),
        (Some(ProbeFinding::Is("no")), None) => RotateSettings::Never,
        _ => RotateSettings::Always,
    };
    let ended = is(found, "earlier", "ended") && !is(found, "login_ends", "yes");
    RefreshSettings {
        issued: None,
        rotate: Some(rotate),
        retire: Some(retire(found)),
        depth: Some(match is(found, "after_refresh", "accepted") {
            true => DepthSettings::AnyAncestor,
            false => DepthSettings::Previous,
        }),
        replay_answer: Some(match is(found, "replay", "same_pair") {
            true => ReplayAnswer::SamePair,
            false if is(found, "first_answer", "ended") => ReplayAnswer::LastWins,
            false => ReplayAnswer::NewPair,
        }),
        kills_access: Some(match ended {
            true if is(found, "sibling_access", "ended") => KillsAccess::All,
            true => KillsAccess::Paired,
            false => KillsAccess::None,
        }),
        capacity: count(found, "grants"),
        evicts_access: Some(is(found, "evicts", "ended")),
        on_violation: Some(match found.get("violation") {
            Some(ProbeFinding::Is(family @ ("family" | "family_later"))) => {
                OnViolationSettings::RevokeFamily(RevokeFamilySettings {
                    access: is(found, "violation_access", "ended"),
                    takes: match *family {
                        "family" => Duration::ZERO,
                        _ => Duration::from_secs(10),
                    },
                })
            }
            _ => OnViolationSettings::Refuse,
        }),
        ttl: span(found, "refresh_life"),
    }
}

fn retire(found: &Findings) -> RetireSettings {
    let grace = span(found, "grace");
    let used = |which, delay| {
        RetireSettings::SuccessorUsed(SuccessorUsedSettings {
            which,
            delay,
            cap: grace,
        })
    };
    if !found.contains_key("replay") || is(found, "replay", "refused") {
        return RetireSettings::OnIssue;
    }
    if let Some(more) = count(found, "replays") {
        return RetireSettings::Reuses(more);
    }
    let access = match is(found, "after_access", "refused") {
        true => Some(Duration::ZERO),
        false => span(found, "access_delay"),
    };
    if let Some(delay) = access {
        return used(WhichUse::Access, delay);
    }
    if let Some(delay) = span(found, "refresh_delay") {
        return used(WhichUse::Refresh, delay);
    }
    match (grace, found.get("grace")) {
        (Some(grace), _) => RetireSettings::Leeway(grace),
        // Nothing ends it but its own life, where that is known.
        (None, Some(ProbeFinding::Beyond(longer))) if is(found, "after_refresh", "accepted") => {
            RetireSettings::Leeway(span(found, "refresh_life").unwrap_or(*longer))
        }
        (None, Some(ProbeFinding::Beyond(_))) => used(WhichUse::Refresh, Duration::ZERO),
        // Nobody has waited yet.
        (None, _) => RetireSettings::Leeway(Duration::from_secs(20)),
    }
}

/// What settings say about earlier tokens, part by part, as TOML writes it.
pub fn parts(settings: &Settings) -> Vec<(&'static str, String)> {
    let rotation = settings.refresh_tokens().map(|written| RotationRule::of(&written));
    let mut all = vec![("rule", written(&settings.rule))];
    if let Some(rule) = rotation {
        all.extend([
            ("refresh.rotate", written(&rule.rotate)),
            ("refresh.retire", written(&rule.retire)),
            ("refresh.depth", written(&rule.depth)),
            ("refresh.replay_answer", written(&rule.replay_answer)),
            ("refresh.kills_access", written(&rule.kills_access)),
            ("refresh.on_violation", written(&rule.on_violation)),
            (
                "refresh.capacity",
                rule.capacity
                    .map_or_else(|| "none".to_owned(), |count| count.to_string()),
            ),
            ("refresh.evicts_access", rule.evicts_access.to_string()),
            (
                "refresh.ttl",
                rule.ttl.map_or_else(|| "none".to_owned(), |ttl| written(&ttl)),
            ),
        ]);
    }
    let constant = |lag: &Option<Distribution>| match lag {
        Some(Distribution::Constant(span)) => written(span),
        _ => "none".to_owned(),
    };
    all.push(("lags.visible_after", constant(&settings.lags.visible_after)));
    all.push(("lags.invalidation", constant(&settings.lags.invalidation)));
    all
}

/// A value as TOML writes it in a line.
pub(super) fn written<T: serde::Serialize>(value: &T) -> String {
    toml::Value::try_from(value).map_or_else(|_| "none".to_owned(), |value| value.to_string())
}
