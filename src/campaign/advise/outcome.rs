//! From the rounds to the advice that is recorded.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::rounds::Round;
use super::searches::Searches;
use super::{Advising, Judged};
use crate::campaign::compare::verdict;
use crate::campaign::statistics::{CONFIDENCE, ENOUGH};
use crate::metric::METRICS;
use crate::record::Comparison;
use crate::record::advice::{Advice, AdviceEffort, Candidate, FORMAT, OtherAssumption};
use crate::scenario::Scenario;

/// What is told of each candidate.
const FIGURES: [&str; 11] = [
    "failure_rate",
    "first_attempt_rejection_rate",
    "added_latency_mean",
    "latency_p99",
    "attempts_per_call",
    "token_requests_per_call",
    "token_requests_per_hour",
    "peak_token_requests_per_s",
    "storm_probability",
    "livelock_seconds",
    "grants_lost",
];

/// In which metrics the recommended one is compared with the other finalists, and how little counts as nothing.
const COMPARED: [(&str, f64); 4] = [
    ("failure_rate", 0.001),
    ("first_attempt_rejection_rate", 0.001),
    ("added_latency_mean", 0.001),
    ("token_requests_per_call", 0.001),
];

impl Advising {
    pub(super) fn outcome(
        &self,
        first: Judged,
        last: &Judged,
        changes: Vec<OtherAssumption>,
        searches: Searches,
        stop: &AtomicBool,
    ) -> Advice {
        let best = last.choice.ranking[0];
        let recommended = &self.candidates.all[last.places[best]];
        let name = |at: &usize| last.standings[*at].name.clone();
        let mut candidates: Vec<Candidate> = last.choice.ranking.iter().map(|&at| last.told(at, true)).collect();
        let others = first.choice.ranking.iter().filter(|at| !last.places.contains(at));
        candidates.extend(others.map(|&at| first.told(at, false)));
        let file = &self.scenario.file;
        Advice {
            format: FORMAT,
            tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: file.name.clone(),
            summary: file.summary.clone(),
            source: file.source.clone(),
            point: self.point.0.to_string(),
            points: self.point.1 as u32,
            setting: setting(&self.scenario),
            seed: self.options.seed,
            interrupted: stop.load(Ordering::Relaxed),
            allowed: self.options.allowed,
            effort: AdviceEffort {
                candidates: self.candidates.all.len() as u32,
                screening: self.options.screening,
                front: first.dominators.iter().filter(|by| by.is_none()).count() as u32,
                finalists: last.places.len() as u32,
                replications: last.round.finished(),
                changed: self.changed(),
            },
            recommended: recommended.settings.name.clone(),
            reference: file
                .strategy
                .first()
                .map_or_else(String::new, |first| first.name.clone()),
            written: recommended.settings.to_short_toml(),
            ties: last.choice.ranking[1..last.choice.tied].iter().map(name).collect(),
            criteria: last.choice.criteria.clone(),
            candidates,
            comparisons: comparisons(last),
            left_out: self.candidates.left_out.clone(),
            searched: searches.scope,
            changes,
            not_modelled: self.not_modelled(),
        }
    }

    /// A candidate as a round and a search have it; the front is the rule's to say.
    pub(super) fn candidate(
        &self,
        round: &Round,
        (at, place): (usize, usize),
        searches: &Searches,
        elsewhere: Option<f64>,
    ) -> Candidate {
        let candidate = &self.candidates.all[place];
        let found = searches.about(&candidate.settings.coordination);
        let figures = FIGURES.into_iter();
        let figures: BTreeMap<_, _> = figures
            .filter_map(|metric| Some((metric.to_owned(), round.figure(at, metric)?)))
            .collect();
        Candidate {
            name: candidate.settings.name.clone(),
            coordination: candidate.coordination.clone(),
            retry: candidate.retry.clone(),
            own: candidate.own,
            finalist: false,
            front: false,
            dominated_by: None,
            needs: candidate.needs,
            elsewhere,
            figures,
            can_happen: found.rows,
            searched_calls: found.calls,
        }
    }

    fn not_modelled(&self) -> Vec<String> {
        let mut said = vec![
            "What a store, a gateway or a further app costs is counted in points, not in money or hours; whether the provider grants \
             a further app or slot, and whether its terms allow it, is not known here."
                .to_owned(),
            "A retry policy was tried with one setting each (a first wait of 100 ms at most, none beyond 10 s), a strategy with one \
             to three; better ones may lie between."
                .to_owned(),
            "A search says whether something can happen in a system of two nodes, not how likely it is; retry policies play no part \
             in it."
                .to_owned(),
        ];
        let (run, ttl) = (self.scenario.file.run, self.scenario.provider().token_ttl);
        if let Some(ttl) = ttl.filter(|&ttl| ttl > run.duration) {
            said.push(format!(
                "A run of {} is shorter than a token's life of {ttl}: not every run sees a token expire.",
                run.duration
            ));
        }
        if self.point.1 > 1 {
            said.push(format!(
                "Other points of the sweep may have another answer: this is for {}.",
                self.point.0
            ));
        }
        if self.scenario.file.trigger.is_some() {
            said.push("The trigger's two other cases, without it and from a hot start, were not run.".to_owned());
        }
        said
    }
}

impl Judged {
    /// A candidate with its place on the front.
    fn told(&self, at: usize, finalist: bool) -> Candidate {
        let dominator = self.dominators[at];
        Candidate {
            finalist,
            front: dominator.is_none(),
            dominated_by: dominator.map(|by| self.standings[by].name.clone()),
            ..self.candidates[at].clone()
        }
    }
}

/// Paired differences of every finalist from the one that is recommended.
fn comparisons(last: &Judged) -> Vec<Comparison> {
    let best = last.choice.ranking[0];
    let others = &last.choice.ranking[1..];
    let confidence = 1.0 - (1.0 - CONFIDENCE) / (others.len() * COMPARED.len()).max(1) as f64;
    let mut comparisons = Vec::new();
    for &other in others {
        for (name, margin) in COMPARED {
            let Some(difference) = last.round.difference((other, best), name, confidence) else {
                continue;
            };
            let better = METRICS
                .iter()
                .find(|metric| metric.name == name)
                .and_then(|metric| metric.better);
            comparisons.push(Comparison {
                strategy: last.standings[other].name.clone(),
                reference: last.standings[best].name.clone(),
                point: String::new(),
                metric: name.to_owned(),
                difference: difference.mean,
                interval: difference.interval,
                verdict: verdict(better, difference.interval, margin),
                margin,
                replications_to_tell: None,
                doubtful: difference.is_doubtful(ENOUGH),
                controls_gain: None,
                pairing_gain: None,
            });
        }
    }
    comparisons
}

/// Who calls, and through which provider.
fn setting(scenario: &Scenario) -> String {
    let file = &scenario.file;
    let fleets: Vec<String> = file
        .fleet
        .iter()
        .map(|fleet| format!("{} of `{}`", count(fleet.nodes, "node"), fleet.name))
        .collect();
    let provider = match &file.provider.profile {
        Some(profile) => format!("provider `{profile}`"),
        None => "a provider of the scenario's own".to_owned(),
    };
    format!(
        "{}, {}, {provider}",
        fleets.join(", "),
        count(file.app.len() as u32, "app")
    )
}

fn count(number: u32, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
