//! `tokenstorm sweep`: a scenario at very many points, which can be ended and begun again, and shared out over machines.

mod finish;
mod jobs;
mod progress;
mod row;

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use clap::Args;

use self::jobs::{Job, Scheduler};
use self::progress::Points;
use super::format::Format;
use super::interrupt::interrupt;
use super::limits::{self, Limits, SweepEffort};
use super::precise::PrecisionArguments;
use super::say::{aside, note, print, say};
use super::{Exit, run, validate};
use crate::campaign::CampaignOptions;
use crate::campaign::sweep::{self, SweepDesign, SweepError, SweepSample, SweptScenario};
use crate::record::sweep::{Journal, JournalHead, PointsInOrder, SweepFolderError, SweepPlan, SweepShard, finished};
use crate::record::write::RunFolder;
use crate::scenario::{Effort, Extent, MOST_REPLICATIONS, Overrides, ScenarioError};

pub(super) use finish::{can_tell, finish, told_again};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Scenario file; `-` is standard input
    #[arg(value_name = "SCENARIO")]
    scenario: PathBuf,
    /// A key and its values, KEY=V1,V2 or KEY=FROM..TO:STEPS, logarithmic with :log; all combinations are run, with the scenario's own [sweep]
    #[arg(long, value_name = "KEY=VALUES")]
    param: Vec<String>,
    /// Run a Latin hypercube of N points over the values and ranges, in place of all combinations
    #[arg(long, value_name = "lhs:N")]
    sample: Option<SweepSample>,
    /// Run this share of the points alone; `tokenstorm merge` makes the whole of all shares
    #[arg(long, value_name = "I/N")]
    shard: Option<SweepShard>,
    /// Print the sweep as a job array of Slurm or an indexed Job of Kubernetes, and run nothing; --shard I/N says how many shards there are
    #[arg(long, value_name = "SCHEDULER", value_enum)]
    print: Option<Scheduler>,
    /// Run the point of this row of results.csv once more, alone, and keep all that a run keeps; the header is row 1
    #[arg(long, value_name = "N", conflicts_with_all = ["shard", "print"])]
    row: Option<u64>,
    /// Where the files go [default: reports/<scenario name>-sweep]; a folder in which the same sweep was begun goes on
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Seed, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = limits::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    /// Replications at each point, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_REPLICATIONS)))]
    replications: Option<u32>,
    #[command(flatten)]
    precise: PrecisionArguments,
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// A value in place of the scenario's at every point, such as `provider.token_ttl=1h`; as often as one likes
    #[arg(long, value_name = "KEY=VALUE", value_parser = run::setting)]
    set: Vec<(String, String)>,
    /// Threads; the results do not depend on them [default: all cores]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = limits::threads, allow_hyphen_values = true)]
    threads: usize,
    #[command(flatten)]
    limits: Limits,
    /// Write results.parquet too, which has the rows of results.csv as columns with types
    #[arg(long, conflicts_with_all = ["shard", "print", "row"])]
    parquet: bool,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// How the end of a sweep is told.
#[derive(Clone, Copy)]
pub(super) struct Telling {
    /// In this format.
    pub format: Format,
    /// And in `results.parquet`.
    pub parquet: bool,
}

