//! The shape of what `tokenstorm advise` finds out: what was tried, what came of it, which is recommended, and why.
//!
//! A published interface with a JSON schema ([`schema`]): a field may be added, none may change its meaning without a new
//! [`FORMAT`]. This module does not know how a recommendation is reached, nor how it is worded.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::{csv_text, number};
use super::{Comparison, finite};

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// Advice for one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokenstorm advice")]
pub struct Advice {
    /// Version of this shape.
    pub format: u32,
    /// Version of tokenstorm.
    pub tokenstorm: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its story in one sentence.
    pub summary: String,
    /// Where the story comes from.
    pub source: String,
    /// The point of its sweep that the advice is for, as `key=value;key=value`; empty without a sweep.
    pub point: String,
    /// Points of its sweep; 1 without one.
    pub points: u32,
    /// Who calls, in a sentence: fleets and nodes.
    pub setting: String,
    /// Every draw follows from it.
    pub seed: u64,
    /// It was ended early: assumptions that were not tried are missing from `changes`.
    pub interrupted: bool,
    /// What may be used.
    pub allowed: Allowed,
    /// How much was run.
    pub effort: AdviceEffort,
    /// Name of the candidate that is recommended.
    pub recommended: String,
    /// Name of the scenario's first strategy: what it has now.
    pub reference: String,
    /// What is recommended as it stands in a scenario file: one `[[strategy]]`.
    pub written: String,
    /// Finalists that come out as well by every criterion, so that their order alone decides.
    pub ties: Vec<String>,
    /// The criteria in order, and who was left after each.
    pub criteria: Vec<Criterion>,
    /// All that were tried, finalists first, each part in the order of the criteria.
    pub candidates: Vec<Candidate>,
    /// What was recommended against every other finalist: paired differences, all comparisons together at 95 % (Bonferroni).
    pub comparisons: Vec<Comparison>,
    /// What was not tried, and why.
    pub left_out: Vec<NotTried>,
    /// What the search for what can ever happen covered.
    pub searched: AdviceSearch,
    /// What becomes of the recommendation under other assumptions.
    pub changes: Vec<OtherAssumption>,
    /// What no run and no search models, in sentences.
    pub not_modelled: Vec<String>,
}

/// What a strategy may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Allowed {
    /// A store that the nodes of a domain share.
    pub store: bool,
    /// A process that holds the token for all.
    pub gateway: bool,
    /// Notes from node to node.
    pub peers: bool,
    /// All nodes of a domain run on one machine.
    pub one_machine: bool,
    /// Registered copies of the app at most, the first included; `null` for as many as there are nodes.
    pub apps: Option<u16>,
}

/// How much was run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdviceEffort {
    /// Coordination strategies with their settings, times retry policies.
    pub candidates: u32,
    /// Replications of each in the screening.
    pub screening: u32,
    /// Those that nothing dominates in the screening.
    pub front: u32,
    /// Candidates that were run again.
    pub finalists: u32,
    /// Replications of each finalist.
    pub replications: u32,
    /// Replications of each finalist under each other assumption.
    pub changed: u32,
}

/// A criterion, and who was left after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Criterion {
    /// Which.
    pub by: CriterionKind,
    /// The best value among those who were left before; `null` where none has one.
    #[serde(serialize_with = "finite::if_any")]
    pub best: Option<f64>,
    /// Values that are worse by no more than this count as the same.
    pub margin: f64,
    /// Who was left, in order.
    pub left: Vec<String>,
    /// Who fell out, the best first.
    pub out: Vec<String>,
    /// Those of them that chance may have made worse than the best: the interval of the difference holds none.
    pub unsure: Vec<String>,
}

