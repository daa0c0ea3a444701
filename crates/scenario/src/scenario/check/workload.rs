//! When calls arrive: patterns that end, users who exist, traces that can be read.

use std::fmt::Display;
use std::path::Path;

use super::super::error::Mistake;
use super::super::file::WorkloadSettings;
use super::super::nearest::nearest;
use super::Checker;
use crate::base::Time;
use crate::workload::{Arrivals, ClosedLoop, Daily, Jitters, JobToken, OnOff, OnRefusal, Periodic, trace};

/// Calls that one node can make in one instant.
const MOST_IN_A_BURST: u32 = 100_000;
/// Users of one node.
const MOST_USERS: u32 = 100_000;
/// Calls of one job: each of its attempts is counted in sixteen bits.
const MOST_OF_A_JOB: u32 = 10_000;
/// A spell of calls sees at least one call in so many spells.
const SPELLS_PER_CALL: u128 = 1000;

impl Checker<'_> {
    pub(super) fn arrivals(&mut self, i: usize, j: usize, arrivals: &Arrivals) {
        match arrivals {
            Arrivals::Poisson(_) => {}
            Arrivals::Periodic(it) => self.timer((i, j, "periodic"), it),
            Arrivals::Burst(it) => {
                self.timer((i, j, "burst"), &it.timer());
                self.burst(i, j, it.calls);
            }
            Arrivals::OnOff(it) => self.on_off(i, j, it),
            Arrivals::Diurnal(it) => {
                if it.period.is_zero() {
                    self.pattern(
                        (i, j, "diurnal"),
                        "period",
                        "a wave without a length",
                        "must be above zero",
                        "leave it out for a day",
                    );
                }
            }
            Arrivals::Daily(it) => self.daily(i, j, it),
            Arrivals::ClosedLoop(it) => self.closed_loop(i, j, it),
            Arrivals::Trace(path) => self.trace(i, j, path),
        }
    }

    /// A mistake in one key of a pattern.
    fn pattern(
        &mut self,
        (i, j, pattern): (usize, usize, &'static str),
        key: &'static str,
        message: impl Into<String>,
        label: &str,
        help: &str,
    ) {
        let path: [&dyn Display; 7] = [&"fleet", &i, &"workload", &j, &"arrivals", &pattern, &key];
        self.wrong(&path, message, label, help);
    }

    fn timer(&mut self, place: (usize, usize, &'static str), timer: &Periodic) {
        let Periodic {
            every,
            jitter,
            jitters,
            aligned: _,
            at,
        } = *timer;
        let apart = at.and_then(|at| at.gaps(every).min()).unwrap_or(every);
        if let Some(at) = at.map(|at| at.last()).filter(|&at| at >= every) {
            self.pattern(
                place,
                "at",
                format!("{at} into a period of {every}"),
                "beyond `every`",
                "count from the start of each period, as `every = \"24h\", at = \"2h\"` does",
            );
        } else if at.is_some() && jitters == Jitters::Gaps && !jitter.is_zero() {
            self.pattern(
                place,
                "at",
                "a timer that is set anew after each call keeps to no time of day",
                "only with `jitters = \"calls\"`",
                "add `jitters = \"calls\"`, or leave the jitter out",
            );
        }
        if every.is_zero() {
            self.pattern(
                place,
                "every",
                "calls without a gap never end",
                "must be above zero",
                "for instance `every = \"1min\"`",
            );
        } else if jitters == Jitters::Calls && jitter > apart {
            self.pattern(
                place,
                "jitter",
                "calls that are late by more than a period would overtake each other",
                if apart < every {
                    "longer than from one time of `at` to the next"
                } else {
                    "longer than `every`"
                },
                "each call is late by up to the jitter; independent calls are `{ poisson = \"2/s\" }`",
            );
        } else if jitters == Jitters::Gaps && jitter.ratio(1, 2) >= every {
            self.pattern(
                place,
                "jitter",
                "half of the jitter is as long as the period",
                "too long",
                "each gap is off by up to half of the jitter; independent calls are `{ poisson = \"2/s\" }`",
            );
        }
    }

    fn burst(&mut self, i: usize, j: usize, calls: u32) {
        if calls == 0 {
            self.pattern(
                (i, j, "burst"),
                "calls",
                "a burst without calls",
                "must be at least 1",
                "leave the workload out for an idle fleet",
            );
        } else if calls > MOST_IN_A_BURST {
            self.pattern(
                (i, j, "burst"),
                "calls",
                format!("a burst of {calls} calls at each node; there can be {MOST_IN_A_BURST}"),
                "too many",
                "more nodes, or more bursts",
            );
        }
    }

    fn daily(&mut self, i: usize, j: usize, pattern: &Daily) {
        let place = (i, j, "daily");
        if pattern.lasts.is_zero() {
            self.pattern(
                place,
                "lasts",
                "calls that end as soon as they begin",
                "must be above zero",
                "calls in one instant are `{ burst = { every = \"24h\", at = \"2h\", calls = 20 } }`",
            );
        } else if pattern.lasts > pattern.period {
            self.pattern(
                place,
                "lasts",
                format!("{} of calls in a period of {}", pattern.lasts, pattern.period),
                "longer than the period",
                "calls all day are `{ poisson = \"2/s\" }`",
            );
        } else if pattern.at.count() > 1 && pattern.at.last() >= pattern.period {
            self.pattern(
                place,
                "at",
                format!("{} into a period of {}", pattern.at.last(), pattern.period),
                "beyond the period",
                "count from the start of each period: it is a day where `period` says nothing else",
            );
        } else if let Some(gap) = pattern.at.gaps(pattern.period).min().filter(|&gap| pattern.lasts > gap) {
            self.pattern(
                place,
                "lasts",
                format!(
                    "{} of calls, and {gap} from one time of `at` to the next",
                    pattern.lasts
                ),
                "they would overlap",
                "shorten it, or write a workload for each time",
            );
        }
    }

    fn on_off(&mut self, i: usize, j: usize, pattern: &OnOff) {
        let place = (i, j, "on_off");
        for (key, span) in [("on", pattern.on), ("off", pattern.off)] {
            if span.is_zero() {
                self.pattern(
                    place,
                    key,
                    "a spell that is over as soon as it begins",
                    "must be above zero",
                    "calls without spells are `{ poisson = \"2/s\" }`",
                );
            }
        }
        if pattern.aligned && !pattern.fixed {
            self.pattern(
                place,
                "aligned",
                "spells of random length cannot be the same at all nodes",
                "only with `fixed`",
                "add `fixed = true`, or leave `aligned` out",
            );
        }
        let Some(gap) = pattern.rate.gap() else { return };
        if !pattern.on.is_zero() && u128::from(gap.nanos()) > SPELLS_PER_CALL * u128::from(pattern.on.nanos()) {
            self.pattern(
                place,
                "on",
                format!("a spell of {} at {} sees hardly ever a call", pattern.on, pattern.rate),
                "too short",
                "`rate` is the rate within a spell; rare independent calls are `{ poisson = \"2/h\" }`",
            );
        }
    }

    fn closed_loop(&mut self, i: usize, j: usize, pattern: &ClosedLoop) {
        let place = (i, j, "closed_loop");
        if pattern.users == 0 {
            self.pattern(
                place,
                "users",
                "a loop without users",
                "must be at least 1",
                "leave the workload out for an idle fleet",
            );
        } else if pattern.users > MOST_USERS {
            self.pattern(
                place,
                "users",
                format!("{} users at each node; there can be {MOST_USERS}", pattern.users),
                "too many",
                "so many are as good as independent calls: `{ poisson = \"100/s\" }`",
            );
        }
        let think: [&dyn Display; 7] = [&"fleet", &i, &"workload", &j, &"arrivals", &"closed_loop", &"think"];
        self.distribution(&think, Some(&pattern.think));
        if self.files.is_always_zero(&pattern.think) {
            self.wrong(
                &think,
                "users who never think call for ever in one instant where a call can fail at once",
                "must be above zero",
                "for instance `think = { exponential = { mean = \"10s\" } }`",
            );
        }
    }

    /// What follows the first call of each job.
    pub(super) fn job(&mut self, i: usize, j: usize, workload: &WorkloadSettings) {
        let Some(job) = workload.job else { return };
        let at = |key| -> [&dyn Display; 6] { [&"fleet", &i, &"workload", &j, &"job", key] };
        let lasts = job.gap.saturating_mul(job.calls.saturating_sub(1).into());
        if job.calls == 0 {
            self.wrong(
                &at(&"calls"),
                "a job without calls",
                "must be at least 1",
                "the first call counts too: two calls, one after the other, are `calls = 2`",
            );
        } else if job.calls > MOST_OF_A_JOB {
            self.wrong(
                &at(&"calls"),
                format!("a job of {} calls; there can be {MOST_OF_A_JOB}", job.calls),
                "too many",
                "a token is refused no sooner for more calls in between: fewer calls, with a longer `gap`, take as long",
            );
        } else if workload.patience.is_some_and(|patience| patience <= lasts) {
            self.odd(
                &at(&"gap"),
                format!("the gaps of a job take {lasts}, and no caller waits for so long"),
                "too long for `patience`",
                "`patience` is for the whole job: make it longer, or the job shorter",
            );
        } else if lasts >= self.end_of_arrivals().saturating_add(self.file.run.drain) {
            self.odd(
                &at(&"gap"),
                format!("the gaps of a job take {lasts}, and the run is over before"),
                "no job ends in this run",
                "make the run longer, or the job shorter",
            );
        }
        if job.token == JobToken::Asked && job.on_refusal == OnRefusal::Fails {
            self.wrong(
                &at(&"on_refusal"),
                "a job that asks for a token before each call keeps none that can fail it",
                "only with `token = \"kept\"`",
                "leave it out; how often a refused call is tried again says the strategy's `retry`",
            );
        }
    }

    fn trace(&mut self, i: usize, j: usize, path: &Path) {
        let at = self
            .place(&[&"fleet", &i, &"workload", &j, &"arrivals", &"trace"])
            .value;
        let mut wrong = |mistake: Mistake| self.found.mistakes.push(mistake);
        let file = self.files.folder().join(path);
        let calls = match self.files.calls(path) {
            Ok(calls) => calls,
            Err(error) => {
                let text = error.to_string();
                let (message, help) = text.split_once("; ").unwrap_or((
                    &text,
                    "a path is looked up from the scenario's folder; the file is a CSV with the header `timestamp,fleet`",
                ));
                wrong(Mistake::new(message).at(at, "this file").help(help));
                return;
            }
        };
        let known: Vec<&str> = self.file.fleet.iter().map(|fleet| fleet.name.as_str()).collect();
        let stranger = calls.fleets().find(|(_, fleet)| !self.most_nodes.contains_key(fleet));
        if let Some((line, stranger)) = stranger {
            let help = match nearest(stranger, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "each row names a fleet of the scenario".to_owned(),
            };
            let error = trace::TraceError::at_line(&file, line, &format!("unknown fleet `{stranger}`"));
            wrong(Mistake::new(error.to_string()).at(at, "this file").help(help));
            return;
        }
        let name = &self.file.fleet[i].name;
        let own = calls.of(name).map(|own| &**own).unwrap_or_default();
        if own.is_empty() {
            let message = format!("{}: no row names the fleet `{name}`", file.display());
            wrong(
                Mistake::new(message)
                    .at(at, "this file")
                    .help("leave the workload out for an idle fleet"),
            );
        }
        let end = self.end_of_arrivals();
        let late = own.len() - own.partition_point(|&at| at < Time::ZERO + end);
        if late > 0 {
            self.odd(
                &[&"fleet", &i, &"workload", &j, &"arrivals", &"trace"],
                format!("{late} calls of this file come after the run's arrivals end"),
                "this file",
                format!("arrivals end {end} after the start of the warm-up"),
            );
        }
    }
}
