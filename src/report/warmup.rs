//! The warm-up that was left out beside the one that the series call for, in words.
//!
//! Does not know how the latter was found.

use super::{listed, number, quoted};
use crate::record::{FoundWarmup, Record};

/// Whether what was left out is enough; empty where nothing was found out.
pub(super) fn told(record: &Record) -> Vec<String> {
    let left_out = number::seconds(record.manifest.warmup_s);
    let later = |one: &&FoundWarmup, other: &&FoundWarmup| {
        let found = |warmup: &FoundWarmup| warmup.found_s.unwrap_or(0.0);
        found(one).total_cmp(&found(other))
    };
    let short = record.warmups.iter().filter(|warmup| warmup.too_short).max_by(later);
    if let Some(worst) = short {
        let (found, series) = (number::seconds(worst.found_s.unwrap_or_default()), &worst.series);
        return vec![format!(
            "Warning: the warm-up of {left_out} is too short. The `{series}` of {} are steady only after {found} (MSER-5), and its figures bear \
             the start; set `run.warmup` to {found} or more.",
            quoted(&worst.strategy)
        )];
    }
    let mut restless: Vec<&str> = record
        .warmups
        .iter()
        .filter(|warmup| warmup.found_s.is_none())
        .map(|warmup| warmup.strategy.as_str())
        .collect();
    restless.dedup();
    let steady = record
        .warmups
        .iter()
        .filter(|warmup| warmup.found_s.is_some())
        .max_by(later);
    let mut out = Vec::new();
    if let Some(latest) = steady {
        let seconds = latest.found_s.unwrap_or_default();
        let found = number::seconds(seconds);
        let told = match seconds <= record.manifest.warmup_s {
            true => format!("{found} would do (MSER-5, the longest of all)"),
            false => format!("MSER-5 finds {found} at most, and the difference is not more than chance"),
        };
        out.push(format!("Warm-up: {left_out} left out; {told}."));
    }
    if !restless.is_empty() {
        out.push(format!(
            "Warm-up: not steady within the first half (MSER-5): {}.",
            listed(&restless)
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn what_was_left_out_is_held_against_what_was_found() {
        let mut record = fake::dozen();
        assert!(told(&record).is_empty());
        let found = |strategy: &str, found_s, too_short| FoundWarmup {
            strategy: strategy.into(),
            point: String::new(),
            series: "attempts".into(),
            found_s,
            too_short,
        };
        record.warmups = vec![
            found("leader", Some(35.0), false),
            found("lease (10 s)", Some(10.0), false),
        ];
        assert_eq!(
            told(&record),
            ["Warm-up: 60 s left out; 35 s would do (MSER-5, the longest of all)."]
        );
        record.warmups.push(found("naive cache", None, false));
        assert_eq!(
            told(&record)[1],
            "Warm-up: not steady within the first half (MSER-5): “naive cache”."
        );
        record.warmups.push(found("gateway", Some(90.0), true));
        let warned = told(&record);
        assert!(
            warned.len() == 1
                && warned[0].starts_with("Warning: the warm-up of 60 s is too short. The `attempts` of “gateway”"),
            "{warned:?}"
        );
    }
}
