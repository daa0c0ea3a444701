//! Authorization codes with PKCE (RFC 7636), each good once.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::parameters::{Parameters, Wanted};
use crate::base::{Duration, Time};

/// How long a code is good.
pub(super) const LIFE: Duration = Duration::from_secs(60);
/// Codes that are remembered, so that a second use is known for one.
const MOST_CODES: usize = 10_000;

/// What a code stands for.
#[derive(Clone)]
pub(super) struct CodeGrant {
    pub number: u32,
    pub client_id: String,
    pub redirect_uri: String,
    pub wanted: Wanted,
    /// What the verifier must fit, and whether by its hash.
    pub challenge: Option<(String, bool)>,
    pub ends: Time,
    /// The token that its first use got, once it has been used.
    pub spent: Option<Option<u32>>,
}

/// Codes that have been given.
#[derive(Default)]
pub(super) struct Codes {
    last: u32,
    all: VecDeque<CodeGrant>,
}

/// Why a code is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadCode {
    Unknown,
    /// It was used before; the tokens that came of it are to be revoked.
    Spent(Option<u32>),
    Mismatch(&'static str),
}

impl BadCode {
    pub const fn says(self) -> &'static str {
        match self {
            Self::Unknown => "the code is unknown, or older than a minute",
            Self::Spent(_) => "the code has been used before: what came of it is revoked",
            Self::Mismatch(what) => what,
        }
    }
}

impl Codes {
    /// Its number.
    pub fn add(&mut self, mut grant: CodeGrant) -> u32 {
        if self.all.len() == MOST_CODES {
            self.all.pop_front();
        }
        self.last += 1;
        grant.number = self.last;
        self.all.push_back(grant);
        self.last
    }

    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// Uses a code: the grant that it stands for.
    pub fn spend(
        &mut self,
        now: Time,
        number: u32,
        client_id: &str,
        parameters: &Parameters,
    ) -> Result<CodeGrant, BadCode> {
        let place = self
            .all
            .binary_search_by_key(&number, |grant| grant.number)
            .map_err(|_| BadCode::Unknown)?;
        let grant = &mut self.all[place];
        if let Some(token) = grant.spent {
            return Err(BadCode::Spent(token));
        }
        if now >= grant.ends {
            return Err(BadCode::Unknown);
        }
        if grant.client_id != client_id {
            return Err(BadCode::Mismatch("the code was given to another client"));
        }
        if parameters
            .get("redirect_uri")
            .is_some_and(|uri| uri != grant.redirect_uri)
        {
            return Err(BadCode::Mismatch(
                "redirect_uri is not the one that the code was sent to",
            ));
        }
        if let Some((challenge, hashed)) = &grant.challenge {
            let verifier = parameters.get("code_verifier").unwrap_or_default();
            let shown = match hashed {
                true => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)),
                false => verifier.to_owned(),
            };
            if shown != *challenge {
                return Err(BadCode::Mismatch("code_verifier does not fit the code_challenge"));
            }
        }
        grant.spent = Some(None);
        Ok(grant.clone())
    }

    /// The token that came of a code.
    pub fn spent_for(&mut self, number: u32, token: u32) {
        if let Ok(place) = self.all.binary_search_by_key(&number, |grant| grant.number) {
            self.all[place].spent = Some(Some(token));
        }
    }
}
