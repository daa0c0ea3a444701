//! How much may be asked for: what is larger is refused before it begins, unless a flag says so.

use std::fmt;
use std::str::FromStr;

use clap::Args;

use crate::report::number;
use crate::scenario::{Effort, Extent, MOST_EVENTS, MOST_MEMORY, Scenario};

#[derive(Debug, Args)]
pub(super) struct Limits {
    /// Refuse what may need more memory than this, such as 16GB
    #[arg(long, value_name = "SIZE", default_value = "8GB")]
    max_memory: Amount,
    /// Refuse what has more events than this, such as 500G; a million takes about a tenth of a second
    #[arg(long, value_name = "N", default_value = "20G")]
    max_events: Amount,
}

/// A number with a prefix: k, M, G, T, and perhaps a B for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Amount(u64);

const PREFIXES: [(&str, u64); 5] = [
    ("", 1),
    ("k", 1000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

impl FromStr for Amount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write a number with k, M, G or T, such as 16G".to_owned();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(text.len());
        let (digits, unit) = text.split_at(end);
        let unit = unit.trim().trim_end_matches('B');
        let count: f64 = digits.parse().map_err(|_| wrong())?;
        let (_, scale) = PREFIXES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(unit))
            .ok_or_else(wrong)?;
        Ok(Self((count * *scale as f64) as u64))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, scale) = PREFIXES
            .iter()
            .rev()
            .find(|(_, scale)| self.0 >= *scale)
            .unwrap_or(&PREFIXES[0]);
        match self.0 as f64 / *scale as f64 {
            small if small < 10.0 && *scale > 1 => write!(f, "{small:.1}{prefix}"),
            whole => write!(f, "{whole:.0}{prefix}"),
        }
    }
}

/// What it takes, in words.
pub(super) fn told(effort: &Effort) -> String {
    format!(
        "about {} events, at most {}B of memory",
        Amount(effort.events),
        Amount(effort.memory)
    )
}

impl Limits {
    /// What running so much of a scenario takes; an error, in words, where that is too much.
    pub(super) fn allow(&self, scenario: &Scenario, extent: Extent<'_>) -> Result<Effort, String> {
        self.allow_up_to(scenario, extent, None)
    }

    /// The same where there may be as many as `most` replications in the end, for as long as their events are within the limit.
    pub(super) fn allow_up_to(
        &self,
        scenario: &Scenario,
        extent: Extent<'_>,
        most: Option<u32>,
    ) -> Result<Effort, String> {
        let replications = most.unwrap_or(extent.replications);
        let effort = Effort {
            events: scenario.effort(extent).events,
            ..scenario.effort(Extent { replications, ..extent })
        };
        let (events, memory) = (Amount(effort.events), Amount(effort.memory));
        let how = "fewer points, nodes, calls or replications need less";
        if effort.memory > self.max_memory.0 {
            return Err(format!(
                "{} runs may need {memory}B of memory, and the limit is {}B: raise it with --max-memory {memory}B; {how}",
                effort.runs, self.max_memory
            ));
        }
        if effort.events > self.max_events.0 {
            return Err(format!(
                "{} runs have about {events} events, and the limit is {}: raise it with --max-events {events}; {how}",
                effort.runs, self.max_events
            ));
        }
        Ok(effort)
    }

    /// What so many points of a sweep take, each of which takes about as much as these.
    pub(super) fn weigh_sweep(&self, points: u64, efforts: &[Effort]) -> SweepEffort {
        let mean = efforts.iter().map(|effort| effort.events as f64).sum::<f64>() / efforts.len().max(1) as f64;
        let events = mean * points as f64;
        SweepEffort {
            points,
            events,
            most_events: self.max_events.0 as f64,
            seconds: events * SECONDS_PER_EVENT + points as f64 * SECONDS_PER_POINT,
            memory: efforts.iter().map(|effort| effort.memory).max().unwrap_or(1).max(1),
        }
    }

