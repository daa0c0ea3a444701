//! What the simulator can say of any strategy, and of any rule: each law is a run, or a few, of which something must be so.
//!
//! Nothing here is a matter of chance: the runs follow from fixed seeds, and the laws hold for every run.

use std::collections::BTreeMap;

use super::plan::{TRIES, plan};
use crate::base::{Chance, Dice, Duration, NodeId, Rate, Time};
use crate::engine::check::Needs;
use crate::engine::sim;
use crate::node::Strategy;
use crate::oauth::Token;
use crate::plan::{Act, Plan};
use crate::provider::{Issuance, Rule};
use crate::strategy::{Naive, SlotPerNode};
use crate::trace::{CallOutcome, Event};
use crate::world::Leg;

/// One law about strategies: its name, what it says, and a function that judges a strategy by it and says what is wrong.
pub type Law<S> = (&'static str, &'static str, fn(&Bench<S>) -> Result<(), String>);

/// A strategy and what it needs around it.
#[derive(Clone, Debug)]
pub struct Bench<S> {
    /// The strategy that all nodes follow.
    pub strategy: S,
    /// What it needs beside nodes and a provider.
    pub needs: Needs,
    /// Slots that the app is granted.
    pub slots: u16,
}

type Trace = Vec<(Time, Event)>;

const HOUR: Duration = Duration::from_secs(3600);
/// After this time everything that a fault has begun is over: time-outs of a second, leases of some.
const CALM: Duration = Duration::from_secs(60);

/// All laws about strategies.
pub fn of_strategies<S: Strategy>() -> [Law<S>; 6] {
    [
        (
            "books",
            "every call ends once, within its tries, and every answer had its request",
            books,
        ),
        (
            "alone",
            "one node alone, with tokens that last: no call fails, no attempt is refused",
            alone,
        ),
        (
            "frugal",
            "one node alone, with tokens that last, asks for one token",
            frugal,
        ),
        ("expiry", "one node whose tokens expire fails no call", expiry),
        ("apart", "nodes whose tokens do not harm each other fail no call", apart),
        ("crash", "a while after crashes and lost messages no call fails", crash),
    ]
}

fn rate() -> Rate {
    "5/s".parse().expect("a constant")
}

impl<S: Strategy> Bench<S> {
    fn plan(&self, nodes: u32, seconds: u64) -> Plan {
        plan(self.needs, self.slots, nodes, rate(), seconds)
    }

    fn run(&self, plan: &Plan, rule: Issuance, seed: u64) -> Trace {
        let mut trace = Trace::new();
        sim::run_strategy(plan, (self.strategy.clone(), rule), Dice::new(seed), &mut trace);
        trace
    }
}

fn count(trace: &Trace, wanted: impl Fn(&Event) -> bool) -> usize {
    trace.iter().filter(|(_, event)| wanted(event)).count()
}

/// Whether every call that arrives at `from` or later succeeds; otherwise which does not.
fn all_succeed(trace: &Trace, from: Time) -> Result<(), String> {
    let mut calls = 0;
    for (now, event) in trace {
        if let Event::CallEnded {
            node, arrived, outcome, ..
        } = event
            && *arrived >= from
        {
            calls += 1;
            if *outcome != CallOutcome::Succeeded {
                return Err(format!(
                    "a call of node {} at {:.3} s ends at {:.3} s: {outcome:?}",
                    node.0,
                    arrived.since(Time::ZERO).as_secs_f64(),
                    now.since(Time::ZERO).as_secs_f64()
                ));
            }
        }
    }
    if calls == 0 {
        Err("no call has ended".to_owned())
    } else {
        Ok(())
    }
}

fn alone<S: Strategy>(bench: &Bench<S>) -> Result<(), String> {
    let trace = bench.run(&bench.plan(1, 200), Issuance::latest_only(HOUR), 1);
    all_succeed(&trace, Time::ZERO)?;
    match count(&trace, |event| matches!(event, Event::AttemptRejected { .. })) {
        0 => Ok(()),
        refused => Err(format!("{refused} attempts are refused")),
    }
}

fn frugal<S: Strategy>(bench: &Bench<S>) -> Result<(), String> {
    let trace = bench.run(&bench.plan(1, 200), Issuance::independent(HOUR), 2);
    match count(&trace, |event| matches!(event, Event::TokenRequested { .. })) {
        1 => Ok(()),
        requests => Err(format!("{requests} token requests")),
    }
}

fn expiry<S: Strategy>(bench: &Bench<S>) -> Result<(), String> {
    let trace = bench.run(&bench.plan(1, 200), Issuance::latest_only(Duration::from_secs(5)), 3);
    all_succeed(&trace, Time::ZERO)
}

fn apart<S: Strategy>(bench: &Bench<S>) -> Result<(), String> {
    let trace = bench.run(&bench.plan(4, 200), Issuance::independent(Duration::from_secs(5)), 4);
    all_succeed(&trace, Time::ZERO)
}

