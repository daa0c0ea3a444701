//! Where each token came from, and who ended it.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use super::clock::written;
use crate::base::Time;
use crate::oauth::Life;

/// Tokens whose story is kept; of older ones nobody can say any more who ended them.
pub(super) const MOST_STORIES: usize = 100_000;

/// Who did something, by which request, and when. What the control plane does has no request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Doer {
    pub caller: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<u64>,
    /// On the emulator's clock.
    #[serde(serialize_with = "as_text")]
    pub at: Time,
}

/// How a token came to its end before its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Killed {
    #[serde(flatten)]
    pub by: Doer,
    /// What was done: `token_request`, `refresh`, `replay`, `login`, `revocation`, `expire`.
    pub how: &'static str,
    /// From when on the token is refused.
    #[serde(serialize_with = "as_text")]
    pub ends: Time,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct TokenStory {
    pub number: u32,
    /// The beginning of the text's SHA-256.
    pub fingerprint: String,
    pub client: u16,
    pub slot: u16,
    pub issued: Doer,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub killed: Option<Killed>,
    /// What it says beside that as a JWT, or when it is introspected.
    #[serde(skip)]
    pub says: Option<Arc<Sayings>>,
}

/// What the request that got a token asked it to say.
#[derive(Clone, Debug)]
pub(super) struct Sayings {
    pub issuer: String,
    pub subject: Arc<str>,
    pub audience: String,
    pub scope: String,
}

pub(super) fn as_text<S: serde::Serializer>(at: &Time, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&written(*at))
}

/// Stories by the number of their token; numbers come in order.
#[derive(Default)]
pub(super) struct Stories {
    all: VecDeque<TokenStory>,
}

impl Stories {
    pub fn issued(&mut self, story: TokenStory) {
        if self.all.len() == MOST_STORIES {
            self.all.pop_front();
        }
        self.all.push_back(story);
    }

    fn place(&self, token: u32) -> Option<usize> {
        self.all.binary_search_by_key(&token, |story| story.number).ok()
    }

    pub fn get(&self, token: u32) -> Option<&TokenStory> {
        self.place(token).map(|at| &self.all[at])
    }

    /// Whoever shortened a life last is the one without whom it would have been longer.
    pub fn killed(&mut self, life: &Life, by: Doer, how: &'static str) {
        if let Some(at) = self.place(life.token.sequence()) {
            self.all[at].killed = Some(Killed {
                by,
                how,
                ends: life.end,
            });
        }
    }

    pub fn find(&self, fingerprint: &str) -> Option<&TokenStory> {
        self.all.iter().rev().find(|story| story.fingerprint == fingerprint)
    }

    pub fn latest(&self, most: usize) -> impl Iterator<Item = &TokenStory> {
        self.all.iter().rev().take(most)
    }

    pub fn clear(&mut self) {
        self.all.clear();
    }
}
