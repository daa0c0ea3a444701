//! Recorded arrivals: calls as a CSV file has them, with the header `timestamp,fleet`.

use std::path::{Path, PathBuf};

use crate::base::{Duration, open_csv};

/// Rows of a file at most; a gigabyte of memory does not come from a small file.
const MOST_ROWS: usize = 2_000_000;

/// One call of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// From the start of the warm-up.
    pub at: Duration,
    /// Name of the fleet whose node is called.
    pub fleet: String,
    /// Where it stands in the file, from 1.
    pub line: u64,
}

/// Why a file of calls cannot be replayed; the text names the file, the line and the likely fix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct TraceError {
    path: PathBuf,
    reason: String,
}

impl TraceError {
    /// About one line of a file.
    pub fn at_line(path: &Path, line: u64, reason: &str) -> Self {
        Self {
            path: path.to_owned(),
            reason: format!("line {line}: {reason}"),
        }
    }
}

/// The calls of a file in order of time; those of one instant as they are written.
///
/// Errors when it cannot be read, and with the first row that is no call.
pub fn rows(path: &Path) -> Result<Vec<TraceRow>, TraceError> {
    let fail = |reason: String| TraceError {
        path: path.to_owned(),
        reason,
    };
    let mut reader = open_csv(path).map_err(fail)?;
    let headers = reader.headers().map_err(|error| fail(error.to_string()))?;
    let column = |name: &str| {
        let found = headers.iter().position(|header| header == name);
        found.ok_or_else(|| {
            fail(format!(
                "has no column `{name}`; its first line must be `timestamp,fleet`"
            ))
        })
    };
    let (timestamp, fleet) = (column("timestamp")?, column("fleet")?);
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| fail(error.to_string()))?;
        let line = row.position().map_or(0, csv::Position::line);
        let at =
            time(row.get(timestamp).unwrap_or_default()).map_err(|reason| TraceError::at_line(path, line, &reason))?;
        if rows.len() == MOST_ROWS {
            return Err(fail(format!("has more than {MOST_ROWS} rows; keep a part of the time")));
        }
        rows.push(TraceRow {
            at,
            fleet: row.get(fleet).unwrap_or_default().to_owned(),
            line,
        });
    }
    if rows.is_empty() {
        return Err(fail("has no rows; leave the workload out for an idle fleet".into()));
    }
    rows.sort_by_key(|row| row.at);
    Ok(rows)
}

/// Seconds, or a duration with a unit.
fn time(cell: &str) -> Result<Duration, String> {
    let Ok(seconds) = cell.parse::<f64>() else {
        return cell
            .parse()
            .map_err(|_| format!("`{cell}` is not a time; write seconds (`12.5`) or a duration (`250ms`)"));
    };
    if seconds < 0.0 {
        return Err(format!(
            "`{cell}` lies before the start; times count from the start of the warm-up"
        ));
    }
    let longest = Duration::LONGEST.as_secs_f64();
    if seconds <= longest {
        Ok(Duration::from_nanos((seconds * 1e9).round() as u64))
    } else {
        Err(format!(
            "`{cell}` seconds are more than {}; times count from the start of the warm-up: subtract the first one",
            Duration::LONGEST
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<TraceRow>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        std::fs::write(&path, text).unwrap();
        rows(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_come_in_order_of_time() {
        let found = read("fleet,timestamp\nweb, 2.5\njobs,250ms\nweb,250ms\n").unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|row| (row.at.nanos() / 1_000_000, &*row.fleet, row.line))
            .collect();
        assert_eq!(found, [(250, "jobs", 3), (250, "web", 4), (2500, "web", 2)]);
    }

    #[test]
    fn what_is_no_call_is_named_with_its_line_and_the_fix() {
        for (text, reason) in [
            (
                "timestamp\n1\n",
                "no column `fleet`; its first line must be `timestamp,fleet`",
            ),
            ("timestamp,fleet\n", "has no rows"),
            (
                "timestamp,fleet\n1,web\nsoon,web\n",
                "line 3: `soon` is not a time; write seconds",
            ),
            ("timestamp,fleet\n-1,web\n", "line 2: `-1` lies before the start"),
            ("timestamp,fleet\nNaN,web\n", "line 2: `NaN` seconds"),
            ("timestamp,fleet\n1700000000,web\n", "subtract the first one"),
            ("timestamp,fleet\n1,web,more\n", "line: 2"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains("calls.csv") && error.contains(reason), "{error}");
        }
    }
}
