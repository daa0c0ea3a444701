//! The parameters of a request and the credentials of its client, wherever they stand: in the query, in a form, in JSON, or in the
//! header.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Names and values; the body counts more than the query.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// # Errors
    /// Says what is wrong, in words for the client.
    pub fn of(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Self, &'static str> {
        let mut all = body_of(headers, body)?;
        let query = form(query.unwrap_or_default().as_bytes())?;
        let own = all.len();
        for (name, value) in query {
            if !all[..own].iter().any(|(known, _)| *known == name) {
                all.push((name, value));
            }
        }
        Ok(Self(all))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first of these names that has a value.
    pub fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }
}

/// What a token is good for where nothing else was asked for.
pub(super) const DEFAULT_SCOPE: &str = "api";

/// What a token is asked to be good for, at the token endpoint or at the login before it (RFC 6749, section 3.3; RFC 8707).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub scope: Option<String>,
    /// For whom it is to be; left out, for the API.
    pub audience: Option<String>,
}

impl Wanted {
    /// # Errors
    /// When it is longer than what is kept beside a token.
    pub fn of(parameters: &Parameters) -> Result<Self, &'static str> {
        const LONGEST: usize = 1024;
        let wanted = Self {
            scope: parameters.get("scope").map(str::to_owned),
            audience: parameters.any(&["audience", "resource"]).map(str::to_owned),
        };
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > LONGEST);
        match long(&wanted.scope) || long(&wanted.audience) {
            true => Err("scope and audience have at most 1024 bytes"),
            false => Ok(wanted),
        }
    }

    /// What it says, and where it is silent what was said before.
    pub fn or(self, before: Self) -> Self {
        Self {
            scope: self.scope.or(before.scope),
            audience: self.audience.or(before.audience),
        }
    }
}

fn body_of(headers: &HeaderMap, body: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_json = match media_type {
        Some(media_type) => media_type.contains("json"),
        None => body.trim_ascii_start().starts_with(b"{"),
    };
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    if is_json {
        return json(body);
    }
    if media_type.is_some_and(|media_type| media_type.starts_with("multipart/")) {
        return Err("the body is multipart; send application/x-www-form-urlencoded");
    }
    form(body)
}

fn form(text: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let all: Vec<(String, String)> = form_urlencoded::parse(text).into_owned().collect();
    // RFC 6749, section 3.2: not more than once.
    match twice(&all) {
        true => Err("a parameter stands more than once"),
        false => Ok(all),
    }
}

fn twice(all: &[(String, String)]) -> bool {
    /// More parameters than any client sends: they are not compared with each other.
    const MOST: usize = 64;
    all.len() > MOST
        || all
            .iter()
            .enumerate()
            .any(|(at, (name, _))| all[..at].iter().any(|(other, _)| other == name))
}

fn json(text: &[u8]) -> Result<Vec<(String, String)>, &'static str> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(text).map_err(|_| "the body is not a JSON object")?;
    let text = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    Ok(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// Who a client says it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    pub id: String,
    pub secret: String,
    /// The secret as it stands in the header, for clients that do not encode it as RFC 6749, section 2.3.1, has it.
    pub as_sent: Option<String>,
    pub basic: bool,
}

/// What providers call the id and the secret of a client.
const IDS: [&str; 7] = [
    "client_id",
    "appid",
    "app_id",
    "corpid",
    "appkey",
    "client_key",
    "client",
];
const SECRETS: [&str; 6] = [
    "client_secret",
    "secret",
    "app_secret",
    "corpsecret",
    "appsecret",
    "clientSecret",
];

impl Credentials {
    /// None where the request names no client.
    ///
    /// # Errors
    /// Says what is wrong, in words for the client.
    pub fn of(headers: &HeaderMap, parameters: &Parameters) -> Result<Option<Self>, &'static str> {
        let in_body = parameters.any(&IDS);
        let secret = parameters.any(&SECRETS);
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(basic) = header.and_then(basic) {
            let basic = basic?;
            if secret.is_some() || in_body.is_some_and(|id| id != basic.id) {
                return Err("the client authenticates in two ways at once");
            }
            return Ok(Some(basic));
        }
        Ok(in_body.map(|id| Self {
            id: id.to_owned(),
            secret: secret.unwrap_or_default().to_owned(),
            as_sent: None,
            basic: false,
        }))
    }
}

