//! Tokens that nodes hold, which of them are live as far as the trace tells, and the rates of calls that come to each.

use std::collections::{BTreeMap, VecDeque};

use crate::base::Time;
use crate::oauth::Token;

/// Rates of the nodes that hold one token, or none that is live.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shared {
    /// Calls per second.
    pub rate: f64,
    /// Calls per second at each, times its calls under way.
    pub busy: f64,
}

/// A token that nodes hold, or that is live.
#[derive(Clone, Copy, Debug)]
struct Held {
    token: Token,
    /// When it ends; none once it has.
    end: Option<Time>,
    /// Of its nodes, while it is live.
    shared: Shared,
    nodes: u32,
}

/// A token ends then.
#[derive(Clone, Copy, Debug)]
struct End {
    at: Time,
    token: Token,
    place: usize,
}

/// The tokens that are live or held.
#[derive(Clone, Debug, Default)]
pub(super) struct HeldTokens {
    /// Places of ended tokens that nobody holds are free.
    held: Vec<Held>,
    free: Vec<usize>,
    /// Where each live token is held.
    lives: BTreeMap<Token, usize>,
    /// When tokens end that live as long as they may, and when those do that live on beside another: each list in order of time. A token that
    /// has ended before, or ends earlier, may still have its former place.
    ends: [VecDeque<End>; 2],
    /// The first of these; none while no token is live.
    next: Option<End>,
    /// Of nodes without a live token.
    pub dead: Shared,
}

impl HeldTokens {
    /// Where the rates of a node are reckoned that holds the token of this place: with it while it is live, else with those that have none.
    pub fn shared(&mut self, place: Option<usize>) -> &mut Shared {
        match place.map(|place| &mut self.held[place]) {
            Some(held) if held.end.is_some() => &mut held.shared,
            _ => &mut self.dead,
        }
    }

    /// Whether a node has no live token that holds the one of this place.
    pub fn is_dead(&self, place: Option<usize>) -> bool {
        place.is_none_or(|place| self.held[place].end.is_none())
    }

    /// A node comes by a token; its place, if it is live.
    pub fn take(&mut self, token: Token) -> Option<usize> {
        let place = self.lives.get(&token).copied()?;
        self.held[place].nodes += 1;
        Some(place)
    }

    /// A node no longer holds the token of this place.
    pub fn give_back(&mut self, place: Option<usize>) {
        if let Some(place) = place {
            self.held[place].nodes -= 1;
            self.forget(place);
        }
    }

    fn forget(&mut self, place: usize) {
        if self.held[place].end.is_none() && self.held[place].nodes == 0 {
            self.free.push(place);
        }
    }

    /// A token is issued that lives until then.
    pub fn issue(&mut self, token: Token, at: Time) {
        let fresh = Held {
            token,
            end: Some(at),
            shared: Shared::default(),
            nodes: 0,
        };
        let place = match self.free.pop() {
            Some(place) => {
                self.held[place] = fresh;
                place
            }
            None => {
                self.held.push(fresh);
                self.held.len() - 1
            }
        };
        self.lives.insert(token, place);
        self.ends[0].push_back(End { at, token, place });
        self.look();
    }

    /// A token makes room for another, and lives on until `at` at the longest.
    pub fn evict(&mut self, token: Token, now: Time, at: Time) {
        let Some(&place) = self.lives.get(&token) else { return };
        if at <= now {
            self.end(token, place);
        } else if self.held[place].end.is_some_and(|end| at < end) {
            self.held[place].end = Some(at);
            self.ends[1].push_back(End { at, token, place });
            self.look();
        }
    }

    /// When the next live token ends.
    #[inline]
    pub fn next_end(&self) -> Option<Time> {
        self.next.map(|end| end.at)
    }

    /// It ends.
    pub fn end_next(&mut self) {
        if let Some(end) = self.next {
            self.end(end.token, end.place);
        }
    }

