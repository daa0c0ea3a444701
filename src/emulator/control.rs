//! The control plane: everything below `/_tokenstorm` that a test, or whoever looks on, asks and sets.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Response, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Router, http::Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answer::Answer;
use super::backend::{Asked, CONTROL, Meant, Origin};
use super::carry::Shared;
use super::hold::{Condition, Release};
use super::log::MOST_EVENTS;
use super::machine::{Down, How, Place, SlotName};
use crate::base::Duration;

type App = State<Arc<Shared>>;
type Told = Response<Body>;

/// Its routes.
pub(super) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(contents))
        .route("/state", get(state))
        .route("/events", get(events))
        .route("/counts", get(counts))
        .route("/clock", get(clock).post(set_clock))
        .route("/reset", post(reset))
        .route("/expire", post(expire))
        .route("/revoke", post(revoke))
        .route("/login", post(log_in))
        .route("/slots", post(slots))
        .route("/tokens/{name}", get(token))
        .route("/faults", post(set_faults).delete(clear_faults))
        .route("/holds", get(holds).post(hold))
        .route("/holds/{number}", get(wait_for_hold))
        .route("/release", post(release))
        .fallback(nothing_here)
        .layer(from_fn_with_state(Arc::clone(shared), guard))
}

const CONTENTS: &str = "\
tokenstorm serve: the control plane

