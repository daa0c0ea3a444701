//! How well figures are to be known, and when the replications are enough.
//!
//! The rule is the one for a relative width of A. M. Law, W. D. Kelton and L. W. Koenig, "Relative width sequential confidence intervals
//! for the mean", Communications in Statistics - Simulation and Computation 10, 1981: no fewer than a first number of
//! replications, and then until the half-width of the interval is at most g / (1 + g) of the mean, so that the mean is within g of the true one, which
//! is not known. It looks after each doubling only, as who looks often stops at a lucky moment, and never stops on an interval
//! that is not to be trusted. `reports/statistics.md` shows how often the intervals then cover.
//!
//! What a stage is depends on the figures alone: the same seed ends at the same replication on any number of threads. Only who asks for
//! a limit of time gets what the clock decides.

use std::str::FromStr;

use super::statistics::{ENOUGH_AFTER_LOOKS, Estimate, MARGIN};
use crate::base::{QuantityError, Share};
use crate::metric;
use crate::record::{OpenFigure, PrecisionEnd, ReachedPrecision};

/// Replications before the first look, at least: they show a kind of run that is one in 33 with 95 %.
pub const FIRST_LOOK: u32 = 100;

/// Replications that a precision may take unless somebody says so.
pub const MOST_FOR_PRECISION: u32 = 2_000;

/// Of n runs of which none is of a kind, fewer than 3/n of all are, with 95 %. Source: J. A. Hanley and A. Lippman-Hand, "If nothing
/// goes wrong, is everything all right?", JAMA 249, 1983.
const RULE_OF_THREE: f64 = 3.0;

/// What strategies are compared by, where no metric is named.
const BY_DEFAULT: [&str; 2] = ["failure_rate", "first_attempt_rejection_rate"];

/// How well figures are to be known, and what it may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// How well which figures.
    pub goals: Vec<PrecisionGoal>,
    /// No more replications.
    pub most_replications: u32,
    /// No more simulator events, over all strategies and points.
    pub most_events: u64,
    /// Where a limit of time ended the run that is run again.
    pub cut: Option<u32>,
}

/// How well a metric is to be known for every strategy at every point.
#[derive(Clone, Debug, PartialEq)]
pub struct PrecisionGoal {
    /// None for those that strategies are compared by: failed calls, and first attempts rejected.
    metric: Option<&'static str>,
    width: Width,
    written: String,
}

/// Half of an interval at most.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Width {
    /// So much of the figure.
    Relative(f64),
    /// So much, in the metric's unit.
    Absolute(f64),
}

impl FromStr for PrecisionGoal {
    type Err = String;

    /// Reads `5%`, `0.1pp`, `latency_p99=10%`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, amount) = match text.split_once('=') {
            Some((name, amount)) => (Some(name.trim()), amount.trim()),
            None => (None, text.trim()),
        };
        let known = |name: &str| metric::find(name).ok_or_else(|| unknown(name));
        let metric = name.map(known).transpose()?;
        let points = amount.strip_suffix("pp").map(str::trim);
        let share = match points {
            Some(points) => format!("{points}%").parse(),
            None => amount.parse(),
        };
        let share: Share =
            share.map_err(|error: QuantityError| format!("{error}; or write percentage points, such as 0.1pp"))?;
        if share.get() <= 0.0 {
            return Err(format!(
                "no number of replications reaches a precision of zero; write a share such as {}",
                name.map_or("5%".to_owned(), |name| format!("{name}=5%"))
            ));
        }
        if share.get() >= 1.0 {
            return Err("a figure that is known to within itself is not known; write a share such as 5%".to_owned());
        }
        if let (Some(metric), Some(_)) = (metric, points)
            && metric.unit != "share"
        {
            let (name, unit) = (metric.name, metric.unit);
            return Err(format!(
                "`{name}` is no share ({unit}), and has no percentage points; write {name}=5%"
            ));
        }
        Ok(Self {
            metric: metric.map(|metric| metric.name),
            width: match points {
                Some(_) => Width::Absolute(share.get()),
                None => Width::Relative(share.get()),
            },
            written: text.trim().to_owned(),
        })
    }
}

fn unknown(name: &str) -> String {
    match name.contains('@') {
        true => format!(
            "`{name}` is of a part of the calls, and a precision is of all of them; leave out what follows the @"
        ),
        false => format!("there is no metric `{name}`; `tokenstorm list metrics` names them"),
    }
}

impl PrecisionGoal {
    /// As it was written.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Replications before the first look: so many that what none of them shows can hardly matter.
    pub fn first_look(&self) -> u32 {
        match self.width {
            Width::Relative(share) => FIRST_LOOK.max((RULE_OF_THREE / share).ceil() as u32),
            Width::Absolute(_) => FIRST_LOOK,
        }
    }

    /// Half of the interval that is wide enough at this mean.
    pub(super) fn half_width(&self, mean: f64) -> f64 {
        match self.width {
            Width::Relative(share) => share / (1.0 + share) * mean.abs(),
            Width::Absolute(half) => half,
        }
    }

    /// Whether a figure is known as well as this, at one of the looks.
    pub fn is_met(&self, figure: Estimate, unit: &str) -> bool {
        let Some((low, high)) = figure.interval else {
            return false;
        };
        let none = unit == "share" && high <= MARGIN;
        let narrow = (high - low) / 2.0 <= self.half_width(figure.mean);
        // What is the same in every run has no width. So many runs have seen it that another kind of run is rare.
        figure.count >= self.first_look() && !figure.is_doubtful(ENOUGH_AFTER_LOOKS) && (narrow || none)
    }

    /// The metrics that it is about.
    pub(super) fn metrics(&self) -> Vec<&'static str> {
        self.metric.map_or(BY_DEFAULT.to_vec(), |metric| vec![metric])
    }
}

/// The replications of the look that follows the one at so many.
pub fn next_look(count: u32) -> u32 {
    count.saturating_mul(2)
}

impl Precision {
    /// The replications of the first look, where a scenario asks for so many.
    pub fn first_look(&self, scenario: u32) -> u32 {
        let first = self.goals.iter().map(PrecisionGoal::first_look).max();
        first.unwrap_or(FIRST_LOOK).max(scenario).min(self.most())
    }

    fn most(&self) -> u32 {
        self.cut.unwrap_or(self.most_replications).min(self.most_replications)
    }

    /// How many replications come next after so many, which had so many events; or what forbids more.
    pub(super) fn next(&self, count: u32, events: u64) -> Result<u32, PrecisionEnd> {
        if self.cut.is_some_and(|cut| count >= cut) {
            return Err(PrecisionEnd::Time);
        }
        if count >= self.most() {
            return Err(PrecisionEnd::Replications);
        }
        let affordable = u128::from(self.most_events) * u128::from(count) / u128::from(events.max(1));
        let affordable = affordable.min(u128::from(u32::MAX)) as u32;
        match next_look(count).min(self.most()).min(affordable) {
            next if next > count => Ok(next),
            _ => Err(PrecisionEnd::Events),
        }
    }

    /// What is left in the record.
    pub(super) fn reached(&self, ended_by: PrecisionEnd, open: Vec<OpenFigure>) -> ReachedPrecision {
        ReachedPrecision {
            asked: self.goals.iter().map(|goal| goal.written.clone()).collect(),
            ended_by,
            open,
        }
    }
}

#[cfg(test)]
mod coverage;
#[cfg(test)]
mod tests;
