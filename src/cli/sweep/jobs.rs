//! `tokenstorm sweep --print`: the same sweep as a job array of Slurm or as an indexed Job of Kubernetes.
//!
//! Knows how much a shard takes only by an estimate, and asks for three times that.

use std::path::Path;

use clap::ValueEnum;

use crate::base::shown;
use crate::cli::limits::{Limits, SECONDS_PER_EVENT, SECONDS_PER_POINT, SweepEffort};
use crate::record::sweep::{MOST_SHARDS, SweepPlan};
use crate::report::number;

/// Who starts the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Scheduler {
    /// A job array, for `sbatch`.
    Slurm,
    /// An indexed Job, for `kubectl apply`.
    Kubernetes,
}

/// Cores that a shard asks for where `--threads` names none.
const CORES: usize = 4;
/// Seconds that a shard is to take, where their number is left open.
const SHARD_S: f64 = 1800.0;
/// How many times the estimates are asked for.
const MARGIN: f64 = 3.0;
/// The least that is asked for: seconds, and bytes.
const LEAST_S: f64 = 600.0;
const LEAST_BYTES: u64 = 256 << 20;

/// A sweep that others are to start.
pub(super) struct Job<'a> {
    plan: &'a SweepPlan,
    shards: u64,
    cores: usize,
    /// Of one shard.
    seconds: f64,
    memory: u64,
    out: String,
    /// Limits that somebody has raised.
    raised: Vec<String>,
}

impl<'a> Job<'a> {
    /// The job of a sweep that takes so much, in so many shards, or in as many as take half an hour each.
    pub(super) fn new(
        plan: &'a SweepPlan,
        (effort, limits): (&SweepEffort, &Limits),
        (shards, threads): (Option<u64>, usize),
        out: &Path,
    ) -> Result<Self, String> {
        let cores = if threads == 0 { CORES } else { threads };
        let seconds = effort.seconds / cores as f64;
        let wanted = (seconds / SHARD_S)
            .max(effort.events / effort.most_events)
            .ceil()
            .max(1.0);
        let shards = shards.unwrap_or(wanted as u64).min(plan.points);
        if shards > MOST_SHARDS {
            return Err(format!(
                "{} points take about {} on one core: that is {shards} shards, and there can be {MOST_SHARDS}; take a sample with \
                 --sample lhs:N, or say how many with --shard 1/N",
                plan.points,
                number::seconds(effort.seconds)
            ));
        }
        let shard = effort.shard(shards);
        limits.allow_sweep(&shard, cores)?;
        Ok(Self {
            plan,
            shards,
            cores,
            seconds: shard.seconds / cores as f64,
            memory: effort.memory,
            out: out.display().to_string(),
            raised: limits.raised(),
        })
    }

    /// The text for a scheduler.
    pub(super) fn text(&self, scheduler: Scheduler) -> String {
        match scheduler {
            Scheduler::Slurm => self.slurm(),
            Scheduler::Kubernetes => self.kubernetes(),
        }
    }

    /// Seconds that are asked for, in whole minutes.
    fn asked_s(&self) -> u64 {
        ((self.seconds * MARGIN).max(LEAST_S) / 60.0).ceil() as u64 * 60
    }

    /// Mebibytes that are asked for, in steps of 64.
    fn asked_mib(&self) -> u64 {
        let bytes = ((self.memory as f64 * MARGIN) as u64).max(LEAST_BYTES);
        (bytes >> 20).div_ceil(64) * 64
    }

    /// A name that any scheduler takes.
    fn name(&self) -> String {
        let letter = |letter: char| match letter.is_ascii_alphanumeric() {
            true => letter.to_ascii_lowercase(),
            false => '-',
        };
        let name: String = self.plan.manifest.scenario.chars().map(letter).take(40).collect();
        format!("tokenstorm-{}", name.trim_matches('-'))
            .trim_end_matches('-')
            .to_owned()
    }

    /// The command of a shard, whose number the shell knows.
    fn command(&self, line: &[String], number: &str, out: &str) -> String {
        let mut line = line.to_vec();
        // What the results depend on is there already.
        let there = |option: &[String]| line.contains(&option[0]);
        let raised: Vec<String> = self
            .raised
            .chunks(2)
            .filter(|option| !there(option))
            .flatten()
            .cloned()
            .collect();
        line.extend(raised);
        let (line, shards, cores) = (shown::command(&line), self.shards, self.cores);
        let out = shown::command(&[out.to_owned()]);
        format!("exec {line} --shard \"{number}/{shards}\" --threads {cores} --out {out}-\"{number}\"-of-{shards}")
    }

    /// What any text has.
    fn filled(&self, template: &str, own: &[(&str, String)]) -> String {
        let (points, shards, cores) = (self.plan.points, self.shards, self.cores);
        let manifest = &self.plan.manifest;
        let shared = [
            (
                "what",
                format!(
                    "{} at {points} points in {shards} shards",
                    shown::line(&manifest.scenario)
                ),
            ),
            (
                "written",
                format!("written by: {} --print", shown::command(&manifest.command_line)),
            ),
            (
                "estimate",
                format!(
                    "A shard takes about {} on {cores} cores, by an estimate from the scenario ({} an event, {} a point); {MARGIN} \
                     times that is asked for.",
                    number::seconds(self.seconds),
                    number::seconds(SECONDS_PER_EVENT),
                    number::seconds(SECONDS_PER_POINT)
                ),
            ),
            ("name", self.name()),
            ("shards", shards.to_string()),
            ("cores", cores.to_string()),
            ("mib", self.asked_mib().to_string()),
        ];
        let all = shared.iter().chain(own);
        let value = |name: &str| {
            all.clone()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.as_str())
        };
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let (name, after) = after.split_once('}').expect("a place of the template ends");
            text.push_str(value(name).expect("a place of the template has a value"));
            rest = after;
        }
        text + rest
    }

    fn slurm(&self) -> String {
        let out = shown::command(std::slice::from_ref(&self.out));
        let merge = format!("tokenstorm merge {out}-*-of-{} --out {out}", self.shards);
        let command = self.command(&self.plan.manifest.command_line, "$SLURM_ARRAY_TASK_ID", &self.out);
        let own = [
            ("merge", shown::command(&[merge])),
            ("minutes", (self.asked_s() / 60).to_string()),
            ("command", command),
        ];
        self.filled(include_str!("slurm.sh"), &own)
    }

    fn kubernetes(&self) -> String {
        let mut line = self.plan.manifest.command_line.clone();
        let given = line.get(2).cloned().unwrap_or_default();
        let file = Path::new(&given)
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        if let Some(place) = line.get_mut(2) {
            *place = format!("/scenario/{}", file.unwrap_or_else(|| given.clone()));
        }
        let own = [
            ("scenario", shown::command(&[given])),
            ("seconds", self.asked_s().to_string()),
            ("version", self.plan.manifest.tokenstorm.clone()),
            (
                "command",
                self.command(&line, "$((JOB_COMPLETION_INDEX + 1))", "/results/shard"),
            ),
        ];
        self.filled(include_str!("kubernetes.yaml"), &own)
    }
}
