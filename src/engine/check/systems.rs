//! The systems that are checked, one per strategy and variant, with settings that keep the number of states small and lose no
//! behaviour.

use crate::base::{Duration, Factor};
use crate::provider::settings::{
    KillsAccess, OnViolationSettings as OnViolation, ReplayAnswer, RetireSettings as Retire, RevokeFamilySettings,
};
use crate::provider::{Issuance, OnBadSlot, Reveals, RotationRule};
use crate::retry::Attempts;
use crate::strategy::{
    AppPerNode, CentralRefresher, CompareAndSet, CompareFirst, Coordination, FileLock, Gateway, Gossip, Leader, Lease,
    LockKind, Naive, OnInvalidGrant, Over, Publish, PutIfNewer, RenewAhead, Reread, Rotation, SharedBlind,
    SingleFlight, SlotPerNode, TokenPerCall, Ttl, WaitAndLook, WhenStuck, WipingLoser, Write, Xfetch,
};

use super::fault::{Fault, FaultBudget};
use super::{Needs, STORE_OPERATIONS, Setup, System};

/// Names of the systems under "latest only", with what is special about each.
pub const SYSTEMS: [(&str, &str); 28] = [
    ("token_per_call", ""),
    ("naive", ""),
    ("single_flight", ""),
    ("compare_first", ""),
    ("wait_and_look", ""),
    ("shared_blind", ""),
    ("lease", "renews ahead; a node that has waited too long fails its calls"),
    (
        "lease_alone",
        "renews ahead; a node that has waited too long asks without the lease",
    ),
    ("lease_fenced", "as `lease`; writes only under the newest fence"),
    (
        "lease_hasty",
        "as `lease`; gives it back before the write is acknowledged",
    ),
    ("lease_for_ever", "as `lease`; it ends only when it is given back"),
    ("gateway", "one more node than calls arrive at"),
    ("slot_per_node", "as many slots as nodes"),
    ("app_per_node", "as many apps as nodes"),
    ("rotation", "over two slots, under a lease that renews ahead"),
    ("renew_ahead", ""),
    ("central_refresher", "one more node than calls arrive at"),
    ("leader", ""),
    ("gossip", "tells all; asks nobody"),
    ("gossip_asks", "tells all; asks all before it renews"),
    ("compare_and_set", ""),
    ("compare_and_set_spare", "the loser of a race keeps its own token too"),
    ("put_if_newer", "tokens reveal nothing"),
    ("put_if_newer_order", "tokens reveal their order"),
    ("reread", "without refresh tokens"),
    ("wiping_loser", "without refresh tokens"),
    ("xfetch", ""),
    ("file_lock", "an operating system's lock"),
];

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
    .with(Fault::Throttle, 1);

/// States after which a search is given up: some four gigabytes.
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

/// Any duration. How long something lasts decides nothing, except how often a node reads the store before it gives up.
const SPAN: Duration = Duration::from_millis(100);

/// A lease under which a node is stuck after two reads that find it held: it waits once.
fn lease() -> Lease {
    Lease {
        ttl: Ttl::After(Duration::SECOND),
        poll: SPAN,
        wait: SPAN,
        when_stuck: WhenStuck::Fail,
        renew_ahead: Some(Duration::SECOND),
        ..Lease::default()
    }
}

/// The system of this name among this many nodes.
pub fn setup(name: &str, nodes: u32, calls: u32, faults: FaultBudget) -> Option<Setup> {
    let mut setup = system_for(strategy(name, nodes)?, nodes, calls, faults);
    if name == "put_if_newer_order" {
        setup.system.reveals = Reveals::Order;
    }
    if REFRESHERS.iter().any(|(known, _)| *known == name) {
        let last = name.rsplit('_').next().and_then(rotation);
        setup.system = setup.system.rotating(last.or(rotation("refused")));
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
        attempts: Attempts::UNBOUNDED,
        faults,
        store_operations: STORE_OPERATIONS,
        symmetric: false,
        most: most(nodes, faults),
    };
    Setup { coordination, system }
}

