//! The first requests: which kinds of tokens there are, and whether a new one is good at once.

use super::boundary::{Watch, roundest};
use super::finding::ProbeFinding;
use super::session::{Pair, Session};
use super::subject::{About, AskBy, Halt, HandedOut, NOBODYS, Seen};
use crate::base::Duration;

/// Which kinds of tokens there are, and whether a new one is good at once.
pub(super) fn opening(session: &mut Session<'_>) -> Result<(), Halt> {
    session.about(About::Unknown);
    if session.call(NOBODYS)? {
        return Err(Halt::Broken(
            "the API accepts a token that nobody issued; is --api-url a resource that asks for a token?".to_owned(),
        ));
    }
    session.about(About::Ended);
    let given = match session.ask_at_first(AskBy::Client)? {
        (true, given) => given,
        (false, _) => {
            session.own = AskBy::Login;
            session.ask_at_first(AskBy::Login)?.1
        }
    };
    let Some(HandedOut { access, refresh, life }) = given else {
        return Err(Halt::Broken(
            "the token endpoint refuses the first request; is it asked as the provider wants it (--grant, --scope)?"
                .to_owned(),
        ));
    };
    let grants = refresh.filter(|_| session.own == AskBy::Login);
    session.find(
        "mode",
        ProbeFinding::Is(if grants.is_some() { "grants" } else { "client" }),
    );
    session.newest = Some(access);
    session.grant = grants.map(|refresh| Pair { access, refresh });
    if let Some(life) = life {
        session.find("stated_life", ProbeFinding::Within(life, life, life));
    }
    if session.call(access)? {
        session.find("visible", ProbeFinding::Is("at_once"));
        return Ok(());
    }
    visible(session, access)
}

/// How long a new token is refused at first.
fn visible(session: &mut Session<'_>, token: Seen) -> Result<(), Halt> {
    let since = session.issued(token);
    let mut looked = session.now().since(since);
    let (mut low, mut next) = (looked, Duration::from_millis(100));
    loop {
        if next > session.horizon(Duration::from_secs(900)) {
            return Err(Halt::Broken(
                "the API refuses a token that was just issued; are --api-url and --scope right, and is the token sent as \
                 the API wants it (Authorization: Bearer)?"
                    .to_owned(),
            ));
        }
        session.wait_until(since, next)?;
        looked = session.now().since(since).max(looked);
        if session.call(token)? {
            break;
        }
        low = looked;
        next = next.ratio(3, 2);
    }
    let mut found = ProbeFinding::Within(low, looked, roundest(low, looked, &[]));
    if let Some(other) = session.another(false)?
        && other != token
    {
        let mut first = Some(other);
        let watch = Watch {
            begin: &mut |session: &mut Session<'_>| {
                let token = match first.take() {
                    Some(token) => token,
                    None => session.another_or_full()?,
                };
                Ok((token, session.issued(token)))
            },
            holds: &mut |session, token| Ok(!session.call(*token)?),
            lasts: true,
            grain: None,
        };
        found = watch.find(session, low, Some(looked), looked, &[])?;
    }
    if let ProbeFinding::Within(_, high, _) = found {
        session.lag = high;
    }
    session.find("visible", found);
    Ok(())
}
