//! A record's directory: four files, or five, that appear whole or not at all, and the way back from them to a [`Record`].
//!
//! `manifest.json` says where the figures come from, `results.csv` and `timeline.csv` hold them one per row for
//! spreadsheets and data frames, `summary.json` holds them nested for programs. Every file is rendered in memory and
//! written to a temporary neighbour before the first one takes its place, so a full disk leaves the old set, not half
//! a new one.
//!
//! This module does not know what a metric means, which charts exist, or that anything is printed: whoever draws
//! charts hands them to [`place`] as bytes.

use super::summary::Summary;
use super::{Manifest, Reading, Record, Series, holders};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Provenance, as [`Manifest`].
pub const MANIFEST: &str = "manifest.json";
/// Readings, one per row.
pub const RESULTS: &str = "results.csv";
/// Series over simulated time, one value per row.
pub const TIMELINE: &str = "timeline.csv";
/// Who held a live token when, one stretch per row; only where the scenario asks for it.
pub const HOLDERS: &str = "holders.csv";
/// Everything but the series' values, as [`Summary`].
pub const SUMMARY: &str = "summary.json";

const RESULTS_HEADER: [&str; 9] = [
    "scenario",
    "strategy",
    "point",
    "metric",
    "unit",
    "mean",
    "ci95_low",
    "ci95_high",
    "replications",
];
const TIMELINE_HEADER: [&str; 6] = ["scenario", "strategy", "point", "t_s", "series", "value"];

/// One rendered file, waiting to be put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the record's directory, e.g. `charts/failures.svg`.
    pub path: PathBuf,
    /// The whole content.
    pub bytes: Vec<u8>,
}

