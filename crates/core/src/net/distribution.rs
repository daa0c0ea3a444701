//! Distributions as a scenario file writes them, and their translation into a [`Latency`].

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::latency::Latency;
use crate::base::{Duration, open_csv};

/// How long something takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Distribution {
    /// Always the same: `{ constant = "40ms" }`.
    Constant(Duration),
    /// Anything between two durations alike: `{ uniform = ["10ms", "30ms"] }`.
    Uniform([Duration; 2]),
    /// `{ exponential = { mean = "40ms" } }`.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// By its median and 99th percentile: `{ lognormal = { median = "80ms", p99 = "400ms" } }`.
    Lognormal(LogNormal),
    /// A CSV file with a column `ms` of measured values, beside the scenario: `{ empirical = "token.csv" }`.
    Empirical(PathBuf),
}

/// A log-normal law by two of its quantiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogNormal {
    /// Half of all are shorter.
    pub median: Duration,
    /// One in a hundred is longer.
    pub p99: Duration,
}

/// Why a distribution cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DistributionError {
    /// The two quantiles are out of order.
    #[error("the 99th percentile {p99} lies below the median {median}; swap them?")]
    Percentiles {
        /// The median, as it was written.
        median: Duration,
        /// The 99th percentile, as it was written.
        p99: Duration,
    },
    /// The two ends are out of order.
    #[error(
        "a latency between {from} and {to} goes from the longer to the shorter one; write `{{ uniform = [\"{to}\", \"{from}\"] }}`"
    )]
    Reversed {
        /// The first end, as it was written.
        from: Duration,
        /// The second end.
        to: Duration,
    },
    /// A log-normal law has no median of zero.
    #[error("a log-normal latency needs a median above zero; use {{ constant = \"0s\" }} for none")]
    ZeroMedian,
    /// A file of measured values cannot be used.
    #[error("{path}: {reason}")]
    File {
        /// Where it was looked for.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The 99th percentile of the standard normal law.
const Z99: f64 = 2.326_347_874_040_841;

impl Distribution {
    /// Always this long.
    pub const fn constant(span: Duration) -> Self {
        Self::Constant(span)
    }

    /// Whether its settings can be; whether a file can be read is for [`compile`](Self::compile) to say.
    ///
    /// Errors when they are out of order.
    pub fn check(&self) -> Result<(), DistributionError> {
        match self {
            Self::Lognormal(law) => law.check(),
            &Self::Uniform([from, to]) if from > to => Err(DistributionError::Reversed { from, to }),
            _ => Ok(()),
        }
    }

    /// Makes it ready for sampling; an empirical file is looked up from `folder`.
    ///
    /// Errors when percentiles are out of order or a file cannot be read.
    pub fn compile(&self, folder: &Path) -> Result<Latency, DistributionError> {
        Ok(match self {
            Self::Constant(span) => Latency::constant(*span),
            Self::Uniform([one, other]) => Latency::uniform(*one, *other),
            Self::Exponential { mean } => Latency::exponential(*mean),
            Self::Lognormal(law) => law.compile()?,
            Self::Empirical(path) => empirical(&folder.join(path))?,
        })
    }
}

impl LogNormal {
    fn check(self) -> Result<(), DistributionError> {
        let Self { median, p99 } = self;
        if median.is_zero() {
            return Err(DistributionError::ZeroMedian);
        }
        if p99 < median {
            return Err(DistributionError::Percentiles { median, p99 });
        }
        Ok(())
    }

    fn compile(self) -> Result<Latency, DistributionError> {
        self.check()?;
        let Self { median, p99 } = self;
        let sigma = libm::log(p99.nanos() as f64 / median.nanos() as f64) / Z99;
        Ok(Latency::of_normal(|z| median.nanos() as f64 * libm::exp(sigma * z)))
    }
}

fn empirical(path: &Path) -> Result<Latency, DistributionError> {
    let fail = |reason: String| DistributionError::File {
        path: path.to_owned(),
        reason,
    };
    let mut reader = open_csv(path).map_err(fail)?;
    let column = reader
        .headers()
        .map_err(|error| fail(error.to_string()))?
        .iter()
        .position(|name| name == "ms")
        .ok_or_else(|| fail("has no column `ms`; its first line must name one".into()))?;
    let mut values = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| fail(error.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = row.get(column).unwrap_or_default();
        match cell.parse::<f64>() {
            Ok(ms) if (0.0..=Duration::LONGEST.as_secs_f64() * 1e3).contains(&ms) => values.push(ms * 1e6),
            _ => return Err(fail(format!("line {line}: `{cell}` is not a number of milliseconds"))),
        }
    }
    Latency::of_values(values).ok_or_else(|| fail("has no rows".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn lognormal_meets_its_percentiles() {
        let law = LogNormal {
            median: Duration::from_millis(80),
            p99: Duration::from_millis(400),
        };
        let latency = law.compile().unwrap();
        let at = |share: f64| {
            latency
                .sample((share * 18_446_744_073_709_551_616.0) as u64)
                .as_secs_f64()
        };
        assert!((at(0.5) - 0.080).abs() < 1e-5, "{}", at(0.5));
        assert!((at(0.99) - 0.400).abs() < 1e-4, "{}", at(0.99));
        // sigma = ln(5)/z99, mean = median * exp(sigma^2 / 2).
        let sigma = 5f64.ln() / Z99;
        let mean = 0.080 * (sigma * sigma / 2.0).exp();
        assert!((latency.mean_s() / mean - 1.0).abs() < 1e-3, "{}", latency.mean_s());
    }

    #[test]
    fn percentiles_out_of_order_are_refused() {
        let law = Distribution::Lognormal(LogNormal {
            median: Duration::from_millis(400),
            p99: Duration::from_millis(80),
        });
        let error = law.compile(Path::new(".")).unwrap_err().to_string();
        assert!(error.contains("swap"), "{error}");
    }

    #[test]
    fn empirical_files_are_read_and_faults_name_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::File::create(&path)
                .unwrap()
                .write_all(text.as_bytes())
                .unwrap();
            Distribution::Empirical(name.into()).compile(folder.path())
        };
        let latency = write("good.csv", "at,ms\n1,10\n2,20\n3,30\n").unwrap();
        assert_eq!(latency.sample(1 << 63).nanos() / 1_000_000, 20);
        let error = write("bad.csv", "ms\n10\nquick\n").unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("quick"), "{error}");
        let error = write("none.csv", "seconds\n10\n").unwrap_err().to_string();
        assert!(error.contains("no column `ms`"), "{error}");
        assert!(
            Distribution::Empirical("missing.csv".into())
                .compile(folder.path())
                .is_err()
        );
    }
}