    /// How many points of a sweep are run at once; an error, in words, where all of them take too much.
    pub(super) fn allow_sweep(&self, effort: &SweepEffort, threads: usize) -> Result<usize, String> {
        let SweepEffort {
            points, events, memory, ..
        } = *effort;
        if memory > self.max_memory.0 {
            let (memory, limit) = (Amount(memory), self.max_memory);
            return Err(format!(
                "one point may need {memory}B of memory, and the limit is {limit}B: raise it with --max-memory {memory}B; fewer nodes, \
                 calls or replications need less"
            ));
        }
        if events > self.max_events.0 as f64 || points > MOST_SWEPT {
            let took = number::seconds(effort.seconds / threads as f64);
            let shown = Amount(events as u64);
            let raise = match points > MOST_SWEPT {
                true => format!("{MOST_SWEPT} points"),
                false => {
                    let enough = Amount((events * 1.1) as u64);
                    format!("{} events, which --max-events {enough} raises", self.max_events)
                }
            };
            return Err(format!(
                "{points} points have about {shown} events and take about {took} with {threads} threads; the limit is {raise}. Take a \
                 sample of them with --sample lhs:N, or run a share on each of several machines with --shard I/N"
            ));
        }
        Ok(((self.max_memory.0 / memory) as usize).clamp(1, 4 * threads))
    }

    /// Events that are allowed.
    pub(super) fn most_events(&self) -> u64 {
        self.max_events.0
    }

    /// The limits that are not those of everybody, as a command line has them.
    pub(super) fn raised(&self) -> Vec<String> {
        let memory = option("--max-memory", self.max_memory, MOST_MEMORY);
        memory.into_iter().flatten().chain(self.raised_events()).collect()
    }

    /// The same of events alone.
    pub(super) fn raised_events(&self) -> Vec<String> {
        let events = option("--max-events", self.max_events, MOST_EVENTS);
        events.into_iter().flatten().collect()
    }
}

fn option(name: &str, amount: Amount, usual: u64) -> Option<[String; 2]> {
    (amount.0 != usual).then(|| [name.to_owned(), amount.0.to_string()])
}

/// What a sweep takes, about.
#[derive(Clone, Copy, Debug)]
pub(super) struct SweepEffort {
    pub(super) points: u64,
    pub(super) events: f64,
    /// Events that are allowed.
    pub(super) most_events: f64,
    /// On one core.
    pub(super) seconds: f64,
    /// Bytes that one point takes at most.
    pub(super) memory: u64,
}

impl SweepEffort {
    /// What the largest of so many shards takes.
    pub(super) fn shard(self, of: u64) -> Self {
        Self {
            points: self.points.div_ceil(of),
            events: self.events / of as f64,
            seconds: self.seconds / of as f64,
            ..self
        }
    }
}

/// Points of one sweep, or of one shard of it: each leaves a dozen kilobytes or more.
const MOST_SWEPT: u64 = 10_000_000;
/// About, on one core.
pub(super) const SECONDS_PER_EVENT: f64 = 1e-7;
/// About, on one core: reading the scenario with the values of the point, and writing its figures.
pub(super) const SECONDS_PER_POINT: f64 = 2e-3;

/// Threads that can be asked for.
const MOST_THREADS: usize = 1024;

/// Reads a seed; a scenario can hold as large a one.
pub(super) fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse::<u64>().ok().filter(|seed| i64::try_from(*seed).is_ok());
    seed.ok_or_else(|| format!("a seed is a whole number from 0 to {}, such as 42", i64::MAX))
}

/// Reads a number of threads; zero is all cores.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count <= MOST_THREADS);
    count.ok_or_else(|| format!("write a number up to {MOST_THREADS}; more threads than cores help nothing"))
}

/// Threads that are used where none are asked for.
pub(super) fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `--help` says is what the studio holds to as well.
    #[test]
    fn the_defaults_are_those_of_every_page() {
        #[derive(clap::Parser)]
        struct Alone {
            #[command(flatten)]
            limits: Limits,
        }
        let limits = <Alone as clap::Parser>::parse_from(["tokenstorm"]).limits;
        assert_eq!((limits.max_events.0, limits.max_memory.0), (MOST_EVENTS, MOST_MEMORY));
    }

    #[test]
    fn amounts_read_and_are_shown() {
        for (text, count, shown) in [
            ("16GB", 16_000_000_000, "16G"),
            ("500", 500, "500"),
            ("1.5k", 1500, "1.5k"),
            ("20 M", 20_000_000, "20M"),
            ("2t", 2_000_000_000_000, "2.0T"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!((amount.0, amount.to_string().as_str()), (count, shown), "{text}");
        }
        for wrong in ["", "GB", "-1", "1X", "1e"] {
            assert!(wrong.parse::<Amount>().is_err(), "{wrong}");
        }
    }
}
