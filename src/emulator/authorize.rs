//! The authorization endpoint (RFC 6749, section 4.1): a page on which a test user logs in.

use axum::body::Bytes;
use axum::http::Method;
use axum::http::request::Parts;

use super::answer::Answer;
use super::carry::Shared;
use super::codes::{CodeGrant, LIFE};
use super::parameters::Parameters;

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
        scope: parameters.get("scope").map(str::to_owned),
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
    let page = format!(
        r#"<!doctype html><html lang="en"><meta charset="utf-8"><title>Log in</title>
<style>body{{font:16px sans-serif;max-width:24em;margin:4em auto}}button{{font:inherit;padding:.4em 1em}}</style>
<h1>Log in</h1><p>The test user logs in, and lets <b>{client}</b> have tokens.</p>
<form method="post">{hidden}<button>Log in</button> <button name="deny" value="1">Refuse</button></form></html>"#
    );
    let mut answer = Answer::text(200, "text/html; charset=utf-8", page);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    answer.headers.push(("content-security-policy", policy.to_owned()));
    answer.headers.push(("cache-control", "no-store".to_owned()));
    answer
}
