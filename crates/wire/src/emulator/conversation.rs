//! A conversation: the requests of one connection, from the first to the last.

use std::sync::Arc;
use std::time::Duration as Patience;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tower::ServiceExt as _;

use super::answer::Answer;
use super::arrival::Arrival;
use super::carry::Shared;
use super::dispatch::dispatch;
use super::paths::CONTROL_PATH;

/// Headers of a request, with its first line.
const LARGEST_HEAD: usize = 64 << 10;
const MOST_HEADERS: usize = 100;
/// How long a connection may stay without a whole head of a request.
const SLOWEST_HEAD: Patience = Patience::from_secs(60);

/// Nobody answers this request: its connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the answer was lost")]
pub(super) struct Unanswered;

/// What a connection needs until its end.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub shared: Arc<Shared>,
    pub control: Router,
    /// The server is to end.
    pub stop: watch::Receiver<bool>,
    /// The connection's place among all, given back when nothing of it is left.
    #[expect(dead_code, reason = "it is held, not read")]
    pub place: Arc<OwnedSemaphorePermit>,
}

impl Surroundings {
    /// Answers one request.
    pub async fn answer(mut self, arrival: Arrival, request: Request<Incoming>) -> Result<Response<Body>, Unanswered> {
        let mut request = request.map(Body::new);
        if request.method() == Method::CONNECT {
            let wrong = "this is no proxy: `tokenstorm serve --intercept` is one, and has no tunnel in a tunnel";
            return Ok(Answer::oauth_error(405, "invalid_request", wrong).into_response());
        }
        if is_control(request.uri().path()) {
            request.extensions_mut().insert(arrival);
            let Ok(answer) = self.control.oneshot(request).await;
            return Ok(answer);
        }
        match dispatch(self.shared, &arrival, request).await {
            Some(answer) => Ok(answer),
            None => {
                // The client gives up, or the server ends.
                drop(self.stop.wait_for(|stop| *stop).await);
                Err(Unanswered)
            }
        }
    }
}

/// One connection from its first request to its last.
pub(super) async fn converse<I, A, F>(io: I, mut stop: watch::Receiver<bool>, answer: A)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<Body>, Unanswered>>,
{
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST_HEAD)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    let conversation = builder
        .serve_connection(TokioIo::new(io), service_fn(answer))
        .with_upgrades();
    tokio::pin!(conversation);
    // However it ends: a client that breaks off is no failure of the server.
    let told = tokio::select! {
        _ended = conversation.as_mut() => false,
        () = async { drop(stop.wait_for(|stop| *stop).await) } => true,
    };
    if told {
        conversation.as_mut().graceful_shutdown();
        let _ended = conversation.await;
    }
}

fn is_control(path: &str) -> bool {
    path.strip_prefix(CONTROL_PATH)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
