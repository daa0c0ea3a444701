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
    /// From now on it grants tokens in the words of the standard.
    pub fn use_standard_grants(&mut self) {
        self.granted = None;
    }

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
            body: Cow::Owned(match &self.granted {
                None => serde_json::to_string(words).expect("words are plain data"),
                Some(template) => filled(template, words),
            }),
        }
    }
}

/// A provider's own words, with what is granted in its places.
fn filled(template: &str, words: &TokenWords<'_>) -> String {
    // As it stands between quotation marks.
    let inside = |text: &str| {
        let quoted = serde_json::Value::from(text).to_string();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let values = [
        ("{access_token}", inside(words.access_token)),
        ("{token_type}", inside(words.token_type)),
        ("{expires_in}", words.expires_in.to_string()),
        ("{scope}", inside(words.scope)),
        ("{refresh_token}", inside(words.refresh_token.unwrap_or_default())),
    ];
    let mut out = String::with_capacity(template.len() + 64);
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let known = values.iter().find(|(name, _)| after.starts_with(name));
        let (value, length) = known.map_or(("{", 1), |(name, value)| (value.as_str(), name.len()));
        out.push_str(value);
        rest = &after[length..];
    }
    out + rest
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

    #[test]
    fn a_provider_has_its_own_words() {
        let template = r#"{"code":0,"data":{"t":"{access_token}","expire":{expires_in},"scope":"{scope}","r":"{refresh_token}"},"x":"{y}"}"#;
        let settings = DialectSettings {
            granted: Some(template.to_owned()),
            ..DialectSettings::default()
        };
        let words = TokenWords {
            access_token: "a",
            token_type: "bearer",
            expires_in: 7200,
            // Neither ends the text nor is a place itself.
            scope: "\"{expires_in}\\",
            refresh_token: Some("r"),
            api_url: Some("not asked for"),
        };
        let answer = Dialect::of(&settings).grant(&words);
        assert_eq!(
            answer.body,
            r#"{"code":0,"data":{"t":"a","expire":7200,"scope":"\"{expires_in}\\","r":"r"},"x":"{y}"}"#
        );
    }
}
