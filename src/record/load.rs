//! A record from the files that a run has left.

use std::collections::BTreeMap;
use std::path::Path;

use super::cells::parse;
use super::doubts::{is_mixed, is_skewed};
use super::layout::{
    HOLDERS, OLDER_RESULTS_HEADER, REPLICATIONS, RESULTS, RESULTS_HEADER, SUMMARY, TENANTS, TIMELINE, TIMELINE_HEADER,
};
use super::read::{self, ReadError, RunFile};
use super::summary::Summary;
use super::{Manifest, Reading, Record, SealedManifest, Series, holders, replications, tenants};

impl Record {
    /// Reads back what [`Record::save`] has written; every number is the one that was saved.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when a file is missing, unreadable, malformed, edited, or of another run than the manifest; or when there is no
    /// manifest, as the run that wrote the files was ended before all of them were in place.
    pub fn load(dir: &Path) -> Result<Record, ReadError> {
        let SealedManifest { manifest, files } = read::manifest(dir)?;
        let open = |name: &str| RunFile::open(dir, name, &manifest);
        let file = open(SUMMARY)?;
        let summary: Summary = file.json(|summary: &Summary| &summary.run)?;
        file.is_as_written(files.get(SUMMARY))?;
        let file = open(RESULTS)?;
        let readings = readings(&file)?;
        file.is_as_written(files.get(RESULTS))?;
        let file = open(TIMELINE)?;
        let series = series(&file, &summary)?;
        file.is_as_written(files.get(TIMELINE))?;
        let beside = Beside {
            dir,
            manifest: &manifest,
            files: &files,
        };
        let holdings = beside.read(HOLDERS, holders::read)?;
        let replicated = beside.read(REPLICATIONS, replications::read)?;
        let tenants = beside.read(TENANTS, tenants::read)?;
        let mut record = summary.into_record(manifest, readings, series);
        record.holdings = holdings;
        record.replicated = replicated;
        record.tenants = tenants;
        Ok(record)
    }
}

/// Where the files lie that not every run has.
struct Beside<'a> {
    dir: &'a Path,
    manifest: &'a Manifest,
    files: &'a BTreeMap<String, String>,
}

impl<'a> Beside<'a> {
    /// The rows of such a file; none where the run has none.
    fn read<T>(
        &self,
        name: &str,
        rows: impl Fn(&RunFile<'a>) -> Result<Vec<T>, ReadError>,
    ) -> Result<Vec<T>, ReadError> {
        if !self.files.contains_key(name) && !self.dir.join(name).exists() {
            return Ok(Vec::new());
        }
        let file = RunFile::open(self.dir, name, self.manifest)?;
        let rows = rows(&file)?;
        file.is_as_written(self.files.get(name))?;
        Ok(rows)
    }
}

fn readings(file: &RunFile<'_>) -> Result<Vec<Reading>, ReadError> {
    if !file.has_header(&OLDER_RESULTS_HEADER) {
        return file.rows(&RESULTS_HEADER, reading);
    }
    file.rows(&OLDER_RESULTS_HEADER, |row| {
        let mut cells = [""; RESULTS_HEADER.len()];
        cells[..row.len()].copy_from_slice(row);
        cells[row.len() - 1] = "";
        reading(&cells)
    })
}

/// A row of `results.csv`.
pub(super) fn reading(row: &[&str; RESULTS_HEADER.len()]) -> Result<Reading, String> {
    let [
        _,
        strategy,
        point,
        metric,
        unit,
        mean,
        low,
        high,
        replications,
        doubt,
        ..,
    ] = row;
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
        doubtful: is_skewed(doubt),
        controls_gain: None,
    })
}

/// Whether a row of `results.csv` says that its mean is one of two kinds of runs.
pub(super) fn is_of_two_kinds(row: &[&str; RESULTS_HEADER.len()]) -> bool {
    let [.., doubt, _, _, _] = row;
    is_mixed(doubt)
}

