//! The lives of tokens: who asked for each, when it ends, and who ended it.

use std::collections::{BTreeMap, BTreeSet};

use super::life::{Death, TokenLife};
use crate::base::Time;
use crate::engine::sim::WatchedWorld;
use crate::oauth::{Ending, Token};
use crate::trace::Event;

/// Tokens whose lives are kept after their end.
const MOST_DEAD: usize = 1 << 16;

/// The lives of tokens, the dead for a while too.
#[derive(Debug, Default)]
pub(super) struct Lives {
    all: BTreeMap<u64, TokenLife>,
    /// Those that the provider would accept, by when it ceases to.
    ends: BTreeSet<(u64, u64)>,
    /// The last token that was issued.
    last: u64,
}

/// The number of a token.
pub(super) fn number(token: Token) -> u64 {
    token.sequence().into()
}

fn death(ending: Ending) -> Death {
    match ending {
        Ending::Expired => Death::Expired,
        Ending::Superseded => Death::Superseded,
        Ending::Revoked => Death::Revoked,
    }
}

impl Lives {
    pub(super) fn get(&self, token: u64) -> Option<&TokenLife> {
        self.all.get(&token)
    }

    pub(super) fn issued(&self) -> u64 {
        self.last
    }

    /// Tokens that the provider would accept.
    pub(super) fn live(&self) -> Vec<TokenLife> {
        let mut live: Vec<_> = self
            .ends
            .iter()
            .filter_map(|(_, token)| self.get(*token))
            .cloned()
            .collect();
        live.sort_unstable_by_key(|life| life.token);
        live
    }

    /// The lives that `wanted` says, in the order of issue.
    pub(super) fn select(&self, wanted: impl Fn(&TokenLife) -> bool) -> Vec<TokenLife> {
        self.all.values().filter(|life| wanted(life)).cloned().collect()
    }

    /// The next token that comes to its end by this instant: it is no longer live from here on.
    pub(super) fn expire(&mut self, now: Time, step: u64) -> Option<TokenLife> {
        let &(ends, token) = self.ends.first()?;
        if ends > now.nanos() {
            return None;
        }
        self.ends.pop_first();
        let life = self.all.get_mut(&token)?;
        if life.death.is_none() {
            life.death = Some(Death::Expired);
            life.doomed = Some(step);
        }
        Some(life.clone())
    }

    /// What a step has done to the tokens: those that were issued, and those whose end has been decided.
    pub(super) fn after(&mut self, step: u64, now: Time, events: &[Event], world: &WatchedWorld) -> Vec<TokenLife> {
        let ledger = &world.server.provider.ledger;
        let newest = ledger.last().map_or(0, number);
        let mut changed = Vec::new();
        let mut killer = None;
        for token in self.last + 1..=newest {
            let token = Token::numbered(token as u32);
            let issuer = events.iter().find_map(|event| match event {
                Event::Issued {
                    token: issued, node, ..
                } if *issued == token => Some(node.index()),
                _ => None,
            });
            killer = Some((number(token), issuer));
            if let Some(life) = ledger.get(token) {
                let (client, slot) = world.server.provider.owner(life.bucket);
                self.all.insert(
                    number(token),
                    TokenLife {
                        token: number(token),
                        issuer,
                        client,
                        slot,
                        born: step,
                        born_ns: Some(life.issued.nanos()),
                        expires_ns: Some(life.expires.nanos()),
                        ends_ns: Some(life.end.nanos()),
                        doomed: None,
                        death: None,
                        killer: None,
                        killed_by: None,
                    },
                );
                self.ends.insert((life.end.nanos(), number(token)));
                changed.push(number(token));
            }
        }
        self.last = newest;
        for (token, end, ending) in self.shortened(events, world) {
            let life = self.all.get_mut(&token).expect("only known tokens are asked for");
            self.ends.remove(&(life.ends_ns.unwrap_or_default(), token));
            life.ends_ns = Some(end.nanos());
            if let Some(ending) = ending {
                life.death.get_or_insert(death(ending));
                life.doomed.get_or_insert(step);
                if let Some((by, issuer)) =
                    killer.filter(|(by, _)| ending == Ending::Superseded && *by != token && life.killer.is_none())
                {
                    (life.killer, life.killed_by) = (Some(by), issuer);
                }
            }
            if end > now {
                self.ends.insert((end.nanos(), token));
            }
            changed.push(token);
        }
        self.forget();
        changed.iter().filter_map(|token| self.get(*token)).cloned().collect()
    }

    /// Live tokens whose end is another than it was, with what shortened their life.
    fn shortened(&self, events: &[Event], world: &WatchedWorld) -> Vec<(u64, Time, Option<Ending>)> {
        let provider = &world.server.provider;
        let mut told: BTreeMap<u64, (Time, Option<Ending>)> = BTreeMap::new();
        let mut all = false;
        for event in events {
            match event {
                Event::TokenEnded(life) => _ = told.insert(number(life.token), (life.end, life.ending)),
                Event::Issued {
                    evicted, superseded, ..
                } => {
                    if let Some(life) = evicted.and_then(|token| provider.ledger.get(token)) {
                        told.entry(number(life.token)).or_insert((life.end, life.ending));
                    }
                    // A refresh may end others of its family; where it ends none, as many as there are live on.
                    all |= *superseded && provider.rotation.is_some();
                }
                Event::GrantRefused { revokes } => all |= *revokes,
                Event::LoggedIn { .. } => all = true,
                Event::Returned => all |= provider.rule.extend,
                _ => {}
            }
        }
        if all {
            for (_, token) in &self.ends {
                if let Some(life) = provider.ledger.get(Token::numbered(*token as u32)) {
                    told.entry(*token).or_insert((life.end, life.ending));
                }
            }
        }
        let changed = |(token, (end, ending)): (u64, (Time, Option<Ending>))| {
            let known = self.get(token)?;
            (known.ends_ns != Some(end.nanos())).then_some((token, end, ending))
        };
        told.into_iter().filter_map(changed).collect()
    }

    fn forget(&mut self) {
        while self.all.len() > MOST_DEAD + self.ends.len() {
            let oldest = self.all.iter().find(|(token, life)| {
                let ends = life.ends_ns.unwrap_or_default();
                !self.ends.contains(&(ends, **token))
            });
            let Some(oldest) = oldest.map(|(token, _)| *token) else {
                return;
            };
            self.all.remove(&oldest);
        }
    }
}