GET  /_tokenstorm/state          everything at once
GET  /_tokenstorm/events         the event log, a line of JSON each   ?since=N&limit=N
GET  /_tokenstorm/counts         what was counted                     ?caller=NAME
GET  /_tokenstorm/tokens/NAME    who issued a token and who ended it; by its number, its text, or its fingerprint
GET  /_tokenstorm/clock          the emulator's time
POST /_tokenstorm/clock          {\"advance\": \"1h\"}  {\"frozen\": true}
POST /_tokenstorm/login          {\"client\": \"app\", \"caller\": \"pod-1\"}: a user logs in, which begins a grant
POST /_tokenstorm/expire         {\"token\": \"...\"}  {\"client\": \"app\", \"slot\": 0}  {}: for all
POST /_tokenstorm/revoke         the same
POST /_tokenstorm/slots          {\"client\": \"app\", \"slots\": 3}
POST /_tokenstorm/faults         {\"at\": \"token\", \"outage\": \"errors\", \"error_rate\": 0.1}   outage: errors, silent
DELETE /_tokenstorm/faults       none from now on
POST /_tokenstorm/holds          {\"at\": \"token\", \"point\": \"arrival\", \"caller\": \"pod-1\", \"count\": 2}   point: arrival, answer
GET  /_tokenstorm/holds          who is held
GET  /_tokenstorm/holds/N        waits until so many are held         ?requests=2&timeout=5s
POST /_tokenstorm/release        {\"request\": 17}  {\"hold\": 1}  {}: all, and no more are held
POST /_tokenstorm/reset          tokens, counts and faults as at the start
";

async fn contents() -> Told {
    Answer::text(200, "text/plain; charset=utf-8", CONTENTS.to_owned()).into_response()
}

async fn nothing_here(method: Method, request: Request) -> Told {
    let path = request.uri().path();
    Answer::json(
        404,
        &json!({"error": format!("{method} {path} is nothing of the control plane; GET /_tokenstorm/ lists it")}),
    )
    .into_response()
}

/// Lets in whoever may use it.
async fn guard(State(shared): App, request: Request, next: Next) -> Told {
    if shared.options.off {
        return Answer::json(404, &json!({"error": "the control plane is off"})).into_response();
    }
    if let Some(secret) = &shared.options.secret {
        let shown = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let token = shown.and_then(|text| text.strip_prefix("Bearer "));
        if !token.is_some_and(|token| same(token, secret)) {
            let mut answer = Answer::json(
                401,
                &json!({"error": "the control plane asks for its secret as a bearer token"}),
            );
            answer
                .headers
                .push(("www-authenticate", r#"Bearer realm="tokenstorm control""#.to_owned()));
            return answer.into_response();
        }
    }
    next.run(request).await.into_response()
}

/// In a time that does not tell how much of it is right.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |found, (a, b)| found | (a ^ b)) == 0
}

/// A body of JSON; an empty one says nothing.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Told> {
    let text: &[u8] = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(text).map_err(|error| wrong(&error.to_string()))
}

fn wrong(what: &str) -> Told {
    Answer::json(400, &json!({"error": what})).into_response()
}

fn ok(value: &serde_json::Value) -> Told {
    Answer::json(200, value).into_response()
}

/// The value of a parameter of the query.
fn query(all: Option<&String>, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(all?.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

async fn state(State(shared): App) -> Told {
    let state = shared.backend().state();
    ok(&state)
}

async fn events(State(shared): App, RawQuery(all): RawQuery, headers: HeaderMap) -> Told {
    let number = |name| query(all.as_ref(), name).map(|text| text.parse::<u64>());
    let (Ok(since), Ok(limit)) = (number("since").transpose(), number("limit").transpose()) else {
        return wrong("since and limit are numbers");
    };
    if headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept == "text/event-stream")
    {
        return super::stream::events(shared, since).into_response();
    }
    let backend = shared.backend();
    let limit = limit.map_or(MOST_EVENTS, |limit| usize::try_from(limit).unwrap_or(MOST_EVENTS));
    let entries: Vec<_> = backend.log.since(since.unwrap_or(0), limit).cloned().collect();
    drop(backend);
    let mut text = String::new();
    for entry in &entries {
        text.push_str(&serde_json::to_string(entry).unwrap_or_default());
        text.push('\n');
    }
    Answer::text(200, "application/x-ndjson", text).into_response()
}

async fn counts(State(shared): App, RawQuery(all): RawQuery) -> Told {
    let mut backend = shared.backend();
    let caller = query(all.as_ref(), "caller").map(|name| backend.callers.number(&name));
    ok(&backend.counts_told(caller))
}

async fn clock(State(shared): App) -> Told {
    let told = shared.backend().clock_told();
    ok(&told)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockAsked {
    advance: Option<Duration>,
    frozen: Option<bool>,
}

async fn set_clock(State(shared): App, body: Bytes) -> Told {
    let asked: ClockAsked = match read(&body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let mut backend = shared.backend();
    if let Some(frozen) = asked.frozen {
        backend.freeze(frozen);
    }
    if let Some(advance) = asked.advance {
        backend.advance(advance);
    }
    let told = backend.clock_told();
    ok(&told)
}

async fn reset(State(shared): App) -> Told {
    shared.backend().reset();
    shared.holds.release(&Release::default());
    shared.look_again();
    ok(&json!({"reset": true}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndAsked {
    token: Option<String>,
    client: Option<String>,
    slot: Option<u16>,
}

async fn expire(State(shared): App, body: Bytes) -> Told {
    end(&shared, &body, true)
}

async fn revoke(State(shared): App, body: Bytes) -> Told {
    end(&shared, &body, false)
}

fn end(shared: &Shared, body: &Bytes, expired: bool) -> Told {
    let asked: EndAsked = match read(body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let mut backend = shared.backend();
    let meant = match (asked.token, asked.client) {
        (Some(text), None) => {
            let number = text.parse().ok().map(Meant::Token);
            match number.or_else(|| backend.meant_by(&text)) {
                Some(meant) => meant,
                None => return wrong("no such token"),
            }
        }
        (None, Some(id)) => match backend.clients.find(&id) {
            Some(client) => Meant::Client(client, asked.slot),
            None => return wrong("no such client"),
        },
        (None, None) => Meant::All,
        (Some(_), Some(_)) => return wrong("a token or a client, not both"),
    };
    let by = backend.operator(CONTROL);
    let ended = backend.end(&meant, expired, by, None);
    ok(&json!({"ended": ended}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginAsked {
    client: Option<String>,
    caller: Option<String>,
    scope: Option<String>,
}

/// A user logs in: the answer is what the token endpoint would hand to the client then.
async fn log_in(State(shared): App, body: Bytes) -> Told {
    let asked: LoginAsked = match read(&body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let request = shared.next_request();
    let mut backend = shared.backend();
    let id = asked.client.unwrap_or_else(|| "app".to_owned());
    let client = match backend.clients.find(&id) {
        Some(client) => client,
        None => match backend.register_by_name(&id) {
            Some(client) => client,
            None => return wrong("no such client"),
        },
    };
    let caller = backend.callers.number(asked.caller.as_deref().unwrap_or(CONTROL));
    let answer = backend.token_commits(
        &Asked {
            from: Origin { request, caller },
            client,
            grant_type: "login",
            how: How::Login,
            slot: SlotName::Unnamed,
            force: true,
            scope: asked.scope.unwrap_or_else(|| "api".to_owned()),
            api_url: shared.base.get().cloned().unwrap_or_default(),
            refreshable: true,
        },
        false,
    );
    answer.into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotsAsked {
    client: String,
    slots: u16,
}

async fn slots(State(shared): App, body: Bytes) -> Told {
    let asked: SlotsAsked = match read(&body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let mut backend = shared.backend();
    let Some(client) = backend.clients.find(&asked.client) else {
        return wrong("no such client");
    };
    backend.grant_slots(client, asked.slots);
    let granted = backend.machine.provider().slots(client);
    ok(&json!({"client": asked.client, "slots": granted}))
}

async fn token(State(shared): App, Path(name): Path<String>) -> Told {
    match shared.backend().story(&name) {
        Some(story) => ok(&story),
        None => Answer::json(404, &json!({"error": "no such token, or it is one of long ago"})).into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultAsked {
    at: Place,
    outage: Option<Down>,
    error_rate: Option<crate::base::Share>,
}

async fn set_faults(State(shared): App, body: Bytes) -> Told {
    let asked: FaultAsked = match read(&body) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let mut backend = shared.backend();
    let rate = asked.error_rate.map(|share| (share.get() * 1e6).round() as u64);
    backend.fail(asked.at, asked.outage, rate);
    backend.changed(format!(
        "faults of {:?}: outage {:?}, error rate {:?}",
        asked.at,
        asked.outage,
        asked.error_rate.map(|share| share.get())
    ));
    ok(&json!({"set": true}))
}

async fn clear_faults(State(shared): App) -> Told {
    let mut backend = shared.backend();
    for at in [Place::Token, Place::Api] {
        backend.fail(at, None, Some(0));
    }
    backend.changed("no faults".to_owned());
    ok(&json!({"cleared": true}))
}

async fn holds(State(shared): App) -> Told {
    ok(&shared.holds.told())
}

async fn hold(State(shared): App, body: Bytes) -> Told {
    let condition: Condition = match read(&body) {
        Ok(condition) => condition,
        Err(answer) => return answer,
    };
    match shared.holds.add(condition) {
        Some(number) => ok(&json!({"hold": number})),
        None => wrong("there are 1,000 holds already; release some"),
    }
}

async fn wait_for_hold(State(shared): App, Path(number): Path<u64>, RawQuery(all): RawQuery) -> Told {
    let requests = query(all.as_ref(), "requests").map_or(Ok(1), |text| text.parse::<usize>());
    let timeout = query(all.as_ref(), "timeout").map_or(Ok(Duration::from_secs(10)), |text| text.parse::<Duration>());
    let (Ok(requests), Ok(timeout)) = (requests, timeout) else {
        return wrong("requests is a number, and timeout a duration such as 5s");
    };
    let patience = std::time::Duration::from_nanos(timeout.nanos());
    let came = tokio::time::timeout(patience, shared.holds.until(number, requests)).await;
    let held = shared.holds.held_by(number);
    match came {
        Ok(()) => ok(&json!({"hold": number, "held": held})),
        Err(_) => Answer::json(
            408,
            &json!({"error": "they did not come in time", "hold": number, "held": held}),
        )
        .into_response(),
    }
}

async fn release(State(shared): App, body: Bytes) -> Told {
    match read::<Release>(&body) {
        Ok(which) => ok(&json!({"released": shared.holds.release(&which)})),
        Err(answer) => answer,
    }
}
