//! Tokens by their number.

use super::{Ledger, Life};
use crate::base::{Duration, Time};
use crate::oauth::Token;

impl Ledger {
    /// Numbers the first token after this one: those of two ledgers are then never the same.
    pub fn number_after(&mut self, last: u32) {
        self.last = last;
    }

    /// The token issued last.
    pub fn last(&self) -> Option<Token> {
        (self.last > 0).then(|| Token::numbered(self.last))
    }

    /// Tokens that it remembers, dead ones included.
    pub fn known(&self) -> usize {
        self.count
    }

    /// How long a token, if there is one, would still be accepted.
    #[inline]
    pub fn left(&self, token: Option<Token>, now: Time) -> Duration {
        let life = token.and_then(|token| self.get(token));
        life.map_or(Duration::ZERO, |life| life.remaining(now))
    }

    #[inline]
    pub(super) fn mask(&self) -> usize {
        self.lives.len() - 1
    }

    #[inline]
    fn home(&self, token: Token) -> usize {
        token.sequence() as usize & self.mask()
    }

    /// Whether a token lies in this place.
    #[inline]
    fn lies(&self, at: usize, token: Token) -> bool {
        matches!(self.lives.get(at), Some(Some(life)) if life.token == token)
    }

    /// Its place; [`get`](Self::get) and [`get_mut`](Self::get_mut) do not ask for that: of a token that is at home they have checked the place
    /// already, and an index that may be either would be checked again.
    #[inline]
    pub(super) fn find(&self, token: Token) -> Option<usize> {
        let home = self.home(token);
        if self.lies(home, token) {
            return Some(home);
        }
        self.find_beyond(home, token)
    }

    /// Where a token lies that is not at home; nowhere, as a rule.
    #[inline]
    fn find_beyond(&self, home: usize, token: Token) -> Option<usize> {
        if self.reach == 0 {
            return None;
        }
        self.search(home, token)
    }

    #[inline(never)] // Tokens rarely outlive so many others.
    fn search(&self, home: usize, token: Token) -> Option<usize> {
        for distance in 1..=self.reach {
            let at = (home + distance) & self.mask();
            match &self.lives[at] {
                None => return None,
                Some(life) if life.token == token => return Some(at),
                Some(_) => {}
            }
        }
        None
    }

    /// The life of a token; none once it has been forgotten.
    #[inline]
    pub fn get(&self, token: Token) -> Option<&Life> {
        let home = self.home(token);
        if self.lies(home, token) {
            return self.lives[home].as_ref();
        }
        let at = self.find_beyond(home, token)?;
        self.lives[at].as_ref()
    }

    #[inline]
    pub(in crate::provider) fn get_mut(&mut self, token: Token) -> Option<&mut Life> {
        let home = self.home(token);
        if self.lies(home, token) {
            return self.lives[home].as_mut();
        }
        let at = self.find_beyond(home, token)?;
        self.lives[at].as_mut()
    }

    #[inline]
    pub(super) fn insert(&mut self, life: Life) {
        let (mask, home) = (self.mask(), self.home(life.token));
        let mut at = home;
        while self.lives[at].is_some() {
            at = (at + 1) & mask;
        }
        self.reach = self.reach.max(at.wrapping_sub(home) & mask);
        self.lives[at] = Some(life);
        self.count += 1;
    }

    #[cold]
    pub(super) fn grow(&mut self) {
        let lives = std::mem::take(&mut self.lives);
        self.lives = vec![None; lives.len() * 2];
        self.count = 0;
        self.reach = 0;
        for life in lives.into_iter().flatten() {
            self.insert(life);
        }
    }
}
