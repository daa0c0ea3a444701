//! `tokenstorm live`: the strategies of a scenario by the wall clock, over real sockets, with what was predicted beside what was
//! measured.

mod leave;
pub(super) mod node;
mod provider;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::format::Format;
use super::interrupt::interrupt;
use super::limits;
use super::say::{note, print, say};
use super::{Exit, validate};
use crate::base::{Dice, Duration, PacedClock, Time};
use crate::campaign::agreement;
use crate::campaign::run_context;
use crate::live::{self, LiveOptions, LiveRun, OwnRedis};
use crate::plan::Plan;
use crate::provider::settings::Dialect;
use crate::record::agreement::{AGREEMENT_FORMAT, Agreement, AgreementRecord, MeasuredRun};
use crate::report::number;
use crate::scenario::{Overrides, Scenario};
use crate::world::Leg;

#[derive(Debug, Args)]
#[command(after_help = READING)]
pub(super) struct Arguments {
    /// Scenario files; `-` is standard input
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// The Redis that keeps the shared store; without it, the store is kept in this process
    #[arg(long, value_name = "URL")]
    redis: Option<String>,
    /// A redis-server is started for the run, and killed or stopped where the scenario lets the store fail
    #[arg(long, conflicts_with = "redis")]
    own_redis: bool,
    /// A second, empty Redis, which becomes a replica of the first, and takes over where the scenario lets the store fail over
    #[arg(long, value_name = "URL", requires = "redis")]
    redis_replica: Option<String>,
    /// Each node is a process of its own: a crash is a SIGKILL, a pause a SIGSTOP
    #[arg(long)]
    processes: bool,
    /// How many times as fast as the wall clock the scenario's time goes
    #[arg(long, value_name = "X", default_value = "1", value_parser = scale)]
    time_scale: f64,
    /// The provider, in place of an emulator that is started with the command
    #[arg(long, value_name = "URL")]
    against: Option<String>,
    /// A client of that provider, as ID:SECRET; can be given again, in the order of the scenario's apps
    #[arg(long, value_name = "ID:SECRET", requires = "against")]
    client: Vec<String>,
    /// Only the strategy of this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// A value in place of the scenario's, such as `run.duration=5min`; as often as one likes
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::run::setting)]
    set: Vec<(String, String)>,
    /// Seed, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = limits::seed, allow_hyphen_values = true)]
    seed: Option<u64>,
    /// Simulated runs that make up a prediction
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(20..=10_000))]
    replications: u32,
    /// Leave the figures there too, as a page, as JSON and as CSV, with a chart as SVG and PNG
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const READING: &str = "\
Each strategy is run once, one after another, and simulated --replications times for as long: once
with the latencies that the scenario asks for, once with those that were measured in the live run.
A verdict rests on the latter. The manual has a page about it, `live`.

Exit codes: 0 where all agree; 2 where nothing can be run, or the machine could not keep the time
scale; 101 where a measured figure and its prediction disagree by more than chance (1 % for all
figures of the command together); 130 interrupted.";

/// Parts of the measured span, from which the intervals of measured figures are.
const BATCHES: u32 = 12;

/// How long everything may take to be in place before the time of the run begins.
const LEAD: std::time::Duration = std::time::Duration::from_millis(400);

/// How much longer for each node that is a process.
const A_PROCESS: std::time::Duration = std::time::Duration::from_millis(120);

/// How exactly a timer of the runtime measures time out.
const TICK: std::time::Duration = std::time::Duration::from_millis(1);

/// What was due may be done so late even where the scenario's own times are shorter, by the wall clock.
const SLACK: std::time::Duration = std::time::Duration::from_millis(10);

/// Faster than this, a timer is all that is measured.
const FASTEST: f64 = 1000.0;

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if (0.01..=FASTEST).contains(&scale) => Ok(scale),
        _ => Err(format!("write a number from 0.01 to {FASTEST}, such as 20")),
    }
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    // All files are read before any is run.
    let scenarios: Vec<_> = arguments
        .scenarios
        .iter()
        .map(|path| prepare(arguments, path).map(|scenario| (path, scenario)))
        .collect();
    for message in scenarios.iter().filter_map(|read| read.as_ref().err()) {
        if !message.is_empty() {
            say!("error: {message}");
        }
    }
    match scenarios.into_iter().collect::<Result<Vec<_>, _>>() {
        Ok(scenarios) => match_up(arguments, &scenarios),
        Err(_told) => Exit::Usage,
    }
}

