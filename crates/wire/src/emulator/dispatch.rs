//! From an HTTP request to what it asks of the provider, and back.

use std::sync::Arc;
use std::time::Duration as Patience;

use axum::body::{Body, Bytes, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, Response, header};
use axum::response::IntoResponse;
use serde_json::json;

use super::answer::Answer;
use super::arrival::{Arrival, header_caller, proxy_caller};
use super::authorize::{authorize, device, device_authorization};
use super::backend::{Asked, Origin};
use super::carry::{ApiCall, Load, Shared};
use super::grants::presented;
use super::inspect;
use super::parameters::{DEFAULT_SCOPE, Parameters, Wanted, token_of};
use super::paths::{Route, is_asked_by_get, route, split_caller};
use super::registration::registration;
use super::step::SlotName;
use crate::base::Millis;
use crate::oauth::{AnswerKind, At};
use crate::provider::OnBadSlot;
use crate::provider::settings::LOGIN_PAGE;

/// Bytes of a body.
const LARGEST_BODY: usize = 1 << 20;
/// How long a client may take to send it.
const SLOWEST_BODY: Patience = Patience::from_secs(30);

/// Answers whatever is not for the control plane; nothing where nobody ever answers.
pub(super) async fn dispatch(shared: Arc<Shared>, arrival: &Arrival, request: Request) -> Option<Response<Body>> {
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() > LARGEST_BODY as u64 {
        return Some(closing(413, "the body is longer than 1 MiB"));
    }
    let body = match tokio::time::timeout(SLOWEST_BODY, to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Some(closing(413, "the body is longer than 1 MiB, or broke off")),
        Err(_) => return Some(closing(408, "the body did not come within 30 s")),
    };
    if asks_for_page(&shared, arrival, &parts) {
        return Some(page().into_response());
    }
    if parts.uri.path() == LOGIN_PAGE {
        return Some(login_page(&shared).into_response());
    }
    let answer = match read(&shared, arrival, &parts, &body) {
        Err(answer) => Some(answer),
        Ok(load) => shared.carry(load).await,
    };
    answer.map(IntoResponse::into_response)
}

/// Whether a browser asks, and not a client.
fn asks_for_page(shared: &Shared, arrival: &Arrival, parts: &Parts) -> bool {
    let header = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value: &header::HeaderValue| value.to_str().ok())
    };
    let html = header("accept").is_some_and(|accept| accept.contains("text/html"));
    parts.method == Method::GET
        && parts.uri.path() == "/"
        && !arrival.is_intercepted(&parts.uri)
        && html
        && header("authorization").is_none()
        && !shared.options.off
}

/// What goes on, for a browser.
fn page() -> Answer {
    let mut answer = Answer::text(200, "text/html; charset=utf-8", include_str!("page.html").to_owned());
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'";
    answer.headers.push(("content-security-policy", policy.to_owned()));
    answer
}

/// Where a request is sent that the endpoint does not answer.
fn login_page(shared: &Shared) -> Answer {
    shared.backend().words(At::Api, AnswerKind::LoginPage, Millis::ZERO)
}

/// The rest of such a request is not waited for.
fn closing(status: u16, wrong: &str) -> Response<Body> {
    let mut response = Answer::oauth_error(status, "invalid_request", wrong).into_response();
    let close = header::HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// Where a request came from, and where it goes.
struct Addressed<'a> {
    from: Origin,
    rest: &'a str,
    /// Where all of it is found by this caller.
    base: String,
    /// The host that the client took us for.
    host: Option<String>,
}

fn addressed<'a>(shared: &Shared, arrival: &Arrival, parts: &'a Parts) -> Result<Addressed<'a>, Answer> {
    let path = parts.uri.path();
    let (named, rest) = split_caller(path).map_err(|wrong| Answer::oauth_error(400, "invalid_request", wrong))?;
    let by_proxy = proxy_caller(&parts.headers).map_err(|wrong| Answer::oauth_error(407, "invalid_request", wrong))?;
    let by_header = || header_caller(&parts.headers);
    let name = named.or_else(by_header).or(by_proxy.as_deref());
    let mut backend = shared.backend();
    let caller = match name.or(arrival.caller.as_deref()) {
        Some(name) => backend.callers.number(name),
        None if shared.options.by_address => backend.callers.number(&arrival.peer.to_string()),
        None => backend.callers.number(&format!("connection-{}", arrival.connection)),
    };
    drop(backend);
    let called = arrival.called(&parts.uri, &parts.headers);
    let base = called.as_ref().map_or_else(
        || shared.base.get().cloned().unwrap_or_default(),
        |(scheme, host)| format!("{scheme}://{host}"),
    );
    let request = shared.next_request();
    Ok(Addressed {
        from: Origin { request, caller },
        rest,
        base: match named {
            Some(name) => format!("{base}/as/{name}"),
            None => base,
        },
        host: called
            .filter(|_| arrival.is_intercepted(&parts.uri))
            .map(|(_, host)| host),
    })
}

