//! The shape of what `tokenstorm rare` finds out: how rare an event is, how well that is known, and what it took.
//!
//! A published interface with a JSON schema ([`schema`]): a field may be added, none may change its meaning without a new
//! [`FORMAT`]. This module does not know how the figures came about, nor how they are worded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cells::{csv_text, number};
use crate::base::shown;

/// The version of this shape.
pub const FORMAT: u32 = 1;

/// How rare an event is in one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokenstorm rare")]
pub struct RareFindings {
    /// Version of this shape.
    pub format: u32,
    /// Version of tokenstorm.
    pub tokenstorm: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its story in one sentence.
    pub summary: String,
    /// The point of its sweep, as `key=value;key=value`; empty without a sweep.
    pub point: String,
    /// What is looked for: `failed_call` or `livelock`.
    pub event: String,
    /// Every draw follows from it.
    pub seed: u64,
    /// The half-width of the interval that was asked for, as a share of the figure; none where a number of replications was.
    pub precision: Option<f64>,
    /// One for each strategy, in the order of the scenario.
    pub strategies: Vec<RareFinding>,
}

/// What came of one strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RareFinding {
    /// Name of the strategy.
    pub strategy: String,
    /// By splitting.
    pub split: RareFigure,
    /// By runs that are not split, where that was asked for.
    pub crude: Option<RareFigure>,
    /// Where runs were split, from the lowest level up.
    pub levels: Vec<RareLevel>,
    /// What a level counts, in words.
    pub level_counts: String,
    /// The highest level that the pilot saw, and the highest that there is below the event.
    pub highest_seen: u32,
    /// See `highest_seen`.
    pub highest: u32,
    /// Simulator events of the pilot, which chose the levels and counts for nothing else.
    pub pilot_events: u64,
    /// About how many simulator events would give an interval as narrow by runs that are not split, if hits were independent in them; none
    /// without an interval.
    pub crude_events: Option<f64>,
    /// What ended the run.
    pub ended_by: RareEnd,
}

/// A figure and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RareFigure {
    /// `failed_call`: the share of calls that fail. `livelock`: livelocks per second of a run that has none yet. None where the event
    /// was not seen, which is no proof that it cannot happen.
    pub rate: Option<f64>,
    /// The two ends of its 95 % interval.
    pub ci95: Option<(f64, f64)>,
    /// `livelock`: seconds until one in the mean, one over the rate.
    pub mean_time_s: Option<f64>,
    /// The two ends of its 95 % interval; the upper one is null where there is none.
    pub mean_time_ci95: Option<(f64, Option<f64>)>,
    /// Values too skewed for their number: the interval may cover less often than it says.
    pub doubtful: bool,
    /// The rate of the second half of the measured span less that of the first, 99 %: where zero is not within, the rate is not steady.
    pub drift_ci99: Option<(f64, f64)>,
    /// Independent replications.
    pub replications: u32,
    /// How often the event was seen, in all runs, split off or not.
    pub seen: u64,
    /// Calls of the runs that were not split off, or seconds of them until the livelock.
    pub exposure: f64,
    /// Simulator events.
    pub events: u64,
}

/// A threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RareLevel {
    /// The level from which on runs are beyond it.
    pub level: u32,
    /// So many runs go on from there for each one that comes there.
    pub runs: u32,
    /// How often one run that is not split rises to it, as the pilot saw it.
    pub rises: f64,
}

/// What ended a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RareEnd {
    /// The interval is as narrow as was asked for.
    Reached,
    /// So many replications were asked for, or allowed.
    Replications,
    /// No more events are allowed.
    Events,
    /// It was interrupted.
    Interrupted,
    /// The pilot never came near the event: nothing was measured.
    NotApproached,
}

impl RareFindings {
    /// As JSON.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("findings are plain data");
        format!("{}\n", shown::json(&text))
    }

    /// A row for each strategy and method.
    pub fn to_csv(&self) -> String {
        let header = [
            "scenario",
            "point",
            "event",
            "strategy",
            "method",
            "rate",
            "rate_low",
            "rate_high",
            "mean_time_s",
            "mean_time_low_s",
            "mean_time_high_s",
            "doubtful",
            "replications",
            "seen",
            "exposure",
            "events",
        ];
        let rows = self.strategies.iter().flat_map(|finding| {
            let methods = [("split", Some(&finding.split)), ("crude", finding.crude.as_ref())];
            let methods = methods
                .into_iter()
                .filter_map(|(method, figure)| Some((method, figure?)));
            methods.map(move |(method, figure)| self.row(&finding.strategy, method, figure))
        });
        csv_text(&header, rows)
    }

    fn row(&self, strategy: &str, method: &str, figure: &RareFigure) -> [String; 16] {
        let time = figure.mean_time_ci95;
        [
            self.scenario.clone(),
            self.point.clone(),
            self.event.clone(),
            strategy.to_owned(),
            method.to_owned(),
            number(figure.rate),
            number(figure.ci95.map(|ends| ends.0)),
            number(figure.ci95.map(|ends| ends.1)),
            number(figure.mean_time_s),
            number(time.map(|ends| ends.0)),
            number(time.and_then(|ends| ends.1)),
            figure.doubtful.to_string(),
            figure.replications.to_string(),
            figure.seen.to_string(),
            number(Some(figure.exposure)),
            figure.events.to_string(),
        ]
    }
}

/// The JSON schema (draft 2020-12) of what `rare --format json` prints.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(RareFindings).to_value()
}
