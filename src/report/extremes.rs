//! What a sweep of any size comes to in a few lines: the least and the greatest of some figures of each strategy, and at which points.

use serde::Serialize;

use super::sheet::{Column, GLUE, Sheet, paragraph};
use super::{Sweep, interval, number, one_line};
use crate::record::Record;
use crate::record::cells::csv_text;
use crate::record::sweep::{SweepManifest, SweepPlan, SweptFigure};

/// The figures that are told; `results.csv` has them all.
const TOLD: [(&str, &str); 3] = [
    ("failure_rate", "calls failed"),
    ("first_attempt_rejection_rate", "first attempt rejected"),
    ("token_requests_per_call", "token requests per call"),
];

/// What `?` means.
const DOUBTFUL: &str = "? marks a mean of values too skewed for their number: its interval in results.csv may cover less often than it says.";

/// What `‡` means.
const OF_TWO_KINDS: &str = "‡ marks the mean of runs with a storm and runs without; storm_mean and calm_mean in results.csv are those of each kind.";

/// A mean, and the first point that has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Extreme {
    mean: f64,
    point: String,
    /// The interval is not to be trusted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    doubtful: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    of_two_kinds: bool,
}

/// One figure of one strategy over all points.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Extent {
    strategy: String,
    metric: String,
    unit: String,
    least: Extreme,
    greatest: Extreme,
}

/// The extremes of the points that were seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepExtremes {
    extents: Vec<Extent>,
}

impl SweepExtremes {
    /// Takes in a figure of a point.
    pub fn see(&mut self, figure: &SweptFigure) {
        let reading = &figure.reading;
        let told = TOLD.iter().any(|(metric, _)| *metric == reading.metric);
        let Some(mean) = reading.mean.filter(|mean| told && mean.is_finite()) else {
            return;
        };
        let here = || Extreme {
            mean,
            point: reading.point.clone(),
            doubtful: reading.doubtful,
            of_two_kinds: figure.of_two_kinds,
        };
        let of = |extent: &&mut Extent| extent.strategy == reading.strategy && extent.metric == reading.metric;
        match self.extents.iter_mut().find(of) {
            Some(extent) => {
                if mean < extent.least.mean {
                    extent.least = here();
                }
                if mean > extent.greatest.mean {
                    extent.greatest = here();
                }
            }
            None => self.extents.push(Extent {
                strategy: reading.strategy.clone(),
                metric: reading.metric.clone(),
                unit: reading.unit.clone(),
                least: here(),
                greatest: here(),
            }),
        }
    }

    fn sheet(&self) -> Sheet {
        // Points are told by the shortest endings of their keys.
        let all = self
            .extents
            .iter()
            .flat_map(|extent| [&extent.least.point, &extent.greatest.point]);
        let record = Record {
            points: all.cloned().collect(),
            ..Record::default()
        };
        let sweep = Sweep::of(&record);
        let shown = |extent: &Extent, of: &Extreme| {
            let mean = match extent.unit.as_str() {
                "share" => number::percent(of.mean),
                "s" => number::seconds(of.mean),
                _ => number::short(of.mean),
            };
            let kinds = if of.of_two_kinds {
                [GLUE, interval::KINDS]
            } else {
                ["", ""]
            };
            [&mean, interval::doubt(of.doubtful), kinds[0], kinds[1]].concat()
        };
        let rows = self.extents.iter().enumerate().map(|(at, extent)| {
            let told = TOLD.iter().find(|(metric, _)| *metric == extent.metric);
            let same = extent.least.mean == extent.greatest.mean;
            let greatest = if same {
                String::new()
            } else {
                shown(extent, &extent.greatest)
            };
            vec![
                one_line(&extent.strategy, 44),
                told.map_or("", |(_, words)| words).to_owned(),
                shown(extent, &extent.least),
                if same {
                    "everywhere".to_owned()
                } else {
                    sweep.point(2 * at)
                },
                greatest,
                if same { String::new() } else { sweep.point(2 * at + 1) },
            ]
        });
        Sheet {
            columns: vec![
                Column::flexible("strategy", 14),
                Column::flexible("figure", 12),
                Column::right("least"),
                Column::flexible("at", 12),
                Column::right("greatest"),
                Column::flexible("at", 12),
            ],
            rows: rows.collect(),
            blocks: 0,
            marks: Default::default(),
        }
    }

