//! Questions about slots: indices that a token request names, each with tokens of its own.

use super::finding::ProbeFinding;
use super::session::Session;
use super::subject::{About, Halt, Question};

/// Which slots there are, and whether they are apart.
pub(super) fn slots(session: &mut Session<'_>) -> Result<(), Halt> {
    const FAR: u16 = 4095;
    const MOST: u16 = 64;
    let base = session.latest()?;
    // Whether it will be the newest of its slot is not known from now on.
    session.newest = None;
    session.about(About::Slot);
    let ask = |session: &mut Session<'_>, slot| {
        let by = session.own;
        let given = session.ask(Question {
            by,
            slot: Some(slot),
            force: false,
        })?;
        Ok::<_, Halt>(given.map(|given| given.access))
    };
    let Some(other) = ask(session, 1)? else {
        session.find("bad_slot", ProbeFinding::Is("refuse"));
        session.find("slots", ProbeFinding::Count(1));
        return Ok(());
    };
    let tells = session.is("earlier", "ended") || session.is("again", "same");
    if tells {
        let apart = other != base && session.alive(base)?;
        session.find("apart", ProbeFinding::Is(if apart { "yes" } else { "no" }));
        if !apart {
            session.find("bad_slot", ProbeFinding::Is("ignore"));
            return Ok(());
        }
    }
    if ask(session, FAR)?.is_some() {
        session.find("bad_slot", ProbeFinding::Is("ignore"));
        return Ok(());
    }
    session.find("bad_slot", ProbeFinding::Is("refuse"));
    let (mut granted, mut refused) = (1, None);
    while refused.is_none() && granted < MOST {
        let next = granted * 2;
        match ask(session, next)? {
            Some(_) => granted = next,
            None => refused = Some(next),
        }
    }
    while let Some(first) = refused.filter(|first| first - granted > 1) {
        let middle = granted.midpoint(first);
        match ask(session, middle)? {
            Some(_) => granted = middle,
            None => refused = Some(middle),
        }
    }
    let found = match refused {
        Some(first) => ProbeFinding::Count(u32::from(first)),
        None => ProbeFinding::MoreThan(u32::from(granted)),
    };
    session.find("slots", found);
    Ok(())
}
