//! Advice: every strategy that can be used and every retry policy on one scenario, under the same luck; which of them a rule
//! recommends, how sure that is, and what would change it.
//!
//! First all are screened with few replications; then those that nothing dominates run often enough to tell them apart, and once more
//! under each other assumption. Knows nothing of how advice is worded.

mod candidates;
mod changes;
mod choice;
mod outcome;
mod policies;
mod rounds;
mod searches;
mod variant;

use std::sync::atomic::{AtomicBool, Ordering};

use candidates::Candidates;
use choice::{Choice, Standing};
use rounds::Round;
use searches::Searches;
use variant::Base;

use super::options::{CampaignError, CampaignProgress};
use super::statistics::CONFIDENCE;
use crate::plan::SweepPoint;
use crate::record::advice::{Advice, Allowed, Candidate, CriterionKind, NotTried, OtherAssumption};
use crate::scenario::Scenario;
use choice::KINDS;

/// How advice is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdviseOptions {
    /// Every draw follows from it.
    pub seed: u64,
    /// What may be used.
    pub allowed: Allowed,
    /// Replications of each candidate in the screening; at least 2.
    pub screening: u32,
    /// Replications of each finalist; at least 2.
    pub replications: u32,
    /// Finalists beside the scenario's own strategies.
    pub finalists: usize,
    /// States after which a search for what can ever happen is given up.
    pub states: usize,
    /// Zero for all cores.
    pub threads: usize,
}

impl AdviseOptions {
    /// As the scenario says, on all cores.
    pub fn of(scenario: &Scenario) -> Self {
        let file = &scenario.file;
        Self {
            seed: file.run.seed,
            allowed: Allowed {
                store: true,
                gateway: true,
                peers: true,
                one_machine: file.strategy.iter().any(|own| own.coordination.needs_one_machine()),
                apps: None,
            },
            screening: 4,
            replications: file.run.replications.clamp(2, 30),
            finalists: 12,
            states: 20_000,
            threads: 0,
        }
    }
}

/// Why there is no advice.
#[derive(Debug, thiserror::Error)]
pub enum AdviseError {
    /// A run of the campaign cannot be made.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
    /// The scenario cannot be run with other strategies than its own.
    #[error("the scenario cannot be run with other strategies: {0}")]
    Variant(String),
    /// It was ended before there was anything to recommend.
    #[error("interrupted before there was anything to recommend")]
    Interrupted,
}

/// What will be run: made before anything is, so that its size can be told.
pub struct Advising {
    options: AdviseOptions,
    point: (SweepPoint, usize),
    scenario: Scenario,
    base: Base,
    candidates: Candidates,
    /// The scenario with all candidates in place of its strategies.
    all: Scenario,
}

impl Advising {
    /// The candidates for one point of a scenario; `point` is its label and how many points there are.
    ///
    /// # Errors
    /// When the scenario cannot be run with other strategies.
    pub fn new(scenario: &Scenario, point: (SweepPoint, usize), options: AdviseOptions) -> Result<Self, AdviseError> {
        let base = Base::of(scenario);
        let candidates = Candidates::of(scenario, &base, options.allowed);
        let all = base.with(candidates.all.iter().map(|candidate| &candidate.settings));
        Ok(Self {
            options,
            point,
            scenario: scenario.clone(),
            base,
            candidates,
            all: all.map_err(AdviseError::Variant)?,
        })
    }

    /// The scenario of the screening, which is the largest part of the work, and its replications.
    pub fn screening(&self) -> (&Scenario, u32) {
        (&self.all, self.options.screening)
    }

    /// What is not tried, and why.
    pub fn left_out(&self) -> &[NotTried] {
        &self.candidates.left_out
    }

    /// Runs it all; `stop` ends it early, with advice if there is enough for one.
    ///
    /// # Errors
    /// When a run cannot be made, or it was ended before there was enough.
    pub fn run(&self, progress: &dyn CampaignProgress, stop: &AtomicBool) -> Result<Advice, AdviseError> {
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(self.options.threads)
            .build();
        let threads = threads.map_err(|error| CampaignError::Threads {
            threads: self.options.threads,
            reason: error.to_string(),
        })?;
        threads.install(|| self.advise((progress, stop)))
    }

    fn advise(&self, (progress, stop): (&dyn CampaignProgress, &AtomicBool)) -> Result<Advice, AdviseError> {
        let options = &self.options;
        let watch = (progress, stop);
        let searches = Searches::of(&self.all, &self.candidates.all, options.states, watch);
        let all: Vec<usize> = (0..self.candidates.all.len()).collect();
        let screened = self.round(&self.base, &all, options.screening, watch)?;
        if stop.load(Ordering::Relaxed) {
            return Err(AdviseError::Interrupted);
        }
        let first = self.judged(screened, &all, &searches, &[]);
        let finalists = self.finalists(&first);
        let finals = self.round(&self.base, &finalists, options.replications, watch)?;
        // What was finished of them may be enough.
        if finals.finished() < 2 {
            return Err(AdviseError::Interrupted);
        }
        let elsewhere = self.elsewhere(&finalists, watch);
        let last = self.judged(finals, &finalists, &searches, &elsewhere);
        let changes = self.changes(&last, elsewhere, &searches);
        Ok(self.outcome(first, &last, changes, searches, stop))
    }

