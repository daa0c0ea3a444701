//! The strategies as they are checked: with settings that keep the number of states small and lose no behaviour.

use crate::base::Duration;
use crate::provider::{Issuance, OnBadSlot};
use crate::retry::Attempts;
use crate::strategy::{
    AppPerNode, CompareFirst, Coordination, Gateway, Lease, Naive, Over, RenewAhead, Rotation, SharedBlind,
    SingleFlight, SlotPerNode, TokenPerCall, Ttl, WaitAndLook, WhenStuck,
};

use super::fault::{Budget, Fault};
use super::{Needs, Setup, System};

/// Names under which strategies are checked, with what is special about each.
pub const CAST: [(&str, &str); 13] = [
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
    ("gateway", "one more node than calls arrive at"),
    ("slot_per_node", "as many slots as nodes"),
    ("app_per_node", "as many apps as nodes"),
    ("rotation", "over two slots, under a lease that renews ahead"),
    ("renew_ahead", ""),
];

/// One fault of each kind in a run.
pub const EACH_ONCE: Budget = Budget::NONE
    .with(Fault::Drop, 1)
    .with(Fault::Crash, 1)
    .with(Fault::Lapse, 1)
    .with(Fault::Expiry, 1)
    .with(Fault::Renewal, 1)
    .with(Fault::Late, 1)
    .with(Fault::Throttle, 1);

/// States after which a search is given up: some four gigabytes.
pub const MOST: usize = 20_000_000;

/// The strategy of this name among so many nodes, under "latest only".
pub fn setup(name: &str, nodes: u32, calls: u32, faults: Budget) -> Option<Setup> {
    let span = Duration::from_millis(100);
    // Two looks at a held lease before a node is stuck: it waits once.
    let lease = Lease {
        ttl: Ttl::After(Duration::SECOND),
        poll: span,
        wait: span,
        when_stuck: WhenStuck::Fail,
        renew_ahead: Some(Duration::SECOND),
        ..Lease::default()
    };
    let each = nodes.max(1) as u16;
    let coordination = match name {
        "token_per_call" => Coordination::TokenPerCall(TokenPerCall {}),
        "naive" => Coordination::Naive(Naive {}),
        "single_flight" => Coordination::SingleFlight(SingleFlight {}),
        "compare_first" => Coordination::CompareFirst(CompareFirst {}),
        "wait_and_look" => Coordination::WaitAndLook(WaitAndLook { spread: span }),
        "shared_blind" => Coordination::SharedBlind(SharedBlind { expire_first: false }),
        "lease" => Coordination::Lease(lease),
        "lease_alone" => Coordination::Lease(Lease {
            when_stuck: WhenStuck::GoAlone,
            ..lease
        }),
        "gateway" => Coordination::Gateway(Gateway {}),
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
            lease,
        }),
        "renew_ahead" => Coordination::RenewAhead(RenewAhead {
            margin: span,
            jitter: Duration::ZERO,
        }),
        _ => return None,
    };
    let slots = coordination.highest_slot().map_or(1, |highest| highest + 1);
    let system = System {
        needs: Needs::from(&coordination),
        rule: Issuance::latest_only(Duration::from_secs(3600)),
        on_bad_slot: OnBadSlot::Refuse,
        slots,
        nodes,
        calls,
        attempts: Attempts::UNBOUNDED,
        faults,
        most: MOST,
    };
    Some(Setup { coordination, system })
}
