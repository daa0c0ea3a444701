//! The live engine: the wall clock, the order of a real network, and dice under a seed.
//!
//! The same node as in the simulator, [`AtNode`](crate::node::AtNode) with the same strategy and call policy, with sockets in place
//! of the queue and timers in place of alarms. Each node is a task of its own. Token requests and calls go over HTTP to a provider
//! that this engine knows by its URL alone; the shared store is a Redis, or the simulator's own store in this process; gateways and
//! peers talk over HTTP on the loopback address. `manual::live` is the page about it.

mod applied;
mod callers;
mod conductor;
mod connection;
mod hearing;
mod layer;
mod limits;
mod logins;
mod machine;
mod mail;
mod measure;
mod neighbours;
mod node;
mod own_redis;
mod process;
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

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use conductor::Conductor;
use connection::reach;
use limits::allow;
use machine::Told;
use mail::{Mail, Report};
use measure::{Measure, Measured};
use node::LiveNode;
use process::Crew;
use shelf::Shelf;
use site::Site;
use surroundings::{Ears, Surroundings};
use texts::Texts;

use crate::base::{Dice, Duration, NodeId, PacedClock};
use crate::metric::{Observed, RunContext};
use crate::plan::Plan;
use crate::provider::settings::Dialect;
use crate::world::Leg;

pub(crate) use connection::{HttpClient, http_client, reachable, reasons};
pub(crate) use hearing::retry_after;

pub use layer::{TokenLayer, WithToken, WithTokenError};
pub use limits::{MOST_LIVE_CALLS_PER_S, MOST_LIVE_NODES, left_out};
pub use own_redis::OwnRedis;
pub use process::{NodeProcesses, NodeSetup, SharedRedis, be_node};
pub use redis_store::follow;
pub use replay::{NodeRecord, ReplayDiffers};
pub use source::{NoToken, SourcedAttempt, SourcedCall, TokenSource, TokenSourceOptions};

/// The provider of a live run. It can be written for the processes of the same run, and then holds secrets.
#[derive(Clone, Serialize, Deserialize)]
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
    /// The URL of a second, empty Redis, which takes over where the scenario lets the store fail over. It becomes a replica of the first;
    /// [`follow`] before the clock begins, for that takes seconds.
    pub replica: Option<String>,
    /// The Redis is this one, which fails as the scenario has it.
    pub own_redis: Option<Arc<OwnRedis>>,
    /// Each node is a process of its own; none for tasks of this process.
    pub processes: Option<NodeProcesses>,
    /// What the metrics have to know.
    pub context: RunContext,
    /// Parts of the measured span that are counted apart, for intervals.
    pub batches: u32,
    /// Every node's inputs and words are kept; not those of processes.
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
    /// Apps with tenants.
    #[error("a live run plays one tenant: set `tenants` of the app to 1")]
    Tenants,
    /// A second provider.
    #[error("a live run plays one provider: leave `second_provider` out, and calls that need it")]
    SecondProvider,
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
    /// Processes have no store in common.
    #[error("nodes that are processes of their own share a store only in a Redis: name one by --redis")]
    NothingShared,
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

/// The nodes of a run that has begun.
struct Staff {
    inboxes: Vec<UnboundedSender<Mail>>,
    nodes: JoinSet<Option<NodeRecord>>,
    /// What takes in what nodes say to each other.
    doors: JoinSet<()>,
}

