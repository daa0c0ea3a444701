//! A second opinion on the simulator: exact figures from the explored graph.
//!
//! Where every leg takes an exponential time of one mean, what is under way has no memory: whichever arrives next is any of it
//! with the same chance. So the simulator is a random walk over the checker's states, and what it measures in the mean can be
//! computed from them.

use std::collections::HashMap;

use tokenstorm::base::{Duration, Time};
use tokenstorm::engine::check::{Action, CheckHost, FaultBudget, Setup, State, check, systems};
use tokenstorm::metric::Observed;
use tokenstorm::net::Latency;
use tokenstorm::node::Strategy;
use tokenstorm::strategy::{CompareFirst, Naive, SingleFlight, TokenPerCall};
use tokenstorm::trace::Event;
use tokenstorm::workload::{Jitters, Pattern, Periodic};

use super::common::{Nodes, all_legs, m0, mean};

/// Runs of the simulator.
const RUNS: u64 = if cfg!(debug_assertions) { 1_000 } else { 20_000 };

/// What happens in a run, in the mean: tokens issued, attempts refused.
type Counts = [f64; 2];

struct Step {
    chance: f64,
    counts: Counts,
    to: usize,
}

/// All states, from the start or from where every call has `arrived`, and the steps from each; the first state is the first of them.
fn walk<S: Strategy>(strategy: S, setup: &Setup, arrived: bool) -> Vec<Vec<Step>> {
    let (mut host, mut actions) = (CheckHost::default(), Vec::new());
    let mut start = State::initial(strategy, &setup.system);
    let calls = if arrived {
        setup.system.nodes * setup.system.calls
    } else {
        0
    };
    for _ in 0..calls {
        // An arrival is the least of all messages: none is sent in between that would come before it.
        let place = start
            .bag
            .iter()
            .position(|message| matches!(message, tokenstorm::world::Message::Arrival { .. }));
        start = start.next(
            Action::Deliver(place.expect("a call that has not arrived") as u8),
            &mut host,
        );
    }
    let mut numbers = HashMap::from([(start.clone(), 0)]);
    let (mut states, mut steps) = (vec![start], Vec::new());
    while steps.len() < states.len() {
        let state = states[steps.len()].clone();
        state.actions(&mut actions);
        let ways: Vec<_> = actions.iter().map(|action| copies(&state, *action)).collect();
        let all: f64 = ways.iter().sum();
        let mut row = Vec::new();
        for (action, ways) in actions.iter().zip(ways) {
            let next = state.next(*action, &mut host);
            let count = |wanted: fn(&Event) -> bool| host.events.iter().filter(|event| wanted(event)).count() as f64;
            let to = *numbers.entry(next.clone()).or_insert_with(|| {
                states.push(next);
                states.len() - 1
            });
            row.push(Step {
                chance: ways / all,
                counts: [
                    count(|event| matches!(event, Event::Issued { .. })),
                    count(|event| matches!(event, Event::AttemptRejected { .. })),
                ],
                to,
            });
        }
        steps.push(row);
    }
    steps
}

/// How many messages under way are the one that this step delivers.
fn copies<S: Strategy>(state: &State<S>, action: Action) -> f64 {
    let Action::Deliver(place) = action else {
        panic!("there are no faults")
    };
    let delivered = &state.bag[usize::from(place)];
    state.bag.iter().filter(|message| *message == delivered).count() as f64
}

/// Solves for what is to be expected from each state on, sweep by sweep until nothing moves any more.
fn expected(steps: &[Vec<Step>]) -> Counts {
    let mut ahead = vec![[0.0; 2]; steps.len()];
    loop {
        let mut moved = 0.0f64;
        for from in (0..steps.len()).rev() {
            let mut sum = [0.0; 2];
            for step in &steps[from] {
                for (place, total) in sum.iter_mut().enumerate() {
                    *total += step.chance * (step.counts[place] + ahead[step.to][place]);
                }
            }
            moved = moved
                .max((sum[0] - ahead[from][0]).abs())
                .max((sum[1] - ahead[from][1]).abs());
            ahead[from] = sum;
        }
        if moved < 1e-13 {
            return ahead[0];
        }
    }
}