/// Reads the scenario, and refuses what cannot be run live before anything is begun.
fn prepare(arguments: &Arguments, path: &Path) -> Result<Scenario, String> {
    let file = path;
    let path = path.display();
    let overrides = Overrides {
        set: arguments.set.clone(),
        ..Overrides::default()
    };
    let mut scenario = validate::load_with(file, &overrides).ok_or_else(String::new)?;
    if scenario.points().len() > 1 {
        return Err(format!(
            "{path}: a sweep is not run live; choose one of its points with --set KEY=VALUE, and take the sweep out"
        ));
    }
    if let Some(only) = &arguments.only {
        super::run::known_strategy(only, &scenario).map_err(|error| format!("{path}: {error}"))?;
        scenario.file.strategy.retain(|strategy| strategy.name == *only);
    }
    if arguments.against.is_some() && arguments.time_scale != 1.0 {
        return Err("--against names a provider with a clock of its own: leave out --time-scale".to_owned());
    }
    if let Some(client) = arguments.client.iter().find(|client| !client.contains(':')) {
        return Err(format!(
            "--client takes an id and a secret with a colon between them, such as app:secret, not `{client}`"
        ));
    }
    Ok(scenario)
}

/// Runs every strategy of every scenario, and prints what came of it.
fn match_up(arguments: &Arguments, scenarios: &[(&PathBuf, Scenario)]) -> Exit {
    tell_time(arguments, scenarios);
    let stop = interrupt();
    let (mut figures, mut runs, mut not_measured) = (Vec::new(), Vec::new(), Vec::new());
    let mut exit = Exit::Ok;
    let all = scenarios.iter().flat_map(|(path, scenario)| {
        let places = 0..scenario.file.strategy.len();
        places.map(move |place| (path, scenario, scenario.file.strategy[place].clone()))
    });
    for (path, scenario, strategy) in all {
        let mut alone = scenario.clone();
        alone.file.strategy = vec![strategy];
        match one(arguments, (path.parent().unwrap_or(Path::new(".")), &alone), &stop) {
            Ok(Some((compared, run))) => {
                figures.extend(compared);
                runs.push(run);
            }
            Ok(None) => {}
            Err(message) => {
                let name = &alone.file.strategy[0].name;
                say!("error: {}: {name}: {message}", path.display());
                not_measured.push(format!("{} · {name}: {message}", alone.file.name));
                exit = exit.max(Exit::Usage);
            }
        }
        if stop.load(Ordering::Relaxed) {
            say!("interrupted: the figures are of the strategies that were finished");
            exit = Exit::Interrupted;
            break;
        }
    }
    let beyond = agreement::judge_all(&mut figures);
    let record = AgreementRecord {
        format: AGREEMENT_FORMAT,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        time_scale: arguments.time_scale,
        seed: seed(arguments, &scenarios[0].1),
        replications: arguments.replications,
        store: if arguments.redis.is_some() || arguments.own_redis {
            "redis"
        } else {
            "embedded"
        },
        figures,
        runs,
        not_measured,
        command_line: leave::command_line(arguments),
        interrupted: stop.load(Ordering::Relaxed),
    };
    if !record.figures.is_empty() {
        exit = exit.max(print(&leave::text(arguments.format, &record)));
        if let Some(folder) = &arguments.out
            && let Err(message) = leave::leave(folder, &record)
        {
            say!("error: {message}");
            exit = exit.max(Exit::Internal);
        }
    }
    if beyond && exit == Exit::Ok {
        exit = Exit::Disagree;
    }
    exit
}

/// Says how long it will take.
fn tell_time(arguments: &Arguments, scenarios: &[(&PathBuf, Scenario)]) {
    let seconds = |scenario: &Scenario| {
        let run = &scenario.file.run;
        let span = run.warmup.saturating_add(run.duration).as_secs_f64();
        span * scenario.file.strategy.len() as f64
    };
    let strategies: usize = scenarios.iter().map(|(_, scenario)| scenario.file.strategy.len()).sum();
    let span: f64 = scenarios.iter().map(|(_, scenario)| seconds(scenario)).sum();
    say!(
        "{strategies} {} one after another, {} at time scale {}: about {} by the wall clock",
        if strategies == 1 { "strategy" } else { "strategies" },
        number::seconds(span),
        arguments.time_scale,
        number::seconds(span / arguments.time_scale)
    );
}

fn seed(arguments: &Arguments, scenario: &Scenario) -> u64 {
    arguments.seed.unwrap_or(scenario.file.run.seed)
}

