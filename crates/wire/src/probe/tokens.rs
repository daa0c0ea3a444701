//! Questions about access tokens: what another one does to those before it.

use super::boundary::Watch;
use super::finding::{ProbeFinding, span};
use super::session::Session;
use super::subject::{About, Halt, Seen};
use crate::base::Duration;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// How long before its end a token is looked at for the last time.
pub(super) fn margin(life: Duration) -> Duration {
    life.ratio(1, 50).min(s(5)).max(Duration::from_millis(200))
}

/// Whether a second request brings a second token, and whether the first one lives on.
pub(super) fn second(session: &mut Session<'_>) -> Result<(), Halt> {
    let first = session.latest()?;
    let other = session.another_or_full();
    let other = match other {
        Err(Halt::Full) => {
            session.find("again", ProbeFinding::Is("refused"));
            return Ok(());
        }
        other => other?,
    };
    session.find("again", ProbeFinding::Is(if other == first { "same" } else { "new" }));
    if other != first {
        let alive = session.alive(first)?;
        session.find("earlier", ProbeFinding::Is(if alive { "kept" } else { "ended" }));
    }
    Ok(())
}

/// How long a token lives on that is no longer the newest.
pub(super) fn linger(session: &mut Session<'_>) -> Result<(), Halt> {
    let first = session.latest()?;
    let left = session.left(first).unwrap_or(s(86_400));
    let full = left.saturating_sub(margin(left));
    let horizon = session.horizon(full);
    let overlaps = session.pivots.overlaps();
    let (mut known, mut early) = (Some(first), false);
    let watch = Watch {
        begin: &mut |session: &mut Session<'_>| {
            let token = match known.take() {
                Some(token) => token,
                None => session.another_or_full()?,
            };
            session.another_or_full()?;
            Ok((token, session.now()))
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
    session.find("lingers", to_the_end(found, full, early));
    Ok(())
}

/// A token that lives to its end was not ended by anything else, and one that was only seen to expire neither.
pub(super) fn to_the_end(found: ProbeFinding, full: Duration, early: bool) -> ProbeFinding {
    match found {
        ProbeFinding::Within(..) if !early => ProbeFinding::Is("to_the_end"),
        ProbeFinding::Beyond(span) if span.saturating_add(s(1)) >= full => ProbeFinding::Is("to_the_end"),
        found => found,
    }
}

/// After how many tokens the oldest is looked at.
fn looks(most: u32, likely: &[u32]) -> (u32, Vec<u32>) {
    let most = most.max(likely.last().map_or(0, |last| last + 1));
    let powers = (1..=30).map(|power| (1 << power) + 1).filter(|count| *count <= most);
    let mut looks: Vec<u32> = powers
        .chain(likely.iter().map(|count| count + 1))
        .chain([most])
        .collect();
    looks.sort_unstable();
    looks.dedup();
    (most, looks)
}

/// The first of a line that is alive, where the newest is and the oldest is not.
pub(super) fn first_alive(count: usize, mut alive: impl FnMut(usize) -> Result<bool, Halt>) -> Result<usize, Halt> {
    let (mut dead, mut live) = (0, count - 1);
    while live - dead > 1 {
        let middle = dead.midpoint(live);
        match alive(middle)? {
            true => live = middle,
            false => dead = middle,
        }
    }
    Ok(live)
}

/// How many tokens live at once.
pub(super) fn count(session: &mut Session<'_>) -> Result<(), Halt> {
    let first = session.latest()?;
    let (most, looks) = looks(session.bounds.tokens, &session.pivots.capacities());
    let mut line = vec![first];
    let expires_soon = |session: &Session<'_>| session.left(first).is_some_and(|left| left < s(3));
    while (line.len() as u32) < most && !expires_soon(session) {
        line.push(session.another_or_full()?);
        if looks.contains(&(line.len() as u32)) && !expires_soon(session) && session.ended_early(first)? {
            return evicts(session, &line);
        }
        session.find("live", ProbeFinding::MoreThan(line.len() as u32 - 1));
    }
    let left = session.left(first).unwrap_or_default();
    if left < s(3) || session.horizon(left) < left {
        return Ok(());
    }
    // Those that were evicted may have lived on for a while.
    session.wait(left.saturating_sub(margin(left)))?;
    if !session.ended_early(first)? {
        return Ok(());
    }
    evicts(session, &line)?;
    evicted_lingers(session, left)
}

/// The oldest of these tokens has ended.
fn evicts(session: &mut Session<'_>, line: &[Seen]) -> Result<(), Halt> {
    let first = first_alive(line.len(), |place| session.alive(line[place]))?;
    session.find("live", ProbeFinding::Count((line.len() - first) as u32));
    session.find("full", ProbeFinding::Is("evict_oldest"));
    Ok(())
}

fn evicted_lingers(session: &mut Session<'_>, high: Duration) -> Result<(), Halt> {
    let live = super::finding::count(&session.found, "live").unwrap_or(1);
    let overlaps = session.pivots.overlaps();
    let watch = Watch {
        begin: &mut |session: &mut Session<'_>| {
            let first = session.another_or_full()?;
            for _ in 0..live {
                session.another_or_full()?;
            }
            Ok((first, session.now()))
        },
        holds: &mut |session, token| session.alive(*token),
        lasts: true,
        grain: None,
    };
    let found = watch.find(session, Duration::ZERO, Some(high), high, &overlaps)?;
    session.find("evicted_lingers", found);
    Ok(())
}

