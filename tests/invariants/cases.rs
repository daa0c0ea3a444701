//! Plans in small numbers, so that proptest can shrink them.

use proptest::prelude::*;

use crate::common::every_strategy;

/// A plan in small numbers, so that proptest can shrink it; milliseconds and percent throughout.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) strategy: usize,
    pub(super) fleets: Vec<(u32, u8)>,
    pub(super) rule: RuleCase,
    pub(super) client: ClientCase,
    pub(super) network: NetworkCase,
    pub(super) token: EndpointCase,
    pub(super) api: EndpointCase,
    pub(super) acts: Vec<(u64, u8, u32)>,
    pub(super) load: LoadCase,
    pub(super) tenants: Option<TenantsCase>,
}

/// How many tenants the app serves, and how their calls are spread: evenly, all for the last one, or skewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct TenantsCase {
    pub(super) count: u32,
    pub(super) spread: u8,
}

/// What is there beside Poisson calls.
#[derive(Clone, Debug)]
pub(super) struct LoadCase {
    pub(super) pattern: u8,
    pub(super) pauses: Option<(u64, u64)>,
    pub(super) revocations: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct RuleCase {
    pub(super) ttl: u64,
    pub(super) capacity: Option<u32>,
    pub(super) refuse_when_full: bool,
    pub(super) overlap: u64,
    pub(super) depth: Option<u32>,
    pub(super) threshold: Option<u64>,
    pub(super) extend: bool,
    pub(super) force: Option<(u64, u32)>,
    pub(super) granted: u16,
    pub(super) ignore_bad_slot: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ClientCase {
    pub(super) retry: usize,
    pub(super) attempts: Option<u32>,
    pub(super) timeout: Option<u64>,
    pub(super) store_timeout: Option<u64>,
    pub(super) after_renewal: bool,
    pub(super) delay_first: bool,
    pub(super) per_node: bool,
    pub(super) budget: Option<(u8, bool, u32)>,
    pub(super) breaker: Option<(u32, u64, bool)>,
    /// A wait before a renewal holds up the whole node; a refused token that is not retried is kept.
    pub(super) refused: (bool, bool),
    pub(super) patience: Option<u64>,
    /// The answers say what they mean, or come as 200 with the error in the body; to a client that reads it or not.
    pub(super) dialect: Option<bool>,
}

#[derive(Clone, Debug)]
pub(super) struct NetworkCase {
    pub(super) latency: u64,
    pub(super) shape: u8,
    pub(super) store_latency: u64,
    pub(super) loss: Option<(usize, u8)>,
    pub(super) visible_after: u64,
    pub(super) invalidation: u64,
}

#[derive(Clone, Debug)]
pub(super) struct EndpointCase {
    pub(super) errors: u8,
    pub(super) servers: Option<(u32, u32, u64)>,
    pub(super) quota: Option<(u32, u64, u8, bool)>,
}

fn rarely<T: std::fmt::Debug + Clone + 'static>(
    strategy: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<T>> {
    prop_oneof![2 => Just(None), 1 => strategy.prop_map(Some)]
}

prop_compose! {
    fn rules()(
        ttl in prop_oneof![1 => 1_000u64..5_000, 1 => Just(3_600_000)],
        capacity in prop_oneof![2 => Just(Some(1)), 1 => Just(Some(2)), 1 => Just(Some(3)), 1 => Just(None)],
        refuse_when_full in prop::bool::weighted(0.1),
        overlap in prop_oneof![2 => Just(0), 1 => 1u64..3_000],
        depth in rarely(0u32..3),
        threshold in rarely(0u64..2_000),
        extend: bool,
        force in rarely((0u64..1_000, 0u32..20)),
        granted in 1u16..3,
        ignore_bad_slot: bool,
    ) -> RuleCase {
        RuleCase { ttl, capacity, refuse_when_full, overlap, depth, threshold, extend, force, granted, ignore_bad_slot }
    }
}

prop_compose! {
    pub(crate) fn clients()(
        retry in 0usize..7,
        attempts in prop_oneof![1 => (1u32..6).prop_map(Some), 1 => Just(None)],
        timeout in prop_oneof![1 => Just(None), 1 => (5u64..2_000).prop_map(Some)],
        store_timeout in rarely(2u64..500),
        after_renewal: bool,
        delay_first: bool,
        per_node: bool,
        budget in rarely((0u8..50, any::<bool>(), 0u32..20)),
        breaker in rarely((1u32..5, 100u64..2_000, any::<bool>())),
        refused in (any::<bool>(), prop::bool::weighted(0.3)),
        patience in rarely(10u64..2_000),
        dialect in rarely(any::<bool>()),
    ) -> ClientCase {
        ClientCase {
            retry, attempts, timeout, store_timeout, after_renewal, delay_first, per_node, budget, breaker, refused, patience,
            dialect,
        }
    }
}

prop_compose! {
    fn networks()(
        latency in 5u64..100,
        shape in 0u8..3,
        store_latency in 2u64..30,
        loss in rarely((0usize..8, 1u8..40)),
        visible_after in prop_oneof![3 => Just(0), 1 => 1u64..200],
        invalidation in prop_oneof![3 => Just(0), 1 => 1u64..3_000],
    ) -> NetworkCase {
        NetworkCase { latency, shape, store_latency, loss, visible_after, invalidation }
    }
}

prop_compose! {
    fn endpoints()(
        errors in prop_oneof![3 => Just(0), 1 => 1u8..50],
        servers in rarely((1u32..3, 0u32..10, 1u64..60)),
        quota in rarely((0u32..30, 500u64..20_000, 0u8..4, any::<bool>())),
    ) -> EndpointCase {
        EndpointCase { errors, servers, quota }
    }
}

prop_compose! {
    fn loads()(
        pattern in prop_oneof![2 => Just(0), 1 => 1u8..5],
        pauses in prop_oneof![3 => Just(None), 1 => (500u64..5_000, 1u64..3_000).prop_map(Some)],
        revocations in prop_oneof![3 => Just(None), 1 => (200u64..5_000).prop_map(Some)],
    ) -> LoadCase {
        LoadCase { pattern, pauses, revocations }
    }
}

prop_compose! {
    pub(crate) fn cases()(
        seed: u64,
        strategy in 0..every_strategy().len(),
        fleets in prop::collection::vec((1u32..4, 0u8..40), 1..3),
        rule in rules(),
        client in clients(),
        network in networks(),
        token in endpoints(),
        api in endpoints(),
        acts in prop_oneof![1 => Just(Vec::new()), 1 => prop::collection::vec((0u64..9_000, 0u8..12, 0u32..8), 0..6)],
        load in loads(),
        tenants in rarely((2u32..5, 0u8..3).prop_map(|(count, spread)| TenantsCase { count, spread })),
    ) -> Case {
        Case { seed, strategy, fleets, rule, client, network, token, api, acts, load, tenants }
    }
}