    fn round(
        &self,
        base: &Base,
        places: &[usize],
        replications: u32,
        watch: (&dyn CampaignProgress, &AtomicBool),
    ) -> Result<Round, AdviseError> {
        let settings: Vec<_> = places
            .iter()
            .map(|&at| self.candidates.all[at].settings.clone())
            .collect();
        Round::run(base, &settings, (self.options.seed, replications), watch)
    }

    /// What the rule says of a round among these candidates.
    fn judged(&self, round: Round, places: &[usize], searches: &Searches, elsewhere: &[Elsewhere]) -> Judged {
        let failures = |at: usize| {
            let rounds = elsewhere.iter().filter_map(|other| other.round.as_ref().ok());
            let rates: Vec<f64> = rounds.filter_map(|round| round.mean(at, "failure_rate")).collect();
            (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64)
        };
        let candidate = |(at, &place): (usize, &usize)| self.candidate(&round, (at, place), searches, failures(at));
        let candidates: Vec<_> = places.iter().enumerate().map(candidate).collect();
        let standings: Vec<Standing> = candidates.iter().map(Standing::of).collect();
        let compared = standings.len().saturating_sub(1).max(1) * KINDS.len();
        let confidence = 1.0 - (1.0 - CONFIDENCE) / compared as f64;
        let unsure = |kind: CriterionKind, best, other| {
            let difference = kind
                .metric()
                .and_then(|metric| round.difference((other, best), metric, confidence));
            difference
                .and_then(|difference| difference.interval)
                .is_some_and(|(low, _)| low <= 0.0)
        };
        Judged {
            choice: choice::choose(&standings, &unsure),
            dominators: choice::dominators(&standings),
            places: places.to_vec(),
            candidates,
            standings,
            round,
        }
    }

    /// The scenario's own, those of the front, and the next best up to the number that was asked for: at most two retry policies of each
    /// strategy.
    fn finalists(&self, first: &Judged) -> Vec<usize> {
        let all = &self.candidates.all;
        let on_front = |at: &&usize| first.dominators[**at].is_none();
        let ranking = || first.choice.ranking.iter();
        let mut chosen: Vec<usize> = Vec::new();
        for &at in ranking().filter(on_front).chain(ranking()) {
            let alike = |other: &&usize| all[**other].settings.coordination == all[at].settings.coordination;
            let few = chosen.iter().filter(alike).count() < 2;
            if chosen.len() < self.options.finalists && few && !chosen.contains(&at) {
                chosen.push(at);
            }
        }
        let own = (0..all.len()).filter(|&at| all[at].own);
        chosen.extend(own);
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// The finalists under the other assumptions, as far as there was time.
    fn elsewhere(&self, finalists: &[usize], watch: (&dyn CampaignProgress, &AtomicBool)) -> Vec<Elsewhere> {
        let needs: Vec<_> = finalists.iter().map(|&at| self.candidates.all[at].needs).collect();
        let mut rounds = Vec::new();
        for assumption in changes::assumptions(&self.scenario, &self.base, &needs) {
            let round = self.round(&assumption.base, finalists, self.changed(), watch);
            if watch.1.load(Ordering::Relaxed) {
                break;
            }
            rounds.push(Elsewhere {
                words: assumption.words,
                round: round.map_err(|error| error.to_string()),
            });
        }
        rounds
    }

    /// What the rule says there.
    fn changes(&self, last: &Judged, elsewhere: Vec<Elsewhere>, searches: &Searches) -> Vec<OtherAssumption> {
        let first = &last.standings[last.choice.ranking[0]].name;
        let said = elsewhere.into_iter().map(|Elsewhere { words, round }| match round {
            Err(why) => changes::not_run(&words, why),
            Ok(round) => {
                let judged = self.judged(round, &last.places, searches, &[]);
                changes::change(&words, first, &judged.standings, &judged.choice)
            }
        });
        said.collect()
    }

    /// Replications under each other assumption.
    fn changed(&self) -> u32 {
        (self.options.replications / 2).clamp(2, 10)
    }
}

/// A round, and what the rule says of it.
struct Judged {
    /// The candidates, by their place among all.
    places: Vec<usize>,
    /// As they will be told, but for the front.
    candidates: Vec<Candidate>,
    standings: Vec<Standing>,
    choice: Choice,
    dominators: Vec<Option<usize>>,
    round: Round,
}

/// A round under another assumption, or why there is none.
struct Elsewhere {
    words: String,
    round: Result<Round, String>,
}
