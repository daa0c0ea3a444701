//! How a provider words what it grants: the standard's words (RFC 6749, section 5.1), with what its clients look for beside them.

use std::borrow::Cow;

use serde::Serialize;

use super::{Dialect, HttpAnswer};

/// A token as the endpoint hands it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TokenWords<'a> {
    /// The text of the token.
    pub access_token: &'a str,
    /// Always `bearer`, in the case that clients compare with.
    pub token_type: &'a str,
    /// Whole seconds that it has to live, as a number.
    pub expires_in: u64,
    /// What it is good for, as a string.
    pub scope: &'a str,
    /// The refresh token, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<&'a str>,
    /// Where the API is, for clients that ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_url: Option<&'a str>,
}

impl Dialect {
    /// The answer that hands out a token, as HTTP has it.
    ///
    /// # Panics
    /// Never: words are plain data.
    pub fn grant(&self, words: &TokenWords<'_>) -> HttpAnswer<'static> {
        HttpAnswer {
            status: 200,
            headers: vec![
                ("content-type", "application/json;charset=UTF-8".to_owned()),
                ("cache-control", "no-store".to_owned()),
                ("pragma", "no-cache".to_owned()),
            ],
            body: Cow::Owned(serde_json::to_string(words).expect("words are plain data")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::DialectSettings;
    use super::*;

    #[test]
    fn a_token_is_handed_out_in_the_words_of_the_standard() {
        let words = TokenWords {
            access_token: "a",
            token_type: "bearer",
            expires_in: 3599,
            scope: "api",
            refresh_token: None,
            api_url: None,
        };
        let answer = Dialect::of(&DialectSettings::default()).grant(&words);
        assert_eq!(
            (answer.status, &*answer.body),
            (
                200,
                r#"{"access_token":"a","token_type":"bearer","expires_in":3599,"scope":"api"}"#
            )
        );
        assert!(answer.headers.contains(&("cache-control", "no-store".to_owned())));
    }
}
