//! What became of a precision that was asked for, in words.
//!
//! Does not know by which rule it was reached.

use super::{number, quoted};
use crate::record::{OpenFigure, PrecisionEnd, Record};

/// Figures that are named.
const NAMED: usize = 3;

/// Whether it was reached, what ended the run, and which figures are not known that well; none where nobody asked.
pub fn told(record: &Record) -> Option<String> {
    let reached = record.manifest.precision.as_ref()?;
    let asked = reached.asked.join(", ");
    let count = number::grouped(f64::from(record.manifest.replications));
    let ended = match reached.ended_by {
        PrecisionEnd::Reached => {
            // The rule of three.
            let rare = number::grouped(f64::from(record.manifest.replications / 3));
            return Some(format!(
                "The precision of {asked} was reached with {count} replications; a kind of run that is rarer than one in {rare} may not be \
                 among them."
            ));
        }
        PrecisionEnd::Replications => "the limit of replications, which --max-replications raises,",
        PrecisionEnd::Events => "the limit of events, which --max-events raises,",
        PrecisionEnd::Time => "the limit of time, which --max-time raises,",
        PrecisionEnd::Interrupted => "an interrupt",
    };
    let mut open: Vec<String> = reached.open.iter().take(NAMED).map(figure).collect();
    if reached.open.len() > NAMED {
        open.push(format!("and {} more", reached.open.len() - NAMED));
    }
    let mut told =
        format!("The precision of {asked} was not reached: {ended} ended the run after {count} replications.");
    if !open.is_empty() {
        told += &format!(" Not known that well: {}.", open.join("; "));
    }
    Some(told)
}

fn figure(open: &OpenFigure) -> String {
    let at = match open.point.is_empty() {
        true => String::new(),
        false => format!(" at {}", open.point),
    };
    let how = match (open.half_width, open.replications_to_reach) {
        _ if open.doubtful => {
            ", whose values are too skewed for their number for any interval to be trusted".to_owned()
        }
        (Some(half), enough) if half > open.wanted && open.wanted > 0.0 => {
            let times = number::significant(half / open.wanted, 3);
            let enough = enough.map_or(String::new(), |enough| {
                let enough = number::significant(f64::from(enough), 2)
                    .parse()
                    .unwrap_or(f64::from(enough));
                format!(", about {} replications would do", number::grouped(enough))
            });
            format!(" (interval {times} times as wide as asked for{enough})")
        }
        _ => " (too few replications to look)".to_owned(),
    };
    format!("`{}` of {}{at}{how}", open.metric, quoted(&open.strategy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{ReachedPrecision, fake};

    #[test]
    fn what_ended_the_run_and_what_is_open_is_said() {
        let mut record = fake::dozen();
        assert_eq!(told(&record), None);
        let open = |strategy: &str, half_width: f64, doubtful| OpenFigure {
            strategy: strategy.into(),
            point: String::new(),
            metric: "failure_rate".into(),
            unit: "share".into(),
            mean: 0.2,
            half_width: Some(half_width),
            wanted: 0.01,
            doubtful,
            replications_to_reach: (!doubtful).then_some(4321),
        };
        record.manifest.precision = Some(ReachedPrecision {
            asked: vec!["5%".into()],
            ended_by: PrecisionEnd::Replications,
            open: vec![
                open("lease", 0.034, false),
                open("leader", 0.02, true),
                open("a", 0.02, true),
                open("b", 0.02, true),
            ],
        });
        let text = told(&record).unwrap();
        for words in [
            "The precision of 5% was not reached: the limit of replications, which --max-replications raises, ended the run after 40",
            "`failure_rate` of “lease” (interval 3.4 times as wide as asked for, about 4,300 replications would do)",
            "`failure_rate` of “leader”, whose values are too skewed",
            "; and 1 more.",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        let reached = record.manifest.precision.as_mut().unwrap();
        (reached.ended_by, reached.open) = (PrecisionEnd::Reached, Vec::new());
        assert_eq!(
            told(&record).unwrap(),
            "The precision of 5% was reached with 40 replications; a kind of run that is rarer than one in 13 may not be among them."
        );
    }
}
