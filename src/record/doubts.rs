//! What stands beside a figure of `results.csv` whose mean or interval says less than it seems to: in which way, and the means of both
//! kinds where replications are of two.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::number;
use super::{MixedFigure, Mixture, OpenFigure, Reading};

/// The values are too skewed for their number: the interval is not to be trusted.
const SKEWED: &str = "skewed";

/// The figure is not known as well as was asked for.
const OPEN: &str = "open";

/// The mean is one of two kinds of runs, which are apart in this figure.
const MIXED: &str = "mixed";

/// Between the words of a cell.
const AND: char = ';';

/// Strategy, point and metric.
type Key<'a> = (&'a str, &'a str, &'a str);

/// What is known against the figures of a run or of a point, beside what each [`Reading`] says itself.
#[derive(Debug, Clone, Default)]
pub struct FigureDoubts<'a> {
    kinds: BTreeMap<Key<'a>, &'a MixedFigure>,
    open: BTreeSet<Key<'a>>,
}

impl<'a> FigureDoubts<'a> {
    /// Of strategies whose replications are of two kinds, and of figures that are not known as well as was asked for.
    pub fn of(mixtures: &'a [Mixture], open: &'a [OpenFigure]) -> Self {
        let kinds = mixtures.iter().flat_map(|of| {
            let key = |figure: &'a MixedFigure| (&*of.strategy, &*of.point, &*figure.metric);
            of.figures.iter().map(move |figure| (key(figure), figure))
        });
        let open = open.iter().map(|of| (&*of.strategy, &*of.point, &*of.metric));
        Self {
            kinds: kinds.collect(),
            open: open.collect(),
        }
    }

    /// The columns `doubt`, `storm_mean` and `calm_mean` of a row.
    pub(super) fn cells(&self, reading: &Reading) -> [String; 3] {
        let key = (&*reading.strategy, &*reading.point, &*reading.metric);
        let kinds = self.kinds.get(&key);
        let words = [
            (reading.doubtful, SKEWED),
            (self.open.contains(&key), OPEN),
            (kinds.is_some_and(|figure| figure.apart), MIXED),
        ];
        let mut doubt = String::new();
        for (_, word) in words.into_iter().filter(|(holds, _)| *holds) {
            if !doubt.is_empty() {
                doubt.push(AND);
            }
            doubt += word;
        }
        let mean = |of: fn(&MixedFigure) -> f64| number(kinds.map(|figure| of(figure)));
        [doubt, mean(|figure| figure.storm.mean), mean(|figure| figure.calm.mean)]
    }
}

/// Whether a cell of the column `doubt` says that the interval is not to be trusted.
pub(super) fn is_skewed(cell: &str) -> bool {
    cell.split(AND).any(|word| word == SKEWED)
}

/// Whether a cell of the column `doubt` says that the mean is one of two kinds of runs.
pub(super) fn is_mixed(cell: &str) -> bool {
    cell.split(AND).any(|word| word == MIXED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{KindFigure, PrecisionEnd, ReachedPrecision, Record, fake, write};

    fn kind(mean: f64) -> KindFigure {
        KindFigure { mean, ci95: None }
    }

    fn mixed(metric: &str, apart: bool) -> MixedFigure {
        MixedFigure {
            metric: metric.to_owned(),
            unit: "share".to_owned(),
            storm: kind(0.5),
            calm: kind(0.01),
            apart,
        }
    }

    /// Two points of two strategies, of which the second storms in some replications of the second point.
    fn doubtful() -> Record {
        let mut record = fake::sweep(&[1.0, 2.0]);
        let (strategy, point) = (record.strategies[1].clone(), record.points[1].clone());
        record.mixtures = vec![Mixture {
            strategy: strategy.clone(),
            point: point.clone(),
            storms: 8,
            replications: 40,
            share_ci95: (0.1, 0.35),
            figures: vec![mixed("failure_rate", true), mixed("latency_p50", false)],
        }];
        record.manifest.precision = Some(ReachedPrecision {
            asked: vec!["5%".to_owned()],
            ended_by: PrecisionEnd::Replications,
            open: vec![OpenFigure {
                strategy: strategy.clone(),
                point: point.clone(),
                metric: "failure_rate".to_owned(),
                unit: "share".to_owned(),
                mean: 0.1,
                half_width: None,
                wanted: 0.01,
                doubtful: true,
                replications_to_reach: None,
            }],
        });
        for reading in &mut record.readings {
            let here = reading.strategy == strategy && reading.point == point;
            reading.doubtful = here && ["failure_rate", "latency_p99"].contains(&&*reading.metric);
        }
        record
    }

    #[test]
    fn a_figure_in_doubt_says_so_in_its_row_and_no_other_does() {
        let record = doubtful();
        let text = write::results_csv(&record);
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let header = rows.headers().unwrap().clone();
        let mut told = Vec::new();
        for row in rows.records().map(Result::unwrap) {
            let cell = |name: &str| &row[header.iter().position(|of| of == name).unwrap()];
            let doubts = [cell("doubt"), cell("storm_mean"), cell("calm_mean")];
            if doubts != ["", "", ""] {
                assert_eq!(
                    [cell("strategy"), cell("point")],
                    [&record.strategies[1], &record.points[1]]
                );
                told.push(format!("{} {}", cell("metric"), doubts.join(" ")));
            }
        }
        assert_eq!(
            told,
            [
                "failure_rate skewed;open;mixed 0.5 0.01",
                "latency_p50  0.5 0.01",
                "latency_p99 skewed  "
            ]
        );
        let folder = tempfile::tempdir().unwrap();
        record.save(folder.path()).unwrap();
        assert_eq!(Record::load(folder.path()).unwrap(), record);
    }

    #[test]
    fn the_word_is_read_wherever_it_stands() {
        assert!(
            ["skewed", "skewed;open", "open;skewed;mixed"]
                .map(is_skewed)
                .iter()
                .all(|is| *is)
        );
        assert!(
            !["", "open", "mixed;open", "unskewed"]
                .map(is_skewed)
                .iter()
                .any(|is| *is)
        );
        assert!(["mixed", "skewed;mixed"].map(is_mixed).iter().all(|is| *is));
        assert!(!["", "skewed;open", "unmixed"].map(is_mixed).iter().any(|is| *is));
    }
}
