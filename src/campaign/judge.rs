//! Recovery verdicts: whether a system comes back when its trigger has gone, by three arms with the same arrivals, compared run by
//! run.
//!
//! Definitions: [section 4 of the model](crate::manual::model#4-measures).
//!
//! Relative goodput is that of an arm over that of the untouched arm in the same
//! replication, so that neither the luck of arrivals nor a strategy's own level counts as damage.

use super::statistics::{self, CONFIDENCE};
use crate::base::{Duration, Time};
use crate::engine::sim::run_context;
use crate::metric::{BACK, Second, window_s};
use crate::plan::Plan;
use crate::record::{Goodput, GoodputIntervals, Recovery, RecoveryVerdict};

/// Calls that arrived and that succeeded in one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    arrivals: u32,
    successes: u32,
}

impl Flow {
    pub fn of(second: &Second) -> Self {
        Self {
            arrivals: second.arrivals,
            successes: second.successes,
        }
    }
}

/// The three arms, replication by replication; an interrupted one is empty.
pub(super) struct Courses<'a> {
    pub triggered: Vec<&'a [Flow]>,
    pub untouched: Vec<&'a [Flow]>,
    pub hot: Vec<&'a [Flow]>,
    /// Width of an interval in seconds.
    pub width_s: u64,
}

/// The course of one arm of one replication.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Course {
    /// Seconds from the end of the trigger; infinite when goodput was not back in time.
    recovered_after_s: f64,
    unaffected: bool,
}

/// The observed span in intervals: the trigger, the end of the observation, and how many make a window.
#[derive(Clone, Copy)]
struct Watch {
    begin: usize,
    end: usize,
    until: usize,
    window: usize,
}

/// Whether goodput in the window that begins here is at least 0.9 of the untouched arm's.
fn is_back(arm: &[Flow], untouched: &[Flow], at: usize, window: usize) -> bool {
    let sum = |flow: &[Flow]| -> u64 { flow[at..at + window].iter().map(|flow| u64::from(flow.successes)).sum() };
    sum(arm) as f64 >= BACK * sum(untouched) as f64
}

fn course(arm: &[Flow], untouched: &[Flow], watch: Watch, width_s: u64) -> Course {
    let windows = |from: usize| from..(watch.until + 1).saturating_sub(watch.window).max(from);
    let back = windows(watch.end).find(|&at| is_back(arm, untouched, at, watch.window));
    Course {
        recovered_after_s: back.map_or(f64::INFINITY, |at| ((at - watch.end) as u64 * width_s) as f64),
        unaffected: windows(watch.begin).all(|at| is_back(arm, untouched, at, watch.window)),
    }
}

/// Share of the calls that succeed over the last window of the observation, all replications together, and the interval of it.
fn goodput(arm: &[&[Flow]], watch: Watch) -> (f64, Option<(f64, f64)>) {
    // A call that arrived before the window may succeed in it.
    let share = |(arrivals, successes): (u64, u64)| (successes as f64 / arrivals.max(1) as f64).min(1.0);
    let run = |flow: &&[Flow]| {
        let window = &flow[watch.until - watch.window..watch.until];
        window.iter().fold((0, 0), |(arrivals, successes), flow| {
            (
                arrivals + u64::from(flow.arrivals),
                successes + u64::from(flow.successes),
            )
        })
    };
    let runs: Vec<(u64, u64)> = arm.iter().filter(|flow| !flow.is_empty()).map(run).collect();
    let all = runs.iter().fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
    let shares: Vec<f64> = runs.iter().copied().map(share).collect();
    let interval = statistics::mean_share(&shares, all.0 as f64, CONFIDENCE).and_then(|share| share.interval);
    let mean = share(all);
    (mean, interval.map(|(low, high)| (low.min(mean), high.max(mean))))
}

/// The shares of all three arms, and their intervals.
fn arms(courses: &Courses<'_>, watch: Watch) -> (Goodput, Option<GoodputIntervals>) {
    let shares = [&courses.untouched, &courses.triggered, &courses.hot].map(|arm| goodput(arm, watch));
    let [untouched, triggered, hot] = shares.map(|(share, _)| share);
    let goodput = Goodput {
        untouched,
        triggered,
        hot,
    };
    let goodput_ci95 = match shares.map(|(_, interval)| interval) {
        [Some(untouched), Some(triggered), Some(hot)] => Some(GoodputIntervals {
            untouched,
            triggered,
            hot,
        }),
        _ => None,
    };
    (goodput, goodput_ci95)
}

/// How many runs were not back, with the interval of their share.
fn missing(courses: &[Course]) -> (u32, (f64, f64)) {
    let missing: Vec<f64> = courses
        .iter()
        .map(|course| f64::from(u8::from(course.recovered_after_s.is_infinite())))
        .collect();
    let interval = statistics::share(&missing, CONFIDENCE).and_then(|share| share.interval);
    (missing.iter().sum::<f64>() as u32, interval.unwrap_or((0.0, 1.0)))
}

