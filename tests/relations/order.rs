//! What can only help, or only harm.

use tokenstorm::base::{Dice, Duration};
use tokenstorm::metric::Observed;
use tokenstorm::provider::Issuance;
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;

use crate::common::{Nodes, m0, mean, ms, record, slots};
use crate::plans::{Trace, naive};

fn rejections(trace: &Trace) -> usize {
    trace
        .iter()
        .filter(|(_, event)| matches!(event, Event::AttemptRejected { .. }))
        .count()
}

#[test]
fn room_for_every_node_ends_rejection() {
    let run = |capacity| {
        let fleets = [Nodes {
            count: 4,
            per_second: 1.0,
        }];
        let mut plan = m0(
            naive(),
            Issuance::latest_only(Duration::from_secs(86_400)),
            &fleets,
            300,
        );
        plan.provider.rule.capacity = Some(capacity);
        rejections(&record(&plan, Dice::new(7)))
    };
    assert_eq!([run(4), run(5)], [0, 0]);
    assert!(run(3) > 100);
}

/// M0 by node: rejected calls under one seed.
fn rejected_by_node(strategy: Coordination, count: u32, seed: u64) -> Vec<u64> {
    let fleets: Vec<_> = (0..count)
        .map(|_| Nodes {
            count: 1,
            per_second: 1.0,
        })
        .collect();
    let plan = m0(
        strategy,
        Issuance::latest_only(Duration::from_secs(86_400)),
        &fleets,
        200,
    );
    let mut by_node = vec![0; count as usize];
    for (_, event) in record(&plan, Dice::new(seed)) {
        if let Event::AttemptRejected { group, .. } = event {
            by_node[usize::from(group.0)] += 1;
        }
    }
    by_node
}

/// In M0 a call is rejected when another node of its slot has called since its own last did. So on every path finer slots
/// reject no more, node by node, and more nodes reject no less.
#[test]
fn finer_slots_never_reject_more_and_more_nodes_never_less() {
    for seed in 0..10 {
        let by_slots = [1, 2, 4, 12].map(|k| rejected_by_node(slots(k), 12, seed));
        for pair in by_slots.windows(2) {
            assert!(
                pair[0].iter().zip(&pair[1]).all(|(coarse, fine)| fine <= coarse),
                "{pair:?}"
            );
        }
        let by_nodes = [1, 2, 3, 5, 9].map(|n| rejected_by_node(naive(), n, seed));
        for pair in by_nodes.windows(2) {
            assert!(pair[0].iter().zip(&pair[1]).all(|(few, many)| few <= many), "{pair:?}");
        }
    }
}

/// Not path by path, but in the mean over fifty paired runs.
#[test]
fn a_longer_overlap_never_rejects_more() {
    let rejected = |run: &Observed| run.total().rejections as f64 / run.total().calls as f64;
    let shares = [0, 100, 500, 2_000, 10_000].map(|overlap| {
        let fleets = [Nodes {
            count: 5,
            per_second: 1.0,
        }];
        let mut plan = m0(
            naive(),
            Issuance::latest_only(Duration::from_secs(86_400)),
            &fleets,
            200,
        );
        plan.provider.rule.overlap = ms(overlap);
        mean(&plan, 50, 8, rejected).mean
    });
    assert!(shares.is_sorted_by(|one, other| one > other), "{shares:?}");
}
