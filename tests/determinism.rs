//! Same plan and seed, same bytes; another seed, others. On any number of threads.

mod common;

use common::{Nodes, all_legs, every_strategy, m0, ms, record};
use rayon::prelude::*;
use tokenstorm::base::{Chance, Dice, Duration, Group, Time};
use tokenstorm::net::Latency;
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::Issuance;
use tokenstorm::retry::{Attempts, FullJitter, Retry};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

/// A plan that draws at every turn: latencies, losses, errors, jitter, lags.
fn plan(strategy: Coordination) -> Plan {
    let fleets = [
        Nodes {
            count: 3,
            per_second: 2.0,
        },
        Nodes {
            count: 1,
            per_second: 0.5,
        },
    ];
    let mut plan = m0(strategy, Issuance::latest_only(Duration::from_secs(7)), &fleets, 60);
    all_legs(&mut plan, &Latency::exponential(ms(30)));
    plan.links.leg_mut(Leg::TokenResponse).loss = Chance::of(0.05);
    plan.links.invalidation = Latency::exponential(ms(20));
    plan.links.replicas = 3;
    plan.provider.api_endpoint.errors = Chance::of(0.05);
    plan.policy.timeout = Some(ms(800));
    plan.policy.store_timeout = Some(ms(300));
    plan.policy.retry = Retry::FullJitter(FullJitter {
        base: ms(50),
        cap: ms(1000),
        attempts: Attempts::at_most(6),
    });
    plan
}

fn bytes(plan: &Plan, seed: u64) -> Vec<u8> {
    format!("{:?}", record(plan, Dice::new(seed))).into_bytes()
}

#[test]
fn the_seed_is_the_run() {
    for strategy in every_strategy() {
        let plan = plan(strategy);
        let first = bytes(&plan, 1);
        assert!(first.len() > 10_000, "something happens");
        assert!(first == bytes(&plan, 1), "{:?} runs the same twice", plan.coordination);
        assert!(first != bytes(&plan, 2), "{:?} hears the seed", plan.coordination);
    }
}

/// Sampling what the nodes hold shifts neither draws nor order, not even of the calls that the timeline makes.
#[test]
fn sampling_changes_nothing() {
    for strategy in every_strategy() {
        let mut plan = plan(strategy);
        let (at, nodes, group) = (Time::ZERO + ms(20_000), 0..3, Group(0));
        plan.timeline.push((at, Act::Calls { nodes, group, each: 2 }));
        plan.timeline.sort_by_key(|(at, _)| *at);
        let sampled = record(&plan.with_sampling(100, 2), Dice::new(4));
        let (samples, rest): (Vec<_>, Vec<_>) = sampled
            .into_iter()
            .partition(|(_, event)| matches!(event, Event::Sampled { .. }));
        assert_eq!(samples.len(), 100 * 2, "every second of four nodes, or third of five");
        assert!(rest == record(&plan, Dice::new(4)), "{:?}", plan.coordination);
    }
}

#[test]
fn threads_do_not_matter() {
    let plans: Vec<_> = every_strategy().into_iter().map(plan).collect();
    let alone: Vec<_> = plans.iter().map(|plan| bytes(plan, 3)).collect();
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let together: Vec<_> = pool.install(|| plans.par_iter().map(|plan| bytes(plan, 3)).collect());
        assert!(alone == together, "{threads} threads");
    }
}

#[test]
fn replications_differ() {
    let plan = plan(every_strategy()[1].clone());
    let runs: std::collections::BTreeSet<_> = (0..20)
        .map(|index| format!("{:?}", record(&plan, Dice::replication(9, index))))
        .collect();
    assert_eq!(runs.len(), 20, "twenty replications, twenty runs");
}
