//! The axis of a swept parameter: where its values lie.
//!
//! Does not know what is drawn against it.

use crate::base::{Duration, Rate};
use crate::record::Record;
use crate::report::Sweep;

/// How the values of an axis lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    /// Equal steps for equal differences.
    Linear,
    /// Equal steps for equal ratios.
    Ratios,
    /// The same, but for zero, which stands beside the least of the others.
    RatiosAndZero,
    /// One after the other as the scenario lists them: they are no numbers.
    Listed,
}

impl Steps {
    /// In words, for the axis.
    pub(super) fn words(self) -> &'static str {
        match self {
            Steps::Linear => "linear",
            Steps::Ratios => "logarithmic",
            Steps::RatiosAndZero => "logarithmic, zero beside it",
            Steps::Listed => "in the order of the scenario",
        }
    }
}

/// The values of the only swept parameter, one per point.
pub(super) struct Axis {
    /// `(value, index of the point)`, ascending.
    pub(super) values: Vec<(f64, usize)>,
    /// As the scenario writes the value.
    pub(super) words: Vec<String>,
    /// The key in words.
    pub(super) key: String,
    pub(super) scale: Steps,
}

pub(super) fn axis(record: &Record) -> Option<Axis> {
    let sweep = Sweep::of(record);
    let [key] = sweep.keys.as_slice() else {
        return None;
    };
    let words: Vec<String> = sweep.values.iter().filter_map(|v| v.first().cloned()).collect();
    let numbers = numbers(&words);
    let listed = numbers.is_none();
    let values = numbers.unwrap_or_else(|| (0..words.len()).map(|at| at as f64).collect());
    let mut values: Vec<(f64, usize)> = values.into_iter().zip(0..).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut scale = match (listed, even_ratios(&values)) {
        (true, _) => Steps::Listed,
        (_, true) => Steps::Ratios,
        _ => Steps::Linear,
    };
    // Zero has no place among ratios: it stands one step before the least of the others.
    if let [(zero, _), rest @ ..] = values.as_mut_slice()
        && !listed
        && *zero == 0.0
        && even_ratios(rest)
    {
        *zero = rest[0].0 * rest[0].0 / rest[1].0;
        scale = Steps::RatiosAndZero;
    }
    Some(Axis {
        values,
        words,
        key: Sweep::words(key),
        scale,
    })
}

/// Values that are all numbers of one unit, or spans, or rates.
fn numbers(words: &[String]) -> Option<Vec<f64>> {
    let parsed: Vec<(f64, &str)> = words.iter().map(|w| quantity(w)).collect::<Option<_>>()?;
    if parsed.windows(2).all(|p| p[0].1 == p[1].1) {
        return Some(parsed.iter().map(|p| p.0).collect());
    }
    // Different units of one quantity.
    let bare = |word: &String| word.trim().trim_matches('"').to_owned();
    let mut spans = words
        .iter()
        .map(|w| Some(bare(w).parse::<Duration>().ok()?.as_secs_f64()));
    let mut rates = words.iter().map(|w| Some(bare(w).parse::<Rate>().ok()?.per_second()));
    spans
        .by_ref()
        .collect::<Option<_>>()
        .or_else(|| rates.by_ref().collect::<Option<_>>())
}

/// Whether one parameter is swept.
pub(super) fn has_axis(record: &Record) -> bool {
    axis(record).is_some()
}

/// `250ms` is 250 and `ms`.
fn quantity(text: &str) -> Option<(f64, &str)> {
    let text = text.trim().trim_matches('"');
    let split = text
        .char_indices()
        .find(|(i, c)| {
            let exponent =
                matches!(c, 'e' | 'E') && text[i + 1..].starts_with(|d: char| d.is_ascii_digit() || d == '-');
            !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | '_') || exponent)
        })
        .map_or(text.len(), |(i, _)| i);
    let (digits, unit) = text.split_at(split);
    let value: f64 = digits.replace('_', "").parse().ok()?;
    value.is_finite().then_some((value, unit.trim()))
}

/// Whether values lie more evenly by ratio (1, 2, 4, 8) than by difference (1, 2, 3, 4).
fn even_ratios(values: &[(f64, usize)]) -> bool {
    if values.len() < 3 || values.iter().any(|v| v.0 <= 0.0) {
        return false;
    }
    let unevenness = |place: fn(f64) -> f64| {
        let steps: Vec<f64> = values.windows(2).map(|p| place(p[1].0) - place(p[0].0)).collect();
        let mean = steps.iter().sum::<f64>() / steps.len() as f64;
        let spread = steps.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / steps.len() as f64;
        spread.sqrt() / mean.max(f64::MIN_POSITIVE)
    };
    unevenness(f64::ln) < unevenness(|v| v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn quantities_have_a_number_and_a_unit() {
        assert_eq!(quantity("8"), Some((8.0, "")));
        assert_eq!(quantity("\"250ms\""), Some((250.0, "ms")));
        assert_eq!(quantity("5/s"), Some((5.0, "/s")));
        assert_eq!(quantity("1e-3"), Some((1e-3, "")));
        assert_eq!(quantity("fast"), None);
        assert_eq!(quantity(""), None);
    }

    #[test]
    fn only_a_sweep_over_one_parameter_has_an_axis() {
        let mut record = fake::sweep(&[1.0, 2.0, 4.0, 8.0]);
        assert!(axis(&record).is_some_and(|a| a.scale == Steps::Ratios));
        assert!(axis(&fake::dozen()).is_none());
        record.points = vec!["k=500ms".into(), "k=1s".into(), "k=2min".into()];
        let values: Vec<f64> = axis(&record).unwrap().values.iter().map(|v| v.0).collect();
        assert_eq!(values, [0.5, 1.0, 120.0]);
        record.points = ["k=0s", "k=100ms", "k=1s", "k=10s"].map(String::from).to_vec();
        let with_zero = axis(&record).unwrap();
        assert!(with_zero.scale == Steps::RatiosAndZero && (with_zero.values[0].0 - 0.01).abs() < 1e-12);
        assert_eq!(with_zero.words[0], "0s");
        record.points = vec!["k=3".into(), "k=1".into(), "k=2".into()];
        let found = axis(&record).unwrap();
        assert!(found.scale == Steps::Linear);
        assert_eq!(found.values, [(1.0, 1), (2.0, 2), (3.0, 0)]);
        for words in [vec!["k=a", "k=b"], vec!["k=1s", "k=1 call"]] {
            record.points = words.into_iter().map(String::from).collect();
            let listed = axis(&record).unwrap();
            assert_eq!((listed.scale, listed.values), (Steps::Listed, vec![(0.0, 0), (1.0, 1)]));
        }
        record.points = vec!["a=1;b=2".into(), "a=2;b=2".into()];
        assert!(axis(&record).is_none());
    }
}
