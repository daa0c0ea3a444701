//! For how much of the time nodes have a usable token.

use tokenstorm::base::{Dice, Duration, Group, Time};
use tokenstorm::engine::sim::Shortcuts;
use tokenstorm::metric::{self, Observed};
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::Issuance;
use tokenstorm::strategy::{Coordination, RenewAhead};
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

use crate::common::{Nodes, constant, fails, holds, m0, mean, ms, observe, observe_with, record};
use crate::settings::{compare_first, day, equal, naive, of_rates};

fn read(name: &str, run: &Observed) -> Option<f64> {
    (metric::find(name).unwrap().read)(run)
}

fn share(run: &Observed) -> f64 {
    read("usable_token_share", run).expect("it is asked for")
}

fn worst(run: &Observed) -> f64 {
    read("usable_token_share_worst", run).expect("it is asked for")
}

fn asked(plan: Plan) -> Plan {
    Plan {
        usable_tokens: true,
        ..plan
    }
}

/// One node that renews when a call is refused, tokens of so many seconds, a call in twenty on average.
fn seldom(coordination: Coordination, ttl: u64) -> Plan {
    let node = Nodes {
        count: 1,
        per_second: 0.05,
    };
    let rule = Issuance::latest_only(Duration::from_secs(ttl));
    asked(m0(coordination, rule, &[node], 20_000))
}

/// A token lives for T; then nothing happens until the next call, 1/r later in the mean.
#[test]
fn a_token_that_is_renewed_by_a_call_is_missing_until_the_next_one() {
    holds(mean(&seldom(naive(), 60), 40, 320, share), 60.0 / 80.0, 0.01);
    holds(mean(&seldom(naive(), 60), 40, 320, worst), 60.0 / 80.0, 0.01);
    holds(mean(&seldom(naive(), 5), 40, 321, share), 5.0 / 25.0, 0.01);
    // Outside: a timer does not wait for a call.
    let ahead = RenewAhead {
        margin: ms(2000),
        jitter: ms(2000),
    };
    fails(
        mean(&seldom(Coordination::RenewAhead(ahead), 60), 40, 322, share),
        60.0 / 80.0,
    );
}

/// With latencies the token is missing from its end to the first check after that, for the way back, and until another is
/// committed and has come.
#[test]
fn what_travels_is_not_yet_held() {
    let mut plan = seldom(compare_first(), 30);
    constant(&mut plan, Leg::TokenRequest, ms(1000));
    constant(&mut plan, Leg::TokenResponse, ms(3000));
    constant(&mut plan, Leg::ApiRequest, ms(2000));
    constant(&mut plan, Leg::ApiResponse, ms(1500));
    let law = (30.0 - 3.0) / (30.0 + 20.0 + 1.5 + 1.0);
    holds(mean(&plan, 40, 323, share), law, 0.01);
    // Outside: nothing travels.
    fails(mean(&seldom(compare_first(), 30), 40, 324, share), law);
}

/// Latest only without expiry: the newest token is that of the node that has called last. So a node has it for its share of the calls,
/// and all together have one of N.
#[test]
fn nodes_that_supersede_each_other_have_one_token_among_them() {
    let mut plan = asked(of_rates(&[1.0, 2.0, 5.0], 1000));
    plan.fleets_apart = (0..3).map(|fleet| format!("fleet{fleet}")).collect();
    holds(mean(&plan, 30, 325, share), 1.0 / 3.0, 0.001);
    holds(mean(&plan, 30, 326, worst), 1.0 / 8.0, 0.01);
    let by_fleet = metric::find("usable_token_share").unwrap().by_fleet.unwrap();
    for (fleet, rate) in [1.0, 2.0, 5.0].into_iter().enumerate() {
        let of_fleet = |run: &Observed| by_fleet(run, &run.fleets[fleet], &run.groups[fleet]).unwrap();
        holds(mean(&plan, 30, 327, of_fleet), rate / 8.0, 0.02);
    }
    // Outside: room for two.
    plan.provider.rule.capacity = Some(2);
    fails(mean(&plan, 30, 328, share), 1.0 / 3.0);
}