/// The same strategy with the shortest waits: one poll, so that a node reads the store twice before it is stuck.
pub fn scaled_down(coordination: Coordination) -> Coordination {
    let shorter = |lease: Lease| Lease {
        wait: lease.poll,
        ..lease
    };
    match coordination {
        Coordination::Lease(lease) => Coordination::Lease(shorter(lease)),
        Coordination::Rotation(rotation) => Coordination::Rotation(Rotation {
            lease: shorter(rotation.lease),
            ..rotation
        }),
        Coordination::FileLock(lock) => Coordination::FileLock(FileLock {
            wait: lock.poll,
            ..lock
        }),
        Coordination::Leader(leader) => Coordination::Leader(Leader {
            wait: leader.poll,
            ..leader
        }),
        other => other,
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
            on_violation: OnViolation::RevokeFamily(RevokeFamilySettings {
                access: true,
                takes: Duration::ZERO,
            }),
            ..refused
        },
        "grace" => RotationRule {
            retire: Retire::Leeway(Duration::from_secs(30)),
            replay_answer: ReplayAnswer::SamePair,
            ..refused
        },
        _ => return None,
    })
}

fn strategy(name: &str, nodes: u32) -> Option<Coordination> {
    let each = nodes.max(1) as u16;
    let refused = Lease {
        renew_ahead: None,
        on_invalid_grant: OnInvalidGrant::Reread,
        ..lease()
    };
    let wiping = |compare| WipingLoser { compare, before: false };
    Some(match name {
        "token_per_call" => Coordination::TokenPerCall(TokenPerCall {}),
        "naive" | "naive_strict" | "naive_grace" => Coordination::Naive(Naive {}),
        "single_flight" => Coordination::SingleFlight(SingleFlight {}),
        "compare_first" => Coordination::CompareFirst(CompareFirst {}),
        "wait_and_look" => Coordination::WaitAndLook(WaitAndLook { spread: SPAN }),
        "shared_blind" => Coordination::SharedBlind(SharedBlind { expire_first: false }),
        "lease" => Coordination::Lease(lease()),
        "lease_strict" | "lease_grace" => Coordination::Lease(refused),
        "lease_alone" | "lease_fenced" | "lease_hasty" | "lease_for_ever" => Coordination::Lease(variant(name)),
        "gateway" | "gateway_strict" => Coordination::Gateway(Gateway {}),
        "slot_per_node" => Coordination::SlotPerNode(SlotPerNode {
            slots: each,
            first: 0,
            parameter: None,
            fall_back: false,
            known: true,
            hashed: None,
        }),
        "app_per_node" => Coordination::AppPerNode(AppPerNode { apps: each }),
        "rotation" => Coordination::Rotation(Rotation {
            over: Over::Slots,
            count: 2,
            lease: lease(),
        }),
        "renew_ahead" => Coordination::RenewAhead(RenewAhead {
            margin: SPAN,
            jitter: Duration::ZERO,
        }),
        "central_refresher" => Coordination::CentralRefresher(CentralRefresher {
            renew_ahead: None,
            wait: SPAN,
            on_request: true,
        }),
        "leader" => Coordination::Leader(Leader {
            ttl: Duration::SECOND,
            poll: SPAN,
            wait: SPAN,
            renew_ahead: None,
        }),
        "gossip" | "gossip_asks" => Coordination::Gossip(Gossip {
            fanout: None,
            wait: if name == "gossip" { Duration::ZERO } else { SPAN },
        }),
        "compare_and_set" => Coordination::CompareAndSet(CompareAndSet { spare: false }),
        "compare_and_set_spare" => Coordination::CompareAndSet(CompareAndSet { spare: true }),
        "put_if_newer" | "put_if_newer_order" => Coordination::PutIfNewer(PutIfNewer {}),
        "reread" | "reread_strict" | "reread_grace" => Coordination::Reread(Reread { before: false }),
        "reread_before_strict" => Coordination::Reread(Reread { before: true }),
        "wiping_loser" | "wiping_loser_refused" | "wiping_loser_grace" => Coordination::WipingLoser(wiping(false)),
        "wiping_loser_compare" => Coordination::WipingLoser(wiping(true)),
        "xfetch" => Coordination::Xfetch(Xfetch {
            beta: Factor::ONE,
            delta: SPAN,
        }),
        "file_lock" | "file_lock_strict" => Coordination::FileLock(FileLock {
            kind: LockKind::Flock,
            covers: lease().covers,
            poll: SPAN,
            wait: SPAN,
            when_stuck: WhenStuck::Fail,
        }),
        _ => return None,
    })
}

fn variant(name: &str) -> Lease {
    match name {
        "lease_alone" => Lease {
            when_stuck: WhenStuck::GoAlone,
            ..lease()
        },
        "lease_fenced" => Lease {
            write: Write::Fenced,
            ..lease()
        },
        "lease_hasty" => Lease {
            publish: Publish::Unacknowledged,
            // A node that finds it taken fails at once: what is written late makes states enough.
            wait: Duration::ZERO,
            ..lease()
        },
        _ => Lease {
            ttl: Ttl::Never,
            ..lease()
        },
    }
}
