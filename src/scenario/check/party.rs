//! Who takes part: apps, fleets and their calls, the store and the gateway between them.

use std::fmt::Display;

use super::super::MOST_NODES;
use super::super::error::Mistake;
use super::{Checker, twice};
use crate::base::Duration;
use crate::workload::Arrivals;

/// Calls that one node can make in one instant.
const MOST_IN_A_BURST: u32 = 100_000;

impl Checker<'_> {
    pub(super) fn apps(&mut self) {
        let apps = &self.file.app;
        self.at_least_one(
            "app",
            apps.len(),
            "add `[[app]]` with `name = \"main\"`: the credential that is shared",
        );
        self.unique("app", apps.iter().map(|app| app.name.clone()).collect());
        for (i, app) in apps.iter().enumerate() {
            if app.slots == 0 {
                self.wrong(
                    &[&"app", &i, &"slots"],
                    "an app without a slot gets no token",
                    "must be at least 1",
                    "1 is what every app has",
                );
            }
        }
    }

    pub(super) fn fleets(&mut self) {
        let fleets = &self.file.fleet;
        self.at_least_one(
            "fleet",
            fleets.len(),
            "add `[[fleet]]` with a `name`, `nodes` and the `app` whose credential they use",
        );
        self.unique("fleet", fleets.iter().map(|fleet| fleet.name.clone()).collect());
        let mut sum = 0u64;
        for (i, fleet) in fleets.iter().enumerate() {
            sum += u64::from(fleet.nodes);
            if fleet.nodes == 0 {
                self.wrong(
                    &[&"fleet", &i, &"nodes"],
                    format!("fleet `{}` has no nodes", fleet.name),
                    "must be at least 1",
                    "leave the fleet out, or give it no workload",
                );
            }
            if sum > u64::from(MOST_NODES) {
                self.wrong(
                    &[&"fleet", &i, &"nodes"],
                    format!("{sum} nodes; there can be {MOST_NODES}"),
                    "too many",
                    "the shares of a large fleet hardly differ from those of a thousand nodes",
                );
                sum = 0;
            }
            self.known_app(&[&"fleet", &i, &"app"], &fleet.app);
            if fleet.start.at.saturating_add(fleet.start.over) > self.end_of_arrivals() {
                self.wrong(
                    &[&"fleet", &i, &"start"],
                    format!("fleet `{}` starts after the run's arrivals end", fleet.name),
                    "too late",
                    format!("arrivals end {} after the start of the warm-up", self.end_of_arrivals()),
                );
            }
            for (j, workload) in fleet.workload.iter().enumerate() {
                self.workload(i, j, &workload.kind, workload.arrivals, workload.patience);
            }
            for (first, second, kind) in twice(fleet.workload.iter().map(|workload| workload.kind.as_str())) {
                let before = self.place(&[&"fleet", &i, &"workload", &first, &"kind"]).value;
                let at = self.place(&[&"fleet", &i, &"workload", &second, &"kind"]).value;
                self.found.mistakes.push(
                    Mistake::new(format!("fleet `{}` has two workloads of the kind `{kind}`", fleet.name))
                        .at(at, "the second one")
                        .at(before, "the first one")
                        .help("each kind is counted apart: give one of them another word"),
                );
            }
        }
        let groups: usize = fleets.iter().map(|fleet| fleet.workload.len()).sum();
        if groups > usize::from(u16::MAX) {
            self.wrong(
                &[&"fleet"],
                format!("{groups} workloads; there can be {}", u16::MAX),
                "",
                "join some of them",
            );
        }
    }

    fn workload(&mut self, i: usize, j: usize, kind: &str, arrivals: Arrivals, patience: Option<Duration>) {
        let word = kind.starts_with(|c: char| c.is_ascii_lowercase())
            && kind
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !word {
            self.wrong(
                &[&"fleet", &i, &"workload", &j, &"kind"],
                format!("`{kind}` is not a kind of call"),
                "not a lower-case word",
                "for instance `user` or `background`",
            );
        }
        let (pattern, every, jitter) = match arrivals {
            Arrivals::Poisson(_) => ("poisson", None, Duration::ZERO),
            Arrivals::Periodic(pattern) => ("periodic", Some(pattern.every), pattern.jitter),
            Arrivals::Burst(pattern) => ("burst", Some(pattern.every), pattern.jitter),
        };
        let at: [&dyn Display; 6] = [&"fleet", &i, &"workload", &j, &"arrivals", &pattern];
        if every.is_some_and(Duration::is_zero) {
            let path: Vec<&dyn Display> = at.into_iter().chain([&"every" as &dyn Display]).collect();
            self.wrong(
                &path,
                "calls without a gap never end",
                "must be above zero",
                "for instance `every = \"1min\"`",
            );
        } else if every.is_some_and(|every| jitter.ratio(1, 2) >= every) {
            let path: Vec<&dyn Display> = at.into_iter().chain([&"jitter" as &dyn Display]).collect();
            self.wrong(
                &path,
                "half of the jitter is as long as the period",
                "too long",
                "each gap is off by up to half of the jitter; independent calls are `{ poisson = \"2/s\" }`",
            );
        }
        if let Arrivals::Burst(pattern) = arrivals
            && pattern.calls == 0
        {
            let path: Vec<&dyn Display> = at.into_iter().chain([&"calls" as &dyn Display]).collect();
            self.wrong(
                &path,
                "a burst without calls",
                "must be at least 1",
                "leave the workload out for an idle fleet",
            );
        }
        if let Arrivals::Burst(pattern) = arrivals
            && pattern.calls > MOST_IN_A_BURST
        {
            let path: Vec<&dyn Display> = at.into_iter().chain([&"calls" as &dyn Display]).collect();
            self.wrong(
                &path,
                format!(
                    "a burst of {} calls at each node; there can be {MOST_IN_A_BURST}",
                    pattern.calls
                ),
                "too many",
                "more nodes, or more bursts",
            );
        }
        if patience.is_some_and(Duration::is_zero) {
            self.wrong(
                &[&"fleet", &i, &"workload", &j, &"patience"],
                "a caller without patience is never served",
                "must be above zero",
                "leave it out for a caller who waits for ever",
            );
        }
    }

    pub(super) fn paths_between(&mut self) {
        if let Some(store) = &self.file.store {
            self.distribution(&[&"store", &"request"], Some(&store.request));
            self.distribution(&[&"store", &"response"], Some(&store.response));
            if store.timeout.is_zero() {
                self.wrong(
                    &[&"store", &"timeout"],
                    "no store answers in no time",
                    "must be above zero",
                    "for instance `timeout = \"1s\"`",
                );
            }
        }
        if let Some(gateway) = &self.file.gateway {
            self.distribution(&[&"gateway", &"request"], Some(&gateway.request));
            self.distribution(&[&"gateway", &"response"], Some(&gateway.response));
        }
        if let Some(peers) = &self.file.peers {
            self.distribution(&[&"peers", &"latency"], Some(&peers.latency));
        }
    }
}
