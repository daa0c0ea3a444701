//! The questions that can be asked, and when each of them makes sense.

use super::bounds::ProbeBounds;
use super::finding::{Findings, ProbeFinding, is};
use super::session::Session;
use super::subject::Halt;
use super::{forcing, grants, slots, tokens};

/// A question: a script of requests and waits.
pub(super) struct Topic {
    /// What it is about.
    pub name: &'static str,
    /// In words.
    pub asks: &'static str,
    /// Whether it makes sense, given what was found.
    pub when: fn(&Findings, &ProbeBounds) -> bool,
    /// Asks it.
    pub ask: fn(&mut Session<'_>) -> Result<(), Halt>,
    /// It is asked although all rules that are still possible give the same answer: for the words that it brings.
    pub always: bool,
}

fn client(found: &Findings) -> bool {
    is(found, "mode", "client")
}

fn lives_on(found: &Findings) -> bool {
    is(found, "again", "new") && is(found, "earlier", "kept")
}

fn tolerated(found: &Findings) -> bool {
    found.contains_key("replay") && !is(found, "replay", "refused")
}

fn within(found: &Findings, key: &str) -> bool {
    matches!(found.get(key), Some(ProbeFinding::Within(..)))
}

const fn topic(
    name: &'static str,
    asks: &'static str,
    when: fn(&Findings, &ProbeBounds) -> bool,
    ask: fn(&mut Session<'_>) -> Result<(), Halt>,
) -> Topic {
    Topic {
        name,
        asks,
        when,
        ask,
        always: false,
    }
}

/// All of them; of those that tell as much for as little, the first is asked first.
pub(super) static TOPICS: [Topic; 20] = [
    topic(
        "second",
        "what does a second token do to the first?",
        |found, _| client(found),
        tokens::second,
    ),
    topic(
        "refresh",
        "what does a refresh give, and what is the old refresh token good for?",
        |found, _| !client(found),
        grants::refreshed,
    ),
    topic(
        "linger",
        "how long does an earlier token live on?",
        |found, _| lives_on(found),
        tokens::linger,
    ),
    topic(
        "count",
        "how many tokens live at once?",
        // Where refresh tokens rotate, no known provider counts access tokens, and a chain of refreshes would be long.
        |found, _| {
            lives_on(found)
                && !is(found, "rotates", "yes")
                && (is(found, "lingers", "to_the_end") || beyond(found, "lingers"))
        },
        tokens::count,
    ),
    topic(
        "depth",
        "how many superseded tokens live on?",
        |found, _| within(found, "lingers") || within(found, "evicted_lingers"),
        tokens::depth,
    ),
    topic(
        "force",
        "can a new token be forced?",
        |found, bounds| client(found) && bounds.force && is(found, "again", "same"),
        forcing::force,
    ),
    topic(
        "force_count",
        "how often can one be forced?",
        |found, _| is(found, "forces", "yes"),
        forcing::force_count,
    ),
    topic(
        "threshold",
        "until when is the same token returned?",
        |found, _| is(found, "again", "same"),
        tokens::threshold,
    ),
    topic(
        "logins",
        "what does a login do to those before it?",
        |found, _| found.contains_key("rotates"),
        grants::logins,
    ),
    topic(
        "replays",
        "how often is a used refresh token accepted?",
        |found, _| tolerated(found),
        grants::replays,
    ),
    topic(
        "after_access",
        "is it accepted once the new access token was used?",
        |found, _| tolerated(found),
        grants::after_access,
    ),
    topic(
        "after_refresh",
        "is it accepted once the new refresh token was used?",
        |found, _| tolerated(found),
        grants::after_refresh,
    ),
    topic(
        "siblings",
        "is the first answer still good after a second one?",
        |found, _| is(found, "replay", "new_pair"),
        grants::siblings,
    ),
    topic(
        "refresh_life",
        "how long does a refresh token live?",
        |found, bounds| found.contains_key("rotates") && bounds.patience.is_none(),
        grants::refresh_life,
    ),
    topic(
        "grace",
        "how long is a used refresh token accepted?",
        |found, bounds| tolerated(found) && (found.contains_key("refresh_life") || bounds.patience.is_some()),
        grants::grace,
    ),
    topic(
        "access_delay",
        "for how long after the use of the new access token?",
        |found, _| is(found, "after_access", "accepted") && found.contains_key("grace"),
        grants::access_delay,
    ),
    topic(
        "refresh_delay",
        "for how long after the use of the new refresh token?",
        |found, _| is(found, "after_refresh", "accepted") && found.contains_key("grace"),
        grants::refresh_delay,
    ),
    topic(
        "age",
        "is an old refresh token replaced?",
        |found, _| is(found, "rotates", "no"),
        grants::age,
    ),
    Topic {
        always: true,
        ..topic(
            "slots",
            "which slots are there?",
            |found, bounds| client(found) && bounds.slots && found.contains_key("again"),
            slots::slots,
        )
    },
    Topic {
        always: true,
        ..topic("life", "how long does a token live?", |_, _| true, tokens::life)
    },
];

fn beyond(found: &Findings, key: &str) -> bool {
    matches!(found.get(key), Some(ProbeFinding::Beyond(_)))
}
