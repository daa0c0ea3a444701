//! The authorization endpoint (RFC 6749, section 4.1), and that of devices (RFC 8628): pages on which a test user logs in.

use axum::body::Bytes;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::json;

use super::answer::Answer;
use super::carry::Shared;
use super::codes::{CodeGrant, LIFE};
use super::devices;
use super::entrance::client;
use super::parameters::{Parameters, Wanted};

/// The page on which the user logs in, and what follows from it.
pub(super) fn authorize(shared: &Shared, parts: &Parts, body: &Bytes) -> Answer {
    let parameters = match Parameters::of(parts.uri.query(), &parts.headers, body) {
        Ok(parameters) => parameters,
        Err(wrong) => return told(400, wrong),
    };
    let (Some(client), Some(redirect)) = (parameters.get("client_id"), parameters.get("redirect_uri")) else {
        return told(400, "client_id and redirect_uri are needed");
    };
    let Some((scheme, _)) = redirect.split_once(':') else {
        return told(400, "redirect_uri is no absolute URI");
    };
    let active = ["javascript", "data", "vbscript"]
        .iter()
        .any(|wrong| scheme.eq_ignore_ascii_case(wrong));
    if active || redirect.contains(['#', '\r', '\n']) || redirect.len() > 4096 {
        return told(400, "redirect_uri cannot be redirected to");
    }
    let Ok(wanted) = Wanted::of(&parameters) else {
        return back(redirect, &parameters, &[("error", "invalid_scope")]);
    };
    if parameters.get("response_type") != Some("code") {
        return back(redirect, &parameters, &[("error", "unsupported_response_type")]);
    }
    let hashed = match parameters.get("code_challenge_method") {
        None | Some("plain") => false,
        Some("S256") => true,
        Some(_) => return back(redirect, &parameters, &[("error", "invalid_request")]),
    };
    let mut backend = shared.backend();
    if !backend.clients.open && backend.clients.find(client).is_none() {
        return told(400, "no client of this id");
    }
    if parts.method != Method::POST {
        drop(backend);
        return login_page(&parameters);
    }
    if parameters.get("deny").is_some() {
        return back(redirect, &parameters, &[("error", "access_denied")]);
    }
    let now = backend.now();
    let number = backend.codes.add(CodeGrant {
        number: 0,
        client_id: client.to_owned(),
        redirect_uri: redirect.to_owned(),
        wanted,
        challenge: parameters
            .get("code_challenge")
            .map(|challenge| (challenge.to_owned(), hashed)),
        ends: now + LIFE,
        spent: None,
    });
    let code = backend.code_text(number);
    drop(backend);
    back(redirect, &parameters, &[("code", &code)])
}

fn told(status: u16, what: &str) -> Answer {
    Answer::text(status, "text/plain; charset=utf-8", format!("{what}\n"))
}

/// Back to the client, with its state.
fn back(redirect: &str, parameters: &Parameters, add: &[(&str, &str)]) -> Answer {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(add);
    if let Some(state) = parameters.get("state") {
        query.append_pair("state", state);
    }
    let joint = if redirect.contains('?') { '&' } else { '?' };
    let mut answer = told(302, "back to the client");
    answer
        .headers
        .push(("location", format!("{redirect}{joint}{}", query.finish())));
    answer.headers.push(("cache-control", "no-store".to_owned()));
    answer
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn login_page(parameters: &Parameters) -> Answer {
    let hidden: String = parameters
        .iter()
        .map(|(name, value)| {
            format!(
                r#"<input type="hidden" name="{}" value="{}">"#,
                escaped(name),
                escaped(value)
            )
        })
        .collect();
    let client = escaped(parameters.get("client_id").unwrap_or_default());
    page(&format!(
        r#"<h1>Log in</h1><p>The test user logs in, and lets <b>{client}</b> have tokens.</p>
<form method="post">{hidden}{BUTTONS}</form>"#
    ))
}

const BUTTONS: &str = r#"<button>Log in</button> <button name="deny" value="1">Refuse</button>"#;

fn page(inner: &str) -> Answer {
    let page = format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Log in</title>
<style>body{{font:16px sans-serif;max-width:24em;margin:4em auto;padding:0 1em}}button,input{{font:inherit;padding:.4em 1em}}</style>
{inner}</html>"#
    );
    let mut answer = Answer::text(200, "text/html; charset=utf-8", page);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    answer.headers.push(("content-security-policy", policy.to_owned()));
    answer.headers.push(("cache-control", "no-store".to_owned()));
    answer
}

/// A device asks to be let in (RFC 8628, section 3.1).
pub(super) fn device_authorization(shared: &Shared, parts: &Parts, body: &Bytes, base: &str) -> Answer {
    let parameters = match Parameters::of(parts.uri.query(), &parts.headers, body) {
        Ok(parameters) => parameters,
        Err(wrong) => return Answer::oauth_error(400, "invalid_request", wrong),
    };
    let client = match client(shared, &parts.headers, &parameters) {
        Ok(client) => client,
        Err(answer) => return answer,
    };
    let wanted = match Wanted::of(&parameters) {
        Ok(wanted) => wanted,
        Err(wrong) => return Answer::oauth_error(400, "invalid_scope", wrong),
    };
    let (device_code, user_code) = shared.backend().device(client, wanted);
    let uri = format!("{base}/oauth/device");
    let mut answer = Answer::json(
        200,
        &json!({
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": uri,
            "verification_uri_complete": format!("{uri}?user_code={user_code}"),
            "expires_in": devices::LIFE.nanos() / 1_000_000_000,
            "interval": devices::INTERVAL.nanos() / 1_000_000_000,
        }),
    );
    answer.headers.push(("cache-control", "no-store".to_owned()));
    answer
}

/// The page on which the test user lets a device in, and what follows from it.
pub(super) fn device(shared: &Shared, parts: &Parts, body: &Bytes) -> Answer {
    let parameters = match Parameters::of(parts.uri.query(), &parts.headers, body) {
        Ok(parameters) => parameters,
        Err(wrong) => return told(400, wrong),
    };
    let code = parameters.get("user_code");
    if parts.method != Method::POST {
        let code = escaped(code.unwrap_or_default());
        return page(&format!(
            r#"<h1>Log in</h1><p>The test user logs in, and lets the device have tokens that shows this code.</p>
<form method="post"><p><input name="user_code" value="{code}" autocomplete="off"></p>{BUTTONS}</form>"#
        ));
    }
    let mut backend = shared.backend();
    let now = backend.now();
    let lets_in = parameters.get("deny").is_none();
    match backend.devices.decide(now, code.unwrap_or_default(), lets_in) {
        true if lets_in => told(200, "the device is let in"),
        true => told(200, "the device is refused"),
        false => told(400, "no device waits under this user_code"),
    }
}
