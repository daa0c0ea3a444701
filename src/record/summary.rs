//! The shape of `summary.json`: a record's figures nested as strategy, point, metric, with everything but the values
//! of its series.
//!
//! This module does not know where the file lies or how it gets there. The shape is a published interface with a JSON
//! schema ([`schema`]): a field may be added, none may change its meaning without a new [`FORMAT`].

use super::baseline::Baseline;
use super::{
    Check, Comparison, FoundWarmup, Incident, Manifest, Mixture, ReachedPrecision, Reading, Record, RecoveryVerdict,
    Series, finite,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of this shape, written into every file.
pub const FORMAT: u32 = 1;

/// The figures of one run of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "tokenstorm summary")]
pub struct Summary {
    /// Version of this shape.
    pub format: u32,
    /// Which run it is; every file of the run bears it.
    pub run: String,
    /// The run was ended early: the figures rest on the replications that were finished until then.
    pub interrupted: bool,
    /// Version of tokenstorm that ran the scenario.
    pub tokenstorm: String,
    /// Name of the scenario.
    pub scenario: String,
    /// What the scenario shows, in a sentence.
    pub summary: String,
    /// Where the scenario comes from.
    pub source: String,
    /// The seed that gives the same figures again.
    pub seed: u64,
    /// Replications that were run of every strategy at every point.
    pub replications: u32,
    /// Strategies in the order of the scenario; the first is the reference of every comparison.
    pub strategies: Vec<String>,
    /// Sweep points in order, as `key=value;key=value`; one empty string without a sweep.
    pub points: Vec<String>,
    /// Strategy, then point, then metric (`name`, or `name@group` for a fleet or a kind of call).
    pub figures: BTreeMap<String, BTreeMap<String, BTreeMap<String, SummaryFigure>>>,
    /// Paired differences from the reference strategy.
    pub comparisons: Vec<Comparison>,
    /// Conditions that the scenario states, and whether they held.
    pub checks: Vec<Check>,
    /// What the timeline did to the system.
    pub incidents: Vec<Incident>,
    /// Quantities over time whose values are in `timeline.csv`.
    pub series: Vec<SeriesHead>,
    /// What the trigger did to each strategy; empty for a scenario that declares none.
    #[serde(default)]
    pub aftermaths: Vec<RecoveryVerdict>,
    /// Strategies of which some replications storm and some do not, and the figures of either kind; missing where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixtures: Vec<Mixture>,
    /// How long it takes until the counts of each strategy are steady, beside the warm-up that was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warmups: Vec<FoundWarmup>,
    /// What became of the precision that was asked for; missing where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<ReachedPrecision>,
    /// What has changed since an earlier run; missing where none was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
}

/// One figure: the mean over replications, with its 95 % confidence interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SummaryFigure {
    /// `share`, `per call`, `s`, `count` and so on.
    pub unit: String,
    /// `null` when the metric has no value here.
    pub mean: Option<f64>,
    /// Low and high end; `null` with fewer than two replications that have a value.
    pub ci95: Option<(f64, f64)>,
    /// Replications that have a value.
    pub replications: u32,
    /// The values are so skewed for their number that the interval is not to be trusted; missing where they are not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubtful: bool,
    /// How many times as large the variance of the plain mean over the replications is, where control variates were taken into account;
    /// missing where they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls_gain: Option<f64>,
}

/// A series whose values are in `timeline.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesHead {
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point.
    pub point: String,
    /// Name of the quantity.
    pub series: String,
    /// Its unit.
    pub unit: String,
}

/// The JSON schema (draft 2020-12) of `summary.json`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Summary).to_value()
}

