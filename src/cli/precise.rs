//! The options of a run that ends when its figures are known well enough.

use clap::Args;

use crate::campaign::VarianceReduction;
use crate::campaign::precision::{FIRST_LOOK, MOST_FOR_PRECISION, Precision, PrecisionGoal};
use crate::scenario::MOST_REPLICATIONS;

#[derive(Debug, Args)]
pub(super) struct PrecisionArguments {
    /// Replicate until each compared figure is known to within this share of itself, such as 5%, or to 0.1pp; METRIC=5% for another one; as often as
    /// one likes
    #[arg(
        long,
        value_name = "[METRIC=]SHARE",
        conflicts_with = "replications",
        allow_hyphen_values = true
    )]
    precision: Vec<PrecisionGoal>,
    /// No more replications for the sake of --precision [default: 2000]
    #[arg(long, value_name = "N", requires = "precision", value_parser = clap::value_parser!(u32).range(i64::from(FIRST_LOOK)..=i64::from(MOST_REPLICATIONS)))]
    max_replications: Option<u32>,
    /// How figures are known better from the same replications: by control variates, which take off luck that is known
    #[arg(long, value_name = "HOW", value_enum, default_value_t)]
    variance: Variance,
}

/// What is done about the variance of figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Variance {
    /// A figure is the mean over replications
    #[default]
    Plain,
    /// Control variates are taken into account where they narrow an interval
    Controls,
}

impl PrecisionArguments {
    /// What is wanted, with no more than so many events; none where nobody asked.
    pub(super) fn wanted(&self, most_events: u64) -> Option<Precision> {
        (!self.precision.is_empty()).then(|| Precision {
            goals: self.precision.clone(),
            most_replications: self.max_replications.unwrap_or(MOST_FOR_PRECISION),
            most_events,
            cut: None,
        })
    }

    /// What is done about the variance.
    pub(super) fn variance(&self) -> VarianceReduction {
        match self.variance {
            Variance::Plain => VarianceReduction::Plain,
            Variance::Controls => VarianceReduction::Controls,
        }
    }

    /// What the results depend on, as it was written. A limit of time is none of it: where it ended the run, the record says so.
    pub(super) fn line(&self, raised: impl IntoIterator<Item = String>) -> Vec<String> {
        let mut line = Vec::new();
        for goal in &self.precision {
            line.extend(["--precision".to_owned(), goal.written().to_owned()]);
        }
        if let Some(most) = self.max_replications {
            line.extend(["--max-replications".to_owned(), most.to_string()]);
        }
        if !line.is_empty() {
            line.extend(raised);
        }
        if self.variance == Variance::Controls {
            line.extend(["--variance".to_owned(), "controls".to_owned()]);
        }
        line
    }
}
