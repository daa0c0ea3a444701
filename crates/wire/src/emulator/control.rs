//! The control plane: everything below `/_tokenstorm` that a test, or whoever looks on, asks and sets.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::Answer;
use super::arrival::Arrival;
use super::asked::{AssertAsked, ClockAsked, EndAsked, FaultAsked, LoginAsked, SlotsAsked};
use super::assertion::CountAssertion;
use super::backend::{Asked, Backend, CONTROL, Meant, Origin};
use super::carry::Shared;
use super::hold::{Condition, Release};
use super::log::MOST_EVENTS;
use super::parameters::DEFAULT_SCOPE;
use super::paths::{CONTROL_PATH, is_name};
use super::step::{How, Place, SlotName};
use super::{metrics, openapi, stream};
use crate::base::Duration;

/// How long a hold is waited for at most.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(60);

type App = State<Arc<Shared>>;
type Told = Result<Answer, Answer>;

/// Its routes; [`openapi`] describes them.
pub(super) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let at = |path: &str| format!("{CONTROL_PATH}{path}");
    Router::new()
        .route(CONTROL_PATH, get(contents))
        .route(&at("/"), get(contents))
        .route(&at("/openapi.json"), get(description))
        .route(&at("/state"), get(state))
        .route(&at("/events"), get(events))
        .route(&at("/counts"), get(counts))
        .route(&at("/metrics"), get(prometheus))
        .route(&at("/clock"), get(clock).post(set_clock))
        .route(&at("/reset"), post(reset))
        .route(&at("/expire"), post(expire))
        .route(&at("/revoke"), post(revoke))
        .route(&at("/login"), post(log_in))
        .route(&at("/slots"), post(slots))
        .route(&at("/tokens/{name}"), get(token))
        .route(&at("/faults"), post(set_faults).delete(clear_faults))
        .route(&at("/holds"), get(holds).post(hold))
        .route(&at("/holds/{number}"), get(wait_for_hold))
        .route(&at("/release"), post(release))
        .route(&at("/assert"), post(judge))
        .fallback(nothing_here)
        .layer(from_fn_with_state(Arc::clone(shared), guard))
}

async fn contents() -> Answer {
    Answer::text(200, "text/plain; charset=utf-8", openapi::contents())
}

async fn description(State(shared): App) -> Answer {
    let base = shared.base.get().map_or("", String::as_str);
    Answer::json(200, &openapi::document(base))
}

async fn nothing_here(method: Method, request: Request) -> Answer {
    let path = request.uri().path();
    let what = format!("{method} {path} is nothing of the control plane; GET /_tokenstorm/ lists it");
    Answer::json(404, &json!({"error": what}))
}

/// Lets in whoever may use it.
async fn guard(State(shared): App, request: Request, next: Next) -> Response {
    if shared.options.off {
        return wrong(404, "the control plane is off").into_response();
    }
    let headers = request.headers();
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    // A page of somebody else's in the same browser.
    let called = request.extensions().get::<Arrival>();
    let called = called.and_then(|arrival| arrival.called(request.uri(), headers));
    let foreign = |origin: &str| called.is_none_or(|(scheme, host)| origin != format!("{scheme}://{host}"));
    if header(header::ORIGIN).is_some_and(foreign) {
        return wrong(403, "the control plane is not for pages from elsewhere").into_response();
    }
    if let Some(secret) = &shared.options.secret {
        let shown = header(header::AUTHORIZATION).and_then(|text| text.strip_prefix("Bearer "));
        if !shown.is_some_and(|shown| same(shown, secret)) {
            let mut answer = wrong(401, "the control plane asks for its secret as a bearer token");
            let challenge = r#"Bearer realm="tokenstorm control""#.to_owned();
            answer.headers.push(("www-authenticate", challenge));
            return answer.into_response();
        }
    }
    next.run(request).await
}

/// In a time that does not tell how much of it is right.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |found, (a, b)| found | (a ^ b)) == 0
}

/// A body that is a JSON object; an empty one says nothing.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Answer> {
    let text: &[u8] = if body.is_empty() { b"{}" } else { body };
    let mut all: serde_json::Map<String, Value> =
        serde_json::from_slice(text).map_err(|error| wrong(400, &error.to_string()))?;
    for value in all.values_mut() {
        // JSON has one kind of number: 3.0 is 3.
        if let Some(whole) = value
            .as_f64()
            .filter(|number| value.is_f64() && number.fract() == 0.0 && *number >= 0.0 && *number < u64::MAX as f64)
        {
            *value = json!(whole as u64);
        }
    }
    serde_json::from_value(Value::Object(all)).map_err(|error| wrong(400, &error.to_string()))
}

