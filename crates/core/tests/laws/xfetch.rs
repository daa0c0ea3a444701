//! The law of probabilistic early expiration: how many renew for one expiry.

use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::strategy::{Coordination, Xfetch};
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

use crate::common::{Nodes, constant, fails, holds, m0, ms, over_runs, record};

/// How long a renewal takes, in milliseconds.
const DELTA: u64 = 1000;

/// `nodes` readers of one stored token, with so many calls per second together; the first hundred lives or so of it. Reading and writing take no time, so that a renewal
/// is known when it has taken its time.
fn readers(nodes: u32, beta: f64, calls: f64) -> Plan {
    // So long that no renewal follows the one before: e^-14 of the reads at the beginning of a life would renew.
    let life = (14.0 * beta * DELTA as f64) as u64;
    let coordination = Coordination::Xfetch(Xfetch {
        beta: beta.to_string().parse().unwrap(),
    });
    let fleet = [Nodes {
        count: nodes,
        per_second: calls / f64::from(nodes),
    }];
    let mut plan = m0(coordination, Issuance::independent(ms(life)), &fleet, life / 8);
    // A life is stored as it was told: it ends with the token only where the answer takes no time.
    constant(&mut plan, Leg::TokenRequest, ms(DELTA));
    plan
}

/// Issuances for each expiry in a run: those that come without a long pause between them. The first, of the cold start, and the
/// last, which the end of the run may cut, do not count.
fn per_expiry(plan: &Plan, beta: f64, seed: u64, index: u64) -> f64 {
    let pause = Duration::from_millis((5.0 * beta * DELTA as f64) as u64);
    let mut herds: Vec<u32> = Vec::new();
    let mut last = Time::ZERO;
    for (now, event) in record(plan, Dice::replication(seed, index)) {
        if let Event::Issued { .. } = event {
            match herds.last_mut() {
                Some(herd) if now.since(last) < pause => *herd += 1,
                _ => herds.push(1),
            }
            last = now;
        }
    }
    let whole = &herds[1..herds.len() - 1];
    assert!(whole.len() > 60, "{} expiries", whole.len());
    f64::from(whole.iter().sum::<u32>()) / whole.len() as f64
}

/// A read x before the expiry renews with probability e^(-x / (beta delta)). The first of many reads that does so is E / (l beta delta)
/// there, E exponential with mean 1; in the time delta until its token is stored so many others do that e^(1/beta) renew in the
/// mean, whoever reads how often.
#[test]
fn m4_e_to_the_inverse_of_beta_renew_for_each_expiry() {
    let mut seed = 90;
    // As many calls as the law needs: the first renewal must come before delta is left.
    for (beta, calls, runs, resolution) in [(0.5f64, 100.0, 40, 0.45), (1.0, 40.0, 30, 0.15), (2.0, 20.0, 30, 0.08)] {
        let law = (1.0 / beta).exp();
        for nodes in [10, 100, 1000] {
            seed += 1;
            let plan = readers(nodes, beta, calls);
            holds(
                over_runs(runs, |index| per_expiry(&plan, beta, seed, index)),
                law,
                resolution,
            );
        }
    }
    // Outside: what is written takes half as long again to be seen.
    let mut slow = readers(100, 1.0, 40.0);
    constant(&mut slow, Leg::StoreRequest, ms(DELTA / 4));
    constant(&mut slow, Leg::StoreResponse, ms(DELTA / 4));
    let law = 1f64.exp();
    fails(over_runs(30, |index| per_expiry(&slow, 1.0, 100, index)), law);
    // Outside: hardly anybody reads, and the token expires first.
    let rare = readers(100, 1.0, 0.5);
    fails(over_runs(30, |index| per_expiry(&rare, 1.0, 101, index)), law);
}
