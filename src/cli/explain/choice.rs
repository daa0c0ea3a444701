//! Which call is explained: of which strategy, at which point, in which replication.

use crate::cli::point;
use crate::film::{CallMark, FilmSubject, Survey, survey, survey_for};
use crate::plan::SweepPoint;
use crate::record::Record;
use crate::scenario::{Scenario, StrategySettings, suggestion};

/// Which call is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Call(u64),
    Worst,
    FirstFailure,
}

/// Where it is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExplainRange<'a> {
    pub(super) strategy: Option<&'a str>,
    pub(super) point: Option<&'a str>,
    pub(super) replication: Option<u32>,
}

/// The call, and the run in which it is; none where there is nothing to explain.
pub(super) struct Chosen {
    pub(super) subject: FilmSubject,
    pub(super) survey: Survey,
    pub(super) call: Option<CallMark>,
}

/// Looks for the call that is asked for.
pub(super) fn choose(
    record: &Record,
    scenario: &Scenario,
    asked: ExplainRange<'_>,
    wanted: Wanted,
) -> Result<Chosen, String> {
    let points = scenario.points();
    let (point, at_point) = &points[point::place(&points, asked.point.unwrap_or_default())?];
    let strategy = strategy(record, point, at_point, asked.strategy, wanted)?;
    let replications = record.manifest.replications.max(1);
    let seed = record.manifest.seed;
    if let Some(replication) = asked.replication.filter(|asked| *asked >= replications) {
        return Err(format!(
            "there is no replication {replication}: the run has {replications}, from 0 to {}",
            replications - 1
        ));
    }
    let range = match (asked.replication, wanted) {
        (Some(replication), _) => replication..replication + 1,
        (None, Wanted::Call(_)) => 0..1,
        (None, _) => 0..replications,
    };
    let subject_of = |replication| {
        FilmSubject::new((point, at_point), strategy, seed, replication).map_err(|error| error.to_string())
    };
    // The first replication with a failure; where none has one, the first with a refusal; where none has that either, the first.
    let mut best: Option<(FilmSubject, Survey)> = None;
    for replication in range {
        let subject = subject_of(replication)?;
        let survey = match wanted {
            Wanted::Call(call) => survey_for(&subject, call),
            _ => survey(&subject),
        };
        let survey = survey.map_err(|error| error.to_string())?;
        let failed = survey.marks.failed > 0;
        let refused = |survey: &Survey| survey.marks.first_refusal.is_some();
        if best
            .as_ref()
            .is_none_or(|(_, known)| failed || refused(&survey) && !refused(known))
        {
            best = Some((subject, survey));
        }
        if failed {
            break;
        }
    }
    let (subject, survey) = best.expect("one replication at least");
    if let (Wanted::Call(call), None) = (wanted, &survey.asked) {
        let (name, count) = (subject.strategy(), survey.marks.calls);
        let replication = subject.replication();
        return Err(format!(
            "call {call} never arrived: replication {replication} of `{name}` has {count} calls, numbered from 1"
        ));
    }
    let call = match wanted {
        Wanted::Call(_) => survey.asked.clone(),
        Wanted::Worst => survey.marks.worst.clone(),
        Wanted::FirstFailure => survey
            .marks
            .first_failure()
            .or(survey.marks.first_refusal.as_ref())
            .cloned(),
    };
    ended(subject, survey, call)
}

/// The call with its end, also where what was marked of it is not its end.
fn ended(subject: FilmSubject, survey: Survey, call: Option<CallMark>) -> Result<Chosen, String> {
    let open = call
        .as_ref()
        .filter(|mark| mark.outcome.is_none())
        .and_then(|mark| mark.call);
    let Some(open) = open else {
        let call = call.filter(|mark| mark.call.is_some());
        return Ok(Chosen { subject, survey, call });
    };
    let survey = survey_for(&subject, open).map_err(|error| error.to_string())?;
    let call = survey.asked.clone();
    Ok(Chosen { subject, survey, call })
}

/// The strategy that is asked for, or the first that has such a call by the figures of the run.
fn strategy<'s>(
    record: &Record,
    point: &SweepPoint,
    scenario: &'s Scenario,
    asked: Option<&str>,
    wanted: Wanted,
) -> Result<&'s StrategySettings, String> {
    let all = &scenario.file.strategy;
    let names: Vec<&str> = all.iter().map(|strategy| strategy.name.as_str()).collect();
    let Some(asked) = asked else {
        // Only strategies that were run: `run --only` leaves out the others.
        let label = point.to_string();
        let figure = |strategy: &StrategySettings, metric: &str| {
            let readings = record.readings.iter();
            let mut own = readings.filter(|reading| reading.strategy == strategy.name && reading.point == label);
            own.find(|reading| reading.metric == metric)
                .and_then(|reading| reading.mean)
        };
        let has = |metric: &str| {
            all.iter()
                .find(|strategy| figure(strategy, metric).is_some_and(|mean| mean > 0.0))
        };
        let was_run = || all.iter().find(|strategy| figure(strategy, "calls").is_some());
        let found = match wanted {
            Wanted::Call(_) => was_run(),
            Wanted::Worst | Wanted::FirstFailure => has("failure_rate")
                .or_else(|| has("first_attempt_rejection_rate"))
                .or_else(was_run),
        };
        return found
            .or(all.first())
            .ok_or_else(|| "the scenario has no strategy".to_owned());
    };
    all.iter().find(|strategy| strategy.name == asked).ok_or_else(|| {
        let help = suggestion(asked, &names, "strategies");
        format!("there is no strategy `{asked}`; {help}")
    })
}
