//! What a live run measured beside what was predicted, as it is printed and read by programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::cells::{csv_text, number};

/// The figures of one command.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "tokenstorm agreement")]
pub struct AgreementRecord {
    /// Changes when a program that reads this would have to.
    pub format: u32,
    /// Which version of tokenstorm.
    pub tokenstorm: String,
    /// How many times as fast as the wall clock its time went.
    pub time_scale: f64,
    /// Every draw follows from it.
    pub seed: u64,
    /// Simulated runs that make up a prediction.
    pub replications: u32,
    /// What kept the shared store: `redis` or `embedded`.
    pub store: &'static str,
    /// Figure by figure.
    pub figures: Vec<Agreement>,
    /// The live runs that they were measured in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<MeasuredRun>,
    /// Strategies of which there are no figures, and why, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_measured: Vec<String>,
    /// The command that measures the same, without addresses and secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command_line: Vec<String>,
    /// An interrupt ended the command before all strategies had been run.
    #[serde(skip_serializing_if = "is_false")]
    pub interrupted: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// How one live run went.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MeasuredRun {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Calls that were measured.
    pub calls: u64,
    /// How late 99 % of what was due was done at most, in seconds of the scenario's time.
    pub late99_s: f64,
    /// How late the latest was done, in seconds of the scenario's time.
    pub latest_s: f64,
    /// What of the scenario was not as it says, in words.
    pub left_out: Vec<String>,
}

/// The JSON schema (draft 2020-12) of what `live --format json` prints.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(AgreementRecord).to_value()
}

impl AgreementRecord {
    /// What a figure's strategy is called among all of the command: with its scenario where there are several.
    pub fn label(&self, figure: &Agreement) -> String {
        let several = self.figures.iter().any(|other| other.scenario != figure.scenario);
        match several {
            true => format!("{} · {}", figure.scenario, figure.strategy),
            false => figure.strategy.clone(),
        }
    }

    /// For programs, with a newline at its end.
    ///
    /// # Panics
    /// Never: figures are plain data.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("figures are plain data");
        text.push('\n');
        text
    }

    /// For spreadsheets: a row for each figure, and what has no value is empty.
    pub fn to_csv(&self) -> String {
        let ends = |pair: Option<(f64, f64)>| [pair.map(|pair| pair.0), pair.map(|pair| pair.1)].map(number);
        let predicted = |prediction: Option<Prediction>| {
            let [low, high] = ends(prediction.map(|it| it.runs99));
            let of = |pick: fn(Prediction) -> f64| number(prediction.map(pick));
            let beyond = prediction.map_or(String::new(), |it| it.beyond_chance.to_string());
            [of(|it| it.mean), low, high, of(|it| it.p), beyond]
        };
        let rows = self.figures.iter().map(|figure| {
            let [low, high] = ends(figure.measured.ci99);
            let [fed, fed_low, fed_high, fed_p, fed_beyond] = predicted(figure.fed);
            let [asked, asked_low, asked_high, asked_p, asked_beyond] = predicted(figure.asked);
            [
                figure.scenario.clone(),
                figure.strategy.clone(),
                figure.metric.to_owned(),
                figure.unit.to_owned(),
                number(figure.measured.value),
                low,
                high,
                fed,
                fed_low,
                fed_high,
                fed_p,
                fed_beyond,
                asked,
                asked_low,
                asked_high,
                asked_p,
                asked_beyond,
            ]
        });
        csv_text(&CSV_HEADER, rows)
    }
}

const CSV_HEADER: [&str; 17] = [
    "scenario",
    "strategy",
    "metric",
    "unit",
    "measured",
    "measured_ci99_low",
    "measured_ci99_high",
    "fed_mean",
    "fed_runs99_low",
    "fed_runs99_high",
    "fed_p",
    "fed_beyond_chance",
    "asked_mean",
    "asked_runs99_low",
    "asked_runs99_high",
    "asked_p",
    "asked_beyond_chance",
];

/// The present [`AgreementRecord::format`].
pub const AGREEMENT_FORMAT: u32 = 1;

/// One figure, measured and predicted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Agreement {
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the strategy.
    pub strategy: String,
    /// Name of the metric.
    pub metric: &'static str,
    /// Its unit.
    pub unit: &'static str,
    /// In the live run.
    pub measured: Measurement,
    /// With the latencies that the scenario asks for.
    pub asked: Option<Prediction>,
    /// With the latencies that were measured in the live run.
    pub fed: Option<Prediction>,
}

/// The figure of a whole live run, with an interval from the parts of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Measurement {
    /// None where it has no meaning, as the latency of no successful call.
    pub value: Option<f64>,
    /// Its 99 % interval, from the parts; none where they do not tell.
    pub ci99: Option<(f64, f64)>,
}

/// What the simulator predicts for one figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Prediction {
    /// The mean over the runs.
    pub mean: f64,
    /// Where 99 % of the runs lie.
    pub runs99: (f64, f64),
    /// How often a simulated run is at least as far from the mean as the live one.
    pub p: f64,
    /// That is too seldom to be chance, among all figures of the command.
    pub beyond_chance: bool,
}
