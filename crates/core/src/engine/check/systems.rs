//! The systems that are checked by name: strategies with their small settings, around them what keeps the number of states small.

use std::sync::LazyLock;

use crate::base::Duration;
use crate::node::Strategy as _;
use crate::provider::settings::{KillsAccess, OnViolationSettings, ReplayAnswer, RetireSettings, RevokeFamilySettings};
use crate::provider::{Issuance, OnBadSlot, Reveals, RotationRule};
use crate::retry::Attempts;
use crate::strategy::{self, Coordination};

use super::fault::{Fault, FaultBudget};
use super::{NOTES, Needs, STORE_OPERATIONS, Setup, System};

/// Names under which strategies are checked against "latest only", with what is special about each.
pub static SYSTEMS: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let all = strategy::small(1).into_iter().filter(|small| !small.refreshing);
    all.map(|small| (small.name, small.about)).collect()
});

/// What becomes of a refresh token that was used up and comes again.
pub const ROTATIONS: [(&str, &str); 3] = [
    ("refused", "it is refused, and nothing else"),
    ("strict", "it ends the whole grant"),
    ("grace", "it gets the pair that it got before"),
];

/// Names of the systems with refresh tokens that rotate, by one of [`ROTATIONS`]. The access token expires once.
pub const REFRESHERS: [(&str, &str); 12] = [
    ("naive_strict", ""),
    ("naive_grace", ""),
    ("reread_strict", ""),
    ("reread_grace", ""),
    ("reread_before_strict", "reads the store before each refresh too"),
    (
        "wiping_loser_refused",
        "a used-up refresh token is refused, and nothing else",
    ),
    ("wiping_loser_compare", "the same; takes away only what was refused"),
    ("wiping_loser_grace", ""),
    ("lease_strict", "renews when refused"),
    ("lease_grace", "renews when refused"),
    ("file_lock_strict", "an operating system's lock"),
    ("gateway_strict", "one more node than calls arrive at"),
];

/// One fault of each kind in a run.
pub const EACH_ONCE: FaultBudget = FaultBudget::NONE
    .with(Fault::Drop, 1)
    .with(Fault::Crash, 1)
    .with(Fault::Lapse, 1)
    .with(Fault::Expiry, 1)
    .with(Fault::Renewal, 1)
    .with(Fault::Late, 1)
    .with(Fault::Throttle, 1)
    .with(Fault::Elapse, 1)
    .with(Fault::Login, 1);

/// States after which a search is given up: some two gigabytes.
pub const MOST: usize = 20_000_000;

/// States after which a search with three nodes or with faults is given up, where many systems have millions: the nearest ones, some
/// seconds' worth.
pub const NEAREST: usize = 1_100_000;

/// States after which a search among this many nodes is given up by default.
pub fn most(nodes: u32, faults: FaultBudget) -> usize {
    if nodes > 2 || faults != FaultBudget::NONE {
        NEAREST
    } else {
        MOST
    }
}

/// The strategy of this name among so many nodes: one of [`SYSTEMS`] or [`REFRESHERS`].
pub fn setup(name: &str, nodes: u32, calls: u32, faults: FaultBudget) -> Option<Setup> {
    let refreshes = REFRESHERS.iter().any(|(known, _)| *known == name);
    let known = strategy::small(nodes.max(1) as u16);
    let settings = |name: &str| {
        known
            .iter()
            .find(|small| small.name == name && small.refreshing <= refreshes)
    };
    let (own, last) = name.rsplit_once('_').unwrap_or((name, ""));
    let small = settings(name).or_else(|| settings(own).filter(|_| refreshes))?;
    let mut setup = system_for(small.strategy.clone(), nodes, calls, faults);
    if last == "order" {
        setup.system.reveals = Reveals::Order;
    }
    if refreshes {
        setup.system = setup.system.rotating(rotation(last).or(rotation("refused")));
    }
    Some(setup)
}

/// A system of nodes of this strategy under "latest only".
pub fn system_for(coordination: Coordination, nodes: u32, calls: u32, faults: FaultBudget) -> Setup {
    let slots = coordination.highest_slot().map_or(1, |highest| highest + 1);
    let system = System {
        needs: Needs::from(&coordination),
        rule: Issuance::latest_only(Duration::from_secs(3600)),
        rotation: None,
        reveals: Reveals::Nothing,
        on_bad_slot: OnBadSlot::Refuse,
        slots,
        nodes,
        calls,
        kinds: Vec::new(),
        attempts: Attempts::UNBOUNDED,
        faults,
        store_operations: STORE_OPERATIONS,
        notes: NOTES,
        holder: super::HolderActs::Named,
        symmetric: false,
        most: most(nodes, faults),
    };
    Setup {
        coordination,
        mix: Vec::new(),
        system,
    }
}

/// The rule of this name, one of [`ROTATIONS`].
pub fn rotation(name: &str) -> Option<RotationRule> {
    let refused = RotationRule {
        kills_access: KillsAccess::All,
        ..RotationRule::default()
    };
    Some(match name {
        "refused" => refused,
        "strict" => RotationRule {
            on_violation: OnViolationSettings::RevokeFamily(RevokeFamilySettings {
                access: true,
                takes: Duration::ZERO,
            }),
            ..refused
        },
        "grace" => RotationRule {
            retire: RetireSettings::Leeway(Duration::from_secs(30)),
            replay_answer: ReplayAnswer::SamePair,
            ..refused
        },
        _ => return None,
    })
}
