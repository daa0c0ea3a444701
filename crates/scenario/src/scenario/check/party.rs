//! Who takes part: apps, fleets and their calls, the store and the gateway between them.

use super::super::MOST_NODES;
use super::super::error::Mistake;
use super::super::file::{FleetSettings, LoginSettings, PauseSettings, WorkloadSettings};
use super::{Checker, twice};
use crate::base::Duration;

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
        self.tenants();
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
                self.workload(i, j, workload);
            }
            self.pauses(i, fleet.pauses.as_ref());
            self.clock(i, fleet.clock_drift_ppm);
            self.own_login(i);
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

    fn workload(&mut self, i: usize, j: usize, workload: &WorkloadSettings) {
        let kind = &workload.kind;
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
        self.arrivals(i, j, &workload.arrivals);
        self.job(i, j, workload);
        self.load(i, j, workload);
        if workload.patience.is_some_and(Duration::is_zero) {
            self.wrong(
                &[&"fleet", &i, &"workload", &j, &"patience"],
                "a caller without patience is never served",
                "must be above zero",
                "leave it out for a caller who waits for ever",
            );
        }
    }

    fn clock(&mut self, i: usize, drift_ppm: u32) {
        if drift_ppm > 500_000 {
            self.wrong(
                &[&"fleet", &i, &"clock_drift_ppm"],
                format!("a clock that is off by {drift_ppm} millionths is none"),
                "at most 500000",
                "a quartz drifts by 50, a virtual machine without a time server by some hundreds",
            );
        }
    }

    /// What nodes share is the credential of one user: what one of them puts there the others send.
    fn own_login(&mut self, i: usize) {
        let fleets = &self.file.fleet;
        let fleet = &fleets[i];
        let together = |other: &&FleetSettings| (&other.domain, &other.app) == (&fleet.domain, &fleet.app);
        let nodes: u64 = fleets.iter().filter(together).map(|fleet| u64::from(fleet.nodes)).sum();
        let neighbours: Vec<&FleetSettings> = fleets.iter().filter(together).collect();
        let mut strategies = self.file.strategy.iter();
        let sharing = strategies.find(|strategy| self.shares_tokens(strategy, &neighbours));
        if fleet.login == LoginSettings::Own
            && nodes > 1
            && self.file.has_refresh_tokens()
            && let Some(strategy) = sharing
        {
            let name = &strategy.name;
            self.wrong(
                &[&"fleet", &i, &"login"],
                format!("under the strategy `{name}` all nodes of fleet `{}` would use one user's token", fleet.name),
                "a login for each node",
                "what is shared belongs to one user: make a fleet of each user's processes, with a `domain` of its own and \
                 `login = \"shared\"`",
            );
        }
    }

    /// When users log in again.
    pub(super) fn logins(&mut self) {
        let login = self.file.login.unwrap_or_default();
        if let Some(hours) = login.hours.filter(|hours| !hours.is_possible()) {
            let message = match hours.days {
                1..=7 => format!("no hour of a day lies between {} and {}", hours.from, hours.until),
                days => format!("a week has no {days} days"),
            };
            self.wrong(
                &[&"login", &"hours"],
                message,
                "nobody ever works",
                "for instance `{ from = \"9h\", until = \"17h\", days = 5 }`",
            );
        }
        if login.again_after.is_none() && (login.hours.is_some() || !login.spread.is_zero()) {
            self.wrong(
                &[&"login"],
                "nobody logs in again, at whatever hour",
                "without `again_after`",
                "say how long it takes: `again_after = \"1h\"`",
            );
        }
    }

    fn pauses(&mut self, i: usize, pauses: Option<&PauseSettings>) {
        let Some(pauses) = pauses else { return };
        if pauses.every.is_zero() {
            self.wrong(
                &[&"fleet", &i, &"pauses", &"every"],
                "nodes that pause all the time never run",
                "must be above zero",
                "for instance `every = \"10min\"`",
            );
        }
        self.distribution(&[&"fleet", &i, &"pauses", &"lasts"], Some(&pauses.lasts));
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
