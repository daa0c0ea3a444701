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
