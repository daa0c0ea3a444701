//! Connections: how many, how patiently, and how they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration as Patience;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;

use super::carry::Shared;
use super::control;
use super::dispatch::{Connection, dispatch};
use super::paths::CONTROL_PATH;

/// Connections at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 20_000;
/// Headers of a request, with its first line.
const LARGEST_HEAD: usize = 64 << 10;
const MOST_HEADERS: usize = 100;
/// How long a connection may stay without a whole head of a request.
const SLOWEST_HEAD: Patience = Patience::from_secs(60);
/// How long what is under way may take once the server is to stop.
pub(super) const DRAIN: Patience = Patience::from_secs(10);
/// Before the next try where a connection could not be accepted, say for want of file descriptors.
const BREATH: Patience = Patience::from_millis(20);

/// Nobody answers this request: its connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the answer was lost")]
struct Unanswered;

/// Accepts until it is told to stop, then lets what is under way come to its end.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let router = control::routes(&shared).with_state(Arc::clone(&shared));
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut number = 0;
    while !*stop.borrow() {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            } => accepted,
        };
        let (Ok(place), Ok((stream, _peer))) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        number += 1;
        let (shared, router, stop) = (Arc::clone(&shared), router.clone(), stop.clone());
        tokio::spawn(async move {
            converse(stream, Connection(number), shared, router, stop).await;
            drop(place);
        });
    }
    drop(listener);
    let all = u32::try_from(MOST_CONNECTIONS).expect("it is a small number");
    let _in_time = tokio::time::timeout(DRAIN, places.acquire_many(all)).await;
}

/// One connection from its first request to its last.
async fn converse(
    stream: TcpStream,
    connection: Connection,
    shared: Arc<Shared>,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    let _small_answers_at_once = stream.set_nodelay(true);
    let ending = stop.clone();
    let answer = move |request: Request<Incoming>| {
        let (shared, router, mut ending) = (Arc::clone(&shared), router.clone(), ending.clone());
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(connection);
            if is_control(request.uri().path()) {
                let Ok(answer) = router.oneshot(request).await;
                return Ok::<Response<Body>, Unanswered>(answer);
            }
            match dispatch(shared, request).await {
                Some(answer) => Ok(answer),
                None => {
                    // The client gives up, or the server ends.
                    drop(ending.wait_for(|stop| *stop).await);
                    Err(Unanswered)
                }
            }
        }
    };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(SLOWEST_HEAD)
        .max_buf_size(LARGEST_HEAD)
        .max_headers(MOST_HEADERS);
    let conversation = builder.serve_connection(TokioIo::new(stream), service_fn(answer));
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

/// A socket that listens.
///
/// # Errors
/// When the address is taken, or not this machine's.
pub(super) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}
