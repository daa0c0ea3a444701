//! What control variates have done for the figures, in words.
//!
//! Does not know what they are made of.

use super::number;
use crate::record::Record;

/// What strategies are compared by.
const COMPARED: [&str; 2] = ["failure_rate", "first_attempt_rejection_rate"];

/// By how much they narrow the compared figures; none where nobody asked, or they narrow none.
pub(super) fn told(record: &Record) -> Option<String> {
    let compared = record
        .readings
        .iter()
        .filter(|reading| COMPARED.contains(&reading.metric.as_str()));
    let varies = |reading: &&crate::record::Reading| reading.mean.is_some_and(|mean| mean > 0.0);
    let compared: Vec<_> = compared.filter(varies).collect();
    let gains: Vec<f64> = compared.iter().filter_map(|reading| reading.controls_gain).collect();
    let [least, most] = [
        gains.iter().copied().fold(f64::INFINITY, f64::min),
        gains.iter().copied().fold(0.0, f64::max),
    ]
    .map(|gain| number::significant(gain, 2));
    let times = if least == most {
        most
    } else {
        format!("{least} to {most}")
    };
    (!gains.is_empty()).then(|| {
        format!(
            "Control variates make the variance of {} of the {} compared figures above zero {times} times less; the others have their plain means.",
            gains.len(),
            compared.len()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn how_many_figures_are_narrower_and_by_how_much_is_said() {
        let mut record = fake::dozen();
        assert_eq!(told(&record), None);
        let own = |metric: &str| COMPARED.contains(&metric);
        let mut own: Vec<_> = record
            .readings
            .iter_mut()
            .filter(|reading| own(&reading.metric))
            .collect();
        own.iter_mut().for_each(|reading| reading.mean = Some(0.1));
        let count = own.len();
        (own[0].controls_gain, own[1].controls_gain) = (Some(1.53), Some(22.0));
        let text = told(&record).unwrap();
        assert!(
            text.contains(&format!(
                "2 of the {count} compared figures above zero 1.5 to 22 times less"
            )),
            "{text}"
        );
    }
}
