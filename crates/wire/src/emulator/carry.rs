//! The way of a request: there, through the door, perhaps a queue, to its turn, and back. All that takes time is here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::json;
use tokio::sync::oneshot;

use super::answer::Answer;
use super::backend::{Asked, Backend, Origin, Turn};
use super::hold::{Holds, Passing, Point};
use super::log::Happening;
use super::step::{Place, Sender};
use crate::base::Duration;
use crate::world::Leg;

/// What all connections share.
pub(super) struct Shared {
    backend: Mutex<Backend>,
    requests: AtomicU64,
    /// Requests that wait for a server of the emulated provider.
    queue: Mutex<HashMap<u64, oneshot::Sender<()>>>,
    pub holds: Holds,
    /// No request takes any time, unless it is held.
    instant: AtomicBool,
    /// Where it listens.
    pub base: OnceLock<String>,
    pub options: DoorOptions,
}

/// Who is let in, and taken for whom.
#[derive(Clone, Debug, Default)]
pub(super) struct DoorOptions {
    /// There is no control plane.
    pub off: bool,
    /// Whoever uses the control plane shows this as a bearer token.
    pub secret: Option<String>,
    /// Callers that do not name themselves are told apart by their address, and not by their connection.
    pub by_address: bool,
}

/// A call of the API.
pub(super) struct ApiCall {
    pub from: Origin,
    pub token: Option<u32>,
    /// As it was sent; empty for none.
    pub text: String,
    /// What is told of it where it succeeds.
    pub echo: serde_json::Value,
}

/// What is on its way.
pub(super) enum Load {
    Token(Asked),
    Call(ApiCall),
}

impl Load {
    const fn from(&self) -> Origin {
        match self {
            Self::Token(asked) => asked.from,
            Self::Call(call) => call.from,
        }
    }

    const fn place(&self) -> Place {
        match self {
            Self::Token(_) => Place::Token,
            Self::Call(_) => Place::Api,
        }
    }

    /// There, at work, and back.
    const fn legs(&self) -> [(Leg, &'static str); 3] {
        match self {
            Self::Token(_) => [
                (Leg::TokenRequest, "token_request"),
                (Leg::TokenService, "token_service"),
                (Leg::TokenResponse, "token_response"),
            ],
            Self::Call(_) => [
                (Leg::ApiRequest, "api_request"),
                (Leg::ApiService, "api_service"),
                (Leg::ApiResponse, "api_response"),
            ],
        }
    }

    /// Whose it is to the quotas.
    fn whose(&self, backend: &Backend) -> (u16, Option<Sender>) {
        match self {
            Self::Token(asked) => (asked.client, backend.token_sender(asked)),
            Self::Call(call) => (
                backend.caller_client(call.token),
                backend.api_sender(call.from, call.token),
            ),
        }
    }

    fn arrives(&self, backend: &mut Backend) -> Turn {
        match self {
            Self::Token(asked) => backend.token_arrives(asked),
            Self::Call(call) => backend.api_arrives(call.from, call.token),
        }
    }

    fn commits(&self, backend: &mut Backend, no_op: bool) -> Answer {
        match self {
            Self::Token(asked) => backend.token_commits(asked, no_op),
            Self::Call(call) => {
                let refused = backend.api_checks(call.from, call.token, &call.text);
                refused.unwrap_or_else(|| {
                    let mut echo = call.echo.clone();
                    echo["token"] = json!(call.token);
                    Answer::json(200, &echo)
                })
            }
        }
    }
}

/// What the door made of a request.
enum Entered {
    Answered(Answer),
    Silent,
    Occupies,
    Waits(oneshot::Receiver<()>),
}

impl Shared {
    pub fn new(backend: Backend, options: DoorOptions) -> Self {
        Self {
            instant: AtomicBool::new(backend.machine.is_instant()),
            backend: Mutex::new(backend),
            requests: AtomicU64::new(0),
            queue: Mutex::default(),
            holds: Holds::default(),
            base: OnceLock::new(),
            options,
        }
    }

    /// One request at a time. A panic elsewhere is a bug, and leaves a state that is still better than none.
    pub fn backend(&self) -> MutexGuard<'_, Backend> {
        self.backend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<()>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Latencies or capacities have changed.
    pub fn look_again(&self) {
        let instant = self.backend().machine.is_instant();
        self.instant.store(instant, Ordering::Release);
    }

