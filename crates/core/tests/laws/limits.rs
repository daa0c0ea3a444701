//! Laws of quotas: what share of a Poisson load each kind lets in, for as long as nobody tries again.
//!
//! A request that is let in occupies one of `count` places of a sliding window for the window's length, so the window is a loss
//! system of M/D/c/c, and requests that are served at once by as many servers as there are make one of M/G/c/c: both turn away the
//! share that Erlang's B formula tells, whatever the distribution of the time. With one place they are the two dead times of a
//! particle counter: one that is not prolonged lets in 1/(1 + a), one that every request prolongs e^-a, where a is the load in
//! requests per dead time.

use tokenstorm::base::Duration;
use tokenstorm::metric::Observed;
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::provider::{Issuance, Quota, QuotaKind, Scope, TokenBucket};
use tokenstorm::retry::Retry;
use tokenstorm::strategy::{Coordination, TokenPerCall};
use tokenstorm::world::Leg;

use crate::common::{Nodes, fails, holds, m0, mean, ms};
use crate::settings::{day, issuances_per_call, naive, success};

/// So many nodes with ten calls per second each, which are tried once, and tokens without end.
pub(super) fn load(nodes: u32) -> Plan {
    let fleet = [Nodes {
        count: nodes,
        per_second: 10.0,
    }];
    let mut plan = m0(naive(), Issuance::independent(day()), &fleet, 2_000);
    plan.policy.retry = Retry::None;
    plan
}

fn limited(nodes: u32, quota: Quota) -> Plan {
    let mut plan = load(nodes);
    plan.provider.api_endpoint = plan.provider.api_endpoint.clone().with_quotas([quota]);
    plan
}

pub(super) fn per_second(count: u32, kind: QuotaKind) -> Quota {
    Quota {
        kind,
        ..Quota::fixed(count, Duration::SECOND)
    }
}

/// Erlang's B formula: the share of a load that finds all places taken.
pub(super) fn erlang_b(places: u32, load: f64) -> f64 {
    (1..=places).fold(1.0, |b, n| load * b / (f64::from(n) + load * b))
}

#[test]
fn a_sliding_log_turns_away_what_erlang_says() {
    for count in [1, 5, 12] {
        let plan = limited(1, per_second(count, QuotaKind::SlidingLog));
        holds(mean(&plan, 30, 401, success), 1.0 - erlang_b(count, 10.0), 0.005);
    }
    // Outside: fixed windows forget at their end, and let in the mean of the lesser of count and Poisson arrivals.
    let fixed = limited(1, per_second(5, QuotaKind::Fixed));
    fails(mean(&fixed, 30, 402, success), 1.0 - erlang_b(5, 10.0));
    let poisson = |k: u32| (1..=k).fold((-10.0f64).exp(), |p, n| p * 10.0 / f64::from(n));
    let least: f64 = 5.0 - (0..5).map(|k| f64::from(5 - k) * poisson(k)).sum::<f64>();
    holds(mean(&fixed, 30, 403, success), least / 10.0, 0.005);
}

#[test]
fn a_token_bucket_lets_in_its_rate_where_the_load_is_above_it() {
    for (count, burst) in [(5, 20), (8, 60)] {
        let plan = limited(1, per_second(count, QuotaKind::TokenBucket(TokenBucket { burst })));
        holds(mean(&plan, 30, 404, success), f64::from(count) / 10.0, 0.005);
    }
    // A bucket of one permit has a dead time of 1/5 s.
    let one = limited(1, per_second(5, QuotaKind::TokenBucket(TokenBucket { burst: 1 })));
    holds(mean(&one, 30, 405, success), 1.0 / (1.0 + 10.0 / 5.0), 0.005);
    // Outside: below the rate it is the burst that counts, and most is let in.
    let above = limited(1, per_second(20, QuotaKind::TokenBucket(TokenBucket { burst: 20 })));
    fails(mean(&above, 30, 406, success), 20.0 / 10.0);
    assert!(mean(&above, 30, 406, success).mean > 0.999);
}

#[test]
fn a_dead_time_that_requests_prolong_lets_in_less() {
    for load_per_window in [0.5f64, 2.0] {
        let window = Duration::from_nanos((load_per_window / 10.0 * 1e9) as u64);
        let log = Quota {
            kind: QuotaKind::SlidingLog,
            ..Quota::fixed(1, window)
        };
        let prolonged = limited(1, Quota { prolongs: true, ..log });
        holds(mean(&prolonged, 30, 407, success), (-load_per_window).exp(), 0.005);
        // Outside: one that is not prolonged.
        let plain = limited(1, log);
        fails(mean(&plain, 30, 408, success), (-load_per_window).exp());
        holds(mean(&plain, 30, 409, success), 1.0 / (1.0 + load_per_window), 0.005);
    }
}

#[test]
fn concurrency_turns_away_what_erlang_says_whatever_the_service() {
    let under_way = Quota {
        count: 3,
        kind: QuotaKind::Concurrency,
        ..Quota::default()
    };
    for service in [Latency::constant(ms(200)), Latency::exponential(ms(200))] {
        let mut plan = limited(1, under_way);
        plan.provider.api_endpoint.servers = Some(1_000);
        plan.links.leg_mut(Leg::ApiService).latency = service;
        holds(mean(&plan, 30, 410, success), 1.0 - erlang_b(3, 2.0), 0.005);
        // Outside: with one server the others wait, and are under way all the while.
        plan.provider.api_endpoint.servers = Some(1);
        plan.provider.api_endpoint.queue = u32::MAX;
        fails(mean(&plan, 30, 411, success), 1.0 - erlang_b(3, 2.0));
    }
}

/// Limits by address make as many providers out of one as there are nodes.
#[test]
fn each_address_has_the_share_that_one_alone_has() {
    let by = |nodes, scope| {
        limited(
            nodes,
            Quota {
                scope,
                ..per_second(5, QuotaKind::SlidingLog)
            },
        )
    };
    holds(
        mean(&by(4, Scope::Address), 30, 412, success),
        1.0 - erlang_b(5, 10.0),
        0.005,
    );
    // Outside: counted together, four nodes have one node's permits.
    fails(mean(&by(4, Scope::Client), 30, 413, success), 1.0 - erlang_b(5, 10.0));
    holds(
        mean(&by(4, Scope::Client), 30, 414, success),
        1.0 - erlang_b(5, 40.0),
        0.005,
    );
}

/// A call with a token of its own makes two requests, which share the rate of a pool.
#[test]
fn a_pool_is_shared_by_both_endpoints() {
    let quota = per_second(20, QuotaKind::TokenBucket(TokenBucket { burst: 100 }));
    let mut apart = load(4);
    apart.coordination = Coordination::TokenPerCall(TokenPerCall {});
    let mut pooled = apart.clone();
    pooled.provider.pool = vec![quota];
    let served = |run: &Observed| issuances_per_call(run) + success(run);
    holds(mean(&pooled, 30, 415, served), 20.0 / 40.0, 0.005);
    // Outside: the same limit at each endpoint alone.
    apart.provider.token_endpoint = apart.provider.token_endpoint.clone().with_quotas([quota]);
    apart.provider.api_endpoint = apart.provider.api_endpoint.clone().with_quotas([quota]);
    fails(mean(&apart, 30, 416, served), 20.0 / 40.0);
    assert!(mean(&apart, 30, 416, served).mean > 0.9);
}
