//! Nodes talk to each other over HTTP on the loopback address: notes, and calls that are handed to a gateway.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::connection::HttpClient;
use super::machine::{Counts, HandedOver, Served, Told};
use super::mail::{Mail, Trip};
use super::site::Broken;
use super::surroundings::Surroundings;
use super::texts::{Texts, Written};
use crate::base::{Duration, Group, Millis, NodeId, Time};
use crate::node::{Heard, Note};
use crate::oauth::{Failure, Token};
use crate::world::Leg;

/// Bytes of a message between nodes.
const LARGEST: usize = 1 << 16;

/// A note as it travels.
#[derive(Debug, Serialize, Deserialize)]
struct NoteSent {
    from: u32,
    sent_ns: u64,
    note: NoteWritten,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NoteWritten {
    Token(Written),
    Wanted(Option<String>),
    Failed { why: String, retry_after_ms: u32 },
}

/// A call as it travels to the gateway.
#[derive(Debug, Serialize, Deserialize)]
struct CallSent {
    sent_ns: u64,
    arrived_ns: u64,
    group: u16,
    draw_key: u32,
    attempts: u16,
    rejections: u16,
    tries: u16,
    key: u64,
}

/// What came of it, as it travels back.
#[derive(Debug, Serialize, Deserialize)]
struct CallAnswered {
    sent_ns: u64,
    succeeded: bool,
    attempts: u16,
    rejections: u16,
    first_rejected: bool,
}

const FAILURES: [(&str, Failure); 5] = [
    ("unknown", Failure::Unknown),
    ("server_error", Failure::ServerError),
    ("invalid_grant", Failure::InvalidGrant),
    ("refused", Failure::Refused),
    ("unreachable", Failure::Unreachable),
];

fn write(note: Note, texts: &Texts) -> NoteWritten {
    match note {
        Note::Token(shared) => NoteWritten::Token(texts.written(shared)),
        Note::Wanted(token) => NoteWritten::Wanted(token.map(|token| texts.text(token).access.clone())),
        Note::Failed(Failure::Throttled { retry_after }) => NoteWritten::Failed {
            why: "throttled".to_owned(),
            retry_after_ms: retry_after.get(),
        },
        Note::Failed(why) => NoteWritten::Failed {
            why: FAILURES
                .iter()
                .find(|(_, known)| *known == why)
                .map_or("unknown", |(name, _)| name)
                .to_owned(),
            retry_after_ms: 0,
        },
    }
}

fn read(note: NoteWritten, texts: &Texts) -> Note {
    match note {
        NoteWritten::Token(written) => Note::Token(texts.read(&written)),
        NoteWritten::Wanted(access) => Note::Wanted(access.map(|access| -> Token { texts.number(&access, None) })),
        NoteWritten::Failed { why, retry_after_ms } if why == "throttled" => Note::Failed(Failure::Throttled {
            retry_after: Millis::new(retry_after_ms),
        }),
        NoteWritten::Failed { why, .. } => {
            let known = FAILURES.iter().find(|(name, _)| *name == why);
            Note::Failed(known.map_or(Failure::Unknown, |(_, failure)| *failure))
        }
    }
}

/// A socket on a free port.
///
/// # Errors
/// When the system gives none.
pub(super) async fn bind() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Takes in what other nodes say to one, until it is ended.
pub(super) async fn listen(listener: TcpListener, inbox: UnboundedSender<Mail>, around: Arc<Surroundings>) {
    let numbers = Arc::new(AtomicU64::new(0));
    let mut conversations = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _peer)) = accepted {
                conversations.spawn(converse(stream, inbox.clone(), Arc::clone(&around), Arc::clone(&numbers)));
            },
            Some(_ended) = conversations.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, inbox: UnboundedSender<Mail>, around: Arc<Surroundings>, numbers: Arc<AtomicU64>) {
    let _small_answers_at_once = stream.set_nodelay(true);
    let serve = service_fn(move |request: Request<Incoming>| {
        let (inbox, around) = (inbox.clone(), Arc::clone(&around));
        let connection = numbers.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, Broken>(answer(request, inbox, &around, connection).await) }
    });
    // However it ends: a neighbour that breaks off is no failure of this node.
    let _ended = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), serve)
        .await;
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

