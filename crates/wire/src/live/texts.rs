//! Tokens are texts outside, and numbers within: who is which, and which refresh token came with it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::base::{Duration, Millis, Rough, Time};
use crate::node::Shared;
use crate::oauth::{Grant, Token};

/// What a token endpoint has handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TokenText {
    pub access: String,
    /// The refresh token that came with it.
    pub refresh: Option<String>,
}

/// What nodes put into their store and tell each other, as it travels: with the texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub access_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    pub life_ms: u32,
    pub rank: u32,
    pub turn: u8,
    pub took_ns: u64,
}

/// All texts that any node of this process has met.
#[derive(Default)]
pub(super) struct Texts(Mutex<Known>);

#[derive(Default)]
struct Known {
    texts: Vec<Arc<TokenText>>,
    numbers: BTreeMap<String, Token>,
    /// When the provider decided on each token, where it said so.
    issued: BTreeMap<Token, Time>,
    /// The login that each token goes back to, where one is known.
    families: BTreeMap<Token, u32>,
    logins: u32,
}

impl Texts {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of this text; a refresh token that is new for it takes the place of what was known.
    pub fn number(&self, access: &str, refresh: Option<&str>) -> Token {
        let mut known = self.known();
        let text = |refresh: Option<&str>| {
            Arc::new(TokenText {
                access: access.to_owned(),
                refresh: refresh.map(str::to_owned),
            })
        };
        if let Some(&token) = known.numbers.get(access) {
            let place = token.sequence() as usize - 1;
            if refresh.is_some() && known.texts[place].refresh.as_deref() != refresh {
                known.texts[place] = text(refresh);
            }
            return token;
        }
        known.texts.push(text(refresh));
        let token = Token::numbered(u32::try_from(known.texts.len()).expect("fewer than 2^32 tokens"));
        known.numbers.insert(access.to_owned(), token);
        token
    }

    /// The text of a number that this has given out.
    pub fn text(&self, token: Token) -> Arc<TokenText> {
        Arc::clone(&self.known().texts[token.sequence() as usize - 1])
    }

    /// The provider has issued a token at this instant, or returned one that it had issued before.
    pub fn issued(&self, token: Token, at: Time) {
        self.known().issued.entry(token).or_insert(at);
    }

    /// Whether one token was issued before another, as far as the provider said.
    pub fn is_older(&self, token: Token, than: Token) -> bool {
        let known = self.known();
        let issued = |token| known.issued.get(&token);
        issued(token)
            .zip(issued(than))
            .is_some_and(|(token, than)| token < than)
    }

    /// A user has logged in.
    pub fn begins_family(&self, token: Token) -> u32 {
        let mut known = self.known();
        known.logins += 1;
        let family = known.logins;
        known.families.insert(token, family);
        family
    }

    /// One token was obtained with the refresh token of another.
    pub fn descends(&self, token: Token, from: Token) {
        let mut known = self.known();
        if let Some(&family) = known.families.get(&from) {
            known.families.insert(token, family);
        }
    }

    /// The login that a token goes back to.
    pub fn family(&self, token: Token) -> Option<u32> {
        self.known().families.get(&token).copied()
    }

    /// As it travels.
    pub fn written(&self, shared: Shared) -> Written {
        let text = self.text(shared.token);
        Written {
            access_token: text.access.clone(),
            refresh_token: text.refresh.clone(),
            life_ms: shared.life.get(),
            rank: shared.rank.map_or(0, NonZeroU32::get),
            turn: shared.turn,
            took_ns: Duration::from(shared.took).nanos(),
        }
    }

    /// As a node has it.
    pub fn read(&self, written: &Written) -> Shared {
        let token = self.number(&written.access_token, written.refresh_token.as_deref());
        let grant = Grant {
            token,
            life: Millis::new(written.life_ms),
            rank: NonZeroU32::new(written.rank),
        };
        Shared {
            took: Rough::from(Duration::from_nanos(written.took_ns)),
            ..Shared::of(grant, written.turn)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_number_and_keeps_its_refresh_token() {
        let texts = Texts::default();
        let (one, other) = (texts.number("a", Some("r")), texts.number("b", None));
        assert_ne!(one, other);
        assert_eq!(texts.number("a", None), one);
        assert_eq!(texts.text(one).refresh.as_deref(), Some("r"));
        let shared = Shared {
            token: one,
            life: Millis::new(5),
            rank: NonZeroU32::new(7),
            turn: 3,
            took: Rough::from(Duration::from_millis(2)),
        };
        let elsewhere = Texts::default();
        let read = elsewhere.read(&texts.written(shared));
        assert_eq!(
            (read.life, read.rank, read.turn),
            (shared.life, shared.rank, shared.turn)
        );
        assert_eq!(elsewhere.text(read.token), texts.text(one));
    }

    #[test]
    fn what_is_refreshed_stays_in_its_family() {
        let texts = Texts::default();
        let tokens = ["a", "b", "c"].map(|text| texts.number(text, None));
        let family = texts.begins_family(tokens[0]);
        texts.descends(tokens[1], tokens[0]);
        assert_eq!(texts.family(tokens[1]), Some(family));
        assert_eq!(texts.family(tokens[2]), None);
        assert_ne!(texts.begins_family(tokens[2]), family);
    }
}
