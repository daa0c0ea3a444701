//! Questions about grants: what a refresh does, what a refresh token is good for that was used before, and how many grants live.

use super::boundary::Watch;
use super::finding::{ProbeFinding, span};
use super::session::{Pair, Session};
use super::subject::{About, Halt};
use super::tokens::first_alive;
use crate::base::Duration;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const DAY: u64 = 86_400;

fn yes(it: bool, one: &'static str, other: &'static str) -> ProbeFinding {
    ProbeFinding::Is(if it { one } else { other })
}

/// What a refresh gives and ends, and what the refresh token is good for afterwards.
pub(super) fn refreshed(session: &mut Session<'_>) -> Result<(), Halt> {
    session.about(About::Refresh);
    let login = session.any_grant()?;
    let Some(one) = session.refresh(login.refresh)? else {
        return Err(Halt::Broken(
            "the first refresh is refused; is the refresh token one that has not been used?".to_owned(),
        ));
    };
    session.grant = Some(one);
    let rotates = one.refresh != login.refresh;
    session.find("rotates", yes(rotates, "yes", "no"));
    session.find("again", yes(one.access == login.access, "same", "new"));
    if one.access != login.access {
        let alive = session.alive(login.access)?;
        session.find("earlier", yes(alive, "kept", "ended"));
    }
    if !rotates {
        return Ok(());
    }
    session.grant = None;
    match session.refresh(login.refresh)? {
        None => {
            session.find("replay", ProbeFinding::Is("refused"));
            violated(session, one)
        }
        Some(two) => {
            let same = two.access == one.access || two.refresh == one.refresh;
            session.find("replay", yes(same, "same_pair", "new_pair"));
            Ok(())
        }
    }
}

/// A refresh token was refused that had been used: what became of the newest pair of its grant?
fn violated(session: &mut Session<'_>, newest: Pair) -> Result<(), Halt> {
    if session.found.contains_key("violation") {
        return Ok(());
    }
    let access = session.alive(newest.access)?;
    let Some(next) = session.refresh(newest.refresh)? else {
        session.find("violation", ProbeFinding::Is("family"));
        session.find("violation_access", yes(access, "kept", "ended"));
        return Ok(());
    };
    // It may take a while.
    if session.horizon(s(10)) >= s(10) {
        session.wait(s(10))?;
        if session.refresh(next.refresh)?.is_none() {
            let access = session.alive(next.access)?;
            session.find("violation", ProbeFinding::Is("family_later"));
            session.find("violation_access", yes(access, "kept", "ended"));
            return Ok(());
        }
    }
    session.find("violation", ProbeFinding::Is("refuse"));
    Ok(())
}

/// A grant that was refreshed once: the first pair, and what came of it.
fn used(session: &mut Session<'_>) -> Result<(Pair, Pair), Halt> {
    session.about(About::Refresh);
    let login = session.login()?;
    let one = session.refresh(login.refresh)?.ok_or(Halt::Full)?;
    Ok((login, one))
}

/// How often a used refresh token is accepted.
pub(super) fn replays(session: &mut Session<'_>) -> Result<(), Halt> {
    const MOST: u32 = 5;
    let (login, mut newest) = used(session)?;
    for accepted in 0..MOST {
        match session.refresh(login.refresh)? {
            Some(pair) => newest = pair,
            None => {
                session.find("replays", ProbeFinding::Count(accepted));
                return violated(session, newest);
            }
        }
    }
    session.find("replays", ProbeFinding::MoreThan(MOST - 1));
    Ok(())
}

/// Whether it is accepted once the new access token was used.
pub(super) fn after_access(session: &mut Session<'_>) -> Result<(), Halt> {
    let (login, one) = used(session)?;
    session.alive(one.access)?;
    let accepted = session.refresh(login.refresh)?.is_some();
    session.find("after_access", yes(accepted, "accepted", "refused"));
    match accepted {
        true => Ok(()),
        false => violated(session, one),
    }
}

/// Whether it is accepted once the new refresh token was used.
pub(super) fn after_refresh(session: &mut Session<'_>) -> Result<(), Halt> {
    let (login, one) = used(session)?;
    let two = session.refresh(one.refresh)?.ok_or(Halt::Full)?;
    let accepted = session.refresh(login.refresh)?.is_some();
    session.find("after_refresh", yes(accepted, "accepted", "refused"));
    match accepted {
        true => Ok(()),
        false => violated(session, two),
    }
}

/// Whether the first answer is still good once a second one was given.
pub(super) fn siblings(session: &mut Session<'_>) -> Result<(), Halt> {
    let (login, one) = used(session)?;
    session.refresh(login.refresh)?.ok_or(Halt::Full)?;
    if session.is("earlier", "ended") {
        let alive = session.alive(one.access)?;
        session.find("sibling_access", yes(alive, "kept", "ended"));
    }
    let kept = session.refresh(one.refresh)?.is_some();
    session.find("first_answer", yes(kept, "kept", "ended"));
    Ok(())
}

/// How long a used refresh token is accepted, where nobody uses what came of it.
pub(super) fn grace(session: &mut Session<'_>) -> Result<(), Halt> {
    let graces = session.pivots.graces();
    let longest = match span(&session.found, "refresh_life") {
        Some(life) => life.saturating_sub(super::tokens::margin(life)),
        None => s(100 * DAY),
    };
    let horizon = session.horizon(longest);
    let lasts = !matches!(session.found.get("replays"), Some(ProbeFinding::Count(_)));
    let found = delayed(session, lasts, horizon, &graces, |_, _| Ok(()))?;
    session.find("grace", found);
    Ok(())
}