/// The verdict on one strategy at one point; none where the run leaves no window after the trigger.
pub(super) fn judge(
    strategy: &str,
    point: &str,
    plan: &Plan,
    courses: &Courses<'_>,
    within_s: f64,
) -> Option<RecoveryVerdict> {
    let (begin, end) = plan.trigger?;
    let width = Duration::from_secs(courses.width_s).nanos();
    let interval = |at: Time| (at.since(Time::ZERO).nanos() / width) as usize;
    let left_s = plan.span.horizon.since(end).as_secs_f64();
    let within_s = within_s.min(left_s);
    let window = window_s(&run_context(plan)).div_ceil(courses.width_s).max(1) as usize;
    let first = |at: Time| at.since(Time::ZERO).nanos().div_ceil(width) as usize;
    // What recovers at the last moment still needs a window to show it.
    let until = (first(end) + (within_s / courses.width_s as f64) as usize + window).min(interval(plan.span.horizon));
    let watch = Watch {
        begin: interval(begin),
        end: first(end),
        until,
        window,
    };
    if watch.end + window > until {
        return None;
    }
    let judged = |arm: &[&[Flow]], watch: Watch| -> Vec<Course> {
        let pairs = arm.iter().zip(&courses.untouched);
        let whole = pairs.filter(|(arm, untouched)| arm.len() >= until && untouched.len() >= until);
        whole
            .map(|(arm, untouched)| course(arm, untouched, watch, courses.width_s))
            .collect()
    };
    let triggered = judged(&courses.triggered, watch);
    let hot = judged(
        &courses.hot,
        Watch {
            end: first(begin),
            ..watch
        },
    );
    if triggered.is_empty() {
        return None;
    }
    let (goodput, goodput_ci95) = arms(courses, watch);
    let replications = triggered.len() as u32;
    let (metastable, metastable_ci95) = missing(&triggered);
    let (hot_metastable, hot_metastable_ci95) = missing(&hot);
    let unaffected = triggered.iter().filter(|course| course.unaffected).count() as u32;
    let times: Vec<f64> = triggered.iter().map(|course| course.recovered_after_s).collect();
    let recovered = statistics::median(&times, CONFIDENCE);
    Some(RecoveryVerdict {
        strategy: strategy.to_owned(),
        point: point.to_owned(),
        fate: fate(goodput, replications, metastable, unaffected),
        within_s,
        replications,
        metastable,
        metastable_ci95,
        unaffected,
        recovered_after_s: recovered.map(|estimate| estimate.mean),
        recovered_after_ci95: recovered.and_then(|estimate| estimate.interval),
        hot_metastable,
        hot_metastable_ci95,
        goodput,
        goodput_ci95,
    })
}

fn fate(goodput: Goodput, replications: u32, metastable: u32, unaffected: u32) -> Recovery {
    if goodput.untouched < 0.5 {
        Recovery::DownAnyway
    } else if 2 * metastable > replications {
        Recovery::Metastable
    } else if unaffected == replications {
        Recovery::Unaffected
    } else {
        Recovery::Recovers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WATCH: Watch = Watch {
        begin: 20,
        end: 30,
        until: 100,
        window: 10,
    };

    fn flow(successes: impl Fn(usize) -> u32) -> Vec<Flow> {
        (0..100)
            .map(|at| Flow {
                arrivals: 10,
                successes: successes(at),
            })
            .collect()
    }

    #[test]
    fn an_arm_is_judged_by_what_it_would_have_done_untouched() {
        // It answers half of its calls anyway; the trigger takes the rest until interval 50.
        let untouched = flow(|_| 5);
        let judged = |arm: Vec<Flow>| course(&arm, &untouched, WATCH, 2);
        let back = judged(flow(|at| if (20..50).contains(&at) { 0 } else { 5 }));
        assert_eq!((back.recovered_after_s, back.unaffected), (38.0, false));
        assert!(judged(flow(|_| 5)).unaffected);
        let never = judged(flow(|at| if at < 20 { 5 } else { 1 }));
        assert_eq!(never.recovered_after_s, f64::INFINITY);
        // Down only while the trigger lasts: back at once, but not unaffected.
        let dip = judged(flow(|at| if (20..30).contains(&at) { 0 } else { 5 }));
        assert_eq!((dip.recovered_after_s, dip.unaffected), (0.0, false));
    }

    #[test]
    fn the_fate_is_that_of_most_runs() {
        let goodput = |untouched| Goodput {
            untouched,
            triggered: 0.0,
            hot: 0.0,
        };
        assert_eq!(fate(goodput(0.4), 30, 0, 30), Recovery::DownAnyway);
        assert_eq!(fate(goodput(1.0), 30, 16, 0), Recovery::Metastable);
        assert_eq!(fate(goodput(1.0), 30, 15, 0), Recovery::Recovers);
        assert_eq!(fate(goodput(1.0), 30, 0, 29), Recovery::Recovers);
        assert_eq!(fate(goodput(1.0), 30, 0, 30), Recovery::Unaffected);
    }

    #[test]
    fn a_share_of_none_or_all_still_has_an_interval() {
        let courses = vec![
            Course {
                recovered_after_s: f64::INFINITY,
                unaffected: false
            };
            30
        ];
        let (count, (low, high)) = missing(&courses);
        assert!(count == 30 && low > 0.88 && high == 1.0);
        assert_eq!(missing(&[]).1, (0.0, 1.0));
    }
}
