//! Makes films: which replication, and which of its steps.

use std::collections::BTreeSet;

use super::form::{Change, FORM, Film, LeftOut, Step};
use super::life::TokenLife;
use super::marks::{CallMark, FilmMarks};
use super::parties::Parties;
use super::recorder::Recorder;
use super::tokens::Lives;
use super::window::FilmWindow;
use crate::base::{Dice, Duration, Time};
use crate::engine::sim::{self, run_context};
use crate::metric::Observed;
use crate::plan::{Plan, SweepPoint};
use crate::scenario::{PlanError, Scenario, StrategySettings};

/// One replication of one strategy at one point of a scenario: the one that a campaign counts under the same seed.
#[derive(Clone, Debug)]
pub struct FilmSubject {
    plan: Plan,
    parties: Parties,
    scenario: String,
    strategy: String,
    point: SweepPoint,
    seed: u64,
    replication: u32,
}

impl FilmSubject {
    /// `scenario` is the scenario at this point, as [`Scenario::points`] has it.
    ///
    /// Errors when a file of latencies or of calls can no longer be used.
    pub fn new(
        (point, scenario): (&SweepPoint, &Scenario),
        strategy: &StrategySettings,
        seed: u64,
        replication: u32,
    ) -> Result<Self, PlanError> {
        let plan = scenario.plan(strategy)?;
        let fleets: Vec<&str> = scenario.file.fleet.iter().map(|fleet| fleet.name.as_str()).collect();
        Ok(Self {
            parties: Parties::of(&plan, &fleets),
            plan,
            scenario: scenario.file.name.clone(),
            strategy: strategy.name.clone(),
            point: point.clone(),
            seed,
            replication,
        })
    }

    /// Name of the strategy.
    pub fn strategy(&self) -> &str {
        &self.strategy
    }

    /// The sweep point.
    pub fn point(&self) -> &SweepPoint {
        &self.point
    }

    /// Which replication, from 0.
    pub fn replication(&self) -> u32 {
        self.replication
    }

    /// The plan that is run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    fn dice(&self) -> Dice {
        Dice::replication(self.seed, self.replication.into())
    }
}

/// A whole run looked through once: where something is worth a look, and what its metrics count.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Where something is worth a look.
    pub marks: FilmMarks,
    /// What the metrics of this replication are read from.
    pub observed: Observed,
    /// The end of the call that was [asked for](survey_for), if it arrived.
    pub asked: Option<CallMark>,
    /// Number of the first step from each second on.
    seconds: Vec<u64>,
}

impl Survey {
    /// The first step from this instant on, to the second; the last step where there is none.
    pub fn step_at(&self, at: Time) -> u64 {
        let second = usize::try_from(at.nanos() / 1_000_000_000).unwrap_or(usize::MAX);
        self.seconds.get(second).copied().unwrap_or(self.marks.steps)
    }
}

/// Why there is no film.
#[derive(Debug, thiserror::Error)]
pub enum FilmError {
    /// Retries without a wait, at a party that answers without a latency.
    #[error("time stands still at {0}: calls are tried again and again in one instant")]
    Stuck(Duration),
    /// A second provider.
    #[error(
        "a run with a second provider is not told step by step; leave `second_provider` out, or make it the first one"
    )]
    SecondProvider,
}

/// Looks a whole run through, and keeps its marks.
///
/// # Errors
/// When time stands still in it, or there is a second provider.
pub fn survey(subject: &FilmSubject) -> Result<Survey, FilmError> {
    look_through(subject, None)
}

/// [`survey`] that looks for the end of one call too.
///
/// # Errors
/// When time stands still in it, or there is a second provider.
pub fn survey_for(subject: &FilmSubject, call: u64) -> Result<Survey, FilmError> {
    look_through(subject, Some(call))
}

fn look_through(subject: &FilmSubject, call: Option<u64>) -> Result<Survey, FilmError> {
    if subject.plan.second.is_some() {
        return Err(FilmError::SecondProvider);
    }
    let observed = Observed::new(run_context(&subject.plan));
    let mut recorder = Recorder::new(&subject.parties, FilmWindow::NOTHING, Some(observed));
    recorder.wanted = call;
    let effort = sim::watch(&subject.plan, subject.dice(), &mut recorder);
    if let Some(at) = effort.stuck_at {
        return Err(FilmError::Stuck(at.since(Time::ZERO)));
    }
    let Recorder {
        mut marks,
        asked,
        observed,
        seconds,
        ..
    } = recorder;
    let mut observed = observed.expect("given above");
    observed.finish();
    let begin = subject
        .plan
        .trigger
        .map_or(subject.plan.span.warmup, |(begin, _)| begin);
    let mut survey = Survey {
        marks: FilmMarks::default(),
        observed,
        asked,
        seconds,
    };
    if let Some(onset) = survey.observed.seconds.storms.onset {
        marks.storm = Some(survey.step_at(begin + onset));
    }
    survey.marks = marks;
    Ok(survey)
}

/// Films the steps of a window of a run that was [surveyed](survey).
///
/// # Errors
/// When time stands still in it.
pub fn shoot(subject: &FilmSubject, survey: &Survey, window: FilmWindow) -> Result<Film, FilmError> {
    let last = window.last.min(survey.marks.steps);
    let window = FilmWindow {
        first: window.first.min(last.max(1)),
        last,
    };
    let mut recorder = Recorder::new(&subject.parties, window, None);
    let effort = sim::watch(&subject.plan, subject.dice(), &mut recorder);
    if let Some(at) = effort.stuck_at {
        return Err(FilmError::Stuck(at.since(Time::ZERO)));
    }
    let Recorder {
        mut steps,
        opening,
        lives,
        ..
    } = recorder;
    // What is lost in the last step is a step of its own, beyond the window.
    steps.truncate(usize::try_from((last + 1).saturating_sub(window.first)).unwrap_or(usize::MAX));
    let opening = opening.unwrap_or_default();
    let tokens = cast(&opening.tokens, steps.iter(), &lives);
    Ok(Film {
        form: FORM,
        scenario: subject.scenario.clone(),
        strategy: subject.strategy.clone(),
        point: subject.point.to_string(),
        seed: Some(subject.seed),
        replication: Some(subject.replication),
        timed: true,
        parties: subject.parties.list.clone(),
        left_out: LeftOut {
            before: steps.front().map_or(0, |step| step.number - 1),
            after: steps.back().map_or(0, |step| survey.marks.steps - step.number),
        },
        opening,
        steps: steps.into(),
        tokens,
        marks: survey.marks.clone(),
        around: None,
        remark: None,
    })
}

/// The lives of the tokens that the steps name, that are live at the opening, and of those that killed them.
fn cast<'s>(opening: &[TokenLife], steps: impl Iterator<Item = &'s Step>, lives: &Lives) -> Vec<TokenLife> {
    let mut wanted: BTreeSet<u64> = opening.iter().map(|life| life.token).collect();
    for step in steps {
        wanted.extend(step.token);
        wanted.extend(step.changes.iter().filter_map(|change| match change {
            Change::Token(life) => Some(life.token),
            Change::Node(node) => node.token,
            _ => None,
        }));
    }
    let killers: Vec<u64> = wanted.iter().filter_map(|token| lives.get(*token)?.killer).collect();
    wanted.extend(killers);
    lives.select(|life| wanted.contains(&life.token))
}
