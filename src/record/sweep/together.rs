//! Folders of shards that are to become one sweep: whether they are all of it, once, and of the same.

use std::path::{Path, PathBuf};

use super::error::SweepFolderError;
use super::journal::JournalHead;
use super::ordered::{MergedPoints, PointsInOrder};
use super::plan::SweepPlan;
use super::shard::{MOST_SHARDS, SweepShard};
use super::whole::SweepManifest;
use crate::base::shown;

/// The plan and the points of the sweep that these shards are together, in whichever order they are named.
///
/// # Errors
/// [`SweepFolderError`]: a folder that is no shard, of another sweep, not finished, or there twice; a shard that is missing. What is to be run again
/// is named with its command.
pub fn together(dirs: &[PathBuf]) -> Result<(SweepPlan, MergedPoints), SweepFolderError> {
    let refused = |message: String| Err(SweepFolderError::Together(message));
    if dirs.len() as u64 > MOST_SHARDS {
        return refused(format!(
            "{} folders are too many to merge at once; there can be {MOST_SHARDS}",
            dirs.len()
        ));
    }
    let mut shards = Vec::new();
    for dir in dirs {
        shards.push((dir, open(dir)?));
    }
    let Some((first_dir, first)) = shards.first() else {
        return refused("there is nothing to merge".to_owned());
    };
    let head = first.head().clone();
    for (dir, shard) in &shards[1..] {
        let (dir, first) = (dir.display(), first_dir.display());
        if let Some(file) = head.plan.changed_file(&shard.head().plan) {
            let [own, firsts] = [(shard.head(), &dir), (&head, &first)]
                .map(|(of, dir)| command(&of.plan, of.share(), &dir.to_string()));
            return refused(format!(
                "`{file}`, which the scenario names, was not the same for `{first}` and `{dir}`; put the right one in its place, remove the \
                 folder of the shard that ran with another, and run that shard again: {firsts}, or {own}"
            ));
        }
        if let Some(differs) = head.plan.differs(&shard.head().plan) {
            return refused(format!(
                "`{dir}` is of another sweep than `{first}`: it has {differs}; give the shards of one sweep"
            ));
        }
    }
    doubled(&shards)?;
    let mut again = Vec::new();
    for (dir, shard) in &shards {
        let (finished, points) = (open(dir)?.finished()?, shard.head().points());
        if finished < points {
            let which = shard.head().share();
            let dir = dir.display().to_string();
            let command = command(&head.plan, which, &dir);
            again.push(format!(
                "shard {which} in `{dir}` has {finished} of its {points} points; go on with: {command}"
            ));
        }
    }
    again.extend(missing(&head.plan, &shards));
    if !again.is_empty() {
        return refused(format!("the shards are not all of the sweep\n  {}", again.join("\n  ")));
    }
    // The command line of the first point's shard, whichever folder was named first.
    let begins = shards.iter().find(|(_, shard)| shard.head().share().number == 1);
    let mut plan = head.plan;
    if let Some((_, shard)) = begins {
        plan.manifest.command_line = shard.head().plan.manifest.command_line.clone();
    }
    let shards = shards.into_iter().map(|(_, shard)| shard).collect();
    Ok((plan, MergedPoints::of(shards)?))
}

fn open(dir: &Path) -> Result<PointsInOrder, SweepFolderError> {
    let none = |reason| SweepFolderError::NoShard {
        dir: dir.to_owned(),
        reason,
    };
    if !dir.is_dir() {
        return Err(none("there is no such folder"));
    }
    match PointsInOrder::of(dir)? {
        Some(points) if points.head().shard.is_some() => Ok(points),
        Some(_) => Err(none("a sweep that is not finished, and has all points for its own")),
        None => Err(none(match SweepManifest::of(dir) {
            Ok(Some(_)) => "a whole sweep, which needs no merging",
            _ => "nothing of a sweep",
        })),
    }
}

/// Errors when some point is in two shards.
fn doubled(shards: &[(&PathBuf, PointsInOrder)]) -> Result<(), SweepFolderError> {
    let share = |head: &JournalHead| (head.share(), head.points());
    for (at, (dir, shard)) in shards.iter().enumerate() {
        let (one, points) = share(shard.head());
        let other = shards[..at].iter().find(|(_, other)| {
            let (other, others) = share(other.head());
            one.overlaps(other) && points > 0 && others > 0
        });
        if let Some((before, other)) = other {
            let (other, dir, before) = (other.head().share(), dir.display(), before.display());
            return Err(SweepFolderError::Together(match one == other {
                true => format!("shard {one} is there twice, in `{before}` and in `{dir}`; leave one of them out"),
                false => format!(
                    "shard {other} in `{before}` and shard {one} in `{dir}` have points in common; leave one of them out"
                ),
            }));
        }
    }
    Ok(())
}

/// Shards that no folder has, each with the command that runs it.
fn missing(plan: &SweepPlan, shards: &[(&PathBuf, PointsInOrder)]) -> Vec<String> {
    let there: Vec<SweepShard> = shards.iter().map(|(_, shard)| shard.head().share()).collect();
    let covered: u64 = there.iter().map(|shard| shard.len(plan.points)).sum();
    if covered >= plan.points {
        return Vec::new();
    }
    let of = there.iter().map(|shard| shard.of).max().unwrap_or(1);
    let all = (1..=of).map(|number| SweepShard { number, of });
    let missing = all.filter(|shard| shard.len(plan.points) > 0 && there.iter().all(|other| !shard.overlaps(*other)));
    let mut told: Vec<String> = missing
        .map(|shard| {
            let dir = format!("shard-{}-of-{}", shard.number, shard.of);
            format!("shard {shard} is missing; run it with: {}", command(plan, shard, &dir))
        })
        .collect();
    if told.is_empty() {
        told.push(format!("{} points belong to none of the shards", plan.points - covered));
    }
    told
}

/// How a shard is run again alone.
fn command(plan: &SweepPlan, shard: SweepShard, dir: &str) -> String {
    let mut line = plan.manifest.command_line.clone();
    line.extend([
        "--shard".to_owned(),
        shard.to_string(),
        "--out".to_owned(),
        dir.to_owned(),
    ]);
    shown::command(&line)
}
