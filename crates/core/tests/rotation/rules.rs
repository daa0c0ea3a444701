//! Any rule, and any order of uses.

use proptest::prelude::*;
use tokenstorm::base::Duration;
use tokenstorm::provider::RotationRule;
use tokenstorm::provider::settings::{
    DepthSettings, KillsAccess, OnViolationSettings, ReplayAnswer, RetireSettings, RevokeFamilySettings,
    RotateSettings, SuccessorUsedSettings, WhichUse,
};

#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    /// Presents the refresh token that came with the n-th token so far, counted back from the newest.
    Refresh(usize),
    /// Calls the API with it.
    Use(usize),
    LogIn,
}

pub(super) fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn retire() -> impl Strategy<Value = RetireSettings> {
    let which = prop_oneof![Just(WhichUse::Access), Just(WhichUse::Refresh), Just(WhichUse::Either)];
    prop_oneof![
        Just(RetireSettings::OnIssue),
        (0u64..40).prop_map(|s| RetireSettings::Leeway(secs(s))),
        (0u32..4).prop_map(RetireSettings::Reuses),
        (0u32..4).prop_map(RetireSettings::Newer),
        (which, 0u64..10, prop::option::of(0u64..60)).prop_map(|(which, delay, cap)| {
            RetireSettings::SuccessorUsed(SuccessorUsedSettings {
                which,
                delay: secs(delay),
                cap: cap.map(secs),
            })
        }),
    ]
}

pub(super) fn rule() -> impl Strategy<Value = RotationRule> {
    let rotate = prop_oneof![
        1 => Just(RotateSettings::Never),
        4 => Just(RotateSettings::Always),
        1 => (0u64..30).prop_map(|s| RotateSettings::AfterAge(secs(s))),
    ];
    let depth = prop_oneof![Just(DepthSettings::Previous), Just(DepthSettings::AnyAncestor)];
    let answer = prop_oneof![
        Just(ReplayAnswer::SamePair),
        Just(ReplayAnswer::NewPair),
        Just(ReplayAnswer::LastWins)
    ];
    let kills = prop_oneof![
        Just(KillsAccess::None),
        Just(KillsAccess::Paired),
        Just(KillsAccess::All)
    ];
    let violation = prop_oneof![
        Just(OnViolationSettings::Refuse),
        (any::<bool>(), 0u64..10).prop_map(|(access, takes)| {
            OnViolationSettings::RevokeFamily(RevokeFamilySettings {
                access,
                takes: secs(takes),
            })
        }),
    ];
    let more = (prop::option::of(1u32..4), any::<bool>(), prop::option::of(5u64..200));
    (rotate, retire(), depth, answer, kills, violation, more).prop_map(
        |(rotate, retire, depth, replay_answer, kills_access, on_violation, (capacity, evicts_access, ttl))| {
            RotationRule {
                rotate,
                retire,
                depth,
                replay_answer,
                kills_access,
                capacity,
                evicts_access,
                on_violation,
                ttl: ttl.map(secs),
            }
        },
    )
}

pub(super) fn acts() -> impl Strategy<Value = Vec<(u64, Act)>> {
    let act = prop_oneof![
        6 => (0usize..6).prop_map(Act::Refresh),
        2 => (0usize..4).prop_map(Act::Use),
        1 => Just(Act::LogIn),
    ];
    prop::collection::vec((0u64..12, act), 1..60)
}