    /// The answer to a request; none where nobody ever answers.
    pub async fn carry(self: &Arc<Self>, load: Load) -> Option<Answer> {
        let shared = Arc::clone(self);
        let on_its_way = if self.instant.load(Ordering::Acquire) && !self.holds.any() {
            let entered = self.enter(&load);
            if let Entered::Answered(answer) = entered {
                return Some(answer);
            }
            tokio::spawn(async move { shared.after(&load, entered).await })
        } else {
            tokio::spawn(async move { shared.carry_through(&load).await })
        };
        // What is on its way arrives, and happens, even when the client has hung up and this is no longer waited for.
        on_its_way.await.ok().flatten()
    }

    async fn carry_through(&self, load: &Load) -> Option<Answer> {
        let [there, _, back] = load.legs();
        self.travel(there, load.from()).await?;
        self.stop(load, Point::Arrival).await;
        let entered = self.enter(load);
        let answer = self.after(load, entered).await?;
        self.stop(load, Point::Answer).await;
        self.travel(back, load.from()).await?;
        Some(answer)
    }

    /// What follows from how a request was met at the door.
    async fn after(&self, load: &Load, entered: Entered) -> Option<Answer> {
        let [(_, name), service, _] = load.legs();
        match entered {
            Entered::Answered(answer) => return Some(answer),
            Entered::Silent => {
                self.backend().lost(load.from(), name);
                return None;
            }
            Entered::Occupies => {}
            Entered::Waits(turn) => turn.await.ok()?,
        }
        Some(self.serve(load, service).await)
    }

    fn enter(&self, load: &Load) -> Entered {
        let mut backend = self.backend();
        match load.arrives(&mut backend) {
            Turn::Silent => Entered::Silent,
            Turn::Answered(answer) => Entered::Answered(backend.stamped(answer)),
            Turn::Serve { no_op } => {
                let answer = load.commits(&mut backend, no_op);
                Entered::Answered(backend.stamped(answer))
            }
            Turn::Occupies => Entered::Occupies,
            Turn::Waits => {
                let (go, turn) = oneshot::channel();
                self.queue().insert(load.from().request, go);
                Entered::Waits(turn)
            }
        }
    }

    /// A server of the provider is busy with it for a while.
    async fn serve(&self, load: &Load, (leg, _): (Leg, &'static str)) -> Answer {
        let busy = self.backend().way(leg, load.from()).unwrap_or_default();
        self.rest(busy).await;
        let mut backend = self.backend();
        let answer = load.commits(&mut backend, false);
        let answer = backend.stamped(answer);
        let (client, from) = load.whose(&backend);
        let next = backend.served(load.place(), client, from);
        if let Some(go) = next.and_then(|next| self.queue().remove(&next)) {
            let _gone = go.send(());
        }
        answer
    }

    async fn travel(&self, (leg, name): (Leg, &'static str), from: Origin) -> Option<()> {
        let way = self.backend().way(leg, from);
        match way {
            Some(latency) => self.rest(latency).await,
            None => self.backend().lost(from, name),
        }
        way.map(drop)
    }

    async fn stop(&self, load: &Load, point: Point) {
        if !self.holds.any() {
            return;
        }
        let Origin { request, caller } = load.from();
        let name = self.backend().callers.name(caller);
        let at = load.place();
        let Some(go) = self.holds.stop(Passing {
            at,
            point,
            request,
            caller: &name,
        }) else {
            return;
        };
        let at = match at {
            Place::Token => "token",
            Place::Api => "api",
        };
        self.tell(load.from(), Happening::Held { at });
        let _released = go.await;
        self.tell(load.from(), Happening::Released { at });
    }

    fn tell(&self, from: Origin, what: Happening) {
        let mut backend = self.backend();
        let (now, caller) = (backend.now(), backend.callers.name(from.caller));
        backend.log.push(now, Some(from.request), caller, None, what);
    }

    async fn rest(&self, span: Duration) {
        if !span.is_zero() {
            let span = self.backend().clock.real(span);
            tokio::time::sleep(span).await;
        }
    }
}
