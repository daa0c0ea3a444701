//! A process that is killed at each step of writing a run, and what the next one finds.
//!
//! The test starts itself anew as the process that dies. `TOKENSTORM_KILLS=200` has it die so often; without it, once at each step.

use std::sync::atomic::{AtomicU32, Ordering};

/// The step at which to die.
const STEP: &str = "TOKENSTORM_DIES_AT";

/// How the process ends that dies.
const DEAD: i32 = 9;

/// Ends the process without any clearing up, as a kill does, when the step has come that the test has named.
pub(super) fn may_come() {
    static STEPS: AtomicU32 = AtomicU32::new(0);
    let Some(step) = std::env::var_os(STEP) else { return };
    let now = STEPS.fetch_add(1, Ordering::Relaxed);
    if step.to_str() == Some(&now.to_string()) {
        std::process::exit(DEAD);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;
    use crate::record::read::ReadError;
    use crate::record::write::{ResultFile, files, obsolete, place};
    use crate::record::{Record, fake};

    /// What the process that dies is to write, and where.
    const WHICH: &str = "TOKENSTORM_WRITES";
    const FOLDER: &str = "TOKENSTORM_INTO";

    /// Two runs of one scenario under one seed; the second leaves fewer files.
    fn run(which: u32) -> Record {
        let mut record = if which == 0 { fake::holders(3) } else { fake::dozen() };
        record.manifest.run = format!("run {which}");
        record
    }

    const CHARTS: [&str; 3] = ["charts/failures.svg", "charts/cost.svg", "charts/holders.svg"];

    /// All files of a run, charts included, and those that it has no successor for.
    fn all(which: u32) -> (Vec<ResultFile>, Vec<PathBuf>) {
        let record = run(which);
        let (drawn, gone) = CHARTS.split_at(3 - which as usize);
        let chart = |path: &&str| ResultFile::new(*path, format!("<svg>{}</svg>", record.manifest.run));
        let stale = gone.iter().map(PathBuf::from).chain(obsolete(&record));
        (drawn.iter().map(chart).chain(files(&record)).collect(), stale.collect())
    }

    /// Not a test of its own: the process that dies.
    #[test]
    fn child() {
        let Some(folder) = std::env::var_os(FOLDER) else { return };
        let which = std::env::var(WHICH).unwrap().parse().unwrap();
        let (files, stale) = all(which);
        place(Path::new(&folder), &files, &stale).unwrap();
    }

    /// Writes a run in a process of its own, which dies at a step; whether it did.
    fn dies(folder: &Path, which: u32, step: u32) -> bool {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "--quiet", "record::write::kills::tests::child"]);
        child
            .env(STEP, step.to_string())
            .env(WHICH, which.to_string())
            .env(FOLDER, folder);
        let output = child.output().unwrap();
        let code = output.status.code();
        assert!(code == Some(DEAD) || code == Some(0), "{output:?}");
        code == Some(DEAD)
    }

    fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        for below in ["", "charts"] {
            let entries = fs::read_dir(folder.join(below)).unwrap().flatten();
            let files = entries.filter(|entry| entry.path().is_file());
            found.extend(files.map(|entry| {
                (
                    Path::new(below).join(entry.file_name()),
                    fs::read(entry.path()).unwrap(),
                )
            }));
        }
        found
    }

    /// What a run leaves that nobody disturbs.
    fn whole(which: u32) -> BTreeMap<PathBuf, Vec<u8>> {
        let (files, _) = all(which);
        files.into_iter().map(|file| (file.path, file.bytes)).collect()
    }

    const NONE: [&PathBuf; 0] = [];

    /// Files that only one of two folders has, or that differ.
    fn differ<'a>(one: &'a BTreeMap<PathBuf, Vec<u8>>, other: &'a BTreeMap<PathBuf, Vec<u8>>) -> Vec<&'a PathBuf> {
        let all = one.keys().chain(other.keys());
        all.filter(|path| one.get(*path) != other.get(*path)).collect()
    }

    /// Nothing, or all of one run and no file of another. Returns which.
    fn one_run_or_none(folder: &Path) -> Option<u32> {
        match Record::load(folder) {
            Ok(record) => {
                let which = (0..2).find(|&which| record == run(which)).expect("one of the two runs");
                let mut found = content(folder);
                // A run that has not begun to take its places may have left what is swept later.
                found.retain(|path, _| !path.file_name().unwrap().to_string_lossy().starts_with('.'));
                assert_eq!(differ(&found, &whole(which)), NONE, "not of run {which}");
                Some(which)
            }
            Err(ReadError::Unfinished { .. }) => None,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn a_kill_at_any_step_leaves_one_run_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path();
        let kills: u32 = std::env::var("TOKENSTORM_KILLS").map_or(0, |kills| kills.parse().unwrap());
        let (mut dead, mut steps, mut kept, mut none) = (0, 0, 0, 0);
        for round in 0.. {
            let mut survived = [false; 2];
            for which in 0..2 {
                let mut step = 0;
                // Each death meets what the one before has left; every other time, a whole run of the other kind.
                loop {
                    if (step + round) % 2 == 0 {
                        let (files, stale) = all(1 - which);
                        place(folder, &files, &stale).unwrap();
                        let (left, wanted) = (content(folder), whole(1 - which));
                        assert_eq!(differ(&left, &wanted), NONE, "left by the dead");
                    }
                    if !dies(folder, which, step) {
                        survived[which as usize] = true;
                        assert_eq!(one_run_or_none(folder), Some(which));
                        break;
                    }
                    match one_run_or_none(folder) {
                        Some(_) => kept += 1,
                        None => none += 1,
                    }
                    (dead, step) = (dead + 1, step + 1);
                }
                steps = steps.max(step);
            }
            assert_eq!(survived, [true, true]);
            if dead >= kills {
                break;
            }
        }
        println!("{dead} deaths at {steps} steps: {kept} times one whole run, {none} times none");
        assert!(
            kept > 0 && none > 0,
            "deaths come before and after the old manifest has gone"
        );
    }

    /// Whoever reads while another writes sees one of the two runs, or is told that it is none.
    #[test]
    fn a_reader_beside_a_writer_sees_one_run_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let runs = [run(0), run(1)];
        let done = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..30 {
                    let (files, stale) = all(round % 2);
                    place(dir.path(), &files, &stale).unwrap();
                }
                done.store(1, Ordering::Relaxed);
            });
            while done.load(Ordering::Relaxed) == 0 {
                match Record::load(dir.path()) {
                    Ok(record) => assert!(runs.contains(&record)),
                    Err(ReadError::Unfinished { .. } | ReadError::Mixed { .. } | ReadError::Missing { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
        });
    }
}
