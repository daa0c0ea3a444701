//! Clients that register themselves (RFC 7591), as those of the Model Context Protocol do.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::carry::Shared;
use super::clock::wall;

/// How a client may show who it is at the token endpoint (RFC 7591, section 2).
pub(super) const AUTH_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// Registers a client, and answers with its id, its secret and what it said of itself.
pub(super) fn registration(shared: &Shared, body: &Bytes) -> Answer {
    let asked = match read(body) {
        Ok(asked) => asked,
        Err((error, wrong)) => return Answer::oauth_error(400, error, &wrong),
    };
    let secret = asked["token_endpoint_auth_method"] != "none";
    let mut backend = shared.backend();
    if !backend.clients.open {
        let wrong = "clients are given by --client, and no others are let in";
        return Answer::oauth_error(403, "access_denied", wrong);
    }
    let Some((id, secret)) = backend.register_newcomer(secret) else {
        return Answer::oauth_error(503, "temporarily_unavailable", "10,000 clients have registered");
    };
    drop(backend);
    let mut told = asked;
    told.insert("client_id".to_owned(), json!(*id));
    told.insert("client_id_issued_at".to_owned(), json!(wall().nanos() / 1_000_000_000));
    if let Some(secret) = secret {
        told.insert("client_secret".to_owned(), json!(secret));
        // It never expires.
        told.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    let mut answer = Answer::json(201, &Value::Object(told));
    answer.headers.push(("cache-control", "no-store".to_owned()));
    answer
}

/// What a client says of itself, with the defaults of the standard.
fn read(body: &Bytes) -> Result<Map<String, Value>, (&'static str, String)> {
    let invalid = |wrong: &str| ("invalid_client_metadata", wrong.to_owned());
    let mut asked: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| invalid("the body is not a JSON object"))?;
    let method = asked
        .entry("token_endpoint_auth_method")
        .or_insert_with(|| json!(AUTH_METHODS[0]));
    if !AUTH_METHODS.iter().any(|known| method == known) {
        let known = AUTH_METHODS.join(", ");
        return Err(invalid(&format!("token_endpoint_auth_method is one of {known}")));
    }
    let uris = asked.get("redirect_uris");
    let are_uris = |uris: &Value| uris.as_array().is_some_and(|all| all.iter().all(Value::is_string));
    if uris.is_some_and(|uris| !are_uris(uris)) {
        return Err(("invalid_redirect_uri", "redirect_uris is a list of texts".to_owned()));
    }
    Ok(asked)
}
