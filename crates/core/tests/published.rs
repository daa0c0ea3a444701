//! Results that others have published, reproduced within their own noise.

extern crate tokenstorm_core as tokenstorm;

#[path = "../../../examples/backoff_contention/contention.rs"]
mod contention;

use statrs::distribution::{ContinuousCDF, Normal};
use tokenstorm::base::Dice;
use tokenstorm::retry::Retry;

/// Calls and completion in ms as they were published: means over 500 replications, with the digits that were printed.
/// Source: M. Brooker, "Exponential backoff and jitter", AWS architecture blog, 2015; the figures come from its simulator,
/// `aws-samples/aws-arch-backoff-simulator`. Policies in the order of `contention::policies`.
const PUBLISHED: [(u32, [(&str, &str); 5]); 3] = [
    (
        2,
        [
            ("3.00", "82.1"),
            ("3.00", "92.0"),
            ("3.00", "89.7"),
            ("3.00", "86.5"),
            ("3.00", "91.7"),
        ],
    ),
    (
        10,
        [
            ("50.9", "380"),
            ("50.9", "3474"),
            ("42.4", "717"),
            ("39.1", "467"),
            ("37.6", "432"),
        ],
    ),
    (
        100,
        [
            ("2424", "2029"),
            ("1858", "63764"),
            ("812.6", "6648"),
            ("796.2", "4896"),
            ("1001", "4591"),
        ],
    ),
];

const REPLICATIONS: u32 = 500;
const SEED: u64 = 1;
/// All thirty figures hold together with this confidence (Bonferroni).
const CONFIDENCE: f64 = 0.95;

/// Half a unit of the last digit that was printed.
fn rounding(printed: &str) -> f64 {
    let decimals = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    0.5 * 10f64.powi(-(decimals as i32))
}

fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (
        mean,
        values.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0),
    )
}

/// Both means rest on 500 runs of one model, so their difference has twice the variance of one: theirs is taken to
/// be as noisy as ours, of which the spread is known. What rounding hides is allowed for.
#[test]
fn backoff_and_jitter_give_the_published_means() {
    let figures = 2 * PUBLISHED.len() * PUBLISHED[0].1.len();
    let quantile = Normal::standard().inverse_cdf(1.0 - (1.0 - CONFIDENCE) / (2.0 * figures as f64));
    let mut wrong = Vec::new();
    for (clients, row) in PUBLISHED {
        for ((name, retry), (calls, completion)) in contention::policies().iter().zip(row) {
            let races = contention::replicate(clients, retry, REPLICATIONS, SEED);
            let compared = [
                ("calls", calls, moments(races.iter().map(|race| race.calls))),
                (
                    "completion",
                    completion,
                    moments(races.iter().map(|race| race.completion_ms)),
                ),
            ];
            for (what, printed, (mean, variance)) in compared {
                let allowed = quantile * (2.0 * variance / f64::from(REPLICATIONS)).sqrt() + rounding(printed);
                let theirs: f64 = printed.parse().unwrap();
                if (mean - theirs).abs() > allowed {
                    wrong.push(format!(
                        "n = {clients}, {name}: {what} {mean}, published {printed} +- {allowed}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The interval is narrow enough to tell: another convention of the same policy, waits that start one doubling earlier,
/// falls out of it.
#[test]
fn a_backoff_of_half_the_length_is_told_apart() {
    let (_, Retry::FullJitter(mut full)) = contention::policies()[3] else {
        panic!("the fourth policy is full jitter");
    };
    full.base = full.base.ratio(1, 2);
    let races = contention::replicate(10, &Retry::FullJitter(full), REPLICATIONS, SEED);
    let (mean, variance) = moments(races.iter().map(|race| race.calls));
    assert!(
        (mean - 39.1).abs() > 4.0 * (2.0 * variance / f64::from(REPLICATIONS)).sqrt() + rounding("39.1"),
        "{mean}"
    );
}

/// Alone, a client reads and writes once: four messages, and nobody to wait for.
#[test]
fn one_client_needs_one_call() {
    for (name, retry) in contention::policies() {
        let race = contention::race(1, &retry, Dice::new(SEED));
        assert_eq!(race.calls, 1.0, "{name}");
        assert!((20.0..60.0).contains(&race.completion_ms), "{name}: {race:?}");
    }
}