/// The credentials of a header, if it has some of this scheme (RFC 7617).
pub(super) fn basic(text: &str) -> Option<Result<Credentials, &'static str>> {
    let (scheme, rest) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD
        .decode(rest.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, secret)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
        return Some(Err("the Authorization header is not `Basic` of `id:secret` in base64"));
    };
    Some(Ok(Credentials {
        id: decode(id),
        secret: decode(secret),
        as_sent: Some(secret.to_owned()),
        basic: true,
    }))
}

fn decode(text: &str) -> String {
    let mut parts = form_urlencoded::parse(text.as_bytes());
    match (text.contains(['&', '=']), parts.next()) {
        (false, Some((decoded, _))) => decoded.into_owned(),
        _ => text.to_owned(),
    }
}

/// The token of a call: in the header, or in the query (RFC 6750, section 2).
pub(super) fn token_of(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    if let Some(text) = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        // `Bearer`, and what some providers call it.
        return Some(text.split_once(' ').map_or(text, |(_, token)| token).trim().to_owned());
    }
    let query = query?.as_bytes();
    let mut pairs = form_urlencoded::parse(query);
    pairs
        .find(|(name, _)| name == "access_token")
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
        all.iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn parameters_stand_in_the_query_in_a_form_or_in_json() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let json = [("content-type", "application/json; charset=utf-8")];
        for (query, all, body) in [
            (Some("grant_type=x&a=1"), &[][..], ""),
            (None, &form, "grant_type=x&a=1"),
            (Some("a=1"), &form, "grant_type=x"),
            (Some("grant_type=y"), &form, "grant_type=x&a=1"),
            (None, &json, r#"{"grant_type":"x","a":1}"#),
            (None, &[], r#" {"grant_type":"x","a":"1"}"#),
        ] {
            let parameters = Parameters::of(query, &headers(all), body.as_bytes()).unwrap();
            assert_eq!(
                (parameters.get("grant_type"), parameters.get("a")),
                (Some("x"), Some("1")),
                "{body}"
            );
        }
        for (all, body) in [(&form, "a=1&a=2"), (&json, "[1]"), (&json, "{"), (&json, "null")] {
            assert!(Parameters::of(None, &headers(all), body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn a_client_says_who_it_is_in_the_header_or_in_the_body() {
        let credentials = |all: &[(&'static str, &str)], query| {
            let headers = headers(all);
            let parameters = Parameters::of(Some(query), &headers, b"").unwrap();
            Credentials::of(&headers, &parameters)
        };
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let found = credentials(&[("authorization", &basic("my%20app:s%3A+t"))], "")
            .unwrap()
            .unwrap();
        assert_eq!((found.id.as_str(), found.secret.as_str()), ("my app", "s: t"));
        assert_eq!(found.as_sent.as_deref(), Some("s%3A+t"));
        for query in [
            "client_id=a&client_secret=b",
            "appid=a&secret=b",
            "app_id=a&app_secret=b",
        ] {
            let found = credentials(&[], query).unwrap().unwrap();
            assert_eq!(
                (found.id.as_str(), found.secret.as_str(), found.basic),
                ("a", "b", false)
            );
        }
        assert_eq!(credentials(&[], "grant_type=x"), Ok(None));
        assert!(credentials(&[("authorization", &basic("a:b"))], "client_secret=b").is_err());
        assert!(credentials(&[("authorization", &basic("a:b"))], "client_id=c").is_err());
        assert!(credentials(&[("authorization", &basic("a:b"))], "client_id=a").is_ok());
        assert!(credentials(&[("authorization", "Basic !")], "").is_err());
        assert_eq!(credentials(&[("authorization", "Bearer x")], ""), Ok(None));
    }

    #[test]
    fn a_token_stands_in_the_header_or_in_the_query() {
        let of = |all: &[(&'static str, &str)], query| token_of(&headers(all), query);
        assert_eq!(of(&[("authorization", "Bearer abc")], None).as_deref(), Some("abc"));
        assert_eq!(
            of(&[("authorization", "Zoho-oauthtoken abc")], None).as_deref(),
            Some("abc")
        );
        assert_eq!(of(&[], Some("x=1&access_token=abc")).as_deref(), Some("abc"));
        assert_eq!(of(&[], Some("x=1")), None);
    }
}