/// How many superseded tokens live on at once.
pub(super) fn depth(session: &mut Session<'_>) -> Result<(), Halt> {
    const MOST: usize = 4;
    let live = super::finding::count(&session.found, "live").unwrap_or(1) as usize;
    let mut line = Vec::new();
    for _ in 0..live + MOST {
        line.push(session.another_or_full()?);
    }
    if session.alive(line[0])? {
        session.find("depth", ProbeFinding::MoreThan(MOST as u32));
        return Ok(());
    }
    let first = first_alive(line.len(), |place| session.alive(line[place]))?;
    session.find("depth", ProbeFinding::Count((line.len() - first - live) as u32));
    Ok(())
}

/// Up to which remaining life the same token is returned.
pub(super) fn threshold(session: &mut Session<'_>) -> Result<(), Halt> {
    let Some(life) = span(&session.found, "stated_life") else {
        return Ok(());
    };
    let end = life.saturating_add(s(2));
    if session.horizon(end) < end {
        return Err(Halt::Patience(end));
    }
    let first = session.latest()?;
    session.wait(life.ratio(1, 8))?;
    let again = session.another_or_full()?;
    let stated = session.given.and_then(|given| given.life).unwrap_or_default();
    let extends = again == first && stated.saturating_add(s(2)) >= life;
    if again == first {
        session.find("extends", ProbeFinding::Is(if extends { "yes" } else { "no" }));
    }
    let mut known = Some(again);
    let ages: Vec<_> = session.pivots.thresholds();
    let ages: Vec<_> = ages.iter().rev().map(|left| life.saturating_sub(*left)).collect();
    let watch = Watch {
        begin: &mut |session: &mut Session<'_>| {
            if let Some(token) = known.take().filter(|_| !extends) {
                return Ok((token, session.issued(token)));
            }
            let token = session.latest()?;
            let fresh = session.now().since(session.issued(token)) < s(2);
            if !fresh && !extends {
                let left = session.left(token).unwrap_or(life);
                session.wait(left.saturating_add(s(1)))?;
            }
            let token = if fresh { token } else { session.another_or_full()? };
            Ok((token, session.issued(token)))
        },
        holds: &mut |session, token| {
            let same = session.another_or_full()? == *token;
            if !same
                && session.left(*token).is_some_and(|left| left > s(1))
                && !session.found.contains_key("renewed_earlier")
            {
                let alive = session.alive(*token)?;
                session.find(
                    "renewed_earlier",
                    ProbeFinding::Is(if alive { "kept" } else { "ended" }),
                );
            }
            Ok(same)
        },
        lasts: !extends,
        grain: Some(s(2)),
    };
    let found = watch.find(session, Duration::ZERO, Some(end), end, &ages)?;
    if let ProbeFinding::Within(low, high, _) = found {
        let (from, to) = (life.saturating_sub(high), life.saturating_sub(low));
        let value = match from.is_zero() {
            true => Duration::ZERO,
            false => super::boundary::roundest(
                from.saturating_sub(Duration::from_nanos(1)),
                to,
                &session.pivots.thresholds(),
            ),
        };
        session.find("threshold", ProbeFinding::Within(from, to, value));
    }
    Ok(())
}

/// How long a token lives, beside what the provider says.
pub(super) fn life(session: &mut Session<'_>) -> Result<(), Halt> {
    let token = match session.is("again", "same") || session.is("full", "refuse") {
        true => session.latest()?,
        false => session.another_or_full()?,
    };
    let since = session.issued(token);
    let pivots = session.pivots.lives();
    let Some(left) = session.left(token) else {
        return measured_life(session, Duration::ZERO, None, &pivots);
    };
    let life = (session.now() + left).since(since);
    let hair = margin(life).min(s(1));
    if session.horizon(left.saturating_add(hair)) < left.saturating_add(hair) {
        return Err(Halt::Patience(left));
    }
    session.wait_until(since, life.saturating_sub(hair))?;
    session.about(About::Expired);
    if !session.alive(token)? {
        let before = session.now().since(since);
        session.about(About::Ended);
        return measured_life(session, Duration::ZERO, Some(before), &pivots);
    }
    session.wait_until(since, life.saturating_add(hair))?;
    let after = session.now().since(since);
    let alive = session.alive(token)?;
    session.about(About::Ended);
    if alive {
        return measured_life(session, life, None, &pivots);
    }
    session.find("life", ProbeFinding::Within(life.saturating_sub(hair), after, life));
    Ok(())
}

fn measured_life(
    session: &mut Session<'_>,
    low: Duration,
    high: Option<Duration>,
    pivots: &[Duration],
) -> Result<(), Halt> {
    let watch = Watch {
        begin: &mut |session: &mut Session<'_>| {
            let token = session.another_or_full()?;
            Ok((token, session.issued(token)))
        },
        holds: &mut |session, token| session.alive(*token),
        lasts: true,
        grain: None,
    };
    let horizon = session.horizon(s(400 * 86_400));
    let found = watch.find(session, low, high, horizon, pivots)?;
    session.find("life", found);
    Ok(())
}
