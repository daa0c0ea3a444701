//! What is the same to the last byte: a run that is not split and the run, and an estimate on any number of threads.

use tokenstorm::base::{Chance, Dice, Duration, Time};
use tokenstorm::campaign::rare::RareEvent;
use tokenstorm::engine::sim::{SplitHalt, SplitRun, SplitWatcher, WatchedWorld};
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::retry::{Attempts, FullJitter, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination};
use tokenstorm::trace::Event;
use tokenstorm::world::Leg;

use super::{estimate, options};
use crate::common::{Nodes, all_legs, every_strategy, m0, ms, record};

/// A plan that draws at every turn.
fn plan(coordination: Coordination) -> Plan {
    let fleets = [(3, 2.0), (1, 0.5)].map(|(count, per_second)| Nodes { count, per_second });
    let mut plan = m0(coordination, Issuance::latest_only(Duration::from_secs(7)), &fleets, 20);
    all_legs(&mut plan, &Latency::exponential(ms(30)));
    plan.links.leg_mut(Leg::TokenResponse).loss = Chance::of(0.05);
    plan.links.invalidation = Latency::exponential(ms(20));
    plan.links.replicas = 3;
    plan.provider.api_endpoint.errors = Chance::of(0.05);
    plan.policy.timeout = Some(ms(800));
    plan.policy.store_timeout = Some(ms(300));
    plan.policy.retry = Retry::FullJitter(FullJitter {
        base: ms(50),
        cap: ms(1000),
        attempts: Attempts::at_most(6),
    });
    plan
}

/// Keeps every event, and counts the calls under way as levels.
#[derive(Clone, Default)]
struct Recorder(Vec<(Time, Event)>);

impl SplitWatcher for Recorder {
    fn told(&mut self, now: Time, event: &Event) {
        self.0.push((now, *event));
    }

    fn level(&mut self, _: Time, world: &WatchedWorld) -> u32 {
        world.calls().len() as u32
    }

    fn is_over(&self) -> bool {
        false
    }
}

static NEVER: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Pausing, and splitting others off, leaves a run as it is: for all strategies the trace of the plain engine, event by event.
#[test]
fn a_run_that_others_are_split_off_is_the_run() {
    let mut split = 0;
    for strategy in every_strategy() {
        let plan = plan(strategy);
        let dice = Dice::replication(3, 5);
        let whole = record(&plan, dice);
        let mut run = SplitRun::new(&plan, dice, Recorder::default());
        let mut branch = None;
        let mut range = 0..2;
        while run.go_on(range.clone(), &NEVER) == SplitHalt::Left {
            branch.get_or_insert_with(|| (run.branch(), run.watcher().0.len()));
            let region = run.level() / 2;
            range = region * 2..region * 2 + 2;
        }
        assert_eq!(run.watcher().0, whole);
        // The branch has the same past and another future.
        let Some((mut branch, past)) = branch else { continue };
        assert_eq!(branch.go_on(0..u32::MAX, &NEVER), SplitHalt::Over);
        let other = &branch.watcher().0;
        assert_eq!(other[..past], whole[..past]);
        assert_ne!(other[..], whole[..]);
        split += 1;
    }
    assert!(split > 20, "{split}");
}

/// Two runs that are split off at one place differ from each other, and each is the same again.
#[test]
fn branches_are_told_apart_by_their_number() {
    let plan = plan(Coordination::CompareFirst(CompareFirst {}));
    let futures = || {
        let mut run = SplitRun::new(&plan, Dice::replication(1, 0), Recorder::default());
        assert_eq!(run.go_on(0..3, &NEVER), SplitHalt::Left);
        [run.branch(), run.branch()].map(|mut branch| {
            branch.go_on(0..u32::MAX, &NEVER);
            branch.watcher().0.clone()
        })
    };
    let [one, other] = futures();
    assert_ne!(one, other);
    assert_eq!(futures(), [one, other]);
}

#[test]
fn an_estimate_is_the_same_on_any_number_of_threads() {
    let mut plan = plan(Coordination::CompareFirst(CompareFirst {}));
    plan.provider.rule = Issuance::independent(Duration::from_secs(7));
    for event in [RareEvent::FailedCall, RareEvent::Livelock] {
        let on = |threads| {
            let options = tokenstorm::campaign::rare::RareOptions {
                threads,
                crude: true,
                most_events: 10_000_000,
                ..options(event, 9, 6, None)
            };
            estimate(&plan, &options)
        };
        let alone = on(1);
        assert_eq!(alone, on(2));
        assert_eq!(alone, on(5));
        // A provider whose tokens are independent has no livelock, and nothing is claimed of it.
        assert_eq!(alone.split.rate.is_some(), event == RareEvent::FailedCall, "{alone:?}");
    }
}
