//! What is the same to the last byte: a run that is not split and the run, and an estimate on any number of threads.

use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::campaign::rare::RareEvent;
use tokenstorm::engine::sim::{SplitHalt, SplitRun, SplitWatcher, WatchedWorld};
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::strategy::{CompareFirst, Coordination};
use tokenstorm::trace::Event;

use super::{estimate, options};
use crate::common::{every_strategy, plan_of_draws, record};

fn plan(coordination: Coordination) -> Plan {
    plan_of_draws(coordination, 20)
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