async fn answer(
    request: Request<Incoming>,
    inbox: UnboundedSender<Mail>,
    around: &Surroundings,
    connection: u64,
) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let Ok(body) = Limited::new(request.into_body(), LARGEST).collect().await else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let body = body.to_bytes();
    match &*path {
        "/note" => {
            let Ok(sent) = serde_json::from_slice::<NoteSent>(&body) else {
                return empty(StatusCode::BAD_REQUEST);
            };
            let heard = Heard::Note {
                from: NodeId(sent.from),
                note: read(sent.note, &around.site.texts),
            };
            let trip = Trip::since(Leg::Peer, Time::from_nanos(sent.sent_ns));
            let _gone = inbox.send(Mail::Arrives {
                told: Told::Hear(heard),
                trip,
            });
            empty(StatusCode::NO_CONTENT)
        }
        "/call" => match serde_json::from_slice::<CallSent>(&body) {
            Ok(sent) => take_over(sent, inbox, around, connection).await,
            Err(_) => empty(StatusCode::BAD_REQUEST),
        },
        _ => empty(StatusCode::NOT_FOUND),
    }
}

/// The origin hung up, unless the call has been answered.
struct HangUp {
    inbox: UnboundedSender<Mail>,
    connection: u64,
    answered: bool,
}

impl Drop for HangUp {
    fn drop(&mut self) {
        if !self.answered {
            let _gone = self.inbox.send(Mail::HungUp {
                connection: self.connection,
            });
        }
    }
}

async fn take_over(
    sent: CallSent,
    inbox: UnboundedSender<Mail>,
    around: &Surroundings,
    connection: u64,
) -> Response<Full<Bytes>> {
    let (answer, served) = oneshot::channel();
    let call = HandedOver {
        arrived: Time::from_nanos(sent.arrived_ns),
        group: Group(sent.group),
        draw_key: sent.draw_key,
        counts: Counts {
            attempts: sent.attempts,
            rejections: sent.rejections,
        },
        tries: sent.tries,
    };
    let mut hang_up = HangUp {
        inbox: inbox.clone(),
        connection,
        answered: false,
    };
    let _gone = inbox.send(Mail::TakeOver {
        connection,
        call,
        answer,
        trip: Trip::since(Leg::GatewayRequest, Time::from_nanos(sent.sent_ns)),
    });
    let served = served.await;
    hang_up.answered = true;
    let Ok(served) = served else {
        return empty(StatusCode::SERVICE_UNAVAILABLE);
    };
    let answered = CallAnswered {
        sent_ns: around.clock.now().nanos(),
        succeeded: served.succeeded,
        attempts: served.counts.attempts,
        rejections: served.counts.rejections,
        first_rejected: served.first_rejected,
    };
    if !around.travel(Leg::GatewayResponse, sent.key).await {
        // Lost on its way: the origin waits until it gives up.
        std::future::pending::<()>().await;
    }
    Response::new(Full::from(serde_json::to_vec(&answered).expect("plain data is JSON")))
}

/// Tells another node something; it may be lost.
pub(super) async fn tell(http: &HttpClient, to: SocketAddr, from: NodeId, sent: Time, note: Note, texts: &Texts) {
    let note = NoteSent {
        from: from.0,
        sent_ns: sent.nanos(),
        note: write(note, texts),
    };
    let body = serde_json::to_vec(&note).expect("plain data is JSON");
    let request = Request::post(format!("http://{to}/note")).body(Full::from(body));
    // A neighbour that is not there hears nothing.
    let _unheard = http.request(request.expect("an address is a URL")).await;
}

/// Hands a call over and waits for what comes of it, and since when the answer was under way; none where the gateway is gone.
pub(super) async fn hand_over(
    http: &HttpClient,
    to: SocketAddr,
    sent: Time,
    key: u64,
    call: HandedOver,
) -> Option<(Served, Time)> {
    let call = CallSent {
        sent_ns: sent.nanos(),
        arrived_ns: call.arrived.since(Time::ZERO).nanos(),
        group: call.group.0,
        draw_key: call.draw_key,
        attempts: call.counts.attempts,
        rejections: call.counts.rejections,
        tries: call.tries,
        key,
    };
    let body = serde_json::to_vec(&call).expect("plain data is JSON");
    let request = Request::post(format!("http://{to}/call")).body(Full::from(body));
    let response = http.request(request.expect("an address is a URL")).await.ok()?;
    if response.status() != StatusCode::OK {
        return None;
    }
    let body = Limited::new(response.into_body(), LARGEST)
        .collect()
        .await
        .ok()?
        .to_bytes();
    let answered: CallAnswered = serde_json::from_slice(&body).ok()?;
    let served = Served {
        succeeded: answered.succeeded,
        counts: Counts {
            attempts: answered.attempts,
            rejections: answered.rejections,
        },
        first_rejected: answered.first_rejected,
    };
    Some((served, Time::ZERO + Duration::from_nanos(answered.sent_ns)))
}
