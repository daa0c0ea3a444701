//! Looks on at a run: counts the event that is looked for, and says how near the run is to it.

use super::event::{Approach, Nearness, RareEvent};
use crate::base::{Duration, Time};
use crate::engine::sim::{SplitWatcher, WatchedWorld};
use crate::metric::Second;
use crate::plan::Span;
use crate::trace::{CallOutcome, Event};

/// What has been seen of one run.
#[derive(Clone, Debug)]
pub(super) struct RareWatch {
    span: Span,
    hits: RareHits,
    watched: Watched,
}

/// How often the event was seen: in the first half of the measured span, and in the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RareHits {
    pub(super) first_half: u64,
    pub(super) second_half: u64,
}

#[derive(Clone, Debug)]
enum Watched {
    /// Calls that have arrived in each half, and how near one is.
    Calls([u64; 2], Nearness),
    Livelock(LivelockWatch),
}

/// The second under way, and how many nodes have a call that was refused.
#[derive(Clone, Debug)]
struct LivelockWatch {
    second: Second,
    until: Time,
    running: i64,
    /// When the first livelocked second ended.
    ended: Option<Time>,
    /// Something has happened that may have changed the level.
    stale: bool,
    level: u32,
    /// One bit for each node.
    seen: Vec<u64>,
}

impl RareWatch {
    pub(super) fn new(approach: &Approach, span: Span, nodes: usize) -> Self {
        Self {
            span,
            hits: RareHits::default(),
            watched: match approach.event {
                RareEvent::FailedCall => Watched::Calls([0; 2], approach.nearness.clone()),
                RareEvent::Livelock => Watched::Livelock(LivelockWatch {
                    second: Second::default(),
                    until: Time::ZERO + Duration::SECOND,
                    running: 0,
                    ended: None,
                    stale: false,
                    level: 0,
                    seen: vec![0; nodes.div_ceil(64)],
                }),
            },
        }
    }

    /// What was seen since this was asked last.
    pub(super) fn take_hits(&mut self) -> RareHits {
        std::mem::take(&mut self.hits)
    }

    /// Of what the hits are a part, in each half: calls, or seconds until the livelock.
    pub(super) fn exposure(&self) -> [f64; 2] {
        let Watched::Livelock(LivelockWatch { ended, .. }) = &self.watched else {
            let Watched::Calls(calls, _) = &self.watched else {
                unreachable!("there are two events")
            };
            return calls.map(|calls| calls as f64);
        };
        let (warmup, middle, horizon) = (self.span.warmup, middle(self.span), self.span.horizon);
        let until = ended.unwrap_or(horizon).clamp(warmup, horizon);
        [until.min(middle).since(warmup), until.max(middle).since(middle)].map(Duration::as_secs_f64)
    }
}

fn middle(span: Span) -> Time {
    span.warmup + span.measured().ratio(1, 2)
}

impl RareHits {
    fn add(&mut self, span: Span, at: Time) {
        match at < middle(span) {
            true => self.first_half += 1,
            false => self.second_half += 1,
        }
    }

    pub(super) fn all(self) -> u64 {
        self.first_half + self.second_half
    }
}

impl SplitWatcher for RareWatch {
    fn told(&mut self, now: Time, event: &Event) {
        match (&mut self.watched, *event) {
            (Watched::Calls(calls, _), Event::CallArrived { .. }) if now >= self.span.warmup => {
                calls[usize::from(now >= middle(self.span))] += 1;
            }
            (Watched::Calls(..), Event::CallEnded { arrived, outcome, .. })
                if arrived >= self.span.warmup && outcome != CallOutcome::Succeeded =>
            {
                self.hits.add(self.span, arrived);
            }
            (Watched::Calls(..), _) => {}
            (Watched::Livelock(watch), event) => {
                watch.pass(now, self.span, &mut self.hits);
                watch.count(&event);
            }
        }
    }

    fn level(&mut self, now: Time, world: &WatchedWorld) -> u32 {
        match &mut self.watched {
            Watched::Calls(_, nearness) => {
                let calls = world.calls().iter();
                calls.map(|call| nearness.of_call(call, now)).max().unwrap_or(0)
            }
            Watched::Livelock(watch) => {
                watch.pass(now, self.span, &mut self.hits);
                if std::mem::take(&mut watch.stale) {
                    watch.look(world);
                }
                watch.level
            }
        }
    }

    fn is_over(&self) -> bool {
        match &self.watched {
            Watched::Calls(..) => false,
            Watched::Livelock(watch) => watch.ended.is_some() || watch.until > self.span.horizon,
        }
    }
}

impl LivelockWatch {
    /// Closes the seconds that have passed.
    fn pass(&mut self, now: Time, span: Span, hits: &mut RareHits) {
        while now >= self.until && self.ended.is_none() {
            let second = std::mem::take(&mut self.second);
            let from = self.until - Duration::SECOND;
            if second.is_livelocked(self.running) && self.until <= span.horizon {
                self.ended = Some(self.until);
                if from >= span.warmup {
                    hits.add(span, from);
                }
            }
            self.until = self.until + Duration::SECOND;
        }
    }

    fn count(&mut self, event: &Event) {
        match *event {
            Event::CallArrived { .. } => self.second.arrivals += 1,
            Event::Issued { .. } => self.second.issuances += 1,
            Event::TokenRefused { .. } | Event::AttemptFailed => self.second.refused += 1,
            Event::AttemptRejected { .. } => self.stale = true,
            Event::CallEnded { outcome, .. } => {
                self.second.successes += u32::from(outcome == CallOutcome::Succeeded);
                self.stale = true;
            }
            Event::NodeStarted { .. } => self.running += 1,
            Event::NodeStopped { .. } => self.running -= 1,
            _ => {}
        }
    }

    /// Counts the nodes that have a call under way that was refused.
    fn look(&mut self, world: &WatchedWorld) {
        self.seen.fill(0);
        for call in world.calls().iter().filter(|call| call.rejections > 0) {
            self.seen[call.node.index() / 64] |= 1 << (call.node.index() % 64);
        }
        self.level = self.seen.iter().map(|word| word.count_ones()).sum();
    }
}