    /// Looks for the next end, where it may be another one.
    fn look(&mut self) {
        for ends in &mut self.ends {
            while let Some(end) = ends.front() {
                let held = self.held[end.place];
                if held.token == end.token && held.end == Some(end.at) {
                    break;
                }
                ends.pop_front();
            }
        }
        self.next = match (self.ends[0].front(), self.ends[1].front()) {
            (Some(one), Some(other)) if other.at < one.at => Some(*other),
            (one, other) => one.or(other).copied(),
        };
    }

    fn end(&mut self, token: Token, place: usize) {
        self.lives.remove(&token);
        let held = &mut self.held[place];
        held.end = None;
        self.dead.rate += held.shared.rate;
        self.dead.busy += held.shared.busy;
        self.look();
        self.forget(place);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::{Dice, Duration};

    const TTL: Duration = Duration::from_secs(40);
    const OVERLAP: Duration = Duration::from_secs(7);

    /// The same by a table of live tokens that is looked through whole.
    #[derive(Default)]
    struct Table(BTreeMap<Token, Time>);

    impl Table {
        fn pass(&mut self, until: Time) {
            self.0.retain(|_, end| *end > until);
        }
    }

    /// Ten nodes obtain tokens of themselves and of each other, some of which live on beside the next one and some of which end at once. At every
    /// step each node's token is live as the table has it, and the rates are those of the nodes.
    #[test]
    fn tokens_are_live_as_a_table_has_them_and_rates_stay_with_their_nodes() {
        let (mut tokens, mut table) = (HeldTokens::default(), Table::default());
        let mut nodes: [(Option<Token>, Option<usize>); 10] = Default::default();
        let mut stream = Dice::replication(1, 0).stream(0, 0);
        let mut draw = |below: u64| Dice::next(&mut stream) % below;
        tokens.dead.rate = nodes.len() as f64;
        let (mut now, mut issued, mut seen) = (Time::ZERO, 0_u32, (0, 0));
        for _ in 0..20_000 {
            now = now + Duration::from_millis(draw(4_000));
            while let Some(at) = tokens.next_end()
                && at <= now
            {
                let ended = table.0.iter().find(|(_, end)| **end == at).map(|(token, _)| *token);
                assert!(ended.is_some_and(|token| table.0.remove(&token).is_some()), "{at:?}");
                tokens.end_next();
            }
            table.pass(now);
            assert_eq!(tokens.next_end(), table.0.values().min().copied());
            let node = draw(10) as usize;
            let token = match draw(3) {
                0 => {
                    issued += 1;
                    let token = Token::numbered(issued);
                    tokens.issue(token, now + TTL);
                    table.0.insert(token, now + TTL);
                    let evicted = Token::numbered(1 + draw(u64::from(issued)) as u32);
                    let at = now + OVERLAP.saturating_mul(draw(2));
                    if evicted != token {
                        tokens.evict(evicted, now, at);
                        table.0.entry(evicted).and_modify(|end| *end = at.min(*end));
                        table.pass(now);
                    }
                    token
                }
                _ if issued > 0 => Token::numbered(issued - draw(u64::from(issued.min(6))) as u32),
                _ => continue,
            };
            let (_, before) = nodes[node];
            let place = tokens.take(token);
            tokens.shared(before).rate -= 1.0;
            tokens.shared(place).rate += 1.0;
            tokens.give_back(before);
            nodes[node] = (Some(token), place);
            let mut dead = 0;
            for (token, place) in nodes {
                let is_dead = token.is_none_or(|token| !table.0.contains_key(&token));
                assert_eq!(tokens.is_dead(place), is_dead, "{token:?} at {now:?}");
                dead += u32::from(is_dead);
            }
            assert_eq!(tokens.dead.rate, f64::from(dead));
            seen = (seen.0 + dead, seen.1 + 10 - dead);
        }
        // Both are met often, and places are used again.
        assert!(seen.0 > 20_000 && seen.1 > 20_000, "{seen:?}");
        assert!(tokens.held.len() < 200, "{} places", tokens.held.len());
    }
}
