//! How long the warm-up of a run should be, found in its series by MSER-5.
//!
//! Sources: K. P. White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69, 1997; K. P. White, M.
//! J. Cobb and S. C. Spratt, "A comparison of five steady-state truncation heuristics for simulation", Winter Simulation Conference
//! 2000; over the mean of several replications, as K. Hoad, S. Robinson and R. Davies do, "Automating warm-up length estimation", Journal
//! of the Operational Research Society 61, 2010.

use crate::record::{FoundWarmup, Series};

/// What figures are made of.
const WATCHED: [&str; 4] = ["attempts", "rejections", "token_requests", "goodput"];

/// Observations in a batch.
const BATCH: usize = 5;

/// Of fewer batches nothing is said.
const FEWEST: usize = 20;

/// Batches at the end that are not looked at by themselves: so few are alike by chance.
const LAST: usize = 5;

/// A mean that differs by less than this part does no harm.
const PART: f64 = 0.01;

/// Standard errors between two means that are not chance, though the place was chosen to make them differ.
const CLEAR: f64 = 5.0;

/// The warm-up of each strategy and point, until the first incident at most; none where there is too little to look at.
pub(super) fn warmups(series: &[Series], warmup_s: f64, until_s: f64) -> Vec<FoundWarmup> {
    let alike = |one: &Series, other: &Series| one.strategy == other.strategy && one.point == other.point;
    series
        .chunk_by(alike)
        .filter_map(|own| warmup(own, warmup_s, until_s))
        .collect()
}

fn warmup(own: &[Series], warmup_s: f64, until_s: f64) -> Option<FoundWarmup> {
    let watched = own.iter().filter(|series| WATCHED.contains(&series.series.as_str()));
    let found = watched.filter_map(|series| {
        let count = series.t_s.iter().filter(|from| **from < until_s).count();
        let width = series.t_s.get(1)? - series.t_s.first()?;
        let batches = batches(&series.value[..count]);
        if batches.len() < FEWEST {
            return None;
        }
        let cut = steady_from(&batches);
        let batch_s = width * BATCH as f64;
        let left_out = (warmup_s / batch_s).ceil() as usize;
        Some(FoundWarmup {
            strategy: series.strategy.clone(),
            point: series.point.clone(),
            series: series.series.clone(),
            found_s: cut.map(|cut| cut as f64 * batch_s),
            too_short: cut.is_some_and(|cut| left_out < cut && is_another(&batches[left_out..cut], &batches[cut..])),
        })
    });
    let longest = |found: &FoundWarmup| (found.too_short, found.found_s.unwrap_or(f64::INFINITY));
    found.reduce(|one, other| match longest(&other) > longest(&one) {
        true => other,
        false => one,
    })
}

fn batches(values: &[f64]) -> Vec<f64> {
    let mean = |batch: &[f64]| batch.iter().sum::<f64>() / BATCH as f64;
    values.chunks_exact(BATCH).map(mean).collect()
}

/// How many batches to leave out, so that the mean of the others has the least standard error; none where that is more than half of them.
fn steady_from(batches: &[f64]) -> Option<usize> {
    let count = batches.len();
    let middle = batches.iter().sum::<f64>() / count as f64;
    let (mut sum, mut squares, mut best) = (0.0, 0.0, (f64::INFINITY, 0));
    for (at, batch) in batches.iter().enumerate().rev() {
        let away = batch - middle;
        sum += away;
        squares += away * away;
        let left = (count - at) as f64;
        let error = ((squares - sum * sum / left) / (left * left)).max(1e-24 * middle * middle);
        if count - at >= LAST && error <= best.0 {
            best = (error, at);
        }
    }
    (best.1 <= count / 2).then_some(best.1)
}

/// Whether the mean of what comes first is another than that of the rest, by what matters and is not chance.
fn is_another(first: &[f64], rest: &[f64]) -> bool {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (one, other) = (mean(first), mean(rest));
    let squares: f64 = rest.iter().map(|value| (value - other) * (value - other)).sum();
    let variance = squares / (rest.len() as f64 - 1.0);
    let error = (variance * (1.0 / first.len() as f64 + 1.0 / rest.len() as f64)).sqrt();
    // Of the whole that is measured, a short start moves the mean but little.
    let moved = (one - other).abs() * first.len() as f64 / (first.len() + rest.len()) as f64;
    moved > PART * other.abs() && (one - other).abs() > CLEAR * error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Dice;

    /// A series that comes down from ten times its level to that level until `steady`, with noise of a tenth.
    fn series(steady: usize) -> Series {
        let dice = Dice::new(4);
        let noise = |at: usize| dice.draw(0, 0, at as u64) as f64 / u64::MAX as f64 - 0.5;
        let start = |at: usize| match at < steady {
            true => 90.0 * (1.0 - at as f64 / steady as f64),
            false => 0.0,
        };
        Series {
            strategy: "lease".into(),
            point: String::new(),
            series: "attempts".into(),
            unit: "per s".into(),
            t_s: (0..600).map(f64::from).collect(),
            value: (0..600).map(|at| 10.0 + start(at) + noise(at)).collect(),
        }
    }

    #[test]
    fn a_start_that_is_not_steady_is_found_and_held_against_what_is_left_out() {
        let found = |steady: usize, warmup_s: f64, until_s: f64| warmups(&[series(steady)], warmup_s, until_s).pop();
        let start = found(120, 60.0, 600.0).unwrap();
        // Within four batches of where it ends.
        let found_s = start.found_s.unwrap();
        assert!((115.0..=140.0).contains(&found_s) && start.too_short, "{start:?}");
        assert!(!found(120, 125.0, 600.0).unwrap().too_short);
        // Without a start there is nothing to leave out, nor to warn of.
        let calm = found(0, 0.0, 600.0).unwrap();
        assert!(calm.found_s.unwrap() <= 60.0 && !calm.too_short, "{calm:?}");
        // Steady only in the second half: the run is too short to tell.
        assert_eq!(found(400, 60.0, 600.0).unwrap().found_s, None);
        // Too little to look at before the first incident.
        assert_eq!(found(0, 0.0, 90.0), None);
    }

    #[test]
    fn what_never_varies_is_steady_at_once() {
        assert_eq!(steady_from(&[0.1; 40]), Some(0));
        assert_eq!(steady_from(&[0.0; 40]), Some(0));
        // By hand: of 1, 0, 0, ... the first is left out.
        let mut batches = [0.0; 40];
        batches[0] = 1.0;
        assert_eq!(steady_from(&batches), Some(1));
    }
}
