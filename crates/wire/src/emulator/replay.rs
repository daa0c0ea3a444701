//! A recording had once more, by the same machine without sockets, clock or clients.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::emulated::UnknownProvider;
use super::machine::Machine;
use super::recording::{Head, Line};
use super::step::Step;
use crate::base::Time;

/// Why a recording cannot be had once more.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] std::io::Error),
    /// A line is not what it should be.
    #[error("line {line}: {wrong}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        wrong: String,
    },
    /// What it emulates cannot be emulated here.
    #[error(transparent)]
    Provider(#[from] UnknownProvider),
    /// The same step had another outcome.
    #[error("line {line}: {recorded} was recorded, and now it is {now}")]
    Differs {
        /// Counted from 1.
        line: usize,
        /// What came of the step then.
        recorded: String,
        /// What comes of it now.
        now: String,
    },
}

/// Has a recording once more, step by step: how many there are, each with the outcome that it had.
///
/// # Errors
/// When it cannot be read, or a step has another outcome.
pub fn replay(path: &Path) -> Result<usize, ReplayError> {
    let mut lines = BufReader::new(File::open(path)?).lines();
    let wrong = |line: usize, wrong: String| ReplayError::Line { line, wrong };
    let first = lines.next().ok_or_else(|| wrong(1, "the file is empty".to_owned()))??;
    let head: Head = serde_json::from_str(&first).map_err(|error| wrong(1, error.to_string()))?;
    let mut emulated = head.emulates.emulated()?;
    emulated.provider.slots = head.slots;
    let mut machine = Machine::new(&emulated.provider, emulated.links, head.seed);
    let mut steps = 0;
    for (number, line) in lines.enumerate() {
        let (line, number) = (line?, number + 2);
        let recorded: Line<Step> = serde_json::from_str(&line).map_err(|error| wrong(number, error.to_string()))?;
        let outcome = machine.take(Time::from_nanos(recorded.t), &recorded.step);
        machine.take_notes();
        let now = format!("{outcome:?}");
        if now != recorded.outcome {
            return Err(ReplayError::Differs {
                line: number,
                recorded: recorded.outcome,
                now,
            });
        }
        steps += 1;
    }
    Ok(steps)
}
