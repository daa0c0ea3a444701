//! What a journal tells after whatever has happened to it.

use std::fs;

use super::*;
use crate::record::sweep::plan::tests::plan;

fn head(points: u64) -> JournalHead {
    JournalHead {
        plan: plan(points),
        shard: None,
    }
}

fn point(point: u64) -> FinishedPoint {
    FinishedPoint {
        point,
        events: 10 + point,
        failed: Vec::new(),
        rows: format!("row of {point}\nand another\n"),
        ended_by: None,
        mixtures: Vec::new(),
    }
}

fn open(dir: &Path, head: &JournalHead) -> Result<(Journal, FinishedPlaces), SweepFolderError> {
    Journal::open(&RunFolder::take(dir).unwrap(), head)
}

#[test]
fn what_is_finished_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, finished) = open(dir.path(), &head(9)).unwrap();
    assert_eq!(finished.count(), 0);
    for number in [1, 0, 4] {
        journal.add(&point(number)).unwrap();
    }
    drop(journal);
    let (_, finished) = open(dir.path(), &head(9)).unwrap();
    assert_eq!((finished.count(), finished.has(4), finished.has(2)), (3, true, false));
    assert_eq!(finished.missing(9).collect::<Vec<_>>(), [2, 3, 5, 6, 7, 8]);
}

/// Cut at any byte, and with any byte of its last line changed, it tells what was whole.
#[test]
fn what_is_torn_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path(), &head(9)).unwrap();
    let mut ends = vec![journal.length];
    for number in 0..3 {
        journal.add(&point(number)).unwrap();
        ends.push(journal.length);
    }
    let path = dir.path().join(JOURNAL);
    let whole = fs::read(&path).unwrap();
    for cut in (0..=whole.len()).rev().step_by(7).chain([0, 1]) {
        fs::write(&path, &whole[..cut]).unwrap();
        let (mut journal, finished) = open(dir.path(), &head(9)).unwrap();
        let kept = ends.iter().filter(|end| **end <= cut as u64).count().saturating_sub(1);
        assert_eq!(finished.count(), kept as u64, "cut at {cut}");
        journal.add(&point(8)).unwrap();
        let (_, finished) = open(dir.path(), &head(9)).unwrap();
        assert!(finished.has(8) && finished.count() == kept as u64 + 1, "cut at {cut}");
    }
    for at in (ends[2] as usize..whole.len()).step_by(11) {
        let mut changed = whole.clone();
        changed[at] = if changed[at] == b'\n' { b' ' } else { b'\n' };
        fs::write(&path, &changed).unwrap();
        let (journal, finished) = open(dir.path(), &head(9)).unwrap();
        assert_eq!(
            (finished.count(), journal.torn),
            (2, ends[3] - ends[2]),
            "changed at {at}"
        );
    }
}

#[test]
fn another_sweep_is_refused_and_nothing_of_it_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), &head(9)).unwrap().0.add(&point(0)).unwrap();
    let path = dir.path().join(JOURNAL);
    let before = fs::read(&path).unwrap();
    let mut other = head(9);
    other.plan.manifest.seed += 1;
    let told = open(dir.path(), &other).unwrap_err().to_string();
    assert!(told.contains("another seed") && told.contains("--out"), "{told}");
    let mut share = head(9);
    share.shard = Some("2/3".parse().unwrap());
    let told = open(dir.path(), &share).unwrap_err().to_string();
    assert!(told.contains("all points, and not shard 2/3"), "{told}");
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::write(&path, "notes of somebody\n").unwrap();
    let told = open(dir.path(), &head(9)).unwrap_err().to_string();
    assert!(told.contains("not written by a sweep"), "{told}");
    assert_eq!(fs::read(&path).unwrap(), b"notes of somebody\n");
}

#[test]
fn a_point_that_is_there_twice_or_is_none_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path(), &head(9)).unwrap();
    journal.add(&point(3)).unwrap();
    journal.add(&point(3)).unwrap();
    assert!(open(dir.path(), &head(9)).unwrap_err().to_string().contains("twice"));
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path(), &head(9)).unwrap();
    journal.add(&point(9)).unwrap();
    assert!(
        open(dir.path(), &head(9))
            .unwrap_err()
            .to_string()
            .contains("none of its own")
    );
}