/// How long it is accepted once the new access token was used.
pub(super) fn access_delay(session: &mut Session<'_>) -> Result<(), Halt> {
    let (horizon, delays) = (within_grace(session), session.pivots.delays());
    let found = delayed(session, true, horizon, &delays, |session, one| {
        session.alive(one.access).map(drop)
    })?;
    session.find("access_delay", found);
    Ok(())
}

/// How long it is accepted once the new refresh token was used.
pub(super) fn refresh_delay(session: &mut Session<'_>) -> Result<(), Halt> {
    let (horizon, delays) = (within_grace(session), session.pivots.delays());
    let found = delayed(session, true, horizon, &delays, |session, one| {
        session.refresh(one.refresh)?.ok_or(Halt::Full).map(drop)
    })?;
    session.find("refresh_delay", found);
    Ok(())
}

/// Somewhat less than the grace that is known, so that its end is not taken for an effect of the use.
fn within_grace(session: &Session<'_>) -> Duration {
    let longest = match session.found.get("grace") {
        Some(ProbeFinding::Within(low, _, _)) => low.ratio(9, 10),
        Some(ProbeFinding::Beyond(span)) => span.ratio(1, 2).min(s(DAY)),
        _ => s(60),
    };
    session.horizon(longest)
}

/// How long a used refresh token is accepted after something else was done with what came of it.
fn delayed<'a>(
    session: &mut Session<'a>,
    lasts: bool,
    horizon: Duration,
    pivots: &[Duration],
    meanwhile: impl Fn(&mut Session<'a>, Pair) -> Result<(), Halt>,
) -> Result<ProbeFinding, Halt> {
    let watch = Watch {
        begin: &mut |session: &mut Session<'a>| {
            let (login, one) = used(session)?;
            let since = session.now();
            meanwhile(session, one)?;
            session.grant = Some(one);
            Ok((login, since))
        },
        holds: &mut |session, login| match session.refresh(login.refresh)? {
            Some(pair) => {
                session.grant = Some(pair);
                Ok(true)
            }
            None => {
                if let Some(newest) = session.grant.take() {
                    violated(session, newest)?;
                }
                Ok(false)
            }
        },
        lasts,
        grain: None,
    };
    let found = watch.find(session, Duration::ZERO, None, horizon, pivots);
    session.grant = None;
    found
}

/// How long a refresh token lives that is not used.
pub(super) fn refresh_life(session: &mut Session<'_>) -> Result<(), Halt> {
    let lives = session.pivots.refresh_lives();
    let watch = Watch {
        begin: &mut |session: &mut Session<'_>| {
            let login = session.login()?;
            Ok((login, session.now()))
        },
        holds: &mut |session, login| Ok(session.refresh(login.refresh)?.is_some()),
        lasts: false,
        grain: None,
    };
    let horizon = session.horizon(s(400 * DAY));
    let found = watch.find(session, Duration::ZERO, None, horizon, &lives)?;
    session.find("refresh_life", found);
    Ok(())
}

/// From which age on a refresh token is replaced that was not at first.
pub(super) fn age(session: &mut Session<'_>) -> Result<(), Halt> {
    let ages = session.pivots.ages();
    let watch = Watch {
        begin: &mut |session: &mut Session<'_>| {
            let login = session.login()?;
            Ok((login, session.now()))
        },
        holds: &mut |session, login| {
            let pair = session.refresh(login.refresh)?.ok_or(Halt::Full)?;
            Ok(pair.refresh == login.refresh)
        },
        lasts: true,
        grain: None,
    };
    let longest = span(&session.found, "refresh_life").map_or(s(2 * DAY), |life| life.ratio(9, 10).min(s(2 * DAY)));
    let horizon = session.horizon(longest);
    let found = watch.find(session, Duration::ZERO, None, horizon, &ages)?;
    session.grant = None;
    session.find("rotate_age", found);
    Ok(())
}

/// How many grants live at once, and what a login does to those before it.
pub(super) fn logins(session: &mut Session<'_>) -> Result<(), Halt> {
    session.about(About::Refresh);
    let likely = session.pivots.grants();
    let most = session.bounds.logins.max(likely.last().map_or(0, |last| last + 1));
    let mut line = vec![session.login()?];
    session.grant = None;
    while (line.len() as u32) < most {
        line.push(session.login()?);
        let count = line.len() as u32;
        if count == 2 {
            let alive = session.alive(line[0].access)?;
            session.find("login_ends", yes(alive, "no", "yes"));
        }
        let power = (count - 1).is_power_of_two() && count > 2;
        if (power || likely.contains(&(count - 1)) || count == most) && !lives(session, &mut line, 0)? {
            let first = first_alive(line.len(), |place| lives(session, &mut line, place))?;
            session.find("grants", ProbeFinding::Count((line.len() - first) as u32));
            return evicts(session, line[first]);
        }
        session.find("grants", ProbeFinding::MoreThan(count - 1));
    }
    Ok(())
}

/// Whether a grant is alive: it is refreshed.
fn lives(session: &mut Session<'_>, line: &mut [Pair], place: usize) -> Result<bool, Halt> {
    let pair = session.refresh(line[place].refresh)?;
    line[place] = pair.unwrap_or(line[place]);
    Ok(pair.is_some())
}

/// The oldest grant that lives makes room for another: does its newest access token end?
fn evicts(session: &mut Session<'_>, oldest: Pair) -> Result<(), Halt> {
    let oldest = session.refresh(oldest.refresh)?.ok_or(Halt::Full)?;
    session.login()?;
    let alive = session.alive(oldest.access)?;
    session.find("evicts", yes(alive, "kept", "ended"));
    Ok(())
}
