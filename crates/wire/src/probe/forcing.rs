//! Questions about forced renewal: a request for a new token where the current one would be returned.

use super::boundary::Watch;
use super::finding::{ProbeFinding, span};
use super::session::Session;
use super::subject::{Halt, Question, Seen};
use super::tokens::{margin, to_the_end};
use crate::base::{Duration, Time};

fn forced(session: &mut Session<'_>, current: Seen) -> Result<Option<Seen>, Halt> {
    let by = session.own;
    let given = session.ask(Question {
        by,
        slot: None,
        force: true,
    })?;
    let new = given.map(|given| given.access).filter(|token| *token != current);
    session.newest = new.or(session.newest);
    Ok(new)
}

/// Whether a token can be asked for by force, and what becomes of the one before it.
pub(super) fn force(session: &mut Session<'_>) -> Result<(), Halt> {
    let current = session.latest()?;
    let Some(first) = forced(session, current)? else {
        session.find("forces", ProbeFinding::Is("no"));
        return Ok(());
    };
    session.find("forces", ProbeFinding::Is("yes"));
    let alive = session.alive(current)?;
    session.find("forced_earlier", ProbeFinding::Is(if alive { "kept" } else { "ended" }));
    let since = session.now();
    if forced(session, first)?.is_some() {
        session.find("force_gap", ProbeFinding::Is("none"));
    } else {
        let gaps: Vec<_> = session.pivots.forces().iter().map(|(gap, _, _)| *gap).collect();
        let horizon = session.horizon(Duration::from_secs(3600));
        let mut last: Option<(Seen, Time)> = Some((first, since));
        let watch = Watch {
            begin: &mut |session: &mut Session<'_>| match last.take() {
                Some(last) => Ok(last),
                None => unblocked(session),
            },
            holds: &mut |session, current| Ok(forced(session, *current)?.is_none()),
            lasts: true,
            grain: None,
        };
        let found = watch.find(session, Duration::ZERO, None, horizon, &gaps)?;
        session.find("force_gap", found);
    }
    if alive {
        lingers(session)?;
    }
    Ok(())
}

/// Forces until a new token comes.
fn unblocked(session: &mut Session<'_>) -> Result<(Seen, Time), Halt> {
    let mut wait = span(&session.found, "force_gap").unwrap_or(Duration::SECOND);
    for _ in 0..16 {
        let current = session.latest()?;
        if let Some(token) = forced(session, current)? {
            return Ok((token, session.now()));
        }
        session.wait(wait)?;
        wait = wait.saturating_mul(2);
    }
    Err(Halt::Full)
}

/// How long a token lives on after a forced renewal.
fn lingers(session: &mut Session<'_>) -> Result<(), Halt> {
    let overlaps = session.pivots.overlaps();
    let token = session.latest()?;
    let left = session.left(token).unwrap_or(Duration::from_secs(86_400));
    let full = left.saturating_sub(margin(left));
    let horizon = session.horizon(full);
    let mut early = false;
    let watch = Watch {
        begin: &mut |session: &mut Session<'_>| {
            let (token, _) = unblocked(session)?;
            let (_, since) = unblocked(session)?;
            Ok((token, since))
        },
        holds: &mut |session, token| {
            let alive = session.alive(*token)?;
            early |= !alive && session.left(*token).is_none_or(|left| !left.is_zero());
            Ok(alive)
        },
        lasts: true,
        grain: None,
    };
    let found = watch.find(session, Duration::ZERO, None, horizon, &overlaps)?;
    let found = to_the_end(found, full, early);
    session.find("forced_lingers", found);
    Ok(())
}

/// How many renewals can be forced in a window whose length is likely.
pub(super) fn force_count(session: &mut Session<'_>) -> Result<(), Halt> {
    let gap = span(&session.found, "force_gap").unwrap_or_default();
    let likely = session.pivots.forces();
    let Some((_, most, window)) = likely.iter().max_by_key(|(_, count, _)| *count).copied() else {
        return Ok(());
    };
    let pause = gap
        .saturating_add(gap.ratio(1, 10))
        .saturating_add(Duration::from_millis(1));
    until_next(session, window, Duration::SECOND)?;
    let mut count = 0;
    loop {
        let current = session.latest()?;
        if forced(session, current)?.is_none() {
            session.find("force_count", ProbeFinding::Count(count));
            break;
        }
        count += 1;
        session.find("force_count", ProbeFinding::MoreThan(count));
        if count > most + 1 {
            return Ok(());
        }
        session.wait(pause)?;
    }
    // The window ends where it is thought to end.
    let early = Duration::from_secs(5);
    let left = left_of(session, window);
    session.wait(left.saturating_sub(early))?;
    let current = session.latest()?;
    let before = forced(session, current)?.is_none();
    session.wait(early.saturating_add(Duration::SECOND))?;
    let current = session.latest()?;
    let after = forced(session, current)?.is_some();
    if before && after {
        let from = window.saturating_sub(early);
        session.find("force_window", ProbeFinding::Within(from, window, window));
    }
    Ok(())
}

/// How long until a window of this length ends, where windows follow each other from 1970 on.
fn left_of(session: &Session<'_>, window: Duration) -> Duration {
    let window = window.nanos().max(1);
    Duration::from_nanos(window - session.now().nanos() % window)
}

fn until_next(session: &mut Session<'_>, window: Duration, beyond: Duration) -> Result<(), Halt> {
    let left = left_of(session, window);
    session.wait(left.saturating_add(beyond))
}
