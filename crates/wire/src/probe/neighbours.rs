//! Rules near one that was found: those that differ in a part, so that it can be asked whether anybody outside could tell.

use crate::base::Duration;
use crate::net::Distribution;
use crate::provider::settings::{
    CapacitySettings, DepthSettings, ForceSettings, IndependentSettings, KillsAccess, OnFullSettings,
    OnViolationSettings, OverlapSettings, RefreshSettings, ReplayAnswer, RetireSettings, ReuseSettings,
    RevokeFamilySettings, RotateSettings, RuleSettings, Settings, SuccessorUsedSettings, WhichUse,
};

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Spans that no known provider has, so that a question about one of them is not left out.
const SHORT: Duration = s(77);
const LONG: Duration = s(2222);

/// All rules that differ from this one in one part, and of refresh tokens in some that hang together.
pub(super) fn neighbours(of: &Settings) -> Vec<Settings> {
    let mut all = Vec::new();
    for rule in rules(of) {
        all.push(Settings {
            rule: Some(rule),
            ..of.clone()
        });
    }
    if let Some(refresh) = of.refresh {
        all.extend(refreshes(refresh).into_iter().map(|refresh| Settings {
            refresh: Some(refresh),
            ..of.clone()
        }));
    }
    let lag = match of.rule {
        Some(RuleSettings::LatestOnly(rule)) => Some(rule.overlap),
        Some(RuleSettings::Capacity(rule)) => Some(rule.overlap),
        Some(RuleSettings::Reuse(rule)) => Some(rule.overlap),
        _ => None,
    };
    if let Some(lag) = lag.filter(|lag| !lag.is_zero()) {
        let mut other = of.clone();
        other.lags.invalidation = Some(Distribution::Constant(lag));
        match &mut other.rule {
            Some(RuleSettings::LatestOnly(rule)) => rule.overlap = Duration::ZERO,
            Some(RuleSettings::Capacity(rule)) => rule.overlap = Duration::ZERO,
            Some(RuleSettings::Reuse(rule)) => rule.overlap = Duration::ZERO,
            _ => {}
        }
        all.push(other);
    }
    all.retain(|other| other != of);
    all
}

fn rules(of: &Settings) -> Vec<RuleSettings> {
    let latest = |overlap, overlap_depth| RuleSettings::LatestOnly(OverlapSettings { overlap, overlap_depth });
    let capacity = |live, on_full, overlap| {
        RuleSettings::Capacity(CapacitySettings {
            live,
            on_full,
            overlap,
            overlap_depth: None,
        })
    };
    let (evict, refuse) = (OnFullSettings::EvictOldest, OnFullSettings::Refuse);
    let mut all = vec![
        RuleSettings::Independent(IndependentSettings {}),
        latest(Duration::ZERO, None),
        latest(SHORT, None),
        latest(LONG, None),
        capacity(2, refuse, Duration::ZERO),
        capacity(3, evict, Duration::ZERO),
        capacity(12, evict, Duration::ZERO),
        capacity(3, refuse, Duration::ZERO),
        capacity(3, evict, SHORT),
    ];
    match of.rule {
        // Where nothing lingers, no depth of it can matter.
        Some(RuleSettings::LatestOnly(rule)) if !rule.overlap.is_zero() => {
            all.push(latest(rule.overlap, Some(1)));
            all.push(latest(rule.overlap, Some(2)));
        }
        Some(RuleSettings::Capacity(rule)) if !rule.overlap.is_zero() => {
            let depth = Some(1);
            all.push(RuleSettings::Capacity(CapacitySettings {
                overlap_depth: depth,
                ..rule
            }));
        }
        _ => {}
    }
    all.extend(reuses(of).map(RuleSettings::Reuse));
    all
}

