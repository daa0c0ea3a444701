//! The live engine: the wall clock, the order of a real network, and dice under a seed.
//!
//! The same node as in the simulator, [`AtNode`](crate::node::AtNode) with the same strategy and call policy, with sockets in place
//! of the queue and timers in place of alarms. Each node is a task of its own. Token requests and calls go over HTTP to a provider
//! that this engine knows by its URL alone; the shared store is a Redis, or the simulator's own store in this process; gateways and
//! peers talk over HTTP on the loopback address. [`live`](crate::manual::live) is the page about it.

mod applied;
mod callers;
mod conductor;
mod hearing;
mod layer;
mod logins;
mod machine;
mod mail;
mod measure;
mod neighbours;
mod node;
mod redis_store;
mod replay;
mod requests;
mod sending;
mod shelf;
mod site;
mod source;
mod surroundings;
mod texts;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;

use conductor::Conductor;
use measure::{Measure, Measured};
use node::LiveNode;
use shelf::Shelf;
use site::Site;
use surroundings::Surroundings;
use texts::Texts;

use crate::base::{Dice, Duration, NodeId, PacedClock};
use crate::metric::{Observed, RunContext};
use crate::node::Strategy as _;
use crate::plan::{Act, Plan};
use crate::provider::settings::Dialect;
use crate::world::Leg;

pub(crate) use hearing::retry_after;
pub(crate) use site::{HttpClient, http_client};

pub use layer::{TokenLayer, WithToken, WithTokenError};
pub use replay::{NodeRecord, ReplayDiffers};
pub use source::{NoToken, SourcedAttempt, SourcedCall, TokenSource, TokenSourceOptions};

/// Nodes of a live run at most: each has sockets and timers of its own.
pub const MOST_LIVE_NODES: usize = 512;

/// Calls per second of the wall clock at most, all nodes together: two cores serve some thousands, emulator included.
pub const MOST_LIVE_CALLS_PER_S: f64 = 2000.0;

/// The provider of a live run.
#[derive(Clone)]
pub struct LiveProvider {
    /// Without a slash at the end.
    pub url: String,
    /// The path of the token endpoint below it.
    pub token_path: String,
    /// A path of the API below it.
    pub api_path: String,
    /// Id and secret of each client, in the order of the plan; the last one stands for all that are missing.
    pub clients: Vec<(String, String)>,
    /// How a token request names a slot.
    pub slot_parameter: Option<String>,
    /// It is tokenstorm's own, with its paths for callers and its control plane.
    pub emulated: bool,
}

impl std::fmt::Debug for LiveProvider {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets are nobody's business.
        to.debug_struct("LiveProvider")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What a live run needs beside its plan.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// The clock of the run, which an emulated provider shares.
    pub clock: PacedClock,
    /// Arrivals, think times, waits and added latencies follow from them.
    pub dice: Dice,
    /// The provider.
    pub provider: LiveProvider,
    /// How it words its answers.
    pub dialect: Dialect,
    /// The URL of a Redis; none for a store in this process.
    pub redis: Option<String>,
    /// What the metrics have to know.
    pub context: RunContext,
    /// Parts of the measured span that are counted apart, for intervals.
    pub batches: u32,
    /// Every node's inputs and words are kept.
    pub records: bool,
}

