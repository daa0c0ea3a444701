//! `replications.csv`: what single replications came to, so that a later run under the same luck can be compared one by one; and the
//! way back.

use super::cells::{csv_text, number, parse};
use super::read::{ReadError, RunFile};
use super::{Record, Replicated};

/// One row for each strategy, point and metric: what single replications came to stands in one cell, so that the file stays small.
const HEADER: [&str; 6] = ["scenario", "strategy", "point", "metric", "values", "run"];

/// Stands for a replication in which the metric has no value.
const NONE: &str = "-";

/// The file.
pub(super) fn csv(record: &Record) -> String {
    let scenario = record.manifest.scenario.as_str();
    let rows = record.replicated.iter().map(|of| {
        let cell = |value: &Option<f64>| match number(*value) {
            empty if empty.is_empty() => NONE.to_owned(),
            number => number,
        };
        let values: Vec<String> = of.values.iter().map(cell).collect();
        [
            scenario.to_owned(),
            of.strategy.clone(),
            of.point.clone(),
            of.metric.clone(),
            values.join(" "),
            record.manifest.run.clone(),
        ]
    });
    csv_text(&HEADER, rows)
}

/// The rows of the file, in its order.
pub(super) fn read(file: &RunFile<'_>) -> Result<Vec<Replicated>, ReadError> {
    file.rows(&HEADER, |[_, strategy, point, metric, values, _]| {
        let values = values.split_whitespace().map(|value| match value {
            NONE => Ok(None),
            value => parse(value),
        });
        Ok(Replicated {
            strategy: (*strategy).to_owned(),
            point: (*point).to_owned(),
            metric: (*metric).to_owned(),
            values: values.collect::<Result<_, _>>()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;
    use crate::record::layout::REPLICATIONS;

    #[test]
    fn replications_come_back_to_the_last_bit_and_leave_no_trace_where_there_are_none() {
        let mut record = fake::dozen();
        let of = |metric: &str, values: Vec<Option<f64>>| Replicated {
            strategy: "one, \"two\"\nthree".to_owned(),
            point: "nodes=2".to_owned(),
            metric: metric.to_owned(),
            values,
        };
        record.replicated = vec![
            of("latency_p99", vec![Some(0.1 + 0.2), None, Some(5e-324)]),
            of("added_latency_mean@web", vec![Some(-1e-9), Some(3.0), None]),
            of("failure_rate", vec![None, None]),
            of("grants_lost", vec![]),
        ];
        let dir = tempfile::tempdir().unwrap();
        record.save(dir.path()).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
        let text = std::fs::read_to_string(dir.path().join(REPLICATIONS)).unwrap();
        std::fs::write(dir.path().join(REPLICATIONS), text.replace("5e-324", "5e-323")).unwrap();
        let error = Record::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("is not what the run has written"), "{error}");
        std::fs::write(dir.path().join(REPLICATIONS), text.replace("5e-324", "five")).unwrap();
        let error = Record::load(dir.path()).unwrap_err().to_string();
        assert!(error.contains("`five` is not a number"), "{error}");
        fake::dozen().save(dir.path()).unwrap();
        assert!(!dir.path().join(REPLICATIONS).exists());
        assert_eq!(Record::load(dir.path()).unwrap(), fake::dozen());
    }
}
