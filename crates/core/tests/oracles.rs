//! Samplers of our own against those of `rand_distr`, which know nothing of each other.

extern crate tokenstorm_core as tokenstorm;

use std::path::Path;

use rand::SeedableRng as _;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Exp, LogNormal as Oracle};
use tokenstorm::base::{Dice, Duration};
use tokenstorm::net::{Distribution, LogNormal};

const SAMPLES: usize = 20_000;

/// Largest distance between two empirical distribution functions.
fn distance(one: &mut [f64], other: &mut [f64]) -> f64 {
    one.sort_by(f64::total_cmp);
    other.sort_by(f64::total_cmp);
    let (mut i, mut j, mut most) = (0, 0, 0.0f64);
    while i < one.len() && j < other.len() {
        if one[i] <= other[j] {
            i += 1;
        } else {
            j += 1;
        }
        most = most.max((i as f64 / one.len() as f64 - j as f64 / other.len() as f64).abs());
    }
    most
}

/// The distance that two samples of one law exceed with probability 1e-4 (Kolmogorov and Smirnov): sqrt(-ln(a/2)/2) times
/// sqrt(2/n).
fn critical() -> f64 {
    (-(0.5e-4f64).ln() / 2.0).sqrt() * (2.0 / SAMPLES as f64).sqrt()
}

fn ours(law: &Distribution, seed: u64) -> Vec<f64> {
    let latency = law.compile(Path::new(".")).unwrap();
    let dice = Dice::new(seed);
    (0..SAMPLES as u64)
        .map(|count| latency.sample(dice.draw(0, 0, count)).as_secs_f64())
        .collect()
}

fn theirs(law: &impl rand_distr::Distribution<f64>, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..SAMPLES).map(|_| law.sample(&mut rng)).collect()
}

#[test]
fn exponential_and_lognormal_are_those_of_rand_distr() {
    let mean = Duration::from_millis(40);
    let exponential = Distribution::Exponential { mean };
    let oracle = Exp::new(1.0 / mean.as_secs_f64()).unwrap();
    assert!(distance(&mut ours(&exponential, 1), &mut theirs(&oracle, 2)) < critical());

    let (median, p99) = (Duration::from_millis(80), Duration::from_millis(400));
    let lognormal = Distribution::Lognormal(LogNormal { median, p99 });
    // The 99th percentile of the standard normal law is 2.326.
    let oracle = Oracle::new(median.as_secs_f64().ln(), 5f64.ln() / 2.326_347_874).unwrap();
    assert!(distance(&mut ours(&lognormal, 3), &mut theirs(&oracle, 4)) < critical());

    // The comparison can fail: a mean that is off by 5 %.
    let other = Exp::new(1.05 / mean.as_secs_f64()).unwrap();
    assert!(distance(&mut ours(&exponential, 1), &mut theirs(&other, 2)) > critical());
}
