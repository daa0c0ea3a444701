//! Clients that look at the clock: a token committed at 0 is received after v, believed until v + ttl - m, and refused from ttl on. So calls
//! sent from ttl - c to v + ttl - m meet a dead token, and the next call after that renews, which takes u until the commit.

use tokenstorm::base::{Chance, Dice, Duration};
use tokenstorm::node::{Again, Unretried};
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::retry::Retry;
use tokenstorm::strategy::{Believes, ClockFirst, Coordination, TokenPerCall, WhoAsks};
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

use crate::common::{Nodes, constant, fails, holds, m0, mean, ms, record};
use crate::settings::{equal, issuances_per_call, rejections_per_call, success};

const CALLS_PER_SECOND: f64 = 20.0;
const TTL: f64 = 2.0;

/// One node that never hears a 401: u = 30, v = 100, c = 60 ms, tokens of two seconds.
fn watching(settings: ClockFirst) -> Plan {
    let node = Nodes {
        count: 1,
        per_second: CALLS_PER_SECOND,
    };
    let rule = Issuance::independent(Duration::from_secs(TTL as u64));
    let mut plan = m0(Coordination::ClockFirst(settings), rule, &[node], 400);
    plan.policy.retry = Retry::None;
    plan.policy.unretried = Unretried::Keep;
    constant(&mut plan, Leg::TokenRequest, ms(30));
    constant(&mut plan, Leg::TokenResponse, ms(100));
    constant(&mut plan, Leg::ApiRequest, ms(60));
    plan
}

fn shared(margin: Duration, believes: Believes) -> ClockFirst {
    ClockFirst {
        margin,
        believes,
        flight: WhoAsks::Shared,
        ..ClockFirst::default()
    }
}

/// The span from one commit to the next, where the client believes in a token for `late` seconds longer than the provider and takes a
/// margin.
fn cycle(margin: f64, late: f64) -> f64 {
    0.1 + TTL + late - margin + 1.0 / CALLS_PER_SECOND + 0.03
}

#[test]
fn calls_between_the_tokens_end_and_the_clients_belief_are_refused() {
    for (margin, late, seed) in [(0u64, 0u64, 300), (80, 0, 301), (0, 400, 302), (200, 400, 303)] {
        let believes = match late {
            0 => Believes::ExpiresIn,
            late => Believes::Configured(ms(2000 + late)),
        };
        let plan = watching(shared(ms(margin), believes));
        let (margin, late) = (margin as f64 / 1e3, late as f64 / 1e3);
        let law = (0.1 + 0.06 + late - margin) / cycle(margin, late);
        holds(mean(&plan, 40, seed, rejections_per_call), law, 0.006);
        let law = 1.0 / CALLS_PER_SECOND / cycle(margin, late);
        holds(mean(&plan, 40, seed, issuances_per_call), law, 0.0005);
    }
    // Outside: a margin with jitter ends the window earlier.
    let jittered = ClockFirst {
        jitter: ms(150),
        ..shared(Duration::ZERO, Believes::ExpiresIn)
    };
    fails(
        mean(&watching(jittered), 40, 304, rejections_per_call),
        0.16 / cycle(0.0, 0.0),
    );
}

/// From v + c on a margin lets no dead token through, and below it some.
#[test]
fn a_margin_of_both_ways_is_enough() {
    let refused = |margin| {
        mean(
            &watching(shared(ms(margin), Believes::ExpiresIn)),
            30,
            305,
            rejections_per_call,
        )
        .mean
    };
    assert_eq!(refused(161), 0.0);
    assert!(refused(150) > 0.0);
}

/// Each call for itself: at the end of a token the calls that come within u + v of the first each ask.
#[test]
fn without_single_flight_a_crowd_asks() {
    let each = ClockFirst {
        margin: ms(200),
        ..ClockFirst::default()
    };
    // The first, and those of the next 130 ms; the token that comes last is the one whose life counts.
    let requests = mean(&watching(each), 30, 306, issuances_per_call).mean;
    let single = 1.0 / CALLS_PER_SECOND / cycle(0.2, 0.0);
    assert!(requests > 3.0 * single, "{requests} and {single}");
}

/// Bounds of tries by what failed: of calls that fail half of the time at one place, `n` more tries leave one in 2 to the n + 1.
#[test]
fn each_kind_of_failure_has_a_bound_of_its_own() {
    const MANY: u16 = u16::MAX;
    for more in [0u16, 2] {
        let law = 1.0 - 0.5f64.powi(i32::from(more) + 1);
        let mut plan = equal(Coordination::TokenPerCall(TokenPerCall {}), 1, 5_000);
        plan.provider.token_endpoint.errors = Chance::of(0.5);
        let bounds = |refused, call, token| Some(Again { refused, call, token });
        plan.policy.again = bounds(MANY, 0, more);
        holds(mean(&plan, 30, 310, success), law, 0.01);
        plan.provider.token_endpoint.errors = Chance::NEVER;
        plan.provider.api_endpoint.errors = Chance::of(0.5);
        plan.policy.again = bounds(MANY, more, 0);
        holds(mean(&plan, 30, 311, success), law, 0.01);
        // Outside: the bound of another kind does not hold it.
        plan.policy.again = bounds(more, MANY, more);
        fails(mean(&plan, 30, 312, success), law);
    }
}

#[test]
fn a_call_is_refused_once_more_than_it_may_try_again() {
    let mut plan = watching(ClockFirst::default());
    plan.provider.rule = Issuance::latest_only(Duration::from_secs(TTL as u64));
    plan.policy.retry = equal(plan.coordination.clone(), 1, 10).policy.retry;
    plan.policy.again = Some(Again {
        refused: 2,
        call: 0,
        token: 0,
    });
    let refused = record(&plan, Dice::new(313))
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::CallEnded { rejections, .. } => Some(rejections),
            _ => None,
        });
    assert_eq!(refused.max(), Some(3));
}