/// What decides, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CriterionKind {
    /// Share of calls that fail.
    Failures,
    /// Refresh families lost in a run.
    GrantsLost,
    /// Properties broken that leave lasting harm: a call that goes on for ever, a lease that never ends, a grant that is lost.
    LastingHarm,
    /// Share of calls whose first attempt is refused.
    Rejections,
    /// Mean latency above the API's own, in seconds.
    AddedLatency,
    /// Share of calls that fail under the other assumptions, in the mean.
    Elsewhere,
    /// Points for what it needs: 1 for a lock on one machine or for slots, 2 for a store or for notes between nodes, 3 for a process of its own, 1 for each further app.
    Infrastructure,
    /// Token requests per call.
    TokenRequests,
    /// Most token requests in any second.
    Peak,
    /// All properties broken or left open.
    Broken,
}

/// A coordination strategy with its settings and a retry policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Name of the coordination strategy.
    pub coordination: String,
    /// The retry policy in words.
    pub retry: String,
    /// It stands in the scenario as it is.
    pub own: bool,
    /// It was run again after the screening.
    pub finalist: bool,
    /// Nothing that was run as often dominates it.
    pub front: bool,
    /// A candidate that is as good by every measure and better by one; `null` on the front.
    pub dominated_by: Option<String>,
    /// What it needs.
    pub needs: Needed,
    /// Share of its calls that fail under the other assumptions, in the mean; `null` where it was not run there.
    #[serde(serialize_with = "finite::if_any")]
    pub elsewhere: Option<f64>,
    /// Mean and 95 % interval by metric.
    pub figures: BTreeMap<String, AdvisedFigure>,
    /// What can ever happen, property by property.
    pub can_happen: Vec<CanHappen>,
    /// Calls at each node in the largest system of which all states were looked at; zero for none.
    pub searched_calls: u32,
}

/// What a strategy needs beside the nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Needed {
    /// A store that the nodes of a domain share.
    pub store: bool,
    /// A process that holds the token for all.
    pub gateway: bool,
    /// Notes from node to node.
    pub peers: bool,
    /// A file that one machine locks.
    pub one_machine: bool,
    /// Further token slots.
    pub slots: u16,
    /// Further registered apps.
    pub apps: u16,
}

/// A figure of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AdvisedFigure {
    /// Mean over replications.
    #[serde(with = "finite::missing")]
    #[schemars(with = "Option<f64>")]
    pub mean: f64,
    /// Its 95 % interval; `null` with fewer than two replications.
    #[serde(serialize_with = "finite::interval")]
    pub ci95: Option<(f64, f64)>,
}

/// What a search says of one property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CanHappen {
    /// Its short name.
    pub property: String,
    /// Its name in a few words.
    pub title: String,
    /// Whether breaking it leaves lasting harm.
    pub lasting: bool,
    /// The verdict.
    pub verdict: Ever,
    /// Steps of a shortest run that breaks it.
    pub steps: Option<usize>,
}

/// Whether something can ever happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ever {
    /// In no run of the small system that was searched.
    Never,
    /// Nothing that the property is about happens there.
    NotReached,
    /// Not in the states that were looked at, or something was left out that may break it.
    Open,
    /// In some run.
    Can,
}

/// Something that was not tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotTried {
    /// The strategy, with its settings.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// What a search covered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdviceSearch {
    /// Nodes of the small system.
    pub nodes: u32,
    /// Calls at each node at most.
    pub calls: u32,
    /// Faults that a run may have.
    pub faults: String,
    /// States after which a search was given up.
    pub states: usize,
    /// Strategies that were searched.
    pub strategies: u32,
    /// Those of which not all states were looked at with so many calls; what they do not break there is what fewer calls show.
    pub given_up: u32,
    /// Those of which not all states were looked at even with one call at each node.
    pub given_up_at_once: u32,
    /// What of the scenario the search leaves out.
    pub left_out: Vec<String>,
    /// What a call can be, where some calls are jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
}

