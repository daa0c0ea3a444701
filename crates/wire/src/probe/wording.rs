//! The provider's own words, as far as they were heard, without anything that is secret.

use std::collections::{BTreeMap, BTreeSet};

use super::quotas::LimitHeader;
use super::reading::Came;
use super::subject::About;
use crate::provider::settings::{DialectSettings, RetryAfter, TokenShape, Wording};

/// Letters of a body that are kept; a longer one is no error code.
const LONGEST: usize = 600;

/// An answer that hands nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worded {
    /// HTTP status.
    pub status: u16,
    /// `WWW-Authenticate`, where there was one.
    pub authenticate: Option<String>,
    /// The code of the error that stands in the body.
    pub code: Option<String>,
    /// The body, where it is short; what was secret in it is taken out.
    pub body: Option<String>,
    /// It asked for a wait.
    pub waits: bool,
}

impl Worded {
    pub(super) fn of(came: &Came, hidden: &[&str]) -> Self {
        let hide = |text: &str| {
            let mut text = text.to_owned();
            for secret in hidden {
                text = text.replace(secret, "[secret]");
            }
            text
        };
        Self {
            status: came.status,
            authenticate: came.authenticate.as_deref().map(hide),
            code: came.code().map(|code| hide(&code)),
            body: (came.body.len() <= LONGEST && !came.is_page()).then(|| hide(&came.body)),
            waits: came.retry_after.is_some(),
        }
    }

    /// In a few words.
    pub fn told(&self) -> String {
        match &self.code {
            Some(code) => format!("{} ({code})", self.status),
            None => self.status.to_string(),
        }
    }

    fn wording(&self) -> Wording {
        Wording {
            status: self.status,
            body: self.body.clone().unwrap_or_default(),
        }
    }
}

/// All that was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeardWords {
    /// Refusals, by what they were about.
    pub refused: BTreeMap<About, Worded>,
    /// A refusal for want of quota.
    pub throttled: Option<Worded>,
    /// What headers say of limits, as it came.
    pub limits: BTreeSet<LimitHeader>,
    /// Tokens are JWTs; whether they tell when they were issued.
    pub jwt: Option<bool>,
    /// The last refusal of the token endpoint, in a few words.
    pub last: Option<String>,
}

impl HeardWords {
    /// Keeps what an answer's headers say of limits.
    pub(super) fn hear_limits(&mut self, came: &Came, token_endpoint: bool) {
        self.limits.extend(came.limits.iter().map(|(name, value)| LimitHeader {
            token_endpoint,
            name: name.clone(),
            value: value.clone(),
        }));
    }

    /// How the provider words its answers, as far as it was heard.
    pub fn dialect(&self) -> DialectSettings {
        let of = |about| self.refused.get(&about).map(Worded::wording);
        let rejected = of(About::Unknown);
        let expired = of(About::Expired).filter(|expired| Some(expired) != rejected.as_ref());
        DialectSettings {
            expired,
            rejected,
            stale_refresh: of(About::Refresh),
            bad_slot: of(About::Slot),
            full: of(About::Full),
            throttled: self.throttled.as_ref().map(Worded::wording),
            retry_after: self
                .throttled
                .as_ref()
                .filter(|throttled| !throttled.waits)
                .map(|_| RetryAfter::Absent),
            tokens: self.jwt.map(|_| TokenShape::Jwt),
            ..DialectSettings::default()
        }
    }
}
