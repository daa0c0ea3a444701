#![doc = include_str!("pages/gossip.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, SPAN, Shares, Small};
use crate::base::{Delay, Duration};
use crate::node::{self, Command, Input, Me, Names, Note, Outbox, Shared, Strategy, Timer, View, Whom};
use crate::oauth::{Token, TokenSlot};

/// Nodes tell one another their tokens; there is no store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gossip {
    /// Peers that are told of a new token, and asked for one: those 1, 2, 4, 8 ... places on. Left out, all.
    pub fanout: Option<u8>,
    /// After a 401, peers are asked for a newer token and get so long to answer before the node renews; zero for not asking.
    #[serde(default)]
    pub wait: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    cache: Cache,
    /// The cached token, as it is told to others.
    newest: Option<Shared>,
    /// Peers have been asked.
    waiting: bool,
}

impl Gossip {
    fn whom(&self) -> Whom {
        self.fanout.map_or(Whom::All, Whom::Some)
    }

    /// The order that tokens reveal decides where they reveal one; else what is told last counts as the newest.
    fn is_news(node: &Memory, told: Shared) -> bool {
        node.newest.is_none_or(|newest| {
            newest.token != told.token && (node.cache.token().is_none() || told.rank >= newest.rank)
        })
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

impl Strategy for Gossip {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &["idle", "waiting", "asking"]
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.cache.token() == Some(token)
        {
            node.cache.discard(me);
        }
        match input {
            Input::Rejected {
                call: Some(call),
                token,
            } if node.cache.token().is_none() && !node.cache.asking && !self.wait.is_zero() => {
                out.push(Command::Park { call });
                if !node.waiting {
                    node.waiting = true;
                    out.push(Command::Tell {
                        whom: self.whom(),
                        note: Note::Wanted(Some(token)),
                    });
                    out.push(Command::Arm {
                        timer: Timer::Wait,
                        delay: Delay::exactly(self.wait),
                    });
                }
            }
            Input::Call { call } if node.waiting => out.push(Command::Park { call }),
            Input::Timer(Timer::Wait) if node.waiting => {
                node.waiting = false;
                node.cache.ask(TokenSlot::default(), out);
            }
            Input::Note {
                from,
                note: Note::Wanted(dead),
            } => {
                if let Some(newest) = node.newest
                    && node.cache.token() == Some(newest.token)
                    && dead != Some(newest.token)
                {
                    out.push(Command::Tell {
                        whom: Whom::One(from),
                        note: Note::Token(newest),
                    });
                }
            }
            Input::Note {
                note: Note::Token(told),
                ..
            } => {
                if Self::is_news(node, told) {
                    node.waiting = false;
                    node.newest = Some(told);
                    node.cache.keep(told.token);
                    out.push(Command::AttemptParked { token: told.token });
                }
            }
            Input::Token { grant, .. } => {
                node.cache.on(me, TokenSlot::default(), input, out);
                if node.cache.token() == Some(grant.token) {
                    node.waiting = false;
                    let newest = Shared::of(grant, 0);
                    node.newest = Some(newest);
                    out.push(Command::Tell {
                        whom: self.whom(),
                        note: Note::Token(newest),
                    });
                }
            }
            Input::Login { grant } => {
                node.cache.on(me, TokenSlot::default(), input, out);
                node.waiting = false;
                node.newest = Some(Shared::of(grant, 0));
            }
            _ => node.cache.on(me, TokenSlot::default(), input, out),
        }
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "waiting" && self.wait.is_zero()
    }

    fn tells_nodes_apart(&self) -> bool {
        self.fanout.is_some()
    }

    fn shares_tokens(&self) -> bool {
        true
    }
}

impl Listed for Gossip {
    fn small(_: u16) -> Vec<Small<Self>> {
        let waiting = |wait| Self { fanout: None, wait };
        vec![
            Small::of("gossip", "tells all; asks nobody", waiting(Duration::ZERO)),
            Small::of("gossip_asks", "tells all; asks all before it renews", waiting(SPAN)),
        ]
    }

    fn shares(&self) -> Shares {
        Shares {
            notes: Some("tokens, from each to others"),
            ..Shares::default()
        }
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        let waiting = |wait| Self { fanout: None, wait };
        Ok(vec![
            Offer::of("tells all", waiting(Duration::ZERO)),
            Offer::of("tells all, asks all", waiting(Duration::from_millis(100))),
        ])
    }

    fn talks_to_peers(&self) -> bool {
        true
    }
}