impl Arguments {
    fn telling(&self) -> Telling {
        Telling {
            format: self.format,
            parquet: self.parquet,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    sweep(arguments).unwrap_or_else(|(exit, message)| {
        if !message.is_empty() {
            say!("error: {message}");
        }
        exit
    })
}

/// How a command ends early: the exit, and what is said; nothing where it was said already.
type Ended = (Exit, String);

pub(super) fn refused(error: SweepFolderError) -> Ended {
    match error {
        SweepFolderError::Write(_) | SweepFolderError::Unreadable { .. } => (Exit::Internal, error.to_string()),
        _ => (Exit::Usage, error.to_string()),
    }
}

fn mistaken(error: ScenarioError) -> Ended {
    aside(format!("{:?}", miette::Report::new(error)));
    (Exit::Usage, String::new())
}

fn sweep(arguments: &Arguments) -> Result<Exit, Ended> {
    can_tell(arguments.telling())?;
    let (swept, options, plan) = asked(arguments)?;
    let head = JournalHead {
        plan,
        shard: arguments.shard,
    };
    let name = &head.plan.manifest.scenario;
    if let Some(scheduler) = arguments.print {
        return printed(arguments, &swept, &options, &head, scheduler);
    }
    if let Some(row) = arguments.row {
        let out = arguments.out.clone().unwrap_or_else(|| default_folder(name, None));
        return row::alone(row, (&swept, &options, &head.plan), &out, arguments.format);
    }
    let threads = threads(&options);
    let (least, _) = replications(&options);
    let effort = weighed(arguments, &swept, (&options, least), &head);
    let at_once = arguments.limits.allow_sweep(&effort, threads);
    let at_once = at_once.map_err(|message| (Exit::Usage, message))?;
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| default_folder(name, arguments.shard));
    let folder = RunFolder::take(&out).map_err(|error| (Exit::Internal, error.to_string()))?;
    if let Some(manifest) = finished(&out, &head.plan).map_err(refused)? {
        note!("{}: this sweep was finished before; nothing is run", out.display());
        return told_again(&folder, manifest, arguments.telling());
    }
    let (journal, done) = Journal::open(&folder, &head).map_err(refused)?;
    let (count, torn) = (done.count(), journal.torn);
    if torn > 0 {
        say!(
            "{}: the last {torn} bytes were not whole, as of a process that was killed; their points are run again",
            out.display()
        );
    }
    if count > 0 {
        note!("{}: going on after {count} of {} points", out.display(), head.points());
    }
    let stop = interrupt();
    let bar = Points::new(name);
    let ended = sweep::run(&swept, &options, &head, (journal, done), at_once, &bar, &stop);
    bar.end();
    let kept = || format!("what was finished is kept in {}", out.display());
    match ended {
        Ok(()) => {}
        Err(SweepError::Scenario(error)) => {
            let _ = mistaken(*error);
            return Err((Exit::Usage, format!("the sweep ended at this point; {}", kept())));
        }
        Err(error @ SweepError::Campaign { .. }) => return Err((Exit::Usage, format!("{error}; {}", kept()))),
        Err(error) => return Err((Exit::Internal, format!("{error}; {}", kept()))),
    }
    match stop.load(Ordering::Relaxed) {
        true => interrupted(&folder, &head, arguments.telling()),
        false => whole(&folder, &head, arguments.telling()),
    }
}

/// The end of what was interrupted: perhaps after the last point.
fn interrupted(folder: &RunFolder, head: &JournalHead, telling: Telling) -> Result<Exit, Ended> {
    let points = PointsInOrder::of(folder.path()).map_err(refused)?;
    let done = points.map_or(Ok(0), PointsInOrder::finished).map_err(refused)?;
    let (all, out) = (head.points(), folder.path().display());
    if done == all {
        return whole(folder, head, telling);
    }
    say!("interrupted: {done} of {all} points are finished and kept in {out}; the same command goes on from there");
    Ok(Exit::Interrupted)
}

/// The end of what has all its points.
fn whole(folder: &RunFolder, head: &JournalHead, telling: Telling) -> Result<Exit, Ended> {
    let (seed, out) = (head.plan.manifest.seed, folder.path().display());
    if let Some(shard) = head.shard {
        let points = head.points();
        say!(
            "seed {seed}; shard {shard}, {points} points, is whole in {out}; `tokenstorm merge DIR... --out DIR` makes one sweep of all shards"
        );
        return Ok(Exit::Ok);
    }
    match PointsInOrder::of(folder.path()).map_err(refused)? {
        Some(points) => finish(folder, &head.plan, points, telling),
        None => Err((Exit::Internal, format!("the journal in {out} is gone"))),
    }
}

/// What is asked for, read and found without mistakes.
fn asked(arguments: &Arguments) -> Result<(SweptScenario, CampaignOptions, SweepPlan), Ended> {
    let usage = |message: String| (Exit::Usage, message);
    let overrides = Overrides {
        set: arguments.set.clone(),
        ..Overrides::default()
    };
    let scenario = validate::load_with(&arguments.scenario, &overrides).ok_or((Exit::Usage, String::new()))?;
    if let Some(only) = &arguments.only {
        run::known_strategy(only, &scenario).map_err(usage)?;
    }
    let options = CampaignOptions {
        only: arguments.only.clone(),
        seed: arguments.seed.unwrap_or(scenario.file.run.seed),
        replications: arguments.replications.unwrap_or(scenario.file.run.replications),
        precision: arguments.precise.wanted(arguments.limits.most_events()),
        variance: arguments.precise.variance(),
        threads: arguments.threads,
    };
    let design = SweepDesign::new(scenario.swept(), &arguments.param, arguments.sample, options.seed).map_err(usage)?;
    let swept = SweptScenario::new(scenario, arguments.set.clone(), design).map_err(|error| mistaken(*error))?;
    let plan = swept.plan(&options, arguments.sample);
    let mut plan = plan.map_err(|error| usage(error.to_string()))?;
    plan.manifest.command_line = command_line(arguments);
    Ok((swept, options, plan))
}

/// Points whose needs are worked out to know those of all.
const WEIGHED: u64 = 16;

/// Replications of a point: at the least, and at the most.
fn replications(options: &CampaignOptions) -> (u32, u32) {
    let count = options.replications;
    let precision = options.precision.as_ref();
    precision.map_or((count, count), |precision| {
        (precision.first_look(count), precision.most_replications)
    })
}

/// What the share of a sweep takes with so many replications, about; in the memory of the most.
fn weighed(
    arguments: &Arguments,
    swept: &SweptScenario,
    (options, count): (&CampaignOptions, u32),
    head: &JournalHead,
) -> SweepEffort {
    let extent = |replications| Extent {
        only: options.only.as_deref(),
        replications,
        threads: threads(options),
    };
    let (_, most) = replications(options);
    let (points, share) = (head.points(), head.share());
    let weighed = points.min(WEIGHED);
    let places = (0..weighed).map(|place| (u128::from(place) * u128::from(points) / u128::from(weighed)) as u64);
    // A point that has a mistake is told of when its turn comes.
    let effort = |place: u64| -> Option<Effort> {
        let point = swept.point(share.point(place)).ok()?;
        let events = point.effort(extent(count)).events;
        Some(Effort {
            events,
            ..point.effort(extent(most))
        })
    };
    arguments
        .limits
        .weigh_sweep(points, &places.filter_map(effort).collect::<Vec<_>>())
}

fn threads(options: &CampaignOptions) -> usize {
    match options.threads {
        0 => limits::all_threads(),
        threads => threads,
    }
}

/// Prints the sweep for a scheduler.
fn printed(
    arguments: &Arguments,
    swept: &SweptScenario,
    options: &CampaignOptions,
    head: &JournalHead,
    scheduler: Scheduler,
) -> Result<Exit, Ended> {
    let whole = JournalHead {
        shard: None,
        ..head.clone()
    };
    let (_, most) = replications(options);
    let effort = weighed(arguments, swept, (options, most), &whole);
    let out = arguments.out.clone();
    let out = out.unwrap_or_else(|| default_folder(&head.plan.manifest.scenario, None));
    let shards = arguments.shard.map(|shard| shard.of);
    let asked = (&effort, &arguments.limits);
    let job = Job::new(&head.plan, asked, (shards, arguments.threads), &out);
    let job = job.map_err(|message| (Exit::Usage, message))?;
    Ok(print(&job.text(scheduler)))
}

fn default_folder(name: &str, shard: Option<SweepShard>) -> PathBuf {
    let name = match shard {
        None => format!("{name}-sweep"),
        Some(shard) => format!("{name}-sweep-{}-of-{}", shard.number, shard.of),
    };
    PathBuf::from("reports").join(name)
}

/// What was asked for, as far as the results depend on it: neither threads, nor shards, nor the place of the files belong to it.
fn command_line(arguments: &Arguments) -> Vec<String> {
    let mut line = vec![
        "tokenstorm".to_owned(),
        "sweep".to_owned(),
        arguments.scenario.display().to_string(),
    ];
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line.extend([name.to_owned(), value]);
        }
    };
    for param in &arguments.param {
        option("--param", Some(param.clone()));
    }
    option("--sample", arguments.sample.map(|sample| sample.to_string()));
    option("--seed", arguments.seed.map(|seed| seed.to_string()));
    option(
        "--replications",
        arguments.replications.map(|replications| replications.to_string()),
    );
    option("--only", arguments.only.clone());
    for (key, value) in &arguments.set {
        option("--set", Some(format!("{key}={value}")));
    }
    line.extend(arguments.precise.line(arguments.limits.raised_events()));
    line
}
