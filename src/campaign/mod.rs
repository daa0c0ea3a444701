//! Everything that one `run` of a scenario asks for: strategies, sweep points and replications, run on all cores and reduced
//! to the findings of a record.
//!
//! Knows neither clock nor order nor dice of a run: those are the engine's.

pub mod advise;
#[cfg(feature = "live")]
pub mod agreement;
mod arm;
pub mod baseline;
mod compare;
mod controlled;
mod judge;
mod manifest;
mod mixture;
mod moments;
mod open_figures;
mod options;
pub mod precision;
pub mod rare;
mod readings;
mod regression;
mod replicate;
mod results;
mod sampling;
pub mod scope;
pub mod statistics;
pub mod sweep;
mod tenants;
mod warmup;

use std::sync::atomic::{AtomicBool, Ordering};

use arm::Arm;
use replicate::Campaign;

use crate::engine::sim::control_setting;
use crate::plan::SweepPoint;
use crate::record::{Check, CheckKind, Mixture, OpenFigure, PrecisionEnd, ReachedPrecision, Reading};
use crate::scenario::{PlanCase, Scenario};

pub use crate::engine::sim::run_context;
pub use options::{CampaignError, CampaignOptions, CampaignProgress, VarianceReduction};
pub use results::CampaignResults;

/// Runs all of a scenario; `stop` ends it early, with what has been finished until then.
///
/// Errors when a latency file has changed since the scenario was read, or when threads cannot be started.
///
/// ```
/// use std::path::Path;
/// use std::sync::atomic::AtomicBool;
/// use tokenstorm::campaign::{self, CampaignOptions};
/// use tokenstorm::scenario::Scenario;
///
/// let text = r#"
///     name = "one"
///     summary = "One process with a token of its own"
///     source = "an example"
///     run = { duration = "2min", warmup = "1min", replications = 2 }
///     provider = { profile = "zoom-s2s-2022" }
///     app = [{ name = "main" }]
///     fleet = [{ name = "web", nodes = 1, app = "main", workload = [{ kind = "user", arrivals = { poisson = "6/min" } }] }]
///     strategy = [{ name = "naive", coordination = "naive" }]
/// "#;
/// let scenario = Scenario::parse("one.toml", text, Path::new("."))?;
/// let results = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &AtomicBool::new(false))?;
/// assert!(!results.interrupted);
/// assert_eq!(results.record.mean("naive", "first_attempt_rejection_rate"), Some(0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn run(
    scenario: &Scenario,
    options: CampaignOptions,
    progress: &dyn CampaignProgress,
    stop: &AtomicBool,
) -> Result<CampaignResults, CampaignError> {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()
        .map_err(|error| CampaignError::Threads {
            threads: options.threads,
            reason: error.to_string(),
        })?;
    let points = scenario.points();
    let mut campaign = planned(&points, &options)?;
    let reached = threads.install(|| replicate(&mut campaign, &options, progress, stop))?;
    Ok(campaign.outcome(scenario, &points, reached, stop))
}

/// Replicates as often as is asked for; says what became of a precision, where one is asked for.
fn replicate(
    campaign: &mut Campaign,
    options: &CampaignOptions,
    progress: &dyn CampaignProgress,
    stop: &AtomicBool,
) -> Result<Option<ReachedPrecision>, CampaignError> {
    let Some(precision) = &options.precision else {
        campaign.replicate(options.replications, progress, stop)?;
        return Ok(None);
    };
    let mut wanted = precision.first_look(options.replications);
    loop {
        campaign.replicate(wanted, progress, stop)?;
        let open = campaign.open_figures(&precision.goals);
        let next = match stop.load(Ordering::Relaxed) {
            true => Err(PrecisionEnd::Interrupted),
            false if open.is_empty() => Err(PrecisionEnd::Reached),
            false if progress.is_late() => Err(PrecisionEnd::Time),
            false => precision.next(wanted, campaign.arms.iter().map(|arm| arm.events).sum()),
        };
        match next {
            Ok(more) => wanted = more,
            Err(end) => return Ok(Some(precision.reached(end, open))),
        }
    }
}

/// The arms of these points, none of them run yet.
fn planned(points: &[(SweepPoint, Scenario)], options: &CampaignOptions) -> Result<Campaign, CampaignError> {
    let mut arms = Vec::new();
    for (label, point) in points {
        let wanted = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
        for strategy in point.file.strategy.iter().filter(|strategy| wanted(&strategy.name)) {
            let cases: &[PlanCase] = match point.file.trigger {
                Some(_) => &[PlanCase::Triggered, PlanCase::Untouched, PlanCase::HotStart],
                None => &[PlanCase::Triggered],
            };
            for &case in cases {
                let plan = point.plan_case(strategy, case)?;
                let mut arm = Arm::new(strategy.name.clone(), label.clone(), plan, case);
                if options.variance == VarianceReduction::Controls {
                    arm.controls = control_setting(&arm.plan);
                }
                arms.push(arm);
            }
        }
    }
    let triggered = points.iter().any(|(_, point)| point.file.trigger.is_some());
    Ok(Campaign {
        arms,
        seed: options.seed,
        replications: 0,
        triggered,
        enough: match options.precision {
            Some(_) => statistics::ENOUGH_AFTER_LOOKS,
            None => statistics::ENOUGH,
        },
    })
}

/// What a point of a large sweep leaves: its figures, and nothing of how they came about.
struct PointFigures {
    readings: Vec<Reading>,
    /// Assertions that do not hold.
    failed: Vec<Check>,
    events: u64,
    /// Why there are no more replications, where a precision was asked for.
    ended_by: Option<PrecisionEnd>,
    /// Figures that are not known as well as was asked for.
    open: Vec<OpenFigure>,
    mixtures: Vec<Mixture>,
}

/// Runs a scenario of one point on the threads that it is called on; nothing where `stop` ended it early.
fn point(
    scenario: &Scenario,
    options: &CampaignOptions,
    stop: &AtomicBool,
) -> Result<Option<PointFigures>, CampaignError> {
    let points = scenario.points();
    let mut campaign = planned(&points, options)?;
    let reached = replicate(&mut campaign, options, &(), stop)?;
    let ended_by = reached.as_ref().map(|reached| reached.ended_by);
    // A precision that an interrupt has ended would have had more replications.
    if campaign.finished() < campaign.replications || ended_by == Some(PrecisionEnd::Interrupted) {
        return Ok(None);
    }
    let checks = points.iter().flat_map(|(label, point)| campaign.checks(label, point));
    Ok(Some(PointFigures {
        readings: campaign
            .written()
            .flat_map(|arm| readings::readings(arm, campaign.enough))
            .collect(),
        failed: checks
            .filter(|check| check.kind == CheckKind::Assert && !check.holds)
            .collect(),
        events: campaign.arms.iter().map(|arm| arm.events).sum(),
        ended_by,
        open: reached.map_or(Vec::new(), |reached| reached.open),
        mixtures: campaign.written().filter_map(mixture::mixture).collect(),
    }))
}