/// Why a plan cannot be run live.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// Nobody keeps the store.
    #[error("the Redis at {url} cannot be used: {reason}; without --redis the store is kept in this process")]
    Redis {
        /// Where it was to be, without a password.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// Nobody listens where the provider should be.
    #[error("the provider at {url} cannot be reached: {reason}")]
    Unreachable {
        /// Where it was to be.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// There are no grants to be had.
    #[error("no user can log in at {url}: {reason}; grants begin at the control plane of `tokenstorm serve`")]
    Login {
        /// Where.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// More nodes than one process can be.
    #[error("{nodes} nodes are more than one machine can play, which is {MOST_LIVE_NODES}; give the fleets fewer")]
    TooManyNodes {
        /// How many there are.
        nodes: usize,
    },
    /// More calls than a machine makes.
    #[error(
        "{calls:.0} calls per second of the wall clock are more than one machine makes, which is {MOST_LIVE_CALLS_PER_S:.0}; \
         choose a time scale of at most {scale}"
    )]
    TooManyCalls {
        /// How many there would be.
        calls: f64,
        /// What would do.
        scale: String,
    },
    /// A token source has no other nodes to hand calls to.
    #[error("this strategy needs a gateway, and a token source is a node alone; choose one that shares a store")]
    Alone,
    /// The system gives no threads or no sockets.
    #[error("the system does not give what is needed: {0}")]
    System(String),
}

/// What came of a live run.
#[derive(Debug)]
pub struct LiveRun {
    /// The counts of all metrics that nodes can see.
    pub observed: Observed,
    /// The same for parts of the measured span, one after another.
    pub batches: Vec<Observed>,
    /// How long messages were under way, by leg; empty for legs that were not used.
    pub ways: Vec<(Leg, Vec<Duration>)>,
    /// How late what was due was done: of a hundred things the latest but one, and the latest of all.
    pub late: (Duration, Duration),
    /// It was ended before its time.
    pub interrupted: bool,
    /// What each node was told and said, where that was to be kept.
    pub records: Vec<NodeRecord>,
}

/// What of a plan a live run does not do, in words.
pub fn left_out(plan: &Plan, redis: bool, emulated: bool) -> Vec<String> {
    let mut out = Vec::new();
    let acts = |wanted: fn(&Act) -> bool| plan.timeline.iter().any(|(_, act)| wanted(act));
    if redis && plan.coordination.needs_store() {
        if plan.layout.store.replica_lag.is_some() {
            out.push("reads go to the Redis itself, not to a replica that lags".to_owned());
        }
        if acts(|act| matches!(act, Act::StoreFailover { .. })) {
            out.push("the Redis does not fail over".to_owned());
        }
    }
    if !emulated {
        let provider = acts(|act| {
            matches!(
                act,
                Act::TokenOutage(_) | Act::ApiOutage(_) | Act::GrantSlots { .. } | Act::Revoke { .. }
            )
        });
        if provider || plan.drivers.revocations.is_some() {
            out.push(
                "nothing is done to a provider that is not tokenstorm's own: outages, slots, revocations".to_owned(),
            );
        }
    }
    if [Leg::TokenRequest, Leg::TokenResponse]
        .iter()
        .any(|&leg| !plan.links.leg(leg).loss.is_never())
    {
        out.push("a token request that is lost on its way is counted, as its node counts it".to_owned());
    }
    out
}

