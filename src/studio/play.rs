//! A film of one replication: where it begins, and what of it is kept.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::effort::events;
use crate::film::{Film, FilmSubject, FilmWindow, shoot, survey};
use crate::scenario::Scenario;

/// What is to be played.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FilmAsked {
    pub text: String,
    pub strategy: String,
    /// Where it begins.
    #[serde(default)]
    pub at: Start,
    /// The first step that is kept, where it goes on from there.
    #[serde(default)]
    pub from: Option<u64>,
}

/// Where a film begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Start {
    /// With the run.
    #[default]
    Beginning,
    /// Shortly before the first call that fails.
    Failure,
    /// Shortly before the first attempt that is refused.
    Refusal,
    /// Shortly before the call with the most attempts ends.
    Worst,
    /// Shortly before the first retry storm.
    Storm,
}

/// A film, and the step at which it stands.
#[derive(Debug, Serialize)]
pub(super) struct Showing {
    film: Film,
    /// By number.
    at: u64,
}

/// Nodes that a picture has room for.
const MOST_NODES: u32 = 200;
/// Events of a replication that is looked through.
const MOST_EVENTS: u64 = 200_000_000;
/// Steps that are kept: before the place that was asked for, and after it.
const BEFORE: u64 = 150;
const AFTER: u64 = 350;

/// The first replication of a strategy, around the place that is asked for.
///
/// # Errors
/// In words, where there is nothing to be played.
pub(super) fn film(asked: &FilmAsked, folder: &Path) -> Result<Showing, String> {
    let scenario = Scenario::parse("scenario", &asked.text, folder).map_err(|error| error.to_string())?;
    let points = scenario.points();
    let Some((point, at_point)) = points.first() else {
        return Err("there is nothing to be played".to_owned());
    };
    let strategies = &at_point.file.strategy;
    let found = strategies.iter().find(|strategy| strategy.name == asked.strategy);
    let strategy = found.or(strategies.first()).ok_or("there is no strategy")?;
    let nodes: u32 = at_point.file.fleet.iter().map(|fleet| fleet.nodes).sum();
    if nodes > MOST_NODES {
        return Err(format!(
            "{nodes} processes are too many for a picture, which has room for {MOST_NODES}: fewer show the same play"
        ));
    }
    if events(at_point, 1) > MOST_EVENTS {
        return Err(
            "one replication has too many events to be looked through here: a shorter run has fewer".to_owned(),
        );
    }
    let seed = scenario.file.run.seed;
    let subject = FilmSubject::new((point, at_point), strategy, seed, 0).map_err(|error| error.to_string())?;
    let survey = survey(&subject).map_err(|error| error.to_string())?;
    let marks = &survey.marks;
    let never = |what: &str| format!("{what} in the first replication of “{}”", strategy.name);
    let at = match asked.at {
        Start::Beginning => 1,
        Start::Failure => marks.first_failure().ok_or_else(|| never("no call fails"))?.step,
        Start::Refusal => {
            let refusal = marks.first_refusal.as_ref();
            refusal.ok_or_else(|| never("no token is refused"))?.step
        }
        Start::Worst => marks.worst.as_ref().ok_or_else(|| never("no call ends"))?.step,
        Start::Storm => marks.storm.ok_or_else(|| never("there is no retry storm"))?,
    };
    let window = match asked.from {
        Some(first) => FilmWindow::from_to(first, first + BEFORE + AFTER),
        None => FilmWindow::around(at, BEFORE, AFTER),
    };
    let film = shoot(&subject, &survey, window).map_err(|error| error.to_string())?;
    Ok(Showing {
        at: asked.from.unwrap_or(at),
        film,
    })
}
