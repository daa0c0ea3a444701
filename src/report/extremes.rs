//! What a sweep of any size comes to in a few lines: the least and the greatest of some figures of each strategy, and at which points.

use serde::Serialize;

use super::sheet::{Column, Sheet, paragraph};
use super::{Sweep, number, one_line};
use crate::record::cells::csv_text;
use crate::record::sweep::{SweepManifest, SweepPlan};
use crate::record::{Reading, Record};

/// The figures that are told; `results.csv` has them all.
const TOLD: [(&str, &str); 3] = [
    ("failure_rate", "calls failed"),
    ("first_attempt_rejection_rate", "first attempt rejected"),
    ("token_requests_per_call", "token requests per call"),
];

/// A mean, and the first point that has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Extreme {
    mean: f64,
    point: String,
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
    pub fn see(&mut self, reading: &Reading) {
        let told = TOLD.iter().any(|(metric, _)| *metric == reading.metric);
        let Some(mean) = reading.mean.filter(|mean| told && mean.is_finite()) else {
            return;
        };
        let here = || Extreme {
            mean,
            point: reading.point.clone(),
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
        let shown = |extent: &Extent, mean: f64| match extent.unit.as_str() {
            "share" => number::percent(mean),
            "s" => number::seconds(mean),
            _ => number::short(mean),
        };
        let rows = self.extents.iter().enumerate().map(|(at, extent)| {
            let told = TOLD.iter().find(|(metric, _)| *metric == extent.metric);
            let same = extent.least.mean == extent.greatest.mean;
            let greatest = if same {
                String::new()
            } else {
                shown(extent, extent.greatest.mean)
            };
            vec![
                one_line(&extent.strategy, 44),
                told.map_or("", |(_, words)| words).to_owned(),
                shown(extent, extent.least.mean),
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
        out
    }

    /// As Markdown.
    pub fn markdown(&self, plan: &SweepPlan) -> String {
        let [name, rest @ ..] = heading(plan);
        format!("## {name}\n\n{}\n\n{}", rest.join("\n"), self.sheet().markdown())
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
    use crate::record::fake;

    #[test]
    fn the_extremes_are_those_of_all_points() {
        let record = fake::sweep(&[1.0, 2.0, 4.0, 8.0]);
        let mut extremes = SweepExtremes::default();
        record.readings.iter().for_each(|reading| extremes.see(reading));
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