/// Runs a plan once by the wall clock, or until `stop` is set.
///
/// # Errors
/// When it cannot begin, or no user can log in.
pub fn run(plan: &Plan, options: &LiveOptions, stop: &AtomicBool) -> Result<LiveRun, LiveError> {
    allow(plan, options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .thread_name("tokenstorm-live")
        .enable_all()
        .build()
        .map_err(|error| LiveError::System(error.to_string()))?;
    let run = runtime.block_on(play(plan, options, stop));
    // What is still under way is nobody's any more.
    runtime.shutdown_background();
    run
}

/// Refuses what one machine cannot play.
fn allow(plan: &Plan, options: &LiveOptions) -> Result<(), LiveError> {
    let nodes = plan.nodes();
    if nodes > MOST_LIVE_NODES {
        return Err(LiveError::TooManyNodes { nodes });
    }
    let calls = plan.arrivals_per_s() * options.clock.pace();
    if calls > MOST_LIVE_CALLS_PER_S {
        let scale = options.clock.pace() * MOST_LIVE_CALLS_PER_S / calls;
        return Err(LiveError::TooManyCalls {
            calls,
            scale: format!("{scale:.3}"),
        });
    }
    Ok(())
}

async fn play(plan: &Plan, options: &LiveOptions, stop: &AtomicBool) -> Result<LiveRun, LiveError> {
    reach(&options.provider.url).await?;
    let texts = Arc::new(Texts::default());
    let shelf = match &options.redis {
        Some(url) => Shelf::in_redis(url, plan, options.clock, Arc::clone(&texts)).await?,
        None => Shelf::embedded(plan),
    };
    let system = |error: std::io::Error| LiveError::System(error.to_string());
    let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
    for _ in 0..plan.nodes() {
        let (listener, address) = neighbours::bind().await.map_err(system)?;
        listeners.push(listener);
        addresses.push(address);
    }
    let (report, reports) = unbounded_channel();
    let around = Arc::new(Surroundings::new(
        Arc::new(plan.clone()),
        (options.clock, options.dice),
        Site::new(options.provider.clone(), options.dialect.clone(), texts),
        shelf,
        (Some(Measure::new(options.context.clone(), options.batches)), None),
        addresses,
        report,
    ));
    let (mut doors, mut nodes, mut inboxes) = (JoinSet::new(), JoinSet::new(), Vec::new());
    for (id, listener) in (0..).map(NodeId).zip(listeners) {
        let (own, inbox) = unbounded_channel();
        inboxes.push(own.clone());
        doors.spawn(neighbours::listen(listener, own.clone(), Arc::clone(&around)));
        let node = LiveNode::new(id, Arc::clone(&around), (own, inbox), options.records);
        nodes.spawn(node.live());
    }
    let mut conductor = Conductor::new(plan, Arc::clone(&around), inboxes.clone(), reports);
    let conducted = conductor.conduct(stop).await;
    for inbox in &inboxes {
        let _gone = inbox.send(mail::Mail::Told(machine::Told::Close));
    }
    let mut records: Vec<NodeRecord> = Vec::new();
    while let Some(ended) = nodes.join_next().await {
        match ended {
            Ok(record) => records.extend(record),
            // A node that panics is a bug, and must not pass for a result.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_cancelled) => {}
        }
    }
    doors.abort_all();
    around.shelf.clear().await;
    let interrupted = conducted?;
    records.sort_by_key(NodeRecord::node);
    let Measured { total, batches, ways } = around.measure.as_ref().expect("a run is measured").finish();
    Ok(LiveRun {
        observed: total,
        batches,
        ways: Leg::ALL.into_iter().zip(ways).collect(),
        late: latest(std::mem::take(&mut conductor.late)),
        interrupted,
        records,
    })
}

/// Of a hundred the latest but one, and the latest of all.
fn latest(mut late: Vec<Duration>) -> (Duration, Duration) {
    late.sort_unstable();
    let at = |share: usize| late.get((late.len() * share / 100).min(late.len().saturating_sub(1)));
    (
        at(99).copied().unwrap_or_default(),
        at(100).copied().unwrap_or_default(),
    )
}

/// Whether anybody listens where the provider should be.
async fn reach(url: &str) -> Result<(), LiveError> {
    let failed = |reason: String| LiveError::Unreachable {
        url: url.to_owned(),
        reason,
    };
    let uri: hyper::Uri = url
        .parse()
        .map_err(|_| failed("that is no URL; write http://127.0.0.1:PORT".to_owned()))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(_)) => {}
        (Some("https"), _) => return Err(failed("HTTPS is not spoken here; put a proxy before it".to_owned())),
        _ => return Err(failed("that is no URL; write http://127.0.0.1:PORT".to_owned())),
    }
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(80));
    // A connection is enough: a request would be one of the provider's books.
    let host = host.trim_matches(['[', ']']);
    let reached = tokio::net::TcpStream::connect((host, port)).await;
    reached.map(drop).map_err(|error| failed(error.to_string()))
}