/// A fleet that is crashed again and again while its tokens expire all the time, and that is then left alone.
fn crash<S: Strategy>(bench: &Bench<S>) -> Result<(), String> {
    let mut plan = bench.plan(3, 400);
    let last = disturb(&mut plan);
    let trace = bench.run(&plan, Issuance::independent(Duration::from_secs(2)), 5);
    all_succeed(&trace, last + CALM)
}

/// Adds crashes at odd moments, and a token endpoint that is silent for a while; returns when all that is over.
fn disturb(plan: &mut Plan) -> Time {
    let (nodes, mut at) = (plan.nodes() as u32, Time::ZERO);
    for step in 0..150 {
        at = at + Duration::from_millis(1231);
        let node = step % nodes;
        plan.timeline.push((at, Act::Crash(node..node + 1)));
        plan.timeline.push((at, Act::Start(node..node + 1)));
    }
    plan.timeline
        .push((at, Act::TokenOutage(Some(crate::provider::Outage::Silent))));
    at = at + Duration::from_secs(5);
    plan.timeline.push((at, Act::TokenOutage(None)));
    at
}

/// A fleet under every fault at once: its books balance whatever happens.
fn books<S: Strategy>(bench: &Bench<S>) -> Result<(), String> {
    let mut plan = bench.plan(3, 300);
    disturb(&mut plan);
    for leg in [
        Leg::TokenRequest,
        Leg::TokenResponse,
        Leg::ApiResponse,
        Leg::StoreResponse,
        Leg::Peer,
    ] {
        plan.links.leg_mut(leg).loss = Chance::of(0.02);
    }
    let rule = Issuance::latest_only(Duration::from_secs(5));
    let trace = bench.run(&plan, rule.clone(), 6);
    if trace != bench.run(&plan, rule, 6) {
        return Err("the same seed has brought another run".to_owned());
    }
    let mut open: BTreeMap<(NodeId, Time), i64> = BTreeMap::new();
    for (now, event) in &trace {
        match event {
            Event::CallArrived { node, .. } => *open.entry((*node, *now)).or_default() += 1,
            Event::CallEnded {
                node,
                arrived,
                outcome,
                attempts,
                ..
            } => {
                *open.entry((*node, *arrived)).or_default() -= 1;
                if *outcome == CallOutcome::Unfinished {
                    return Err(format!("a call of node {} never ends", node.0));
                }
                // Through a gateway each try of the origin may be as many of the gateway's.
                let most = if bench.needs.gateway { TRIES * TRIES } else { TRIES };
                if u32::from(*attempts) > most {
                    return Err(format!("a call of node {} has {attempts} attempts", node.0));
                }
            }
            _ => {}
        }
    }
    if open.values().any(|&calls| calls != 0) {
        return Err("a call has ended twice, or never".to_owned());
    }
    let asked = count(&trace, |event| matches!(event, Event::TokenRequested { .. }));
    let answers = |event: &Event| {
        matches!(
            event,
            Event::Issued { .. } | Event::Returned | Event::TokenRefused { .. }
        )
    };
    match count(&trace, answers) {
        // An outage answers nobody.
        answered if answered <= asked => Ok(()),
        answered => Err(format!("{asked} token requests, {answered} answers")),
    }
}

/// Holds a rule to what it says: the `live` newest tokens of a slot, which all outlive the run, are accepted and no others. Naive
/// nodes ask for tokens all the time, and each attempt shows whether its token is accepted. A token of another slot does no
/// harm: as many nodes as there are `slots`, with one each, are never refused.
///
/// # Errors
/// With what is wrong, when the rule does otherwise.
pub fn of_rule<R: Rule>(rule: &R, live: usize, slots: u16) -> Result<(), String> {
    let needs = Needs {
        store: false,
        gateway: false,
        apps: 1,
    };
    let mut trace = Trace::new();
    let shared = plan(needs, slots, 4, rate(), 100);
    sim::run_strategy(&shared, (Naive {}, rule.clone()), Dice::new(7), &mut trace);
    let mut issued: Vec<Token> = Vec::new();
    for (_, event) in &trace {
        match event {
            Event::Issued { token, .. } => issued.push(*token),
            Event::AttemptAccepted { token } if !issued.iter().rev().take(live).any(|newest| newest == token) => {
                return Err("a token is accepted although newer ones have ended it".to_owned());
            }
            _ => {}
        }
    }
    if issued.len() < 2 {
        return Err("nobody renews".to_owned());
    }
    let apart = SlotPerNode {
        slots,
        first: 0,
        parameter: None,
        fall_back: false,
        known: true,
        hashed: None,
    };
    trace.clear();
    let each = plan(needs, slots, slots.into(), rate(), 100);
    sim::run_strategy(&each, (apart, rule.clone()), Dice::new(8), &mut trace);
    match count(&trace, |event| matches!(event, Event::AttemptRejected { .. })) {
        0 => Ok(()),
        refused => Err(format!("{refused} attempts of nodes with a slot each are refused")),
    }
}
