//! A second provider: what needs one, and what cannot be told of two.

use std::fmt::Display;

use super::super::event::{EventKind, Target};
use super::super::file::WhichProvider;
use super::Checker;
use crate::node::Strategy as _;
use crate::workload::JobToken;

impl Checker<'_> {
    pub(super) fn second_provider(&mut self) {
        if self.file.second_provider.is_none() {
            self.nobody_else();
            return;
        }
        let file = self.file;
        let workloads = || file.fleet.iter().flat_map(|fleet| &fleet.workload);
        if workloads().all(|workload| workload.provider.is_first()) {
            self.odd(
                &[&"second_provider"],
                "no call goes there",
                "has no effect on calls",
                "add `provider = \"both\"` (or `\"second\"`) to a workload",
            );
        }
        self.jobs_at_both();
        if let Some(i) = file.app.iter().position(|app| app.tenants > 1) {
            self.wrong(
                &[&"app", &i, &"tenants"],
                "the tenants of an app are those of one provider",
                "not with a second provider",
                "play one tenant, or one provider",
            );
        }
        let second = file.second_provider.as_ref();
        if second.is_some_and(|second| second.faults.revocations.is_some()) {
            self.wrong(
                &[&"second_provider", &"faults", &"revocations"],
                "revocations by chance are those of the first provider",
                "not at the second one",
                "leave it out, or write events: `what = { revoke = { app = \"...\", second = true } }`",
            );
        }
        if !file.holders.is_empty() {
            self.wrong(
                &[&"holders"],
                "who held which token is recorded of processes, and each has a token of each provider",
                "not with a second provider",
                "leave `holders` out",
            );
        }
        for (i, strategy) in file.strategy.iter().enumerate() {
            let place: &[&dyn Display] = &[&"strategy", &i];
            if strategy.is_mixed() {
                self.wrong(
                    place,
                    "parts of a fleet that follow another strategy, or another version, know one provider",
                    "not with a second provider",
                    "one strategy for all, or one provider",
                );
            }
            if strategy.any(|coordination| coordination.highest_slot().is_some()) {
                self.wrong(
                    place,
                    "slots are dealt at one provider",
                    "not with a second provider",
                    "a strategy without slots, or one provider",
                );
            }
        }
    }

    /// A call that needs both takes a token of each, so that no single one can be kept.
    fn jobs_at_both(&mut self) {
        let file = self.file;
        for (i, fleet) in file.fleet.iter().enumerate() {
            for (j, workload) in fleet.workload.iter().enumerate() {
                let keeps = workload.job.is_some_and(|job| job.token == JobToken::Kept);
                if workload.provider == WhichProvider::Both && keeps {
                    self.wrong(
                        &[&"fleet", &i, &"workload", &j, &"job"],
                        "a job at both providers would have to keep two tokens",
                        "keeps a token",
                        "add `token = \"asked\"`: each call then gets what the strategy gives",
                    );
                }
            }
        }
    }

    /// There is one provider, and somebody means another.
    fn nobody_else(&mut self) {
        const HELP: &str = "describe it: `[second_provider]`, with the keys of `[provider]`";
        let file = self.file;
        for (i, fleet) in file.fleet.iter().enumerate() {
            for (j, workload) in fleet.workload.iter().enumerate() {
                if !workload.provider.is_first() {
                    let place: &[&dyn Display] = &[&"fleet", &i, &"workload", &j, &"provider"];
                    self.wrong(place, "there is one provider", "no second provider", HELP);
                }
            }
        }
        for (i, event) in file.event.iter().enumerate() {
            let (what, key): (&'static str, &'static str) = match &event.what {
                EventKind::Fail(it) if it.endpoint.is_of_second() => ("fail", "endpoint"),
                EventKind::Slow(it) if it.endpoint.is_of_second() => ("slow", "endpoint"),
                EventKind::Partition(it) if Target::is_of_second(it.from) => ("partition", "from"),
                EventKind::Revoke(it) if it.second => ("revoke", "second"),
                _ => continue,
            };
            let place: &[&dyn Display] = &[&"event", &i, &"what", &what, &key];
            self.wrong(place, "there is one provider", "no second provider", HELP);
        }
    }
}
