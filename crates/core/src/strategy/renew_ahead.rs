#![doc = include_str!("pages/renew_ahead.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, SPAN, Small};
use crate::base::{Delay, Duration, Millis};
use crate::node::{Command, Input, Me, Outbox, Strategy, Timer};
use crate::oauth::TokenSlot;

/// A timer replaces the token before it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewAhead {
    /// The token is replaced at the latest this long before it expires.
    pub margin: Duration,
    /// And up to this much earlier, at random.
    #[serde(default)]
    pub jitter: Duration,
}

/// When to replace a token that has this much life left: between `margin + jitter` and `margin` before its end.
pub(super) fn ahead(life: Millis, margin: Duration, jitter: Duration) -> Delay {
    let life = Duration::from(life);
    let latest = life.saturating_sub(margin);
    let earliest = latest.saturating_sub(jitter);
    Delay::between(earliest, latest.saturating_sub(earliest))
}

/// When to try again a planned renewal that has failed: soon enough for another two tries before the token ends.
pub(super) fn again(margin: Duration) -> Delay {
    let quarter = margin.ratio(1, 4);
    Delay::between(quarter, quarter)
}

impl Strategy for RenewAhead {
    type Node = Cache;

    fn phases(&self) -> &'static [&'static str] {
        Cache::PHASES
    }

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    fn renews_as_planned(&self) -> bool {
        true
    }

    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        match input {
            Input::Timer(Timer::Renew) => node.ask(TokenSlot::default(), out),
            _ => node.on(me, TokenSlot::default(), input, out),
        }
        if let Input::Token { grant, .. } | Input::Login { grant } = input
            && node.token() == Some(grant.token)
        {
            out.push(Command::Arm {
                timer: Timer::Renew,
                delay: ahead(grant.life, self.margin, self.jitter),
            });
        }
        if let Input::TokenFailed { .. } = input
            && node.token().is_some()
        {
            out.push(Command::Arm {
                timer: Timer::Renew,
                delay: again(self.margin),
            });
        }
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for RenewAhead {
    fn small(_: u16) -> Vec<Small<Self>> {
        let on_time = Self {
            margin: SPAN,
            jitter: Duration::ZERO,
        };
        vec![Small::of("renew_ahead", "", on_time)]
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let ahead = Self {
            margin: here.margin(),
            jitter: here.spread(),
        };
        Ok(vec![Offer::of("jittered", ahead)])
    }
}