impl From<&Record> for Summary {
    fn from(record: &Record) -> Summary {
        let Record {
            manifest,
            strategies,
            points,
            readings,
            series,
            comparisons,
            checks,
            incidents,
            aftermaths,
            // In files of their own.
            holdings: _,
            replicated: _,
            tenants: _,
            mixtures,
            warmups,
            baseline,
        } = record;
        let mut figures: BTreeMap<String, BTreeMap<String, BTreeMap<String, SummaryFigure>>> = BTreeMap::new();
        for r in readings {
            let figure = SummaryFigure {
                unit: r.unit.clone(),
                mean: r.mean.and_then(finite::number),
                ci95: r.ci95.and_then(finite::both),
                replications: r.replications,
                doubtful: r.doubtful,
                controls_gain: r.controls_gain.and_then(finite::number),
            };
            let points = figures.entry(r.strategy.clone()).or_default();
            points
                .entry(r.point.clone())
                .or_default()
                .insert(r.metric.clone(), figure);
        }
        Summary {
            format: FORMAT,
            run: manifest.run.clone(),
            interrupted: manifest.interrupted,
            tokenstorm: manifest.tokenstorm.clone(),
            scenario: manifest.scenario.clone(),
            summary: manifest.summary.clone(),
            source: manifest.source.clone(),
            seed: manifest.seed,
            replications: manifest.replications,
            strategies: strategies.clone(),
            points: points.clone(),
            figures,
            comparisons: comparisons.clone(),
            checks: checks.clone(),
            incidents: incidents.clone(),
            series: series
                .iter()
                .map(|s| SeriesHead {
                    strategy: s.strategy.clone(),
                    point: s.point.clone(),
                    series: s.series.clone(),
                    unit: s.unit.clone(),
                })
                .collect(),
            aftermaths: aftermaths.clone(),
            mixtures: mixtures.clone(),
            warmups: warmups.clone(),
            precision: manifest.precision.clone(),
            baseline: baseline.clone(),
        }
    }
}

impl Summary {
    /// The record again. Its readings and series come from elsewhere: the nested figures have lost their order, and
    /// the series' values were never here.
    pub(super) fn into_record(self, manifest: Manifest, mut readings: Vec<Reading>, series: Vec<Series>) -> Record {
        for reading in &mut readings {
            let points = self.figures.get(&reading.strategy);
            let figure = points.and_then(|points| points.get(&reading.point)?.get(&reading.metric));
            reading.doubtful = figure.is_some_and(|figure| figure.doubtful);
            reading.controls_gain = figure.and_then(|figure| figure.controls_gain);
        }
        Record {
            manifest,
            strategies: self.strategies,
            points: self.points,
            readings,
            series,
            comparisons: self.comparisons,
            checks: self.checks,
            incidents: self.incidents,
            aftermaths: self.aftermaths,
            holdings: Vec::new(),
            replicated: Vec::new(),
            tenants: Vec::new(),
            mixtures: self.mixtures,
            warmups: self.warmups,
            baseline: self.baseline,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake;
    use super::*;

    #[test]
    fn figures_are_nested_by_strategy_point_and_metric() {
        let record = fake::sweep(&[1.0, 2.0]);
        let value = serde_json::to_value(Summary::from(&record)).unwrap();
        let figure = &value["figures"]["naive cache"]["fleet.web.nodes=2"]["failure_rate"];
        let reading = record
            .readings
            .iter()
            .find(|r| r.strategy == "naive cache" && r.point == "fleet.web.nodes=2" && r.metric == "failure_rate")
            .unwrap();
        assert_eq!(figure["mean"].as_f64(), reading.mean);
        assert_eq!(figure["unit"], "share");
        assert_eq!(figure["ci95"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn the_schema_describes_every_field_that_is_written() {
        let schema = schema();
        let written = serde_json::to_value(Summary::from(&fake::dozen())).unwrap();
        let described = schema["properties"].as_object().unwrap();
        for key in written.as_object().unwrap().keys() {
            assert!(described.contains_key(key), "{key}");
        }
        assert!(schema["$schema"].as_str().unwrap().contains("2020-12"));
        assert_eq!(
            schema["$defs"]["ComparisonVerdict"]["oneOf"][2]["const"],
            "not_distinguishable"
        );
    }
}
