//! The benchmark model as components of simcore, DSLab's engine: a component for each node, events that it sends itself, and the provider as
//! a number that all nodes share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use hdrhistogram::Histogram;
use serde::Serialize;
use simcore::{Event, EventHandler, Simulation, SimulationContext, cast};
use tokenstorm::base::{Dice, Duration, Time, exponential};
use tokenstorm::engine::sim::ARRIVALS;
use tokenstorm::plan::Span;

use crate::Outcome;
use crate::model::Case;

const API: f64 = 0.020;
const RENEWAL: f64 = 0.040;
const ATTEMPTS: u8 = 5;

#[derive(Clone, Copy, Serialize)]
struct Call {
    arrived: f64,
    token: u32,
    attempts: u8,
    rejections: u8,
    accepted: bool,
}

#[derive(Clone, Serialize)]
struct Arrival {}

#[derive(Clone, Serialize)]
struct Check {
    call: Call,
}

#[derive(Clone, Serialize)]
struct Answer {
    call: Call,
}

#[derive(Clone, Serialize)]
struct Commit {}

#[derive(Clone, Serialize)]
struct Fresh {
    token: u32,
}

/// What all nodes share.
struct Fleet {
    gap: Duration,
    warmup: f64,
    horizon: f64,
    newest: Cell<u32>,
    seen: RefCell<Outcome>,
    /// In microseconds.
    latency: RefCell<Histogram<u64>>,
}

struct Node {
    cx: SimulationContext,
    fleet: Rc<Fleet>,
    stream: u64,
    token: u32,
    asking: bool,
    waiting: Vec<Call>,
}

impl Node {
    fn next_arrival(&mut self) {
        let gap = exponential(self.fleet.gap, Dice::next(&mut self.stream));
        self.cx.emit_self(Arrival {}, seconds(gap));
    }

    fn arrival(&mut self) {
        let now = self.cx.time();
        if now >= self.fleet.horizon {
            return;
        }
        {
            let mut seen = self.fleet.seen.borrow_mut();
            seen.arrived += 1;
            seen.counts.calls += u64::from(now >= self.fleet.warmup);
        }
        let call = Call {
            arrived: now,
            token: 0,
            attempts: 0,
            rejections: 0,
            accepted: false,
        };
        match self.token {
            0 => self.wait(call),
            token => self.attempt(call, token),
        }
        self.next_arrival();
    }

    fn attempt(&self, mut call: Call, token: u32) {
        call.token = token;
        call.attempts += 1;
        self.cx.emit_self(Check { call }, API);
    }

    fn wait(&mut self, call: Call) {
        self.waiting.push(call);
        if !self.asking {
            self.asking = true;
            self.cx.emit_self(Commit {}, RENEWAL);
        }
    }

    fn check(&self, mut call: Call) {
        call.accepted = call.token == self.fleet.newest.get();
        call.rejections += u8::from(!call.accepted);
        self.cx.emit_self(Answer { call }, API);
    }

    fn answer(&mut self, call: Call) {
        if !call.accepted {
            self.token = 0;
            if call.attempts < ATTEMPTS {
                self.wait(call);
                return;
            }
        }
        if call.arrived < self.fleet.warmup {
            return;
        }
        let counts = &mut self.fleet.seen.borrow_mut().counts;
        counts.attempts += u64::from(call.attempts);
        counts.rejections += u64::from(call.rejections);
        if call.accepted {
            let latency = (self.cx.time() - call.arrived) * 1e6;
            counts.succeeded += 1;
            self.fleet.latency.borrow_mut().saturating_record(latency as u64);
        } else {
            counts.gave_up += 1;
        }
    }

    fn commit(&self) {
        let token = self.fleet.newest.get() + 1;
        self.fleet.newest.set(token);
        let now = self.cx.time();
        if now >= self.fleet.warmup && now < self.fleet.horizon {
            self.fleet.seen.borrow_mut().counts.issued += 1;
        }
        self.cx.emit_self(Fresh { token }, RENEWAL);
    }

    fn fresh(&mut self, token: u32) {
        self.token = token;
        self.asking = false;
        for call in std::mem::take(&mut self.waiting) {
            self.attempt(call, token);
        }
    }
}

impl EventHandler for Node {
    fn on(&mut self, event: Event) {
        cast!(match event.data {
            Arrival {} => {
                self.arrival();
            }
            Check { call } => {
                self.check(call);
            }
            Answer { call } => {
                self.answer(call);
            }
            Commit {} => {
                self.commit();
            }
            Fresh { token } => {
                self.fresh(token);
            }
        })
    }
}

fn seconds(time: Duration) -> f64 {
    time.nanos() as f64 / 1e9
}

/// A simulation ready to run.
pub struct Bench {
    simulation: Simulation,
    fleet: Rc<Fleet>,
}

impl Bench {
    pub fn new(case: Case, span: Span, dice: Dice) -> Self {
        let mut simulation = Simulation::new(0);
        let after = |time: Time| time.nanos() as f64 / 1e9;
        let fleet = Rc::new(Fleet {
            gap: case.gap(),
            warmup: after(span.warmup),
            horizon: after(span.horizon),
            newest: Cell::new(0),
            seen: RefCell::new(Outcome::default()),
            latency: RefCell::new(Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are sound")),
        });
        for node in 0..case.nodes {
            let name = format!("node {node}");
            let mut node = Node {
                cx: simulation.create_context(&name),
                fleet: fleet.clone(),
                stream: dice.stream(ARRIVALS, u64::from(node) << 8),
                token: 0,
                asking: false,
                waiting: Vec::new(),
            };
            node.next_arrival();
            simulation.add_handler(&name, Rc::new(RefCell::new(node)));
        }
        Self { simulation, fleet }
    }

    /// Until the last call is followed to its end.
    pub fn run(&mut self) {
        self.simulation.step_until_no_events();
    }

    pub fn outcome(&self) -> Outcome {
        let seen = self.fleet.seen.borrow().clone();
        assert_eq!(self.fleet.latency.borrow().len(), seen.counts.succeeded);
        seen
    }
}
