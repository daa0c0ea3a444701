//! The benchmark model as models of nexosim.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration as Span;

use hdrhistogram::Histogram;
use nexosim::model::{BuildContext, Context, Model, ProtoModel, schedulable};
use nexosim::ports::UniRequestor;
use nexosim::simulation::{Mailbox, SimInit, Simulation};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use tokenstorm::base::{Dice, Duration, exponential};
use tokenstorm::engine::sim::ARRIVALS;
use tokenstorm::plan;

use crate::Outcome;
use crate::model::Case;

const API: Span = Span::from_millis(20);
const RENEWAL: Span = Span::from_millis(40);
const ATTEMPTS: u8 = 5;

/// How the provider is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Model,
    Number,
}

/// What all nodes share.
struct Shared {
    gap: Duration,
    warmup: u64,
    horizon: u64,
    seen: Mutex<Outcome>,
    /// In microseconds.
    latency: Mutex<Histogram<u64>>,
    /// The newest token, where the provider is a number.
    newest: Option<AtomicU32>,
}

/// The provider as a model.
#[derive(Serialize, Deserialize)]
struct Latest {
    newest: u32,
}

#[Model]
impl Latest {
    async fn check(&mut self, token: u32) -> bool {
        token == self.newest
    }

    async fn issue(&mut self) -> u32 {
        self.newest += 1;
        self.newest
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Call {
    arrived: u64,
    token: u32,
    attempts: u8,
    rejections: u8,
    accepted: bool,
}

#[derive(Serialize, Deserialize)]
struct Node {
    stream: u64,
    token: u32,
    asking: bool,
    waiting: Vec<Call>,
    check: UniRequestor<u32, bool>,
    issue: UniRequestor<(), u32>,
}

struct NewNode(Node, Arc<Shared>);

impl ProtoModel for NewNode {
    type Model = Node;

    fn build(self, _: &mut BuildContext<Self>) -> (Node, Arc<Shared>) {
        (self.0, self.1)
    }
}

fn nanos(cx: &Context<Node>) -> u64 {
    cx.time().duration_since(MonotonicTime::EPOCH).as_nanos() as u64
}

#[Model(type Env = Arc<Shared>)]
impl Node {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>, shared: &mut Arc<Shared>) {
        self.next_arrival(cx, shared);
    }

    fn next_arrival(&mut self, cx: &Context<Self>, shared: &Shared) {
        let gap = exponential(shared.gap, Dice::next(&mut self.stream));
        cx.schedule_event(Span::from_nanos(gap.nanos()), schedulable!(Self::arrival), ())
            .expect("a gap is not empty");
    }

    #[nexosim(schedulable)]
    fn arrival(&mut self, (): (), cx: &Context<Self>, shared: &mut Arc<Shared>) {
        let now = nanos(cx);
        if now >= shared.horizon {
            return;
        }
        {
            let mut seen = shared.seen.lock().expect("nobody panics");
            seen.arrived += 1;
            seen.counts.calls += u64::from(now >= shared.warmup);
        }
        let call = Call {
            arrived: now,
            token: 0,
            attempts: 0,
            rejections: 0,
            accepted: false,
        };
        match self.token {
            0 => self.wait(call, cx),
            token => Self::attempt(call, token, cx),
        }
        self.next_arrival(cx, shared);
    }

    fn attempt(mut call: Call, token: u32, cx: &Context<Self>) {
        call.token = token;
        call.attempts += 1;
        cx.schedule_event(API, schedulable!(Self::check), call)
            .expect("it is later");
    }

    fn wait(&mut self, call: Call, cx: &Context<Self>) {
        self.waiting.push(call);
        if !self.asking {
            self.asking = true;
            cx.schedule_event(RENEWAL, schedulable!(Self::commit), ())
                .expect("it is later");
        }
    }

    #[nexosim(schedulable)]
    async fn check(&mut self, mut call: Call, cx: &Context<Self>, shared: &mut Arc<Shared>) {
        call.accepted = match &shared.newest {
            Some(newest) => call.token == newest.load(Relaxed),
            None => self.check.send(call.token).await,
        };
        call.rejections += u8::from(!call.accepted);
        cx.schedule_event(API, schedulable!(Self::answer), call)
            .expect("it is later");
    }

    #[nexosim(schedulable)]
    fn answer(&mut self, call: Call, cx: &Context<Self>, shared: &mut Arc<Shared>) {
        if !call.accepted {
            self.token = 0;
            if call.attempts < ATTEMPTS {
                self.wait(call, cx);
                return;
            }
        }
        if call.arrived < shared.warmup {
            return;
        }
        let mut seen = shared.seen.lock().expect("nobody panics");
        seen.counts.attempts += u64::from(call.attempts);
        seen.counts.rejections += u64::from(call.rejections);
        if call.accepted {
            let latency = nanos(cx) - call.arrived;
            seen.counts.succeeded += 1;
            seen.counts.latency_sum += u128::from(latency);
            seen.counts.latency_max = seen.counts.latency_max.max(latency);
            shared
                .latency
                .lock()
                .expect("nobody panics")
                .saturating_record(latency / 1000);
        } else {
            seen.counts.gave_up += 1;
        }
    }

    #[nexosim(schedulable)]
    async fn commit(&mut self, (): (), cx: &Context<Self>, shared: &mut Arc<Shared>) {
        let token = match &shared.newest {
            Some(newest) => newest.fetch_add(1, Relaxed) + 1,
            None => self.issue.send(()).await,
        };
        let now = nanos(cx);
        if now >= shared.warmup && now < shared.horizon {
            shared.seen.lock().expect("nobody panics").counts.issued += 1;
        }
        cx.schedule_event(RENEWAL, schedulable!(Self::fresh), token)
            .expect("it is later");
    }

    #[nexosim(schedulable)]
    fn fresh(&mut self, token: u32, cx: &Context<Self>) {
        self.token = token;
        self.asking = false;
        for call in self.waiting.drain(..) {
            Self::attempt(call, token, cx);
        }
    }
}

/// A simulation ready to run.
pub struct Bench {
    simulation: Simulation,
    shared: Arc<Shared>,
}

impl Bench {
    pub fn new(case: Case, span: plan::Span, dice: Dice, provider: Provider) -> Self {
        let shared = Arc::new(Shared {
            gap: case.gap(),
            warmup: span.warmup.nanos(),
            horizon: span.horizon.nanos(),
            seen: Mutex::new(Outcome::default()),
            latency: Mutex::new(Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are sound")),
            newest: (provider == Provider::Number).then(|| AtomicU32::new(0)),
        });
        let latest = Mailbox::new();
        let address = latest.address();
        let mut init = SimInit::with_num_threads(1);
        for node in 0..case.nodes {
            let model = Node {
                stream: dice.stream(ARRIVALS, u64::from(node) << 8),
                token: 0,
                asking: false,
                waiting: Vec::new(),
                check: UniRequestor::new(Latest::check, &address),
                issue: UniRequestor::new(Latest::issue, &address),
            };
            init = init.add_model(NewNode(model, shared.clone()), Mailbox::new(), "node");
        }
        let simulation = init
            .add_model(Latest { newest: 0 }, latest, "provider")
            .init(MonotonicTime::EPOCH)
            .expect("the bench is sound");
        Self { simulation, shared }
    }

    /// Until the last call is followed to its end.
    pub fn run(&mut self) {
        self.simulation.run().expect("the models are sound");
    }

    pub fn outcome(self) -> Outcome {
        drop(self.simulation);
        let shared = Arc::into_inner(self.shared).expect("the nodes are gone");
        let seen = shared.seen.into_inner().expect("nobody panics");
        let latency = shared.latency.into_inner().expect("nobody panics");
        assert_eq!(latency.len(), seen.counts.succeeded);
        seen
    }
}
