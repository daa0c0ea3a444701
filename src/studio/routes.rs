//! What the browser asks for, and what it gets.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path as At, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Router, body::Bytes};
use futures_util::stream;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::mpsc;

use super::effort::Pace;
use super::examples;
use super::guard::Guard;
use super::look::{self, Asked, Line};
use super::{Opened, ever, page, play};
use crate::scenario::LARGEST_FILE;

/// Bytes of a request: a file, with what JSON adds to it.
const LARGEST_REQUEST: usize = 2 * LARGEST_FILE as usize;
/// Pages that are remembered; the oldest is forgotten.
const MOST_PAGES: usize = 64;
/// Lines that wait to be sent.
const WAITING: usize = 64;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    guard: Guard,
    opened: Option<Opened>,
    folder: PathBuf,
    pace: Pace,
    /// What ends the look that each page has under way.
    looks: Mutex<BTreeMap<String, Arc<AtomicBool>>>,
}

impl Shared {
    pub fn new(address: SocketAddr, opened: Option<Opened>) -> Self {
        let folder = opened
            .as_ref()
            .map_or_else(|| Path::new(".").to_owned(), |opened| opened.folder.clone());
        Self {
            guard: Guard::of(address),
            opened,
            folder,
            pace: Pace::default(),
            looks: Mutex::default(),
        }
    }

    /// Ends the look that a page has under way; what ends the next one.
    fn begin(&self, page: &str) -> Arc<AtomicBool> {
        let stop = Arc::new(AtomicBool::new(false));
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(older) = looks.insert(page.to_owned(), Arc::clone(&stop)) {
            older.store(true, Ordering::Relaxed);
        }
        if looks.len() > MOST_PAGES
            && let Some(other) = looks.keys().find(|known| *known != page).cloned()
            && let Some(older) = looks.remove(&other)
        {
            older.store(true, Ordering::Relaxed);
        }
        stop
    }

    /// Ends whatever is under way.
    pub fn give_up(&self) {
        let looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        looks.values().for_each(|stop| stop.store(true, Ordering::Relaxed));
    }
}

type Studio = State<Arc<Shared>>;

/// All routes.
pub(super) fn routes(shared: &Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route(
            "/",
            get(|| async { Body::from(page::html()).typed("text/html; charset=utf-8") }),
        )
        .route("/api/start", get(start))
        .route("/api/examples/{group}/{name}", get(example))
        .route("/api/look", post(look))
        .route("/api/film", post(film))
        .route("/api/ever", post(ever));
    for (path, media, text) in page::files() {
        router = router.route(path, get(move || async move { Body::from(text).typed(media) }));
    }
    router
        .layer(DefaultBodyLimit::max(LARGEST_REQUEST))
        .layer(from_fn_with_state(Arc::clone(shared), guard))
        .with_state(Arc::clone(shared))
}

/// A body with its media type.
trait Typed {
    fn typed(self, media: &'static str) -> Response;
}

impl Typed for Body {
    fn typed(self, media: &'static str) -> Response {
        let mut response = Response::new(self);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        response
    }
}

async fn guard(State(shared): Studio, request: Request, next: Next) -> Response {
    let mut response = match shared.guard.refuses(request.headers()) {
        Some(refused) => refused.into_response(),
        None => next.run(request).await,
    };
    Guard::seal(response.headers_mut());
    response
}

/// What the page opens with, unless its address holds a scenario.
async fn start(State(shared): Studio) -> Response {
    let first = &examples::EXAMPLES[0];
    let (name, text, own) = match &shared.opened {
        Some(opened) => (&*opened.name, &*opened.text, true),
        None => (first.name, first.text, false),
    };
    Body::from(json!({ "name": name, "text": text, "own": own }).to_string()).typed("application/json")
}

async fn example(At((group, name)): At<(String, String)>) -> Response {
    match examples::find(&format!("{group}/{name}")) {
        Some(example) => Body::from(example.text).typed("text/plain; charset=utf-8"),
        None => (StatusCode::NOT_FOUND, "there is no such example\n").into_response(),
    }
}

/// Ends a look whose page has gone.
struct UntilDropped(Arc<AtomicBool>);

impl Drop for UntilDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A body of JSON; what a form of another page can send is of no such type.
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, (StatusCode, String)> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|media| media == "application/json");
    if !is_json {
        let why = "the body is no application/json\n".to_owned();
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
    }
    serde_json::from_slice(body).map_err(|error| (StatusCode::BAD_REQUEST, format!("{error}\n")))
}

async fn film(State(shared): Studio, headers: HeaderMap, body: Bytes) -> Response {
    let asked = read(&headers, &body);
    worked_out(asked, move |asked, _| play::film(&asked, &shared.folder)).await
}

async fn ever(State(shared): Studio, headers: HeaderMap, body: Bytes) -> Response {
    let asked = read(&headers, &body);
    worked_out(asked, move |asked, stop| ever::ever(&asked, &shared.folder, stop)).await
}

/// What is worked out beside the other requests, as JSON; given up when nobody waits for it any more.
async fn worked_out<A: Send + 'static, R: Serialize + Send + 'static>(
    asked: Result<A, (StatusCode, String)>,
    work: impl FnOnce(A, &AtomicBool) -> Result<R, String> + Send + 'static,
) -> Response {
    let asked = match asked {
        Ok(asked) => asked,
        Err(wrong) => return wrong.into_response(),
    };
    let ends = UntilDropped(Arc::default());
    let stop = Arc::clone(&ends.0);
    let done = tokio::task::spawn_blocking(move || work(asked, &stop).map(|found| json!(found).to_string())).await;
    drop(ends);
    match done {
        Ok(Ok(text)) => Body::from(text).typed("application/json"),
        // It was understood, and this is the answer.
        Ok(Err(why)) => Body::from(json!({ "wrong": why }).to_string()).typed("application/json"),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "this failed in the program\n").into_response(),
    }
}

/// A look, as lines of JSON.
async fn look(State(shared): Studio, headers: HeaderMap, body: Bytes) -> Response {
    let asked: Asked = match read(&headers, &body) {
        Ok(asked) => asked,
        Err(wrong) => return wrong.into_response(),
    };
    let stop = shared.begin(&asked.page);
    let (sender, receiver) = mpsc::channel::<Line>(WAITING);
    let ends = UntilDropped(Arc::clone(&stop));
    tokio::task::spawn_blocking(move || {
        let say = |line: Line| {
            if sender.blocking_send(line).is_err() {
                stop.store(true, Ordering::Relaxed);
            }
        };
        look::look(&asked, &shared.folder, &shared.pace, &stop, &say);
    });
    let lines = stream::unfold((receiver, ends), |(mut receiver, ends)| async move {
        let line = receiver.recv().await?;
        let mut text = serde_json::to_string(&line).unwrap_or_default();
        text.push('\n');
        Some((Ok::<_, Infallible>(text), (receiver, ends)))
    });
    Body::from_stream(lines).typed("application/x-ndjson")
}
