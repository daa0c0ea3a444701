//! What a proxy is asked: `CONNECT`, and then TLS with us in place of the host.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration as Patience;

use axum::body::Body;
use axum::http::{Request, Response};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, join, split};
use tokio_rustls::TlsAcceptor;

use super::authority::Authority;
use crate::emulator::answer::Answer;
use crate::emulator::arrival::{Arrival, proxy_caller};
use crate::emulator::conversation::{Surroundings, converse};

/// How long a client may take to begin, and from then to the end of its TLS handshake.
const SLOWEST_STEP: Patience = Patience::from_secs(30);
/// The first byte of TLS (RFC 8446, section 5.1: a record of the type `handshake`).
const HANDSHAKE: u8 = 22;

/// Answers `CONNECT`; what comes through the tunnel then is answered as if we were the host.
pub(in crate::emulator) fn open(
    authority: &Arc<Authority>,
    surroundings: Surroundings,
    arrival: Arrival,
    mut request: Request<Incoming>,
) -> Response<Body> {
    // RFC 9110, section 9.3.6: never without a port.
    let named = request.uri().authority().filter(|named| named.port().is_some());
    let Some(host) = named.map(|named| named.host().trim_matches(['[', ']']).to_owned()) else {
        return Answer::oauth_error(400, "invalid_request", "CONNECT names a host and a port").into_response();
    };
    let caller = match proxy_caller(request.headers()) {
        Ok(caller) => caller.map(Arc::from),
        Err(wrong) => return Answer::oauth_error(407, "invalid_request", wrong).into_response(),
    };
    let tunnel = Tunnelled {
        authority: Arc::clone(authority),
        host,
        arrival: Arrival { caller, ..arrival },
        surroundings,
    };
    tokio::spawn(tunnel.attend(hyper::upgrade::on(&mut request)));
    Response::new(Body::empty())
}

struct Tunnelled {
    authority: Arc<Authority>,
    host: String,
    arrival: Arrival,
    surroundings: Surroundings,
}

impl Tunnelled {
    /// However it ends: a client that breaks off is no failure of the server.
    async fn attend(self, upgrade: OnUpgrade) {
        let Ok(upgraded) = upgrade.await else { return };
        let mut io = TokioIo::new(upgraded);
        let mut first = [0];
        let Some(Ok(_)) = self.in_time(io.read_exact(&mut first)).await else {
            return;
        };
        let io = again(first, io);
        if first != [HANDSHAKE] {
            // Some clients ask for a tunnel for plain HTTP too.
            return self.answer(io, "http").await;
        }
        let acceptor = TlsAcceptor::from(self.authority.speaks_for(&self.host));
        if let Some(Ok(io)) = self.in_time(acceptor.accept(io)).await {
            self.answer(io, "https").await;
        }
    }

    /// None where it takes too long, or the server ends.
    async fn in_time<F: Future>(&self, step: F) -> Option<F::Output> {
        let mut stop = self.surroundings.stop.clone();
        tokio::select! {
            done = tokio::time::timeout(SLOWEST_STEP, step) => done.ok(),
            () = async { drop(stop.wait_for(|stop| *stop).await) } => None,
        }
    }

    async fn answer(self, io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, scheme: &'static str) {
        let (arrival, surroundings) = (self.arrival.through(scheme, &self.host), self.surroundings);
        let stop = surroundings.stop.clone();
        converse(io, stop, |request| {
            surroundings.clone().answer(arrival.clone(), request)
        })
        .await;
    }
}

/// The same bytes once more, from the first on.
fn again(first: [u8; 1], io: TokioIo<Upgraded>) -> impl AsyncRead + AsyncWrite + Unpin + Send + 'static {
    let (reader, writer) = split(io);
    join(Cursor::new(first).chain(reader), writer)
}