/// The values from the file, in the order and with the units that the summary lists.
fn series(file: &RunFile<'_>, summary: &Summary) -> Result<Vec<Series>, ReadError> {
    type Key = (String, String, String);
    let cells = file.rows(&TIMELINE_HEADER, |[_, strategy, point, t, series, value, _]| {
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
        Some((strategy, _, series)) => {
            Err(file.malformed(format!("series `{series}` of `{strategy}` is not listed in {SUMMARY}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::record::cells::number;
    use crate::record::{fake, sha256};

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

    /// A spreadsheet would take these names for formulas, and so the files write them otherwise.
    #[test]
    fn names_that_look_like_formulas_come_back() {
        let mut record = fake::dozen();
        let named = |name: &str| format!("-{name}");
        record
            .readings
            .iter_mut()
            .for_each(|of| of.strategy = named(&of.strategy));
        record
            .series
            .iter_mut()
            .for_each(|of| of.strategy = named(&of.strategy));
        record.strategies.iter_mut().for_each(|name| *name = named(name));
        record.readings[0].strategy = "'=1+1".to_owned();
        let dir = tempfile::tempdir().unwrap();
        record.save(dir.path()).unwrap();
        let text = fs::read_to_string(dir.path().join(RESULTS)).unwrap();
        assert!(text.contains(",'-naive cache,") && text.contains(",''=1+1,"), "{text}");
        let read = Record::load(dir.path()).unwrap();
        assert_eq!((read.readings, read.series), (record.readings, record.series));
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

    /// As a version has left it that did not say what is in doubt.
    #[test]
    fn an_older_folder_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let record = fake::dozen();
        record.save(dir.path()).unwrap();
        let [results, manifest] = [RESULTS, "manifest.json"].map(|name| dir.path().join(name));
        let text = fs::read_to_string(&results).unwrap();
        let older = text.replace(",doubt,storm_mean,calm_mean,", ",").replace(",,,,", ",");
        assert!(older.starts_with(&OLDER_RESULTS_HEADER.join(",")) && older.len() < text.len());
        fs::write(&results, &older).unwrap();
        let sealed = fs::read_to_string(&manifest).unwrap();
        let sealed = sealed.replace(&sha256(text.as_bytes()), &sha256(older.as_bytes()));
        fs::write(&manifest, sealed).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), record);
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
        assert!(break_with(SUMMARY, "\"seed\": 7", "\"seed\": 8").contains("is not what the run has written"));
        let mixed = break_with(SUMMARY, "0123456789abcdef", "1123456789abcdef");
        assert!(
            mixed.contains("run 1123456789abcdef against run 0123456789abcdef"),
            "{mixed}"
        );
        assert!(break_with(SUMMARY, "\"strategies\"", "\"names\"").contains("strategies"));
        assert!(break_with(TIMELINE, "token_requests,", "requests,").contains("not listed"));
        assert_eq!(Record::load(dir.path()).unwrap(), record);
    }

    /// Two runs of one scenario under one seed, as of a file that was edited in between: each file of the one among those of the
    /// other.
    #[test]
    fn a_mixture_is_refused_and_named() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (first, mut second) = (fake::holders(2), fake::holders(3));
        second.manifest.run = "fedcba9876543210".to_owned();
        first.save(one.path()).unwrap();
        second.save(other.path()).unwrap();
        for name in [RESULTS, TIMELINE, HOLDERS, SUMMARY] {
            let kept = fs::read(one.path().join(name)).unwrap();
            fs::copy(other.path().join(name), one.path().join(name)).unwrap();
            let error = Record::load(one.path()).unwrap_err();
            let told = error.to_string();
            assert!(matches!(error, ReadError::Mixed { .. }), "{name}: {told}");
            assert!(
                told.contains(name) && told.contains("run fedcba9876543210 against run 0123456789abcdef"),
                "{told}"
            );
            // A file that has no row has no id either, and is as little what the run has written.
            let text = String::from_utf8(kept.clone()).unwrap();
            let header = text.lines().next().unwrap();
            fs::write(one.path().join(name), format!("{header}\n")).unwrap();
            assert!(Record::load(one.path()).is_err(), "{name}");
            fs::write(one.path().join(name), kept).unwrap();
        }
        assert_eq!(Record::load(one.path()).unwrap(), first);
        // A file that the run does not have is of another one.
        fake::dozen().save(one.path()).unwrap();
        fs::copy(other.path().join(HOLDERS), one.path().join(HOLDERS)).unwrap();
        let error = Record::load(one.path()).unwrap_err();
        assert!(matches!(error, ReadError::Mixed { .. }), "{error}");
        fs::remove_file(one.path().join("manifest.json")).unwrap();
        let error = Record::load(one.path()).unwrap_err();
        assert!(matches!(error, ReadError::Unfinished { .. }), "{error}");
    }
}
