//! Clients that contend for one row under optimistic concurrency, driven by tokenstorm's own retry policies.
//!
//! The model is that of M. Brooker, "Exponential backoff and jitter", AWS architecture blog, 2015, with the simulator
//! `aws-samples/aws-arch-backoff-simulator`: n clients want one successful write each and start together; every message takes
//! |X|, X normal with mean 10 ms and standard deviation 2 ms; a client reads the row's version and at once writes with it; the
//! write succeeds if the version is still the row's. After its k-th failure the next read reaches the server one message and
//! one backoff later.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::*;
use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::retry::{Attempts, DecorrelatedJitter, EqualJitter, Exponential, FullJitter, Immediate, Retry};

/// The five policies of the blog, as ours are parametrised.
///
/// Theirs wait `min(cap, base * 2^k)` after the k-th failure, ours `min(cap, base * 2^(k-1))`, so their base of 5 ms is 10 ms
/// here. Decorrelated jitter has no exponent: both begin with a draw between the base and three times the base.
pub fn policies() -> [(&'static str, Retry); 5] {
    let (doubled, base, cap) = (
        Duration::from_millis(10),
        Duration::from_millis(5),
        Duration::from_millis(2000),
    );
    let attempts = Attempts::UNBOUNDED;
    [
        ("none", Retry::Immediate(Immediate { attempts })),
        (
            "exponential",
            Retry::Exponential(Exponential {
                base: doubled,
                cap,
                attempts,
            }),
        ),
        (
            "equal jitter",
            Retry::EqualJitter(EqualJitter {
                base: doubled,
                cap,
                attempts,
            }),
        ),
        (
            "full jitter",
            Retry::FullJitter(FullJitter {
                base: doubled,
                cap,
                attempts,
            }),
        ),
        (
            "decorrelated jitter",
            Retry::DecorrelatedJitter(DecorrelatedJitter { base, cap, attempts }),
        ),
    ]
}

/// What one run came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Race {
    /// Writes that reached the server.
    pub calls: f64,
    /// When the last success reached its client, in milliseconds.
    pub completion_ms: f64,
}

/// One client between two of its messages.
#[derive(Clone, Copy, Default)]
struct Client {
    failures: u32,
    backoff: Duration,
    /// The row's version when its read arrived, while its write is on the way.
    read: Option<u64>,
    draws: u64,
}

const MESSAGES: u64 = 0;
const BACKOFFS: u64 = 1;

/// One run of `clients` under a policy.
pub fn race(clients: u32, retry: &Retry, dice: Dice) -> Race {
    let mut all = vec![Client::default(); clients as usize];
    let mut version = 0u64;
    let (mut calls, mut completion) = (0u64, Time::ZERO);
    // What reaches the server next; equal instants in the order of sending.
    let mut arrivals = BinaryHeap::new();
    let mut sent = 0u64;
    let message = |client: &mut Client, id: u32| {
        client.draws += 1;
        latency(dice, u64::from(id), client.draws)
    };
    for id in 0..clients {
        let there = message(&mut all[id as usize], id);
        arrivals.push(Reverse((Time::ZERO + there, sent, id)));
        sent += 1;
    }
    while let Some(Reverse((now, _, id))) = arrivals.pop() {
        let client = &mut all[id as usize];
        let back = now + message(client, id);
        let next = match client.read.take() {
            // A read has arrived: its answer goes back, and the write follows at once.
            None => {
                client.read = Some(version);
                back + message(client, id)
            }
            Some(seen) => {
                calls += 1;
                if seen == version {
                    version += 1;
                    completion = completion.max(back);
                    continue;
                }
                client.failures += 1;
                let delay = retry.delay(client.failures, client.backoff);
                client.backoff = delay.at(dice.draw(BACKOFFS, id.into(), client.failures.into()));
                back + client.backoff + message(client, id)
            }
        };
        arrivals.push(Reverse((next, sent, id)));
        sent += 1;
    }
    assert_eq!(version, u64::from(clients), "every client has written once");
    Race {
        calls: calls as f64,
        completion_ms: completion.since(Time::ZERO).as_secs_f64() * 1e3,
    }
}

/// |X| by the method of Box and Muller, with functions that give the same bits on every machine.
fn latency(dice: Dice, client: u64, count: u64) -> Duration {
    let unit = |draw: u64| ((draw >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let radius = libm::sqrt(-2.0 * libm::log(unit(dice.draw(MESSAGES, client, 2 * count))));
    let angle = std::f64::consts::TAU * unit(dice.draw(MESSAGES, client, 2 * count + 1));
    let ms = (10.0 + 2.0 * radius * libm::cos(angle)).abs();
    Duration::from_nanos((ms * 1e6) as u64)
}

/// Independent runs under one seed; the same whatever the number of threads.
pub fn replicate(clients: u32, retry: &Retry, replications: u32, seed: u64) -> Vec<Race> {
    (0..replications)
        .into_par_iter()
        .map(|index| race(clients, retry, Dice::replication(seed, index.into())))
        .collect()
}