/// One strategy, live and simulated; none where it was interrupted.
fn one(
    arguments: &Arguments,
    (folder, scenario): (&Path, &Scenario),
    stop: &AtomicBool,
) -> Result<Option<(Vec<Agreement>, MeasuredRun)>, String> {
    let strategy = &scenario.file.strategy[0];
    let plan = scenario.plan(strategy).map_err(|error| error.to_string())?;
    let context = run_context(&plan);
    let seed = seed(arguments, scenario);
    let own_redis = arguments.own_redis.then(OwnRedis::start).transpose();
    let own_redis = own_redis.map_err(|error| error.to_string())?.map(Arc::new);
    if let Some((redis, replica)) = arguments.redis.as_ref().zip(arguments.redis_replica.as_ref()) {
        live::follow(redis, replica).map_err(|error| error.to_string())?;
    }
    let processes = arguments
        .processes
        .then(|| node::processes(scenario, folder, seed))
        .transpose()?;
    let lead = match arguments.processes {
        true => LEAD + A_PROCESS * u32::try_from(plan.nodes()).unwrap_or(u32::MAX),
        false => LEAD,
    };
    let clock = PacedClock::start_in(lead, arguments.time_scale);
    let (emulator, provider) = provider::provider(arguments, scenario, clock, seed)?;
    let options = LiveOptions {
        clock,
        dice: Dice::replication(seed, 0),
        provider,
        dialect: Dialect::of(&scenario.provider().dialect),
        redis: own_redis
            .as_ref()
            .map(|own| own.url())
            .or_else(|| arguments.redis.clone()),
        own_redis,
        replica: arguments.redis_replica.clone(),
        processes,
        context: context.clone(),
        batches: BATCHES,
        records: false,
    };
    let left_out = left_out(&options, &plan);
    tell_left_out(&strategy.name, &left_out);
    let run = live::run(&plan, &options, stop).map_err(|error| error.to_string())?;
    drop(emulator);
    if run.interrupted {
        return Ok(None);
    }
    keeps_pace(&strategy.name, &plan, &run, clock)?;
    let fed = agreement::fed_with(&plan, &run.ways);
    let predict = |plan: &Plan| agreement::predict(plan, &context, seed, arguments.replications, stop);
    let (Some(asked), Some(fed)) = (predict(&plan), predict(&fed)) else {
        return Ok(None);
    };
    let measured = (&run.observed, &*run.batches);
    let tick = clock.shown(TICK);
    let names = (&*scenario.file.name, &*strategy.name);
    let metrics = agreement::compared(&plan);
    let figures = agreement::compare(names, measured, (&asked, &fed), (&metrics, tick));
    let went = MeasuredRun {
        scenario: names.0.to_owned(),
        strategy: names.1.to_owned(),
        calls: run.observed.total().calls,
        late99_s: run.late.0.as_secs_f64(),
        latest_s: run.late.1.as_secs_f64(),
        left_out,
    };
    Ok(Some((figures, went)))
}

/// What of the scenario is not as it says.
fn left_out(options: &LiveOptions, plan: &Plan) -> Vec<String> {
    let mut out = live::left_out(plan, options);
    if options.redis.is_none() && plan.needs_store() {
        out.push("the shared store is kept in this process: name a Redis by --redis".to_owned());
    }
    out
}

fn tell_left_out(strategy: &str, out: &[String]) {
    match out.is_empty() {
        true => note!("{strategy}: running"),
        false => say!("{strategy}: running; left out: {}", out.join("; ")),
    }
}

/// Says by how much a run fell behind.
///
/// # Errors
/// When that is more than its figures can bear: as long as a token is under way, which decides who meets whose token.
fn keeps_pace(strategy: &str, plan: &Plan, run: &LiveRun, clock: PacedClock) -> Result<(), String> {
    let (late, latest) = run.late;
    let trip: f64 = [Leg::TokenRequest, Leg::TokenResponse]
        .iter()
        .map(|&leg| plan.links.leg(leg).latency.mean_s())
        .sum();
    let allowed = trip.max(clock.shown(SLACK).as_secs_f64());
    let shown = |span: Duration| number::seconds(span.as_secs_f64());
    say!(
        "{strategy}: {} calls in {}; 99 % of what was due was done within {}, the latest after {}",
        run.observed.total().calls,
        shown(clock.now().since(Time::ZERO)),
        shown(late),
        shown(latest)
    );
    if late.as_secs_f64() > allowed {
        return Err(format!(
            "the machine could not keep time scale {}: one thing in a hundred was done {} late, and {} is all that the figures \
             bear; there are none; choose a smaller --time-scale",
            clock.pace(),
            shown(late),
            number::seconds(allowed)
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
