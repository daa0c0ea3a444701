//! For how long what a node holds is good: the metric against the whole trace, in which each token's life stands as it was in the end.

use std::collections::BTreeMap;

use tokenstorm::base::{Dice, NodeId, Time};
use tokenstorm::campaign::run_context;
use tokenstorm::metric::{self, Observed};
use tokenstorm::oauth::Token;
use tokenstorm::plan::Plan;
use tokenstorm::provider::{Ending, Life};
use tokenstorm::trace::{Event, Holds, Sink as _};

use crate::audit::Account;
use crate::common::record;

/// From one time to another a node is up and holds a token, or none.
struct Stretch {
    node: NodeId,
    from: Time,
    until: Time,
    token: Option<Token>,
}

/// All stretches of a trace, in the order of their ends.
fn stretches(trace: &[(Time, Event)], end: Time) -> Vec<Stretch> {
    let mut all = Vec::new();
    // Of each node: since when, what it holds, and whether it is up.
    let mut now_held: BTreeMap<NodeId, (Time, Option<Token>, bool)> = BTreeMap::new();
    let mut change = |now, node, token: Option<Option<Token>>, up: Option<bool>| {
        let held = now_held.entry(node).or_insert((now, None, false));
        let (from, before, was_up) = *held;
        if was_up {
            all.push(Stretch {
                node,
                from,
                until: now,
                token: before,
            });
        }
        *held = (now, token.unwrap_or(before), up.unwrap_or(was_up));
    };
    for &(now, event) in trace {
        match event {
            Event::TokenHeld { node, token, .. } => change(now, node, Some(token), None),
            Event::NodeStarted { node } => change(now, node, None, Some(true)),
            Event::NodeStopped { node } => change(now, node, None, Some(false)),
            _ => {}
        }
    }
    for (node, (from, token, up)) in now_held {
        if up {
            all.push(Stretch {
                node,
                from,
                until: end,
                token,
            });
        }
    }
    all
}

/// The plan asks for what nodes hold, and everything else stays as it was; the figures are those of the stretches, and so is every sample.
pub(super) fn audit_holdings(plan: &Plan, seed: u64, untold: &[(Time, Event)]) {
    let asked = Plan {
        usable_tokens: true,
        ..plan.clone()
    };
    let trace = record(&asked.with_sampling(50, 100), Dice::new(seed));
    let others = |event: &Event| !matches!(event, Event::TokenHeld { .. } | Event::Sampled { .. });
    let told: Vec<_> = trace.iter().filter(|(_, event)| others(event)).copied().collect();
    assert_eq!(told, untold, "who asks changes nothing");

    let lives = Account::of(&trace).lives;
    let good = |token: Token, at: Time| at >= lives[&token].issued && at < lives[&token].end;
    let end = trace
        .last()
        .map_or(plan.span.horizon, |(now, _)| *now)
        .max(plan.span.horizon);
    let stretches = stretches(&trace, end);
    for &(now, event) in &trace {
        let Event::Sampled { node, holds } = event else {
            continue;
        };
        let here = stretches
            .iter()
            .find(|it| it.node == node && it.from < now && now < it.until);
        let Some(here) = here else { continue };
        // What takes a token away at the very instant may come before the look or after it; its time ends before.
        let taken_now = |life: &Life| life.end == now && life.ending != Some(Ending::Expired);
        if here.token.is_some_and(|token| taken_now(&lives[&token])) {
            continue;
        }
        let expected = match here.token {
            Some(token) if good(token, now) => Holds::Live(token),
            Some(token) => Holds::Dead(token),
            None => Holds::Nothing,
        };
        assert_eq!(holds, expected, "{node:?} at {now:?}");
    }

    let nodes = plan.layout.fleets.iter().filter(|fleet| !fleet.is_gateway);
    let nodes = nodes.map(|fleet| fleet.nodes.end).max().unwrap_or(0);
    let within = |from: Time, until: Time| {
        let (from, until) = (from.max(plan.span.warmup), until.min(plan.span.horizon));
        u128::from(until.since(from).nanos())
    };
    let (mut of_nodes, mut all) = (vec![(0, 0); nodes as usize], (0, 0));
    for it in stretches.iter().filter(|it| it.node.0 < nodes) {
        let up = within(it.from, it.until);
        let usable = it.token.map_or(0, |token| {
            within(it.from.max(lives[&token].issued), it.until.min(lives[&token].end))
        });
        for sum in [&mut of_nodes[it.node.index()], &mut all] {
            *sum = (sum.0 + up, sum.1 + usable);
        }
    }
    let share = |(up, usable): (u128, u128)| (up > 0).then(|| usable as f64 / up as f64);
    let worst = of_nodes.into_iter().filter_map(share).min_by(f64::total_cmp);

    let mut observed = Observed::new(run_context(&asked));
    trace.iter().for_each(|(now, event)| observed.record(*now, event));
    observed.finish();
    let read = |name| (metric::find(name).expect("a metric").read)(&observed);
    assert_eq!(read("usable_token_share"), share(all));
    assert_eq!(read("usable_token_share_worst"), worst);
}