/// Ways of returning the same token.
fn reuses(of: &Settings) -> [ReuseSettings; 12] {
    let reuse = match of.rule {
        Some(RuleSettings::Reuse(reuse)) => reuse,
        _ => ReuseSettings {
            threshold: s(301),
            extend: false,
            live: None,
            overlap: Duration::ZERO,
            overlap_depth: None,
            force: None,
        },
    };
    let force = |count, window, min_gap| Some(ForceSettings { count, window, min_gap });
    let ends = ReuseSettings { live: Some(1), ..reuse };
    [
        reuse,
        ReuseSettings {
            threshold: Duration::ZERO,
            ..reuse
        },
        ReuseSettings {
            threshold: s(1111),
            ..reuse
        },
        ReuseSettings { extend: true, ..reuse },
        ReuseSettings { extend: false, ..reuse },
        ends,
        ReuseSettings { live: None, ..reuse },
        ReuseSettings { overlap: SHORT, ..ends },
        ReuseSettings {
            overlap: Duration::ZERO,
            ..ends
        },
        ReuseSettings { force: None, ..reuse },
        ReuseSettings {
            force: force(0, s(86_400), Duration::ZERO),
            ..reuse
        },
        ReuseSettings {
            force: force(1000, s(86_400), SHORT),
            ..reuse
        },
    ]
}

/// Every way in which a used refresh token can end.
fn retires(of: RetireSettings) -> Vec<RetireSettings> {
    let used = |which, delay, cap| RetireSettings::SuccessorUsed(SuccessorUsedSettings { which, delay, cap });
    let (span, more) = match of {
        RetireSettings::Leeway(leeway) => (Some(leeway), None),
        RetireSettings::SuccessorUsed(rule) => (rule.cap, None),
        RetireSettings::Reuses(more) => (None, Some(more)),
        _ => (None, None),
    };
    let delay = match of {
        RetireSettings::SuccessorUsed(rule) => rule.delay,
        _ => Duration::ZERO,
    };
    let mut all = vec![
        of,
        RetireSettings::OnIssue,
        RetireSettings::Reuses(0),
        RetireSettings::Reuses(2),
        RetireSettings::Leeway(s(13)),
        RetireSettings::Leeway(LONG),
        used(WhichUse::Access, Duration::ZERO, None),
        used(WhichUse::Refresh, Duration::ZERO, None),
        used(WhichUse::Access, s(13), None),
        used(WhichUse::Refresh, s(13), None),
    ];
    for which in [WhichUse::Access, WhichUse::Refresh, WhichUse::Either] {
        all.push(used(which, delay, span));
    }
    if let Some(span) = span {
        all.push(RetireSettings::Leeway(span));
    }
    if let Some(more) = more {
        all.extend([RetireSettings::Newer(more), RetireSettings::Newer(more + 1)]);
    }
    all
}

fn refreshes(of: RefreshSettings) -> Vec<RefreshSettings> {
    let mut all = Vec::new();
    for retire in retires(of.retire.unwrap_or_default()) {
        for depth in [DepthSettings::Previous, DepthSettings::AnyAncestor] {
            for replay in [ReplayAnswer::SamePair, ReplayAnswer::NewPair, ReplayAnswer::LastWins] {
                all.push(RefreshSettings {
                    retire: Some(retire),
                    depth: Some(depth),
                    replay_answer: Some(replay),
                    ..of
                });
            }
        }
    }
    let family = |access, takes| OnViolationSettings::RevokeFamily(RevokeFamilySettings { access, takes });
    let violations = [
        OnViolationSettings::Refuse,
        family(false, Duration::ZERO),
        family(true, Duration::ZERO),
        family(true, s(5)),
    ];
    all.extend(violations.map(|violation| RefreshSettings {
        on_violation: Some(violation),
        ..of
    }));
    let kills = [KillsAccess::None, KillsAccess::Paired, KillsAccess::All];
    all.extend(kills.map(|kills| RefreshSettings {
        kills_access: Some(kills),
        ..of
    }));
    let rotates = [
        RotateSettings::Never,
        RotateSettings::Always,
        RotateSettings::AfterAge(s(40_000)),
    ];
    all.extend(rotates.map(|rotate| RefreshSettings {
        rotate: Some(rotate),
        ..of
    }));
    for capacity in [None, Some(3), of.capacity] {
        for evicts in [false, true] {
            all.push(RefreshSettings {
                capacity,
                evicts_access: Some(evicts),
                ..of
            });
        }
    }
    for ttl in [None, Some(s(45 * 86_400 + 7))] {
        all.push(RefreshSettings { ttl, ..of });
    }
    all
}