impl File {
    /// A file at `path` (relative to the record's directory) with this content.
    pub fn new(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> File {
        File {
            path: path.into(),
            bytes: bytes.into(),
        }
    }
}

/// Why a record could not be written. Each message names the path and the likely fix.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A part of the path exists and is a file, or a file is to be written where a directory stands.
    #[error("cannot write `{wanted}`: `{obstacle}` is in the way ({found}); move it away or choose another --out")]
    InTheWay {
        /// What was to be written.
        wanted: PathBuf,
        /// What stands there.
        obstacle: PathBuf,
        /// What kind of thing it is.
        found: &'static str,
    },
    /// Permissions, or a file system mounted read-only.
    #[error("cannot write `{path}`: {source}; make its directory writable or choose another --out")]
    NotWritable {
        /// What was to be written.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// No space or no quota left. Nothing was replaced.
    #[error("cannot write `{path}`: {source}; free some space or choose an --out on another disk")]
    DiskFull {
        /// What was to be written.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Anything else that the operating system reports.
    #[error("cannot write `{path}`: {source}; check that the directory is reachable or choose another --out")]
    Other {
        /// What was to be written.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// Why a record could not be read back. Each message names the file and the likely fix.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The directory holds no such file.
    #[error("`{path}` does not exist; give a directory that `tokenstorm run` has written")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The operating system refused to read it.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The file is there and is not what a run writes.
    #[error("`{path}`: {reason}; it was edited or comes from another version of tokenstorm: run the scenario again")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The files belong to different runs.
    #[error("`{path}` belongs to another run than {MANIFEST} beside it ({differs}); run the scenario again")]
    Mixed {
        /// The file.
        path: PathBuf,
        /// In what it differs.
        differs: String,
    },
}

/// Renders the files of a record in memory, in the order in which [`place`] should put them: the manifest last,
/// so that a directory with a manifest is a complete one.
///
/// Equal records give equal bytes. Figures that are not numbers become empty cells; infinite ones stay `inf` in CSV
/// and become `null` in JSON, which has no word for them.
pub fn files(record: &Record) -> Vec<File> {
    let mut files = vec![
        File::new(RESULTS, results_csv(record)),
        File::new(TIMELINE, timeline_csv(record)),
    ];
    if !record.holdings.is_empty() {
        files.push(File::new(HOLDERS, holders::csv(record)));
    }
    files.push(File::new(SUMMARY, summary_json(record)));
    files.push(File::new(MANIFEST, json_text(&record.manifest)));
    files
}

/// What an earlier run may have left that this record has no successor for, relative to its directory.
pub fn obsolete(record: &Record) -> Vec<PathBuf> {
    if record.holdings.is_empty() {
        vec![PathBuf::from(HOLDERS)]
    } else {
        Vec::new()
    }
}

/// `results.csv`: one row per reading, in the record's order.
pub fn results_csv(record: &Record) -> String {
    let scenario = record.manifest.scenario.as_str();
    csv_text(
        &RESULTS_HEADER,
        record.readings.iter().map(|r| {
            let (low, high) = r.ci95.map_or((None, None), |(low, high)| (Some(low), Some(high)));
            [
                scenario.to_owned(),
                r.strategy.clone(),
                r.point.clone(),
                r.metric.clone(),
                r.unit.clone(),
                number(r.mean),
                number(low),
                number(high),
                r.replications.to_string(),
            ]
        }),
    )
}

/// `timeline.csv`: one row per value of a series, series after series in the record's order.
pub fn timeline_csv(record: &Record) -> String {
    let scenario = record.manifest.scenario.as_str();
    csv_text(
        &TIMELINE_HEADER,
        record.series.iter().flat_map(|s| {
            s.t_s.iter().zip(&s.value).map(move |(&t, &value)| {
                [
                    scenario.to_owned(),
                    s.strategy.clone(),
                    s.point.clone(),
                    number(Some(t)),
                    s.series.clone(),
                    number(Some(value)),
                ]
            })
        }),
    )
}

/// `summary.json`: a [`Summary`], indented, with a newline at the end.
pub fn summary_json(record: &Record) -> String {
    json_text(&Summary::from(record))
}

/// Puts files below `dir`, creating directories as needed, and then removes `obsolete` ones (paths relative to `dir`,
/// absent ones are fine): what an earlier run left that this one has no successor for, such as a chart that no longer
/// applies.
///
/// Every file is first written and synced beside its destination; only when all of them are on disk is the first one
/// renamed. Renaming a file is atomic, renaming several is not: a reader may for a moment see files of two runs.
///
/// # Errors
///
/// [`WriteError`] with the path concerned. Up to the first rename nothing has changed but empty directories.
pub fn place(dir: &Path, files: &[File], obsolete: &[PathBuf]) -> Result<(), WriteError> {
    let mut ready = Vec::with_capacity(files.len());
    let mut parents = Vec::new();
    for file in files {
        let target = dir.join(&file.path);
        let parent = target.parent().unwrap_or(dir).to_owned();
        fs::create_dir_all(&parent).map_err(|e| refusal(&parent, e))?;
        // A rename over a directory fails only at the very end, when other files are already in place: ask now.
        if target.is_dir() {
            return Err(WriteError::InTheWay {
                wanted: target.clone(),
                obstacle: target,
                found: "a directory",
            });
        }
        let temporary = write_beside(&target, &parent, &file.bytes).map_err(|e| refusal(&target, e))?;
        ready.push((temporary, target));
        parents.push(parent);
    }
    for (temporary, target) in ready {
        temporary.persist(&target).map_err(|e| refusal(&target, e.error))?;
    }
    for path in obsolete {
        let path = dir.join(path);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(refusal(&path, e)),
        }
    }
    // The names are on disk only once their directories are. Not every file system can sync a directory, and the
    // files themselves are safe by now, so a refusal is not an error.
    parents.sort();
    parents.dedup();
    for parent in parents {
        if let Ok(directory) = fs::File::open(&parent) {
            let _ = directory.sync_all();
        }
    }
    Ok(())
}

fn write_beside(target: &Path, parent: &Path, bytes: &[u8]) -> io::Result<tempfile::TempPath> {
    let name = target
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // Temporary files are private by default; results are as readable as any other file of the user.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(parent)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

/// Turns what the operating system says into what the user can do about it.
fn refusal(path: &Path, source: io::Error) -> WriteError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            let obstacle = path.ancestors().find(|a| a.exists() && !a.is_dir());
            let obstacle = obstacle.unwrap_or(&path).to_owned();
            WriteError::InTheWay {
                wanted: path,
                obstacle,
                found: "a file, not a directory",
            }
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => WriteError::NotWritable { path, source },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => WriteError::DiskFull { path, source },
        _ => WriteError::Other { path, source },
    }
}

impl Record {
    /// Writes the files of [`files`] below `dir`.
    ///
    /// # Errors
    ///
    /// As [`place`].
    pub fn save(&self, dir: &Path) -> Result<(), WriteError> {
        place(dir, &files(self), &obsolete(self))
    }

