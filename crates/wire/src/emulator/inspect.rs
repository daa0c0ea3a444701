//! What may be asked about tokens: introspection (RFC 7662), revocation (RFC 7009), and where everything is (RFC 8414).

use axum::body::Bytes;
use axum::http::request::Parts;
use serde_json::json;

use super::answer::Answer;
use super::backend::{Meant, Origin};
use super::carry::Shared;
use super::entrance::client;
use super::history::Doer;
use super::parameters::{DEFAULT_SCOPE, Parameters};
use super::registration::AUTH_METHODS;

fn parameters(parts: &Parts, body: &Bytes) -> Result<Parameters, Answer> {
    let invalid = |wrong| Answer::oauth_error(400, "invalid_request", wrong);
    Parameters::of(parts.uri.query(), &parts.headers, body).map_err(invalid)
}

/// The token that a client names which has shown who it is.
fn token_asked(shared: &Shared, parts: &Parts, body: &Bytes) -> Result<String, Answer> {
    let parameters = parameters(parts, body)?;
    client(shared, &parts.headers, &parameters)?;
    let text = parameters.get("token").map(str::to_owned);
    text.ok_or_else(|| Answer::oauth_error(400, "invalid_request", "token is missing"))
}

/// Whether a token is active, and whose.
pub(super) fn introspection(shared: &Shared, parts: &Parts, body: &Bytes, base: &str) -> Answer {
    let text = match token_asked(shared, parts, body) {
        Ok(text) => text,
        Err(answer) => return answer,
    };
    let mut backend = shared.backend();
    let now = backend.now();
    let inactive = Answer::json(200, &json!({"active": false}));
    match backend.meant_by(&text) {
        Some(Meant::Token(token)) => {
            let Some(life) = backend.machine.life(token).filter(|life| life.is_live(now)) else {
                return inactive;
            };
            let (client, _) = backend.machine.provider().owner(life.bucket);
            let says = backend.stories.get(token).and_then(|story| story.says.as_deref());
            let (scope, audience) = says.map_or((DEFAULT_SCOPE, base), |says| (&says.scope, &says.audience));
            Answer::json(
                200,
                &json!({
                    "active": true,
                    "client_id": *backend.clients.id(client),
                    "token_type": "Bearer",
                    "scope": scope,
                    "aud": audience,
                    "iat": life.issued.nanos() / 1_000_000_000,
                    "exp": life.expires.nanos() / 1_000_000_000,
                }),
            )
        }
        Some(Meant::Grant(of)) if backend.machine.accepts(now, of) => {
            Answer::json(200, &json!({"active": true, "token_type": "refresh_token"}))
        }
        _ => inactive,
    }
}

/// The client gives a token, or a grant, back. It is answered alike whether there was one.
pub(super) fn revocation(shared: &Shared, parts: &Parts, body: &Bytes, from: Origin) -> Answer {
    let text = match token_asked(shared, parts, body) {
        Ok(text) => text,
        Err(answer) => return answer,
    };
    let mut backend = shared.backend();
    if let Some(meant) = backend.meant_by(&text) {
        let by = Doer {
            caller: backend.callers.name(from.caller),
            request: Some(from.request),
            at: backend.now(),
        };
        backend.end(&meant, false, by, Some(from.request));
    }
    Answer::json(200, &json!({}))
}

/// RFC 7523.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// RFC 8628.
pub(super) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Where everything is.
pub(super) fn metadata(shared: &Shared, base: &str) -> Answer {
    let rotates = shared.backend().machine.provider().rotation.is_some();
    let grants: &[&str] = match rotates {
        true => &[
            "authorization_code",
            "password",
            "refresh_token",
            JWT_BEARER,
            DEVICE_CODE,
        ],
        false => &[
            "client_credentials",
            "account_credentials",
            "authorization_code",
            "password",
            JWT_BEARER,
            DEVICE_CODE,
        ],
    };
    let mut told = json!({
            "issuer": base,
            "token_endpoint": format!("{base}/oauth/token"),
            "revocation_endpoint": format!("{base}/oauth/revoke"),
            "introspection_endpoint": format!("{base}/oauth/introspect"),
            "grant_types_supported": grants,
            "device_authorization_endpoint": format!("{base}/oauth/device_authorization"),
            "jwks_uri": format!("{base}/.well-known/jwks.json"),
            "authorization_endpoint": format!("{base}/oauth/authorize"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "token_endpoint_auth_methods_supported": AUTH_METHODS,
    });
    if shared.backend().clients.open {
        told["registration_endpoint"] = json!(format!("{base}/oauth/register"));
    }
    Answer::json(200, &told)
}

/// The public key of tokens that are signed.
pub(super) fn keys(shared: &Shared) -> Answer {
    Answer::json(200, &shared.backend().texts.jwt.jwks())
}