/// Poisson calls see time averages: the share of time without a usable token is the share of calls that are refused first, also where a
/// superseded token lives on for g.
#[test]
fn calls_see_what_time_sees() {
    let mut plan = asked(equal(naive(), 4, 2000));
    plan.provider.rule.overlap = ms(500);
    let law = 1.0 - (1.0 - 0.25) / (1.0 + 0.5);
    holds(mean(&plan, 30, 329, share), law, 0.01);
    plan.provider.rule.overlap = Duration::ZERO;
    fails(mean(&plan, 30, 330, share), law);
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

/// A hundred seconds of some nodes that are called when the timeline says so, and of nothing by chance.
fn told(nodes: u32, ttl: Duration, acts: &[(u64, Act)]) -> Plan {
    let fleet = Nodes {
        count: nodes,
        per_second: 0.0,
    };
    let mut plan = m0(naive(), Issuance::latest_only(ttl), &[fleet], 100);
    plan.span.warmup = Time::ZERO;
    plan.timeline
        .extend(acts.iter().map(|(second, act)| (at(*second), act.clone())));
    asked(plan)
}

fn call(node: u32) -> Act {
    Act::Calls {
        nodes: node..node + 1,
        group: Group(0),
        each: 1,
    }
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// All nodes together and the worst, on the fast paths and on the general one.
#[track_caller]
fn comes_to(plan: &Plan, law: (f64, f64)) {
    for shortcuts in [Shortcuts::ALL, Shortcuts::NONE] {
        let run = observe_with(plan, Dice::new(1), shortcuts);
        let (all, least) = (share(&run), worst(&run));
        assert!(
            (all - law.0).abs() < 1e-12 && (least - law.1).abs() < 1e-12,
            "{all} and {least}, not {law:?}"
        );
    }
}

#[test]
fn what_nothing_draws_is_exact() {
    // Nothing until the first call.
    comes_to(&told(1, day(), &[(10, call(0))]), (0.9, 0.9));
    // Then until its end; the node learns of that by the next call.
    comes_to(&told(1, secs(50), &[(10, call(0))]), (0.5, 0.5));
    comes_to(&told(1, secs(50), &[(10, call(0)), (80, call(0))]), (0.7, 0.7));
    let all = || Act::Revoke {
        second: false,
        tenant: None,
        clients: 0..1,
        slot: None,
    };
    comes_to(&told(1, day(), &[(10, call(0)), (50, all())]), (0.4, 0.4));
    // The second node's token ends that of the first.
    comes_to(&told(2, day(), &[(10, call(0)), (30, call(1))]), (0.45, 0.2));
    // Nobody calls.
    comes_to(&told(1, day(), &[]), (0.0, 0.0));
    // What is held before the measured span, and after it.
    let mut span = told(1, secs(50), &[(10, call(0))]);
    (span.span.warmup, span.span.horizon) = (at(20), at(80));
    comes_to(&span, (40.0 / 60.0, 40.0 / 60.0));
    // A timer renews before the end, and there is a token all the time.
    let mut ahead = told(1, secs(20), &[(0, call(0))]);
    ahead.coordination = Coordination::RenewAhead(RenewAhead {
        margin: ms(2000),
        jitter: Duration::ZERO,
    });
    comes_to(&ahead, (1.0, 1.0));
}

/// Only time that a node is up counts, and a node that is never up does not.
#[test]
fn time_that_a_node_is_down_does_not_count() {
    let stopped = |ttl, from, until| {
        told(
            1,
            ttl,
            &[(10, call(0)), (from, Act::Stop(0..1)), (until, Act::Start(0..1))],
        )
    };
    comes_to(&stopped(day(), 40, 60), (70.0 / 80.0, 70.0 / 80.0));
    // The token ends while the node is down.
    comes_to(&stopped(secs(50), 40, 80), (30.0 / 60.0, 30.0 / 60.0));
    // A crash takes the token away too.
    let acts = [(10, call(0)), (40, Act::Crash(0..1)), (60, Act::Start(0..1))];
    comes_to(&told(1, day(), &acts), (30.0 / 80.0, 30.0 / 80.0));
    let acts = [(10, call(0)), (40, Act::Crash(0..1))];
    comes_to(&told(1, day(), &acts), (30.0 / 40.0, 30.0 / 40.0));
    // One node has 60 of its 100 s, the other 20 of 20; a third never starts.
    let acts = [
        (0, Act::Stop(1..3)),
        (40, call(0)),
        (80, Act::Start(1..2)),
        (80, call(1)),
    ];
    let mut two = told(3, day(), &acts);
    two.provider.rule.capacity = None;
    comes_to(&two, (80.0 / 120.0, 0.6));
}

/// A token that hundreds have followed is forgotten by the provider; the time that it was good is not.
#[test]
fn a_token_that_the_provider_has_forgotten_was_good_until_its_end() {
    let mut plan = told(3, day(), &[(10, call(0))]);
    let turns = (0..400).map(|turn| (at(20) + ms(40 * turn), call(1 + turn as u32 % 2)));
    plan.timeline.extend(turns);
    plan.timeline.extend([(at(90), call(0)), (at(95), call(1))]);
    let forgotten = record(&plan, Dice::new(1)).into_iter().any(|(_, event)| {
        matches!(
            event,
            Event::TokenHeld {
                token: Some(_),
                before_ends: None,
                ..
            }
        )
    });
    assert!(forgotten);
    // The first node has 10 s and 5 s; the second one 200 turns and 5 s; the third one as many turns and all from 36 s to 90 s.
    comes_to(&plan, (90.0 / 300.0, 0.13));
}

/// Who does not ask is told nothing, and nothing else changes.
#[test]
fn who_does_not_ask_has_no_such_figure() {
    let plan = Plan {
        usable_tokens: false,
        ..seldom(naive(), 60)
    };
    let run = observe(&plan, Dice::new(1));
    for name in ["usable_token_share", "usable_token_share_worst"] {
        assert_eq!(read(name, &run), None);
    }
    let held = |plan: &Plan| {
        let trace = record(plan, Dice::new(1));
        let (held, others): (Vec<_>, Vec<_>) = trace
            .into_iter()
            .partition(|(_, event)| matches!(event, Event::TokenHeld { .. }));
        (held.len(), others)
    };
    let (none, quiet) = held(&plan);
    let (some, asked) = held(&asked(plan));
    assert!(none == 0 && some > 100 && quiet == asked, "{none}, {some}");
}