    /// Reads back what [`Record::save`] has written; every number is the one that was saved.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when a file is missing, unreadable, malformed, or of another run than the manifest.
    pub fn load(dir: &Path) -> Result<Record, ReadError> {
        let manifest: Manifest = json(&dir.join(MANIFEST))?;
        let summary: Summary = json(&dir.join(SUMMARY))?;
        if (summary.scenario.as_str(), summary.seed) != (manifest.scenario.as_str(), manifest.seed) {
            let differs = format!(
                "`{}` with seed {} against `{}` with seed {}",
                summary.scenario, summary.seed, manifest.scenario, manifest.seed
            );
            return Err(ReadError::Mixed {
                path: dir.join(SUMMARY),
                differs,
            });
        }
        let readings = readings(&dir.join(RESULTS))?;
        let series = series(&dir.join(TIMELINE), &summary)?;
        let mut record = summary.into_record(manifest, readings, series);
        let path = dir.join(HOLDERS);
        if path.exists() {
            record.holdings = holders::read(&path)?;
        }
        Ok(record)
    }
}

fn text(path: &Path) -> Result<String, ReadError> {
    fs::read_to_string(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::Missing { path: path.to_owned() },
        ErrorKind::InvalidData => ReadError::Malformed {
            path: path.to_owned(),
            reason: "is not text".to_owned(),
        },
        _ => ReadError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    serde_json::from_str(&text(path)?).map_err(|e| ReadError::Malformed {
        path: path.to_owned(),
        reason: e.to_string(),
    })
}

/// The rows of a CSV file whose header must be exactly `header`; `row` turns cells into a value or a complaint.
pub(super) fn rows<const N: usize, T>(
    path: &Path,
    header: &[&str; N],
    row: impl Fn(&[&str; N]) -> Result<T, String>,
) -> Result<Vec<T>, ReadError> {
    let malformed = |reason: String| ReadError::Malformed {
        path: path.to_owned(),
        reason,
    };
    let text = text(path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let found = reader.headers().map_err(|e| malformed(e.to_string()))?;
    if found != header.as_slice() {
        return Err(malformed(format!("the first line is not `{}`", header.join(","))));
    }
    let mut out = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| malformed(e.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut cells = [""; N];
        for (cell, value) in cells.iter_mut().zip(&record) {
            *cell = value;
        }
        out.push(row(&cells).map_err(|reason| malformed(format!("line {line}: {reason}")))?);
    }
    Ok(out)
}

fn readings(path: &Path) -> Result<Vec<Reading>, ReadError> {
    rows(
        path,
        &RESULTS_HEADER,
        |[_, strategy, point, metric, unit, mean, low, high, replications]| {
            Ok(Reading {
                strategy: (*strategy).to_owned(),
                point: (*point).to_owned(),
                metric: (*metric).to_owned(),
                unit: (*unit).to_owned(),
                mean: parse(mean)?,
                ci95: parse(low)?.zip(parse(high)?),
                replications: replications
                    .parse()
                    .map_err(|_| format!("`{replications}` is not a count"))?,
            })
        },
    )
}

/// The values from the file, in the order and with the units that the summary lists.
fn series(path: &Path, summary: &Summary) -> Result<Vec<Series>, ReadError> {
    type Key = (String, String, String);
    let cells = rows(path, &TIMELINE_HEADER, |[_, strategy, point, t, series, value]| {
        let t = parse(t)?.ok_or("t_s is empty")?;
        let key: Key = ((*strategy).to_owned(), (*point).to_owned(), (*series).to_owned());
        Ok((key, t, parse(value)?.unwrap_or(f64::NAN)))
    })?;
    let mut values: BTreeMap<Key, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (key, t, value) in cells {
        let (t_s, v) = values.entry(key).or_default();
        t_s.push(t);
        v.push(value);
    }
    let found = summary
        .series
        .iter()
        .map(|head| {
            let key = (head.strategy.clone(), head.point.clone(), head.series.clone());
            let (t_s, value) = values.remove(&key).unwrap_or_default();
            let (strategy, point, series) = key;
            Series {
                strategy,
                point,
                series,
                unit: head.unit.clone(),
                t_s,
                value,
            }
        })
        .collect();
    match values.into_keys().next() {
        None => Ok(found),
        Some((strategy, _, series)) => Err(ReadError::Malformed {
            path: path.to_owned(),
            reason: format!("series `{series}` of `{strategy}` is not listed in {SUMMARY}"),
        }),
    }
}

pub(super) fn parse(cell: &str) -> Result<Option<f64>, String> {
    if cell.is_empty() {
        return Ok(None);
    }
    cell.parse().map(Some).map_err(|_| format!("`{cell}` is not a number"))
}

/// The shortest decimal that reads back as the same number: plain where people would write it plainly, with an
/// exponent beyond. Empty for what has no value.
pub(super) fn number(value: Option<f64>) -> String {
    match value {
        Some(v) if v.is_nan() => String::new(),
        Some(v) if v != 0.0 && v.is_finite() && !(1e-7..1e16).contains(&v.abs()) => {
            format!("{v:e}")
        }
        Some(v) => format!("{v}"),
        None => String::new(),
    }
}

pub(super) fn csv_text<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    // Writing to memory cannot fail, and every row has the header's length by its type.
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("a CSV header in memory");
    for row in rows {
        writer.write_record(&row).expect("a CSV row in memory");
    }
    let bytes = writer.into_inner().expect("a CSV buffer in memory");
    String::from_utf8(bytes).expect("CSV made of strings")
}

fn json_text(value: &impl serde::Serialize) -> String {
    // Only maps with keys that are not strings can fail, and our types have none.
    let mut text = serde_json::to_string_pretty(value).expect("plain data as JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::super::fake;
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was_saved() {
        for record in [
            fake::empty(),
            fake::single(),
            fake::dozen(),
            fake::sweep(&[1.0, 2.0, 4.0, 8.0]),
            fake::odd(),
            fake::aftermaths(&["nodes=2", "nodes=4"]),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let deep = dir.path().join("zoom/default");
            record.save(&deep).unwrap();
            assert_eq!(Record::load(&deep).unwrap(), record);
        }
    }

    #[test]
    fn numbers_survive_to_the_last_bit() {
        for v in [
            0.1 + 0.2,
            1e-300,
            5e-324,
            f64::MAX,
            1.0 / 3.0,
            9007199254740993.0,
            0.0,
            -0.0,
            f64::INFINITY,
        ] {
            assert_eq!(parse(&number(Some(v))).unwrap().unwrap().to_bits(), v.to_bits(), "{v}");
        }
        // JSON parsers may round the last bit unless told not to; this number is one of those.
        let awkward = 31.245270191439438_f64;
        let mut record = fake::single();
        record.comparisons = fake::dozen().comparisons;
        record.comparisons[0].difference = awkward;
        let dir = tempfile::tempdir().unwrap();
        record.save(dir.path()).unwrap();
        assert_eq!(
            Record::load(dir.path()).unwrap().comparisons[0].difference.to_bits(),
            awkward.to_bits()
        );
        assert_eq!((number(None), number(Some(f64::NAN))), (String::new(), String::new()));
        assert_eq!(
            (number(Some(5.0)), number(Some(1e-9))),
            ("5".to_owned(), "1e-9".to_owned())
        );
    }

    #[test]
    fn what_has_no_value_stays_without_one() {
        let mut record = fake::single();
        record.readings[0].mean = Some(f64::NAN);
        record.readings[0].ci95 = Some((f64::NAN, 1.0));
        record.series[0].value[0] = f64::NAN;
        let dir = tempfile::tempdir().unwrap();
        record.save(dir.path()).unwrap();
        let back = Record::load(dir.path()).unwrap();
        assert_eq!((back.readings[0].mean, back.readings[0].ci95), (None, None));
        assert!(back.series[0].value[0].is_nan());
        assert_eq!(back.series[0].value.len(), record.series[0].value.len());
    }

    #[test]
    fn who_held_what_comes_back_and_leaves_no_trace_where_nobody_asked() {
        let dir = tempfile::tempdir().unwrap();
        let record = fake::holders(3);
        record.save(dir.path()).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
        fake::dozen().save(dir.path()).unwrap();
        assert!(!dir.path().join(HOLDERS).exists());
        assert_eq!(Record::load(dir.path()).unwrap(), fake::dozen());
    }

    #[test]
    fn equal_records_give_equal_bytes() {
        assert_eq!(files(&fake::dozen()), files(&fake::dozen()));
    }

    #[test]
    fn columns_are_the_published_ones() {
        let record = fake::odd();
        let results = results_csv(&record);
        let timeline = timeline_csv(&record);
        assert_eq!(
            results.lines().next().unwrap(),
            "scenario,strategy,point,metric,unit,mean,ci95_low,ci95_high,replications"
        );
        assert_eq!(
            timeline.lines().next().unwrap(),
            "scenario,strategy,point,t_s,series,value"
        );
        assert!(
            results.contains(",s,,,,0\n"),
            "a metric without a value has empty cells:\n{results}"
        );
    }

    #[test]
    fn a_second_save_replaces_the_first_and_leaves_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fake::dozen().save(dir.path()).unwrap();
        let record = fake::single();
        let mut all = files(&record);
        all.push(File::new("charts/failures.svg", "<svg/>"));
        place(dir.path(), &all, &[]).unwrap();
        place(
            dir.path(),
            &files(&record),
            &["charts/failures.svg".into(), "charts/never.svg".into()],
        )
        .unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
        let mut names: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["charts", MANIFEST, RESULTS, SUMMARY, TIMELINE]);
        assert_eq!(fs::read_dir(dir.path().join("charts")).unwrap().count(), 0);
    }

    #[test]
    fn an_error_halfway_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let before = fake::single();
        before.save(dir.path()).unwrap();
        // The last file cannot be put in place, so none may be.
        fs::create_dir(dir.path().join("blocked")).unwrap();
        let mut all = files(&fake::dozen());
        all.push(File::new("blocked", "x"));
        let error = place(dir.path(), &all, &[]).unwrap_err();
        assert!(matches!(error, WriteError::InTheWay { .. }), "{error}");
        assert_eq!(Record::load(dir.path()).unwrap(), before);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            5,
            "no temporary file stays behind"
        );
    }

    #[test]
    fn errors_name_the_path_and_the_fix() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("taken");
        fs::write(&file, "").unwrap();
        for below in ["", "a/b"] {
            let error = fake::single().save(&file.join(below)).unwrap_err().to_string();
            assert!(error.contains("taken` is in the way"), "{error}");
            assert!(error.contains("--out"), "{error}");
        }
        let denied = refusal(&file, ErrorKind::PermissionDenied.into());
        assert!(matches!(denied, WriteError::NotWritable { .. }) && denied.to_string().contains("taken"));
        let full = refusal(&file, ErrorKind::StorageFull.into());
        assert!(matches!(full, WriteError::DiskFull { .. }) && full.to_string().contains("space"));
        let missing = Record::load(dir.path()).unwrap_err();
        assert!(matches!(missing, ReadError::Missing { .. }) && missing.to_string().contains(MANIFEST));
    }

    #[test]
    fn what_was_edited_is_refused_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let record = fake::single();
        record.save(dir.path()).unwrap();
        let break_with = |name: &str, from: &str, to: &str| {
            let path = dir.path().join(name);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            fs::write(&path, text.replacen(from, to, 1)).unwrap();
            let error = Record::load(dir.path()).unwrap_err().to_string();
            fs::write(&path, text).unwrap();
            error
        };
        assert!(break_with(RESULTS, "scenario,", "story,").contains("the first line"));
        let units = break_with(RESULTS, ",share,0", ",share,x");
        assert!(units.contains("line 2") && units.contains("is not a number"), "{units}");
        assert!(break_with(SUMMARY, "\"seed\": 7", "\"seed\": 8").contains("another run"));
        assert!(break_with(SUMMARY, "\"strategies\"", "\"names\"").contains("strategies"));
        assert!(break_with(TIMELINE, "token_requests,", "requests,").contains("not listed"));
        assert_eq!(Record::load(dir.path()).unwrap(), record);
    }

    #[cfg(unix)]
    #[test]
    fn results_are_as_readable_as_other_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        fs::write(&plain, "").unwrap();
        fake::single().save(dir.path()).unwrap();
        let mode = |p: &Path| fs::metadata(p).unwrap().permissions().mode();
        assert_eq!(mode(&dir.path().join(RESULTS)), mode(&plain));
    }
}
