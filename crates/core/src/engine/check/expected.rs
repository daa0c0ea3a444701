//! Expected verdicts on every strategy among two or three nodes with a call each. The lists are trusted because a test compares them
//! with what the checker finds, the failing half included, and shortest runs and numbers of states too.

use std::fmt;
use std::str::FromStr;

use super::fault::{Fault, FaultBudget};
use super::{CheckReport, PropertyVerdict};
use crate::property::PROPERTIES;

/// Lists, as [`line()`] writes them, by the number of nodes and the faults. Those without faults, and with a lost message and a crash, name
/// every system; the one about a lease that lapses names those that take one, and the last three name [`FEW`]. A node that stands still
/// for longer than its lease lasts is a lease that lapses. States that differ only in which node is which are one. Among two nodes without
/// faults every search comes to its end, with faults it and among three nodes it is given up after
/// [`NEAREST`](super::systems::NEAREST) of them.
pub const LISTS: [(u32, FaultBudget, &str); 7] = [
    (2, FaultBudget::NONE, include_str!("expected.txt")),
    (2, FAULTY, include_str!("expected_faults.txt")),
    (2, LAPSING, include_str!("expected_lapse.txt")),
    (2, LATE, include_str!("expected_late.txt")),
    (2, THROTTLED, include_str!("expected_throttle.txt")),
    (2, RENEWING, include_str!("expected_renewal.txt")),
    (3, FaultBudget::NONE, include_str!("expected_three.txt")),
];

/// A lost message and a crash in each run.
pub const FAULTY: FaultBudget = FaultBudget::NONE.with(Fault::Drop, 1).with(Fault::Crash, 1);

/// A lease ends once in each run while its holder acts on it.
pub const LAPSING: FaultBudget = FaultBudget::NONE.with(Fault::Lapse, 1);

/// A time-out strikes once in each run while the answer is still under way.
pub const LATE: FaultBudget = FaultBudget::NONE.with(Fault::Late, 1);

/// One token request of each run is answered with a 429.
pub const THROTTLED: FaultBudget = FaultBudget::NONE.with(Fault::Throttle, 1);

/// A planned renewal falls due once in each run.
pub const RENEWING: FaultBudget = FaultBudget::NONE.with(Fault::Renewal, 1);

/// Systems in the lists about a time-out that strikes early, a 429, a renewal: one of each sort that is quickly searched.
pub const FEW: [&str; 17] = [
    "token_per_call",
    "naive",
    "single_flight",
    "compare_first",
    "slot_per_node",
    "app_per_node",
    "renew_ahead",
    "gateway",
    "rotation",
    "compare_and_set",
    "put_if_newer_order",
    "naive_strict",
    "naive_grace",
    "reread_strict",
    "wiping_loser_refused",
    "lease_grace",
    "gateway_strict",
];

/// What is expected of one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The property holds, with this bound where it is about one.
    Holds(Option<u32>),
    /// No event that the property concerns happens.
    NotReached,
    /// Not broken, and not shown to hold: the search was given up, or something was left out of it.
    Open,
    /// Steps of a shortest run, and of the cycle at its end.
    Breaks(usize, usize),
}

/// What is expected of one strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// In the order of [`PROPERTIES`].
    pub verdicts: Vec<Expectation>,
    /// Unique states.
    pub states: usize,
    /// Steps between them.
    pub transitions: usize,
}

impl From<&CheckReport> for Expected {
    fn from(report: &CheckReport) -> Self {
        Self {
            verdicts: report
                .verdicts
                .iter()
                .map(|verdict| Expectation::of(verdict, report.complete))
                .collect(),
            states: report.states,
            transitions: report.transitions,
        }
    }
}

impl Expectation {
    /// A verdict as a list has it, where the search has come to its end, or has not.
    pub fn of(verdict: &PropertyVerdict, complete: bool) -> Self {
        match Self::from(verdict) {
            Self::Holds(_) | Self::NotReached if !complete => Self::Open,
            other => other,
        }
    }
}

impl From<&PropertyVerdict> for Expectation {
    fn from(verdict: &PropertyVerdict) -> Self {
        match verdict {
            PropertyVerdict::Holds(most) => Self::Holds(*most),
            PropertyVerdict::NotReached => Self::NotReached,
            PropertyVerdict::Open(_) => Self::Open,
            PropertyVerdict::Breaks(example) => Self::Breaks(example.steps(), example.around),
        }
    }
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds(None) => f.pad("ok"),
            Self::Holds(Some(most)) => f.pad(&format!("<={most}")),
            Self::NotReached => f.pad("-"),
            Self::Open => f.pad("?"),
            Self::Breaks(0, 0) => f.pad("no"),
            Self::Breaks(steps, 0) => f.pad(&steps.to_string()),
            Self::Breaks(steps, around) => f.pad(&format!("{steps}+{around}")),
        }
    }
}

impl FromStr for Expectation {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match (text, text.strip_prefix("<="), text.split_once('+')) {
            ("ok", ..) => Self::Holds(None),
            ("-", ..) => Self::NotReached,
            ("?", ..) => Self::Open,
            ("no", ..) => Self::Breaks(0, 0),
            (_, Some(most), _) => Self::Holds(Some(most.parse()?)),
            (_, _, Some((steps, around))) => Self::Breaks(steps.parse()?, around.parse()?),
            _ => Self::Breaks(text.parse()?, 0),
        })
    }
}

/// The names of a list, in its order.
pub fn names(list: &str) -> impl Iterator<Item = &str> {
    list.lines().skip(1).filter_map(|line| line.split_whitespace().next())
}

/// The line of a list about one system.
pub fn line(name: &str, expected: &Expected) -> String {
    let verdicts = expected.verdicts.iter().map(|verdict| format!("{verdict:>7}"));
    format!(
        "{name:22}{}{:>10}{:>12}\n",
        verdicts.collect::<String>(),
        expected.states,
        expected.transitions
    )
}

/// The first line of a list, above the others.
pub fn header() -> String {
    let names = PROPERTIES.iter().map(|property| format!("{:>7}", property.name));
    format!(
        "{:22}{}{:>10}{:>12}\n",
        "",
        names.collect::<String>(),
        "states",
        "steps"
    )
}

/// What is expected of the strategy of this name among two nodes or more with a call each; none where there is no list, or it
/// is not in it.
///
/// # Panics
/// When the list cannot be read, which a test excludes.
pub fn of(name: &str, nodes: u32, faults: FaultBudget) -> Option<Expected> {
    let (.., list) = LISTS.iter().find(|(of, with, _)| (*of, *with) == (nodes, faults))?;
    let line = list.lines().find(|line| line.split_whitespace().next() == Some(name))?;
    let mut words: Vec<&str> = line.split_whitespace().skip(1).collect();
    let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).expect("two numbers end a line");
    let transitions = number(words.pop());
    let states = number(words.pop());
    let verdicts = words.iter().map(|word| word.parse().expect("a verdict"));
    Some(Expected {
        verdicts: verdicts.collect(),
        states,
        transitions,
    })
}