async fn play(plan: &Plan, options: &LiveOptions, stop: &AtomicBool) -> Result<LiveRun, LiveError> {
    reach(&options.provider.url).await?;
    let texts = Arc::new(Texts::default());
    let shelf = match &options.redis {
        Some(url) => {
            let redis = (&**url, options.replica.as_deref());
            Shelf::in_redis(redis, plan, options.clock, Arc::clone(&texts)).await?
        }
        None => Shelf::embedded(plan),
    };
    let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
    if options.processes.is_none() {
        for _ in 0..plan.nodes() {
            let bound = neighbours::bind().await;
            let (listener, address) = bound.map_err(|error| LiveError::System(error.to_string()))?;
            listeners.push(listener);
            addresses.push(address);
        }
    }
    let (report, reports) = unbounded_channel();
    let measure = Measure::new(options.context.clone(), options.batches);
    let around = Arc::new(Surroundings::new(
        Arc::new(plan.clone()),
        (options.clock, options.dice),
        Site::new(options.provider.clone(), options.dialect.clone(), texts),
        shelf,
        Ears::Measure(Box::new(measure)),
        addresses,
        report,
    ));
    let (inboxes, own) = (0..plan.nodes()).map(|_| unbounded_channel()).unzip();
    let played = match &options.processes {
        Some(processes) => recruit(plan, options, processes, &around, (inboxes, own)).await,
        None => Ok(gather(&around, listeners, (inboxes, own), options.records)),
    };
    let played = match played {
        Ok(staff) => conduct((plan, options), &around, staff, reports, stop).await,
        Err(error) => Err(error),
    };
    around.shelf.clear().await;
    let (late, interrupted, records) = played?;
    let Measured { total, batches, ways } = around.measure().expect("a run is measured").finish();
    Ok(LiveRun {
        observed: total,
        batches,
        ways: Leg::ALL.into_iter().zip(ways).collect(),
        late: latest(late),
        interrupted,
        records,
    })
}

type Inboxes = (Vec<UnboundedSender<Mail>>, Vec<UnboundedReceiver<Mail>>);

/// All nodes as tasks of this process.
fn gather(around: &Arc<Surroundings>, listeners: Vec<TcpListener>, (inboxes, own): Inboxes, records: bool) -> Staff {
    let (mut doors, mut nodes) = (JoinSet::new(), JoinSet::new());
    for (((id, listener), inbox), own) in (0..).map(NodeId).zip(listeners).zip(own).zip(&inboxes) {
        doors.spawn(neighbours::listen(listener, own.clone(), Arc::clone(around)));
        let node = LiveNode::new(id, Arc::clone(around), (own.clone(), inbox), records);
        nodes.spawn(node.live());
    }
    Staff { inboxes, nodes, doors }
}

/// All nodes as processes.
async fn recruit(
    plan: &Plan,
    options: &LiveOptions,
    processes: &NodeProcesses,
    around: &Arc<Surroundings>,
    (inboxes, own): Inboxes,
) -> Result<Staff, LiveError> {
    let redis = options.redis.as_ref().zip(around.shelf.key());
    if redis.is_none() && plan.needs_store() {
        return Err(LiveError::NothingShared);
    }
    let crew = Arc::new(Crew {
        processes: processes.clone(),
        provider: options.provider.clone(),
        clock: options.clock,
        redis: redis.map(|(url, key)| SharedRedis::new(url, options.replica.as_deref(), key)),
    });
    Ok(Staff {
        nodes: process::recruit(&crew, around, own).await?,
        inboxes,
        doors: JoinSet::new(),
    })
}

/// How late what was due was done, whether the run was ended early, and what its nodes have recorded.
type Conducted = (Vec<Duration>, bool, Vec<NodeRecord>);

/// Lets the time of the run pass, and ends its nodes.
async fn conduct(
    (plan, options): (&Plan, &LiveOptions),
    around: &Arc<Surroundings>,
    mut staff: Staff,
    reports: UnboundedReceiver<Report>,
    stop: &AtomicBool,
) -> Result<Conducted, LiveError> {
    let mut conductor = Conductor::new(plan, Arc::clone(around), staff.inboxes.clone(), reports);
    conductor.own_redis.clone_from(&options.own_redis);
    let conducted = conductor.conduct(stop).await;
    for inbox in &staff.inboxes {
        let _gone = inbox.send(Mail::Told(Told::Close));
    }
    let mut records: Vec<NodeRecord> = Vec::new();
    while let Some(ended) = staff.nodes.join_next().await {
        match ended {
            Ok(record) => records.extend(record),
            // A node that panics is a bug, and must not pass for a result.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_cancelled) => {}
        }
    }
    staff.doors.abort_all();
    records.sort_by_key(NodeRecord::node);
    Ok((std::mem::take(&mut conductor.late), conducted?, records))
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
