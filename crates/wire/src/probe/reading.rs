//! From HTTP answers to what the probe makes of them, whoever words them: where the token is, whether it is an error, and which.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::base::Duration;

/// An answer as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    pub status: u16,
    pub media_type: String,
    pub authenticate: Option<String>,
    pub retry_after: Option<Duration>,
    pub body: String,
    /// What headers say of limits.
    pub limits: Vec<(String, String)>,
}

/// Names of what is handed out.
const ACCESS: [&str; 3] = ["access_token", "tenant_access_token", "accessToken"];
const REFRESH: [&str; 2] = ["refresh_token", "refreshToken"];
const LIFE: [&str; 4] = ["expires_in", "expire", "expiresIn", "expires"];

/// A token as it was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GrantedTexts {
    pub access: String,
    pub refresh: Option<String>,
    pub life: Option<Duration>,
}

/// A value under one of these keys, however deep.
fn find<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    let Value::Object(all) = value else { return None };
    let here = keys.iter().find_map(|key| all.get(*key));
    here.or_else(|| all.values().find_map(|value| find(value, keys)))
}

/// A number, also where it is written as a text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

impl Came {
    fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }

    /// The token in it.
    pub fn granted(&self) -> Option<GrantedTexts> {
        let json = self.json().filter(|_| (200..300).contains(&self.status))?;
        let text = |keys| find(&json, keys)?.as_str().filter(|text| !text.is_empty());
        Some(GrantedTexts {
            access: text(&ACCESS)?.to_owned(),
            refresh: text(&REFRESH).map(str::to_owned),
            life: find(&json, &LIFE)
                .and_then(number)
                .filter(|seconds| *seconds > 0.0 && *seconds < 1e10)
                .map(|seconds| Duration::from_nanos((seconds * 1e9) as u64)),
        })
    }

    /// The code of an error that stands in the body, as its author wrote it.
    pub fn code(&self) -> Option<String> {
        code(&self.json()?)
    }

    /// Whether it says that there were too many requests.
    pub fn is_throttled(&self) -> bool {
        const WORDS: [&str; 8] = [
            "too many",
            "rate limit",
            "rate_limit",
            "ratelimit",
            "quota",
            "throttl",
            "slow_down",
            "frequen",
        ];
        let said = || {
            let body = self.body.to_lowercase();
            WORDS.iter().any(|word| body.contains(word))
        };
        match self.status {
            429 => true,
            503 => self.retry_after.is_some(),
            200..300 => self.code().is_some() && said(),
            403 => said(),
            _ => false,
        }
    }

    /// Whether a call was served.
    pub fn is_served(&self) -> bool {
        (200..300).contains(&self.status) && self.code().is_none()
    }

    /// Whether a page came where data was asked for.
    pub fn is_page(&self) -> bool {
        self.media_type.contains("html")
            || self.body.trim_start().starts_with("<!DOCTYPE")
            || self.body.trim_start().starts_with("<html")
    }
}

/// The code of an error, where it is one: zero and `ok` are none.
fn code(json: &Value) -> Option<String> {
    let Value::Object(all) = json else { return None };
    let fails = ["success", "ok"]
        .iter()
        .any(|key| all.get(*key) == Some(&Value::Bool(false)));
    let first = || all.get("errors")?.as_array()?.first()?.get("code");
    for key in ["error", "errcode", "error_code", "errorCode", "code"] {
        let Some(value) = all.get(key) else { continue };
        let told = match value {
            Value::Number(number) if number.as_f64() != Some(0.0) => Some(number.to_string()),
            Value::String(text) if !["", "0", "ok", "OK", "success"].contains(&text.as_str()) => Some(text.clone()),
            Value::Object(inner) => inner.get("code").or_else(|| inner.get("status")).map(Value::to_string),
            _ => None,
        };
        if told.is_some() {
            return told;
        }
    }
    if let Some(code) = first() {
        return Some(code.as_str().map_or_else(|| code.to_string(), str::to_owned));
    }
    fails.then(|| "success = false".to_owned())
}

/// Whether a token is a JWT, and whether it tells when it was issued.
pub(super) fn jwt(text: &str) -> Option<bool> {
    let [head, claims, _] = text.split('.').collect::<Vec<_>>()[..] else {
        return None;
    };
    let read =
        |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok();
    read(head)?.get("alg")?;
    Some(read(claims)?.get("iat").is_some_and(Value::is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(status: u16, body: &str) -> Came {
        Came {
            status,
            body: body.to_owned(),
            ..Came::default()
        }
    }

    #[test]
    fn a_token_is_found_whoever_words_it() {
        for (body, life) in [
            (
                r#"{"access_token":"a","expires_in":3600,"refresh_token":"r"}"#,
                Some(3600),
            ),
            (
                r#"{"status":0,"body":{"access_token":"a","refresh_token":"r","expires_in":"10800"}}"#,
                Some(10_800),
            ),
            (
                r#"{"code":0,"msg":"ok","tenant_access_token":"a","expire":7200,"refresh_token":"r"}"#,
                Some(7200),
            ),
            (r#"{"access_token":"a","refresh_token":"r"}"#, None),
        ] {
            let granted = came(200, body).granted().unwrap();
            assert_eq!(
                (granted.access.as_str(), granted.refresh.as_deref()),
                ("a", Some("r")),
                "{body}"
            );
            assert_eq!(granted.life, life.map(Duration::from_secs), "{body}");
        }
        assert_eq!(came(200, "<html>").granted(), None);
        assert_eq!(came(200, r#"{"errcode":40013}"#).granted(), None);
    }

    #[test]
    fn an_error_is_seen_also_under_200() {
        for (status, body, served, throttled) in [
            (200, r#"{"path":"/"}"#, true, false),
            (200, r#"{"errcode":0,"errmsg":"ok"}"#, true, false),
            (200, r#"{"errcode":40001,"errmsg":"invalid credential"}"#, false, false),
            (
                200,
                r#"{"success":false,"errors":[{"code":"601","message":"Access token invalid"}]}"#,
                false,
                false,
            ),
            (
                200,
                r#"{"success":false,"errors":[{"code":"606","message":"Max rate limit exceeded"}]}"#,
                false,
                true,
            ),
            (
                200,
                r#"{"errcode":45009,"errmsg":"reach max api daily quota limit"}"#,
                false,
                true,
            ),
            (
                200,
                r#"{"error":"Access Denied","error_description":"You have made too many requests"}"#,
                false,
                true,
            ),
            (401, "", false, false),
            (429, "", false, true),
            (
                400,
                r#"{"error":"invalid_request","reason":"group number limit exceeded"}"#,
                false,
                false,
            ),
        ] {
            let came = came(status, body);
            assert_eq!(
                (came.is_served(), came.is_throttled()),
                (served, throttled),
                "{status} {body}"
            );
        }
        assert_eq!(came(200, r#"{"error":{"code":190}}"#).code().as_deref(), Some("190"));
    }
}