fn wrong(status: u16, what: &str) -> Answer {
    Answer::json(status, &json!({"error": what}))
}

fn ok(value: &Value) -> Told {
    Ok(Answer::json(200, value))
}

/// The value of a parameter of the query.
fn query(all: Option<&String>, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(all?.as_bytes());
    pairs
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

fn client(backend: &Backend, id: &str) -> Result<u16, Answer> {
    backend.clients.find(id).ok_or_else(|| wrong(404, "no such client"))
}

async fn state(State(shared): App) -> Told {
    ok(&shared.backend().state())
}

async fn events(State(shared): App, RawQuery(all): RawQuery, headers: HeaderMap) -> Result<Response, Answer> {
    let number = |name| query(all.as_ref(), name).map(|text| text.parse::<u64>());
    let (Ok(since), Ok(limit)) = (number("since").transpose(), number("limit").transpose()) else {
        return Err(wrong(400, "since and limit are numbers"));
    };
    if headers
        .get(header::ACCEPT)
        .is_some_and(|accept| accept == "text/event-stream")
    {
        return Ok(stream::events(shared, since).into_response());
    }
    let limit = limit.map_or(MOST_EVENTS, |limit| usize::try_from(limit).unwrap_or(MOST_EVENTS));
    let entries: Vec<_> = {
        let backend = shared.backend();
        backend.log.since(since.unwrap_or(0), limit).cloned().collect()
    };
    let mut text = String::new();
    for entry in &entries {
        text.push_str(&serde_json::to_string(entry).unwrap_or_default());
        text.push('\n');
    }
    Ok(Answer::text(200, "application/x-ndjson", text).into_response())
}

async fn counts(State(shared): App, RawQuery(all): RawQuery) -> Told {
    let backend = shared.backend();
    let caller = query(all.as_ref(), "caller").map(|name| backend.callers.find(&name));
    ok(&backend.counts_told(caller))
}

async fn prometheus(State(shared): App) -> Told {
    let text = metrics::text(&mut shared.backend());
    Ok(Answer::text(200, metrics::MEDIA_TYPE, text))
}

async fn clock(State(shared): App) -> Told {
    ok(&shared.backend().clock_told())
}

async fn set_clock(State(shared): App, body: Bytes) -> Told {
    let asked: ClockAsked = read(&body)?;
    let mut backend = shared.backend();
    if let Some(frozen) = asked.frozen {
        backend.freeze(frozen);
    }
    if let Some(advance) = asked.advance {
        backend.advance(advance);
    }
    ok(&backend.clock_told())
}

async fn reset(State(shared): App) -> Told {
    shared.backend().reset();
    shared.holds.release(&Release::default());
    shared.look_again();
    ok(&json!({"reset": true}))
}

async fn expire(State(shared): App, body: Bytes) -> Told {
    end(&shared, &body, true)
}

async fn revoke(State(shared): App, body: Bytes) -> Told {
    end(&shared, &body, false)
}

fn end(shared: &Shared, body: &Bytes, expired: bool) -> Told {
    let asked: EndAsked = read(body)?;
    let mut backend = shared.backend();
    let client = asked.client.map(|id| client(&backend, &id)).transpose()?;
    let meant = match (asked.token, client) {
        (Some(text), whose) => {
            let number = text.parse().ok().map(Meant::Token);
            let meant = number.or_else(|| backend.meant_by(&text));
            let of = meant.as_ref().and_then(|meant| backend.client_of(meant));
            meant
                .filter(|_| of.is_some() && whose.is_none_or(|whose| of == Some(whose)))
                .ok_or_else(|| wrong(404, "no such token"))?
        }
        (None, Some(client)) => Meant::Client(client, asked.slot),
        (None, None) => Meant::All,
    };
    let by = backend.operator(CONTROL);
    let ended = backend.end(&meant, expired, by, None);
    ok(&json!({"ended": ended}))
}

/// A user logs in: the answer is what the token endpoint would hand to the client then.
async fn log_in(State(shared): App, body: Bytes) -> Told {
    let asked: LoginAsked = read(&body)?;
    let name = asked.caller.as_deref();
    if name.is_some_and(|name| !is_name(name)) {
        return Err(wrong(
            400,
            "a caller is named by letters, digits, dots, dashes and underscores",
        ));
    }
    let request = shared.next_request();
    let mut backend = shared.backend();
    let id = asked.client.unwrap_or_else(|| "app".to_owned());
    let known = client(&backend, &id);
    let client = known.or_else(|answer| backend.register_by_name(&id).ok_or(answer))?;
    let caller = backend.callers.number(name.unwrap_or(CONTROL));
    let asked = Asked {
        from: Origin { request, caller },
        client,
        grant_type: "login",
        how: How::Login,
        code: None,
        slot: SlotName::Unnamed,
        force: true,
        scope: asked.scope.unwrap_or_else(|| DEFAULT_SCOPE.to_owned()),
        audience: None,
        api_url: shared.base.get().cloned().unwrap_or_default(),
        refreshable: true,
    };
    Ok(backend.token_commits(&asked, false))
}

async fn slots(State(shared): App, body: Bytes) -> Told {
    let asked: SlotsAsked = read(&body)?;
    let mut backend = shared.backend();
    let client = client(&backend, &asked.client)?;
    backend.grant_slots(client, asked.slots);
    let granted = backend.machine.provider().slots(client);
    ok(&json!({"client": asked.client, "slots": granted}))
}

async fn token(State(shared): App, Path(name): Path<String>) -> Told {
    let story = shared.backend().story(&name);
    match story {
        Some(story) => ok(&story),
        None => Err(wrong(404, "no such token, or it is one of long ago")),
    }
}

async fn set_faults(State(shared): App, body: Bytes) -> Told {
    let FaultAsked { at, outage, error_rate } = read(&body)?;
    let mut backend = shared.backend();
    let share = error_rate.map(|share| share.get());
    backend.fail(at, outage, share.map(|share| (share * 1e6).round() as u64));
    backend.changed(format!("faults of {at:?}: outage {outage:?}, error rate {share:?}"));
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
    let condition: Condition = read(&body)?;
    let number = shared.holds.add(condition);
    let number = number.ok_or_else(|| wrong(429, "there are 1,000 holds already; release some"))?;
    ok(&json!({"hold": number}))
}

async fn wait_for_hold(State(shared): App, Path(number): Path<String>, RawQuery(all): RawQuery) -> Told {
    let all = all.as_ref();
    let requests = query(all, "requests").map_or(Ok(1), |text| text.parse::<usize>());
    let timeout = query(all, "timeout").map_or(Ok(Duration::from_secs(10)), |text| text.parse::<Duration>());
    let (Ok(number), Ok(requests), Ok(timeout)) = (number.parse::<u64>(), requests, timeout) else {
        return Err(wrong(
            400,
            "a hold and requests are numbers, and timeout is a duration such as 5s",
        ));
    };
    if !shared.holds.knows(number) {
        return Err(wrong(404, "no such hold, and nobody is held by it"));
    }
    let patience = std::time::Duration::from_nanos(timeout.nanos()).min(LONGEST_WAIT);
    let came = tokio::time::timeout(patience, shared.holds.until(number, requests)).await;
    let held = shared.holds.held_by(number);
    let late = json!({"error": "they did not come in time", "hold": number, "held": held});
    match came {
        Ok(()) => ok(&json!({"hold": number, "held": held})),
        Err(_) => Err(Answer::json(409, &late)),
    }
}

async fn release(State(shared): App, body: Bytes) -> Told {
    let which: Release = read(&body)?;
    ok(&json!({"released": shared.holds.release(&which)}))
}

async fn judge(State(shared): App, body: Bytes) -> Told {
    let asked: AssertAsked = read(&body)?;
    let parsed: Result<Vec<CountAssertion>, _> = asked.that.iter().map(|text| text.parse()).collect();
    let assertions = parsed.map_err(|error| wrong(400, &error.to_string()))?;
    let backend = shared.backend();
    let judged: Vec<_> = assertions
        .iter()
        .map(|assertion| (assertion, backend.judge(assertion)))
        .collect();
    let holds = judged.iter().all(|(_, (holds, _))| *holds);
    let told: Vec<_> = judged
        .into_iter()
        .map(|(assertion, (holds, measured))| json!({"that": assertion.to_string(), "holds": holds, "measured": measured}))
        .collect();
    match holds {
        true => ok(&json!({"holds": true, "assertions": told})),
        false => Err(Answer::json(
            409,
            &json!({"error": "not all assertions hold", "holds": false, "assertions": told}),
        )),
    }
}
