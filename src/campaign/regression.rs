//! The mean of values less what control variates explain of them: quantities of the same replications whose mean is known to be zero.
//!
//! Few controls are taken, one after another and only while they explain more than chance would: each costs a degree of freedom, and one that is
//! taken because it happened to fit makes an interval too narrow. Sources: S. S. Lavenberg and P. D. Welch, "A perspective on the use of control
//! variables to increase the efficiency of Monte Carlo simulations", Management Science 27, 1981; B. L. Nelson, "Control variate remedies",
//! Operations Research 38, 1990; K. W. Bauer and J. R. Wilson, "Control-variate selection criteria", Naval Research Logistics 39, 1992.

use super::moments::Moments;
use super::statistics::{self, ENOUGH, Estimate};

/// Fewer replications tell too little about which controls explain something.
const FEWEST: usize = 30;

/// Replications for each control, and controls, at the most.
const FOR_EACH: usize = 10;
const MOST: usize = 5;

/// The chance of taking a control that explains nothing, at each step, of all candidates together.
const CHANCE: f64 = 0.01;

/// What is left of a control that the chosen ones tell already.
const LEFT: f64 = 1e-6;

/// Nobody needs to know of more.
const MOST_GAIN: f64 = 1e6;

/// A mean that controls have been taken into account for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Regressed {
    pub(super) moments: Moments,
    /// Degrees of freedom of its error.
    pub(super) freedom: f64,
    /// How many times as large the variance of the plain mean is.
    pub(super) gain: f64,
}

impl Regressed {
    /// The mean with its interval.
    pub(super) fn mean(&self, confidence: f64) -> Estimate {
        let moments = &self.moments;
        Estimate {
            mean: moments.mean,
            interval: Some(moments.interval(statistics::student(self.freedom, confidence))),
            count: moments.count as u32,
            values_per_skew: moments.values_per_skew(),
        }
    }

    /// The same of shares: its interval stays between 0 and 1.
    pub(super) fn share(&self, confidence: f64) -> Estimate {
        let plain = self.mean(confidence);
        let (p, error) = (plain.mean.clamp(0.0, 1.0), self.moments.error);
        let trials = p * (1.0 - p) / (error * error);
        let interval = match trials > 0.0 && trials.is_finite() {
            true => statistics::wilson(p, trials, statistics::student(self.freedom, confidence)),
            false => (p, p),
        };
        Estimate {
            mean: p,
            interval: Some(interval),
            ..plain
        }
    }
}

/// A control less its mean over the replications, and what the chosen ones tell of it.
struct Candidate {
    away: Vec<f64>,
    mean: f64,
    square: f64,
    at_first: f64,
}

impl Candidate {
    /// None of what does not vary, and of what is so skewed that its few large values would decide alone.
    fn of(values: Vec<f64>) -> Option<Self> {
        let moments = Moments::of(&values).filter(|moments| moments.values_per_skew() >= ENOUGH)?;
        let away: Vec<f64> = values.iter().map(|value| value - moments.mean).collect();
        let square = dot(&away, &away);
        (square > 0.0 && square.is_finite()).then_some(Self {
            away,
            mean: moments.mean,
            square,
            at_first: square,
        })
    }

    /// Takes off what another one tells.
    fn less(&mut self, other: &Self) {
        let slope = dot(&self.away, &other.away) / other.square;
        take(&mut self.away, slope, &other.away);
        self.mean -= slope * other.mean;
        self.square = dot(&self.away, &self.away);
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn take(from: &mut [f64], slope: f64, other: &[f64]) {
    from.iter_mut()
        .zip(other)
        .for_each(|(value, other)| *value -= slope * other);
}

/// The mean of values, given controls of the same replications; none where too few of them, or no control, tell anything.
pub(super) fn regressed(values: &[f64], controls: impl IntoIterator<Item = Vec<f64>>) -> Option<Regressed> {
    let plain = Moments::of(values).filter(|_| values.len() >= FEWEST)?;
    let mut candidates: Vec<Candidate> = controls.into_iter().filter_map(Candidate::of).collect();
    let mut left: Vec<f64> = values.iter().map(|value| value - plain.mean).collect();
    let count = values.len() as f64;
    let (mut mean, mut factor, mut taken) = (plain.mean, 1.0 / count, 0);
    while taken < MOST.min(values.len() / FOR_EACH) {
        let spread = dot(&left, &left);
        let explained = |candidate: &Candidate| dot(&left, &candidate.away).powi(2) / candidate.square / spread;
        let best = (0..candidates.len())
            .max_by(|one, other| explained(&candidates[*one]).total_cmp(&explained(&candidates[*other])));
        let Some(best) = best.filter(|_| spread > 0.0) else {
            break;
        };
        let (share, freedom) = (explained(&candidates[best]), count - 2.0 - taken as f64);
        let quantile = statistics::student(freedom, 1.0 - CHANCE / candidates.len() as f64);
        if share * freedom <= quantile * quantile * (1.0 - share) {
            break;
        }
        let chosen = candidates.remove(best);
        let slope = dot(&left, &chosen.away) / chosen.square;
        take(&mut left, slope, &chosen.away);
        mean -= slope * chosen.mean;
        factor += chosen.mean * chosen.mean / chosen.square;
        candidates.iter_mut().for_each(|candidate| candidate.less(&chosen));
        candidates.retain(|candidate| candidate.square > LEFT * candidate.at_first);
        taken += 1;
    }
    let freedom = count - 1.0 - taken as f64;
    let error = (dot(&left, &left) / freedom * factor).sqrt();
    // What is explained to the last bit leaves no error but that of rounding.
    let gain = (plain.error / error).powi(2).min(MOST_GAIN);
    (taken > 0 && gain > 1.0).then(|| Regressed {
        moments: Moments::with_error(&left, mean, error),
        freedom,
        gain,
    })
}

#[cfg(test)]
pub(in crate::campaign) mod tests;
