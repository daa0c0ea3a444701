mod common;
use common::*;
use tokenstorm::base::Duration;
use tokenstorm::metric::Observed;
use tokenstorm::provider::Issuance;
use tokenstorm::strategy::{Coordination, Naive};

fn day() -> Duration {
    Duration::from_secs(86_400)
}
fn first_rejected(run: &Observed) -> f64 {
    let t = run.total();
    t.first_rejected as f64 / t.calls as f64
}

#[test]
fn rejected() {
    for n in [1, 2, 8, 50] {
        let plan = m0(
            Coordination::Naive(Naive {}),
            Issuance::latest_only(day()),
            &[Nodes {
                count: n,
                per_second: 1.0,
            }],
            1000,
        );
        let m = mean(&plan, 30, 1, first_rejected);
        println!("{n} {m:?} {}", (n - 1) as f64 / n as f64);
        let m = mean(&plan, 30, 1, |r| r.issued as f64 / r.total().calls as f64);
        println!("{n} {m:?}");
    }
}
