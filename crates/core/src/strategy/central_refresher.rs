#![doc = include_str!("pages/central_refresher.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{Circumstances, Offer, Offers};
use super::renew_ahead::{again, ahead};
use super::{Listed, SPAN, Shares, Small};
use crate::base::{Delay, Duration};
use crate::node::{self, Command, Input, Me, Names, Note, Outbox, Role, Shared, Strategy, Timer, View, Whom};
use crate::oauth::{Failure, Token, TokenSlot};

/// One node renews, and tells the workers the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CentralRefresher {
    /// The token is replaced this long before it expires; left out, once a worker says that it is refused.
    pub renew_ahead: Option<Duration>,
    /// A planned renewal that has failed is tried again after this time; left out, a quarter to a half of `renew_ahead` later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub try_again: Option<Duration>,
    /// A worker's calls fail this try when the refresher has not answered within this time.
    #[serde(default = "default_wait")]
    pub wait: Duration,
    /// Whether the refresher takes a worker's word for a dead token; without, it renews by its clock alone.
    #[serde(default = "yes")]
    pub on_request: bool,
}

// As long as most HTTP clients in facts about locks wait for a token: WxJava gives up after 3 s, neon after 5 s.
fn default_wait() -> Duration {
    Duration::from_secs(5)
}

fn yes() -> bool {
    true
}

/// A worker's cache, or the refresher's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    cache: Cache,
    /// Worker: the refresher has been asked, and calls wait.
    waiting: bool,
    /// Refresher: what is told to whoever asks.
    newest: Option<Shared>,
}

impl CentralRefresher {
    fn work(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.cache.token() == Some(token)
        {
            node.cache.discard(me);
        }
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => match node.cache.token() {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    if !node.waiting {
                        node.waiting = true;
                        let dead = match input {
                            Input::Rejected { token, .. } => Some(token),
                            _ => node.cache.held(),
                        };
                        out.push(Command::Tell {
                            whom: Whom::Gateway,
                            note: Note::Wanted(dead),
                        });
                        out.push(Command::Arm {
                            timer: Timer::Wait,
                            delay: Delay::exactly(self.wait),
                        });
                    }
                }
            },
            Input::Note {
                note: Note::Token(Shared { token, .. }),
                ..
            } => Self::adopt(node, token, out),
            Input::Login { grant } => Self::adopt(node, grant.token, out),
            Input::Note {
                note: Note::Failed(why),
                ..
            } if node.waiting => Self::give_up(node, why, out),
            Input::Timer(Timer::Wait) if node.waiting => Self::give_up(node, Failure::Unreachable, out),
            _ => {}
        }
    }

    fn adopt(node: &mut Memory, token: Token, out: &mut Outbox) {
        node.cache.keep(token);
        node.waiting = false;
        out.push(Command::AttemptParked { token });
    }

    fn give_up(node: &mut Memory, why: Failure, out: &mut Outbox) {
        node.waiting = false;
        out.push(Command::FailParked { why });
    }

    fn refresh(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Note {
                from,
                note: Note::Wanted(dead),
            } => match node.newest {
                Some(newest) if Some(newest.token) != dead => out.push(Command::Tell {
                    whom: Whom::One(from),
                    note: Note::Token(newest),
                }),
                Some(_) if !self.on_request => {}
                _ => {
                    // Whoever asks from now on waits for the next one, too.
                    node.newest = None;
                    node.cache.ask(TokenSlot::default(), out);
                }
            },
            Input::Timer(Timer::Renew) => node.cache.ask(TokenSlot::default(), out),
            Input::TokenFailed { why, .. } => {
                node.cache.asking = false;
                out.push(Command::Tell {
                    whom: Whom::All,
                    note: Note::Failed(why),
                });
                if let Some(margin) = self.renew_ahead
                    && node.newest.is_some()
                {
                    out.push(Command::Arm {
                        timer: Timer::Renew,
                        delay: self.try_again.map_or_else(|| again(margin), Delay::exactly),
                    });
                }
            }
            Input::Token { grant, .. } | Input::Login { grant } => {
                node.cache.on(me, TokenSlot::default(), input, out);
                if node.cache.token() != Some(grant.token) {
                    return;
                }
                let newest = Shared::of(grant, 0);
                node.newest = Some(newest);
                if let Some(margin) = self.renew_ahead {
                    out.push(Command::Arm {
                        timer: Timer::Renew,
                        delay: ahead(grant.life, margin, Duration::ZERO),
                    });
                }
                if matches!(input, Input::Token { .. }) {
                    out.push(Command::Tell {
                        whom: Whom::All,
                        note: Note::Token(newest),
                    });
                }
            }
            _ => {}
        }
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        self.cache.view()
    }

    fn credential(&self) -> Option<Token> {
        self.cache.held()
    }

    fn phase(&self) -> usize {
        match (self.waiting, self.cache.asking) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 0,
        }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.cache.rename(names);
        self.newest = self.newest.map(|newest| newest.renamed(names));
    }
}

impl Strategy for CentralRefresher {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &["idle", "waiting", "asking"]
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn renews_as_planned(&self) -> bool {
        self.renew_ahead.is_some()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match me.role {
            Role::Gateway => self.refresh(me, node, input, out),
            Role::Worker | Role::Legacy => self.work(me, node, input, out),
        }
    }

    fn needs_gateway(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for CentralRefresher {
    fn small(_: u16) -> Vec<Small<Self>> {
        let on_request = Self {
            renew_ahead: None,
            try_again: None,
            wait: SPAN,
            on_request: true,
        };
        vec![Small::of(
            "central_refresher",
            "one more node than calls arrive at",
            on_request,
        )]
    }

    fn shares(&self) -> Shares {
        Shares {
            notes: Some("tokens, from the one that renews to the others"),
            ..Shares::default()
        }
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let ahead = Self {
            renew_ahead: Some(here.margin()),
            try_again: None,
            wait: here.patience(),
            on_request: true,
        };
        Ok(vec![Offer::of("ahead", ahead)])
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{ME, grant, obtained};
    use super::*;

    /// How long workers wait says nothing of when the refresher tries again.
    #[test]
    fn a_planned_renewal_that_fails_is_tried_again_by_its_own_time() {
        let gateway = Me {
            role: Role::Gateway,
            ..ME
        };
        for (written, delay) in [
            ("", Delay::between(Duration::from_secs(10), Duration::from_secs(10))),
            ("try_again = \"3s\"", Delay::exactly(Duration::from_secs(3))),
        ] {
            let text = format!("renew_ahead = \"40s\"\nwait = \"1h\"\n{written}");
            let strategy: CentralRefresher = toml::from_str(&text).unwrap();
            let mut node = strategy.boot(gateway);
            let mut say = |input| {
                let mut out = Outbox::default();
                strategy.on(gateway, &mut node, input, &mut out);
                out.commands().copied().collect::<Vec<_>>()
            };
            say(Input::Login { grant: grant(1) });
            say(obtained(2));
            say(Input::Timer(Timer::Renew));
            let why = Failure::ServerError;
            let timer = Timer::Renew;
            let said = say(Input::TokenFailed {
                call: None,
                tag: 0,
                why,
            });
            assert_eq!(said[1], Command::Arm { timer, delay });
        }
    }
}