fn read(shared: &Shared, arrival: &Arrival, parts: &Parts, body: &Bytes) -> Result<Load, Answer> {
    let addressed = addressed(shared, arrival, parts)?;
    match route(addressed.rest) {
        Route::Token => token_request(shared, parts, body, addressed).map(Load::Token),
        Route::Authorization => Err(authorize(shared, parts, body)),
        Route::DeviceAuthorization => Err(device_authorization(shared, parts, body, &addressed.base)),
        Route::Device => Err(device(shared, parts, body)),
        Route::Revocation => Err(inspect::revocation(shared, parts, body, addressed.from)),
        Route::Introspection => Err(inspect::introspection(shared, parts, body, &addressed.base)),
        Route::Registration if parts.method == Method::POST => Err(registration(shared, body)),
        Route::Metadata => Err(inspect::metadata(shared, &addressed.base)),
        Route::Keys => Err(inspect::keys(shared)),
        Route::Api | Route::Control | Route::Registration => Ok(Load::Call(call(shared, parts, body, &addressed))),
    }
}

fn call(shared: &Shared, parts: &Parts, body: &Bytes, addressed: &Addressed<'_>) -> ApiCall {
    let query = parts.uri.query();
    let text = token_of(&parts.headers, query).unwrap_or_default();
    let backend = shared.backend();
    let from = addressed.from;
    let name = backend.callers.name(from.caller);
    let token = backend.access_token(&text);
    drop(backend);
    let mut echo = json!({
        "method": parts.method.as_str(),
        "path": addressed.rest,
        "caller": *name,
        "request": from.request,
    });
    if let Some(query) = query.filter(|query| !query.contains("access_token")) {
        echo["query"] = json!(query);
    }
    if let Some(host) = &addressed.host {
        echo["host"] = json!(host);
    }
    if !body.is_empty() {
        echo["body"] = json!(String::from_utf8_lossy(body));
    }
    ApiCall {
        from,
        token,
        text,
        echo,
    }
}

fn token_request(shared: &Shared, parts: &Parts, body: &Bytes, addressed: Addressed<'_>) -> Result<Asked, Answer> {
    let by_get = parts.method == Method::GET && is_asked_by_get(addressed.rest);
    if parts.method != Method::POST && !by_get {
        let mut answer = Answer::oauth_error(405, "invalid_request", "the token endpoint is asked by POST");
        answer.headers.push(("allow", "POST".to_owned()));
        return Err(answer);
    }
    let invalid = |wrong: &str| Answer::oauth_error(400, "invalid_request", wrong);
    let parameters = Parameters::of(parts.uri.query(), &parts.headers, body).map_err(invalid)?;
    let wanted = Wanted::of(&parameters).map_err(invalid)?;
    let presented = presented(shared, &parts.headers, &parameters, addressed.rest)?;
    let backend = shared.backend();
    let slot = backend
        .emulated
        .slot_parameter
        .as_deref()
        .and_then(|name| parameters.get(name));
    let slot = match slot.map(str::parse) {
        None => SlotName::Unnamed,
        Some(Ok(index)) => SlotName::Index(index),
        // What is no index is one that nobody was granted.
        Some(Err(_)) if backend.emulated.provider.on_bad_slot == OnBadSlot::Ignore => SlotName::Unnamed,
        Some(Err(_)) => SlotName::Index(u16::MAX),
    };
    let wanted = match presented.grant_type {
        // What the user was asked at the login holds.
        "authorization_code" | "device_code" => presented.wanted.or(wanted),
        _ => wanted.or(presented.wanted),
    };
    Ok(Asked {
        from: addressed.from,
        client: presented.client,
        grant_type: presented.grant_type,
        how: presented.how,
        code: presented.code,
        slot,
        force: parameters.get("force_refresh") == Some("true"),
        scope: wanted.scope.unwrap_or_else(|| DEFAULT_SCOPE.to_owned()),
        audience: wanted.audience,
        api_url: addressed.base,
        refreshable: presented.refreshable,
    })
}
