//! Plans written in code: one fleet of like nodes, with what a law needs around it.

use crate::base::{Duration, Group, Rate, Time};
use crate::engine::check::Needs;
use crate::net::Latency;
use crate::node::CallPolicy;
use crate::plan::{Act, Drivers, Links, Plan, ProviderPlan, Span, Stream};
use crate::provider::{Endpoint, Issuance, OnBadSlot, Reveals};
use crate::retry::{Attempts, Fixed, Retry};
use crate::strategy::{Coordination, Naive};
use crate::workload::Pattern;
use crate::world::{Layout, Leg};

/// A fleet of `nodes` with `each` calls per second, for so many seconds. The strategy and the rule that the plan names are
/// stand-ins: whoever runs the plan gives others.
pub fn plan(needs: Needs, slots: u16, nodes: u32, each: Rate, seconds: u64) -> Plan {
    let all = nodes + u32::from(needs.gateway);
    let mut workloads = vec![vec![Stream {
        group: Group(0),
        arrivals: Pattern::Poisson(each),
    }]];
    if needs.gateway {
        workloads.push(Vec::new());
    }
    let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
    Plan {
        second: None,
        shares: Vec::new(),
        coordination: Coordination::Naive(Naive {}),
        mix: None,
        fleets_apart: Vec::new(),
        usable_tokens: false,
        policy: CallPolicy {
            timeout: Some(Duration::SECOND),
            store_timeout: Some(Duration::SECOND),
            ..CallPolicy::plain(Retry::Fixed(Fixed {
                delay: Duration::from_millis(100),
                attempts: Attempts::at_most(TRIES),
            }))
        },
        layout: Layout::plain(nodes, needs.gateway),
        provider: ProviderPlan {
            rule: Issuance::independent(at(1 << 30).since(Time::ZERO)),
            rotation: None,
            reveals: Reveals::Nothing,
            on_bad_slot: OnBadSlot::Refuse,
            slots: vec![slots; needs.apps.into()],
            stride: slots,
            tenants: 1,
            token_endpoint: Endpoint::default(),
            api_endpoint: Endpoint::default(),
            pool: Vec::new(),
            addresses: Vec::new(),
        },
        links: links(),
        workloads,
        drivers: Drivers::default(),
        timeline: vec![(Time::ZERO, Act::Start(0..all))],
        groups: vec![("fleet".to_owned(), "call".to_owned())],
        span: Span {
            warmup: Time::ZERO,
            horizon: at(seconds),
            end: at(seconds + 600),
        },
        trigger: None,
    }
}

/// Tries of each call.
pub const TRIES: u32 = 8;

fn links() -> Links {
    let mut links = Links::perfect();
    for (leg, ms) in [
        (Leg::TokenRequest, 20),
        (Leg::TokenResponse, 30),
        (Leg::ApiRequest, 10),
        (Leg::ApiResponse, 10),
        (Leg::StoreRequest, 2),
        (Leg::StoreResponse, 2),
        (Leg::GatewayRequest, 2),
        (Leg::GatewayResponse, 2),
        (Leg::Peer, 5),
    ] {
        links.leg_mut(leg).latency = Latency::constant(Duration::from_millis(ms));
    }
    links
}
