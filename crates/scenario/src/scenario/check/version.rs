//! What some nodes follow in place of what their strategy says: names that exist, and a mix in which the nodes understand each other.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::super::error::Mistake;
use super::super::event::{EventKind, Rollout};
use super::super::file::FleetSettings;
use super::super::strategy::StrategySettings;
use super::strategy::Whose;
use super::{Checker, Findings};
use crate::node::Strategy as _;

/// Parts of a strategy, its own keys among them.
const MOST_PARTS: usize = 200;

impl Checker<'_> {
    pub(super) fn mix(&mut self, i: usize, strategy: &StrategySettings) {
        if !strategy.is_mixed() {
            return;
        }
        let file = self.file;
        let fleets: Vec<&str> = file.fleet.iter().map(|fleet| fleet.name.as_str()).collect();
        for (name, _) in strategy.fleet.iter().filter(|(name, _)| !fleets.contains(name)) {
            let at = self.place(&[&"strategy", &i, &"fleet", &name]).key;
            let help = self.suggest(name, &fleets, "fleets");
            let mistake = Mistake::new(format!("unknown fleet `{name}`"));
            self.found.mistakes.push(mistake.at(at, "no such fleet").help(help));
        }
        let versions = strategy.fleet.iter().map(|one| ("fleet", one));
        let versions = versions.chain(strategy.version.iter().map(|one| ("version", one)));
        for (kind, (name, version)) in versions {
            // What is wrong with what a part has from the strategy has been told.
            let before = std::mem::take(&mut self.found);
            self.settings(&Whose::of(&[&"strategy", &i, &kind, &name]), version.settings());
            let Findings { mistakes, warnings } = std::mem::replace(&mut self.found, before);
            for (known, new) in [
                (&mut self.found.mistakes, mistakes),
                (&mut self.found.warnings, warnings),
            ] {
                new.into_iter()
                    .for_each(|new| match known.iter().any(|known| known.repeats(&new)) {
                        true => {}
                        false => known.push(new),
                    });
            }
        }
        let parts = 1 + strategy.fleet.0.len() + strategy.version.0.len();
        if parts > MOST_PARTS {
            self.wrong(
                &[&"strategy", &i, &"name"],
                format!("{parts} kinds of nodes under one strategy; there can be {MOST_PARTS}"),
                "too many",
                "fleets that follow the same need no table each",
            );
            return;
        }
        for (name, _) in strategy.version.iter() {
            let rolled_out = |event: &EventKind| matches!(event, EventKind::Rollout(it) if it.to == *name);
            if !file.event.iter().any(|event| rolled_out(&event.what)) {
                self.odd(
                    &[&"strategy", &i, &"version", &name],
                    format!("no event rolls the version `{name}` out"),
                    "nobody ever follows it",
                    format!("add an event with `what = {{ rollout = {{ fleet = \"..\", to = \"{name}\", over = \"10min\" }} }}`"),
                );
            }
        }
        self.understanding(i, strategy);
    }

    /// Whether nodes that share a store, a gateway or a network take what they share for the same.
    fn understanding(&mut self, i: usize, strategy: &StrategySettings) {
        let file = self.file;
        let mut domains: BTreeMap<(Option<&str>, &str), Vec<usize>> = BTreeMap::new();
        for fleet in &file.fleet {
            let known = domains.entry((fleet.domain.as_deref(), &fleet.app)).or_default();
            for part in strategy.ever(fleet, &file.event) {
                if !known.contains(&part) {
                    known.push(part);
                }
            }
        }
        for parts in domains.values() {
            let pairs = (0..parts.len()).flat_map(|later| (0..later).map(move |earlier| (earlier, later)));
            for (earlier, later) in pairs {
                // One disagreement is enough.
                if !self.agree(i, strategy, (parts[earlier], parts[later])) {
                    break;
                }
            }
        }
    }

    /// Whether two parts of a strategy can live in one domain; if not, says why.
    fn agree(&mut self, i: usize, strategy: &StrategySettings, (first, second): (usize, usize)) -> bool {
        let of = |part: usize| &strategy.part(part).coordination;
        let (name, path) = strategy.place_of_part(second);
        let (one, other) = (of(first), of(second));
        let why = if let Some(it) = one.shares().misunderstanding(&other.shares()) {
            format!("to the one it is {}, to the other {}: {}", it.one, it.other, it.what)
        } else if one.needs_gateway() && other.needs_gateway() && one != other {
            "one process cannot be the gateway of both, unless both say the same of it".to_owned()
        } else {
            return true;
        };
        let path: Vec<&dyn Display> = path.iter().map(|step| step as &dyn Display).collect();
        self.wrong(
            &Whose::of(&[&"strategy", &i]).at(&path),
            format!(
                "{} and {name} cannot live in one domain: {why}",
                strategy.place_of_part(first).0
            ),
            "beside the other",
            "give the fleets a `domain` each, as where they have a store of their own, or let both keep the same there",
        );
        false
    }

    /// A rollout names a fleet and a version that there are.
    pub(super) fn rollout(&mut self, i: usize, it: &Rollout) {
        self.event_fleet(i, "rollout", &it.fleet);
        let file = self.file;
        let mut known: Vec<&str> = file
            .strategy
            .iter()
            .flat_map(|strategy| strategy.version.iter())
            .map(|(name, _)| name)
            .collect();
        known.sort_unstable();
        known.dedup();
        if !known.contains(&it.to.as_str()) {
            self.unknown(&[&"event", &i, &"what", &"rollout", &"to"], "version", &it.to, &known);
        }
    }

    /// All coordinations that nodes of a fleet, or of those that share what it shares, may follow under a strategy share tokens.
    pub(super) fn shares_tokens(&self, strategy: &StrategySettings, fleets: &[&FleetSettings]) -> bool {
        let ever = fleets.iter().flat_map(|fleet| strategy.ever(fleet, &self.file.event));
        ever.into_iter()
            .any(|part| strategy.part(part).coordination.shares_tokens())
    }
}