/// The simulator with one call at each of the nodes, all in one instant, agrees with the computed mean at the 99.97 % level
/// (3.66 standard errors, two sides).
fn assert_agreement<S: Strategy>(name: &str, strategy: S, nodes: u32) -> Counts {
    let setup = systems::setup(name, nodes, 1, FaultBudget::NONE).expect("the name of a system");
    let exact = expected(&walk(strategy, &setup, true));
    let fleet = Nodes {
        count: nodes,
        per_second: 1.0,
    };
    let mut plan = m0(setup.coordination, setup.system.rule, &[fleet], 1500);
    all_legs(&mut plan, &Latency::exponential(Duration::SECOND));
    plan.workloads[0][0].arrivals = Pattern::Periodic(Periodic {
        every: Duration::from_secs(1000),
        jitter: Duration::ZERO,
        jitters: Jitters::Gaps,
        aligned: true,
        at: None,
    });
    plan.span.warmup = Time::ZERO;
    plan.span.end = plan.span.horizon + Duration::from_secs(3_000);
    let reads: [fn(&Observed) -> f64; 2] = [|seen| seen.issued as f64, |seen| seen.total().rejections as f64];
    for (exact, read) in exact.iter().zip(reads) {
        let measured = mean(&plan, RUNS, 5, |seen| {
            assert!(seen.nodes.iter().all(|calls| *calls == (1, 1)), "every call has ended");
            read(seen)
        });
        assert!(
            (measured.mean - exact).abs() <= 3.66 * measured.standard_error + 1e-9,
            "{name}: measured {measured:?}, computed {exact}"
        );
    }
    exact
}

#[test]
fn the_simulator_agrees_with_the_graph() {
    let naive = assert_agreement("naive", Naive {}, 2);
    assert_agreement("single_flight", SingleFlight {}, 2);
    assert_agreement("token_per_call", TokenPerCall {}, 2);
    let alone = assert_agreement("compare_first", CompareFirst {}, 1);
    assert_eq!(alone, [1.0, 0.0], "one node needs one token");
    assert_agreement("naive", Naive {}, 3);
    // Each refusal costs another token: there are as many as refusals, and one for each node.
    assert!((naive[0] - naive[1] - 2.0).abs() < 1e-9, "{naive:?}");
}

/// What `check` tells of the issuances in the mean, calls arriving in any order too, is what this solver finds in states of its own.
#[test]
fn the_checker_tells_the_same_mean() {
    fn assert_mean<S: Strategy>(name: &str, strategy: S, nodes: u32) {
        let setup = systems::setup(name, nodes, 1, FaultBudget::NONE).expect("the name of a system");
        let [issued, _] = expected(&walk(strategy, &setup, false));
        for setup in [setup.clone(), setup.without_names()] {
            let told = check(&setup, &()).issuances.expect("every run ends");
            assert!((told - issued).abs() < 1e-6, "{name}: {told}, {issued}");
        }
    }
    assert_mean("naive", Naive {}, 2);
    assert_mean("naive", Naive {}, 3);
    assert_mean("compare_first", CompareFirst {}, 2);
    assert_mean("token_per_call", TokenPerCall {}, 2);
}

/// Two nodes ask, a step each from the last moment that decides: a chain that can be solved by hand.
#[test]
fn the_solver_solves_a_chain_that_is_known() {
    // A walk that goes on with chance 2/3 and issues a token each time, or ends: 2 tokens in the mean.
    let step = |chance, issued, to| Step {
        chance,
        counts: [issued, 0.0],
        to,
    };
    let chain = [vec![step(2.0 / 3.0, 1.0, 0), step(1.0 / 3.0, 0.0, 1)], vec![]];
    assert!((expected(&chain)[0] - 2.0).abs() < 1e-9);
}