/// What becomes of the recommendation where something else is assumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OtherAssumption {
    /// What is assumed, in words.
    pub assumption: String,
    /// Who is then recommended among the finalists, with the settings that they have; `null` where it could not be run.
    pub recommended: Option<String>,
    /// Whether that is another one, and the first would not come out as well.
    pub flips: bool,
    /// The criterion by which the first one fell out.
    pub by: Option<CriterionKind>,
    /// The two figures by that criterion: of the one that was recommended at first, and of the one that now is.
    #[serde(serialize_with = "finite::interval")]
    pub figures: Option<(f64, f64)>,
    /// What is to be said beside it; why it could not be run.
    pub remark: Option<String>,
}

impl Advice {
    /// The candidate of this name.
    pub fn candidate(&self, name: &str) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| candidate.name == name)
    }

    /// For programs, with a newline at its end.
    ///
    /// # Panics
    /// Never: advice is plain data.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("advice is plain data");
        text.push('\n');
        text
    }

    /// For spreadsheets: a row for each figure of each candidate.
    pub fn to_csv(&self) -> String {
        let header = [
            "scenario",
            "point",
            "candidate",
            "finalist",
            "recommended",
            "metric",
            "mean",
            "ci95_low",
            "ci95_high",
        ];
        let rows = self.candidates.iter().flat_map(|candidate| {
            let of = |(metric, figure): (&String, &AdvisedFigure)| {
                let (low, high) = figure.ci95.unzip();
                [
                    self.scenario.clone(),
                    self.point.clone(),
                    candidate.name.clone(),
                    candidate.finalist.to_string(),
                    (candidate.name == self.recommended).to_string(),
                    metric.clone(),
                    number(Some(figure.mean)),
                    number(low),
                    number(high),
                ]
            };
            candidate.figures.iter().map(of).collect::<Vec<_>>()
        });
        csv_text(&header, rows)
    }
}

impl CriterionKind {
    /// The metric that it looks at, where it looks at one.
    pub fn metric(self) -> Option<&'static str> {
        match self {
            Self::Failures => Some("failure_rate"),
            Self::GrantsLost => Some("grants_lost"),
            Self::Rejections => Some("first_attempt_rejection_rate"),
            Self::AddedLatency => Some("added_latency_mean"),
            Self::TokenRequests => Some("token_requests_per_call"),
            Self::Peak => Some("peak_token_requests_per_s"),
            Self::LastingHarm | Self::Infrastructure | Self::Elsewhere | Self::Broken => None,
        }
    }
}

impl Needed {
    /// Points for it: see [`CriterionKind::Infrastructure`].
    pub fn points(self) -> u32 {
        let flags = [
            (self.store, 2),
            (self.gateway, 3),
            // Nodes that find and trust each other are no less than a store.
            (self.peers, 2),
            (self.one_machine, 1),
            (self.slots > 0, 1),
        ];
        let points = flags
            .into_iter()
            .filter(|(needed, _)| *needed)
            .map(|(_, points)| points);
        points.sum::<u32>() + u32::from(self.apps)
    }
}

impl Candidate {
    /// What it has by a criterion.
    pub fn value(&self, by: CriterionKind) -> Option<f64> {
        let count = |wanted: fn(&CanHappen) -> bool| {
            let rows = self.can_happen.iter().filter(|row| wanted(row));
            Some(rows.count() as f64)
        };
        match (by, by.metric()) {
            (CriterionKind::GrantsLost, Some(metric)) => Some(self.mean(metric).unwrap_or(0.0)),
            (_, Some(metric)) => self.mean(metric),
            (CriterionKind::LastingHarm, _) => count(|row| row.lasting && row.verdict == Ever::Can),
            (CriterionKind::Infrastructure, _) => Some(f64::from(self.needs.points())),
            (CriterionKind::Elsewhere, _) => self.elsewhere,
            // What a search has left open is no better than broken for whoever has to rely on it.
            _ => count(|row| matches!(row.verdict, Ever::Can | Ever::Open)),
        }
    }

    /// The mean of a metric.
    pub fn mean(&self, metric: &str) -> Option<f64> {
        self.figures.get(metric).map(|figure| figure.mean)
    }
}

/// The JSON schema (draft 2020-12) of what `advise --format json` prints.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Advice).to_value()
}
