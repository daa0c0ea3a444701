//! Connections: how many there are at once, and how they come to their end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration as Patience;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::arrival::Arrival;
use super::carry::Shared;
use super::control;
use super::conversation::{Surroundings, converse};
#[cfg(feature = "intercept")]
use super::intercept::{Authority, open};

/// Connections at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 20_000;
/// How long what is under way may take once the server is to stop.
pub(super) const DRAIN: Patience = Patience::from_secs(10);
/// Before the next try where a connection could not be accepted, say for want of file descriptors.
const BREATH: Patience = Patience::from_millis(20);

/// What is done with a connection.
#[derive(Clone, Default)]
pub(super) struct Listening {
    /// `CONNECT` is answered, by certificates of this authority.
    #[cfg(feature = "intercept")]
    pub authority: Option<Arc<Authority>>,
}

/// Accepts until it is told to stop, then lets what is under way come to its end.
pub(super) async fn serve(
    listener: TcpListener,
    listening: Listening,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    let control = control::routes(&shared).with_state(Arc::clone(&shared));
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connection = 0;
    while !*stop.borrow() {
        let accepted = tokio::select! {
            _ = stop.changed() => break,
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            } => accepted,
        };
        let (Ok(place), Ok((stream, peer))) = accepted else {
            tokio::time::sleep(BREATH).await;
            continue;
        };
        connection += 1;
        let surroundings = Surroundings {
            shared: Arc::clone(&shared),
            control: control.clone(),
            stop: stop.clone(),
            place: Arc::new(place),
        };
        let arrival = Arrival {
            connection,
            peer: peer.ip().to_canonical(),
            caller: None,
            tunnel: None,
        };
        tokio::spawn(listening.clone().attend(stream, arrival, surroundings));
    }
    drop(listener);
    let all = u32::try_from(MOST_CONNECTIONS).expect("it is a small number");
    let _in_time = tokio::time::timeout(DRAIN, places.acquire_many(all)).await;
}

impl Listening {
    async fn attend(self, stream: TcpStream, arrival: Arrival, surroundings: Surroundings) {
        let _small_answers_at_once = stream.set_nodelay(true);
        let stop = surroundings.stop.clone();
        converse(stream, stop, |request| {
            let (arrival, surroundings) = (arrival.clone(), surroundings.clone());
            #[cfg(feature = "intercept")]
            let authority = self.authority.clone();
            async move {
                #[cfg(feature = "intercept")]
                if let Some(authority) = authority.filter(|_| request.method() == hyper::Method::CONNECT) {
                    return Ok(open(&authority, surroundings, arrival, request));
                }
                surroundings.answer(arrival, request).await
            }
        })
        .await;
    }
}

/// A socket that listens.
///
/// # Errors
/// When the address is taken, or not this machine's.
pub(super) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    /// Connections that wait to be accepted: more of them than usual, so that a crowd that comes at once does not try in vain.
    const BACKLOG: u32 = 4096;
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // A port whose last connections have just been closed can be had again at once; on Windows this would mean another thing.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
