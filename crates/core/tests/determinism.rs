//! Same plan and seed, same bytes; another seed, others. On any number of threads.

extern crate tokenstorm_core as tokenstorm;

#[path = "../../../tests/common/mod.rs"]
mod common;

use common::{every_strategy, ms, plan_of_draws, record};
use rayon::prelude::*;
use tokenstorm::base::{Dice, Group, Time};
use tokenstorm::plan::{Act, Plan};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;

fn plan(strategy: Coordination) -> Plan {
    plan_of_draws(strategy, 60)
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