    /// What the marks mean that stand in the table.
    fn marks(&self) -> impl Iterator<Item = &'static str> {
        let shown = |wanted: fn(&Extreme) -> bool| {
            let mut all = self.extents.iter().flat_map(|extent| [&extent.least, &extent.greatest]);
            all.any(wanted)
        };
        let marks = [
            (shown(|of| of.doubtful), DOUBTFUL),
            (shown(|of| of.of_two_kinds), OF_TWO_KINDS),
        ];
        marks.into_iter().filter_map(|(shown, words)| shown.then_some(words))
    }

    /// For a terminal of `width` columns.
    pub fn human(&self, plan: &SweepPlan, width: u16) -> String {
        let width = width.max(60);
        let mut out = String::new();
        for line in heading(plan) {
            paragraph(&mut out, "", &line, usize::from(width));
        }
        let sheet = self.sheet();
        if !sheet.rows.is_empty() {
            out.push('\n');
            out.push_str(&sheet.print(width));
        }
        for line in self.marks() {
            paragraph(&mut out, "", line, usize::from(width));
        }
        out
    }

    /// As Markdown.
    pub fn markdown(&self, plan: &SweepPlan) -> String {
        let [name, rest @ ..] = heading(plan);
        let marks: String = self.marks().map(|line| format!("\n{line}\n")).collect();
        format!("## {name}\n\n{}\n\n{}{marks}", rest.join("\n"), self.sheet().markdown())
    }

    /// As CSV, with full figures.
    pub fn csv(&self) -> String {
        let header = [
            "strategy",
            "metric",
            "unit",
            "least",
            "least_at",
            "greatest",
            "greatest_at",
        ];
        let rows = self.extents.iter().map(|extent| {
            [
                extent.strategy.clone(),
                extent.metric.clone(),
                extent.unit.clone(),
                extent.least.mean.to_string(),
                extent.least.point.clone(),
                extent.greatest.mean.to_string(),
                extent.greatest.point.clone(),
            ]
        });
        csv_text(&header, rows)
    }

    /// As JSON, with what the sweep is about.
    pub fn json(&self, manifest: &SweepManifest) -> String {
        let told = serde_json::json!({
            "scenario": manifest.plan.manifest.scenario,
            "run": manifest.plan.manifest.run,
            "seed": manifest.plan.manifest.seed,
            "replications": manifest.plan.manifest.replications,
            "points": manifest.plan.points,
            "events": manifest.plan.manifest.events,
            "points_with_failed_assertions": manifest.points_with_failed_assertions,
            "extremes": self.extents,
        });
        let text = serde_json::to_string_pretty(&told).expect("plain data as JSON");
        crate::base::shown::json(&text).into_owned() + "\n"
    }
}

fn heading(plan: &SweepPlan) -> [String; 3] {
    let manifest = &plan.manifest;
    let count = |number: u64, word: &str| format!("{number} {word}{}", if number == 1 { "" } else { "s" });
    let keys: Vec<_> = plan
        .params
        .iter()
        .map(|param| format!("{} ({})", param.key, param.values))
        .collect();
    let how = match &plan.sample {
        Some(sample) => format!("sampled ({sample})"),
        None => "all combinations".to_owned(),
    };
    [
        one_line(&manifest.scenario, 80),
        format!("{}, {how}: {}", count(plan.points, "point"), keys.join(", "),),
        format!(
            "Seed {}, {} of {} at each point",
            manifest.seed,
            count(manifest.replications.into(), "replication"),
            number::seconds(manifest.duration_s),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Reading, fake};

    fn figure(reading: &Reading, of_two_kinds: bool) -> SweptFigure {
        SweptFigure {
            reading: reading.clone(),
            of_two_kinds,
        }
    }

    /// A mark stands at the figure that it is about, and is explained where it stands alone.
    #[test]
    fn marks_stand_where_they_belong_and_are_explained() {
        let record = fake::sweep(&[1.0, 2.0]);
        let of = |point: usize| {
            let here = |reading: &&Reading| {
                (&*reading.metric, &reading.strategy, &reading.point)
                    == ("failure_rate", &record.strategies[0], &record.points[point])
            };
            record.readings.iter().find(here).cloned().unwrap()
        };
        let (mut least, mut greatest) = (of(0), of(1));
        (least.mean, greatest.mean, greatest.doubtful) = (Some(0.1), Some(0.5), true);
        let told = |figures: &[SweptFigure]| {
            let mut extremes = SweepExtremes::default();
            figures.iter().for_each(|figure| extremes.see(figure));
            let plan = SweepPlan::default();
            (extremes.human(&plan, 160), extremes.markdown(&plan))
        };
        for text in <[String; 2]>::from(told(&[figure(&least, true), figure(&greatest, false)])) {
            assert!(text.contains("10 % ‡") && text.contains("50 %?"), "{text}");
            assert!(text.contains("‡ marks") && text.contains("? marks"), "{text}");
        }
        greatest.doubtful = false;
        for text in <[String; 2]>::from(told(&[figure(&least, false), figure(&greatest, false)])) {
            assert!(
                !text.contains('‡') && !text.contains('?') && !text.contains("marks"),
                "{text}"
            );
        }
    }

    #[test]
    fn the_extremes_are_those_of_all_points() {
        let record = fake::sweep(&[1.0, 2.0, 4.0, 8.0]);
        let mut extremes = SweepExtremes::default();
        record
            .readings
            .iter()
            .for_each(|reading| extremes.see(&figure(reading, false)));
        let failed: Vec<f64> = record
            .readings
            .iter()
            .filter(|reading| reading.metric == "failure_rate" && reading.strategy == record.strategies[0])
            .filter_map(|reading| reading.mean)
            .collect();
        let extent = &extremes.extents[0];
        assert_eq!(
            (extent.strategy.as_str(), extent.metric.as_str()),
            (record.strategies[0].as_str(), "failure_rate")
        );
        assert_eq!(extent.least.mean, failed.iter().copied().fold(f64::INFINITY, f64::min));
        assert_eq!(extent.greatest.mean, failed.iter().copied().fold(0.0, f64::max));
        let plan = SweepPlan {
            points: 4,
            ..SweepPlan::default()
        };
        let told = extremes.human(&plan, 120);
        assert!(
            told.contains("4 points, all combinations") && told.contains("nodes = "),
            "{told}"
        );
        assert!(extremes.markdown(&plan).contains("| strategy | figure |"));
        assert_eq!(extremes.csv().lines().count(), 1 + extremes.extents.len());
        let none = SweepExtremes::default();
        assert!(none.human(&plan, 80).contains("4 points"));
    }
}
