//! The yardstick: the benchmark model (section 7) as a plain loop, tuned by hand, with all that a real engine needs and
//! nothing that another scenario would need: no strategy, no provider, no message, no trace.
//!
//! It draws the very arrivals of the engine's general path, so that both must count the same.

#[path = "reference/queue.rs"]
mod queue;

use queue::Queue;
use tokenstorm::base::{Dice, Duration, exponential};
use tokenstorm::engine::sim::ARRIVALS;

const ARRIVAL: u32 = 0;
const CHECK: u32 = 1;
const ANSWER: u32 = 2;
const COMMIT: u32 = 3;
const TOKEN: u32 = 4;
const KIND_BITS: u32 = 3;

const API: u64 = 20_000_000;
const RENEWAL: u64 = 40_000_000;
const ATTEMPTS: u8 = 5;
const NOBODY: u32 = u32::MAX;

/// Below 2^BITS microseconds a cell each, above 2^(BITS-1) cells an octave: three significant digits.
const BITS: u32 = 11;

/// A call under way: 32 bytes.
#[derive(Clone, Copy)]
struct Call {
    arrived: u64,
    node: u32,
    token: u32,
    next: u32,
    rejections: u8,
    accepted: bool,
    first_rejected: bool,
    attempts: u8,
}

/// A node: 28 bytes with its generator.
#[derive(Clone, Copy)]
struct Node {
    stream: u64,
    token: u32,
    /// The token that is on its way to it.
    coming: u32,
    first: u32,
    last: u32,
    asking: bool,
}

/// What the loop counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub calls: u64,
    pub succeeded: u64,
    pub gave_up: u64,
    pub attempts: u64,
    pub rejections: u64,
    pub first_rejected: u64,
    pub issued: u64,
    pub latency_sum: u128,
    pub latency_max: u64,
}

pub struct CallOutcome {
    pub counts: Counts,
    pub events: u64,
    pub latency: Vec<u32>,
}

struct Loop {
    queue: Queue,
    nodes: Vec<Node>,
    calls: Vec<Call>,
    free: u32,
    under_way: usize,
    now: u64,
    warmup: u64,
    horizon: u64,
    newest: u32,
    counts: Counts,
    latency: Vec<u32>,
}

/// One run of `n` nodes with this mean gap between the calls of a node.
pub fn run(n: u32, gap: Duration, warmup: u64, horizon: u64, dice: Dice) -> CallOutcome {
    let mut state = Loop {
        queue: Queue::new(),
        nodes: Vec::with_capacity(n as usize),
        calls: Vec::new(),
        free: NOBODY,
        under_way: 0,
        now: 0,
        warmup,
        horizon,
        newest: 0,
        counts: Counts::default(),
        latency: vec![0; (64 << BITS) as usize],
    };
    for node in 0..n {
        let mut stream = dice.stream(ARRIVALS, u64::from(node) << 8);
        let first = exponential(gap, Dice::next(&mut stream)).nanos();
        state.nodes.push(Node {
            stream,
            token: 0,
            coming: 0,
            first: NOBODY,
            last: NOBODY,
            asking: false,
        });
        state.schedule(first, 2, ARRIVAL, node);
    }
    // The engine counts the start of its nodes as an event.
    let mut events = 1;
    while let Some(event) = state.queue.pop() {
        let at = (event >> 66) as u64;
        if at >= horizon && state.under_way == 0 {
            break;
        }
        events += 1;
        state.now = at;
        if let Some(payload) = state.queue.ahead(6) {
            state.prefetch(payload);
        }
        let payload = event as u32;
        let index = payload >> KIND_BITS;
        match payload & ((1 << KIND_BITS) - 1) {
            ARRIVAL => state.arrival(index, gap),
            CHECK => state.check(index),
            ANSWER => state.answer(index),
            COMMIT => state.commit(index),
            _ => state.token(index),
        }
    }
    CallOutcome {
        counts: state.counts,
        events,
        latency: state.latency,
    }
}

impl Loop {
    #[inline]
    fn schedule(&mut self, at: u64, class: u64, kind: u32, index: u32) {
        self.queue.push((at << 2) | class, (index << KIND_BITS) | kind);
    }

    #[inline]
    fn prefetch(&self, payload: u32) {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            let index = (payload >> KIND_BITS) as usize;
            let kind = payload & ((1 << KIND_BITS) - 1);
            let place = if kind == CHECK || kind == ANSWER {
                self.calls.as_ptr().wrapping_add(index).cast::<i8>()
            } else {
                self.nodes.as_ptr().wrapping_add(index).cast::<i8>()
            };
            // SAFETY: a prefetch reads nothing; any address is allowed.
            unsafe { _mm_prefetch(place, _MM_HINT_T0) };
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = payload;
    }

    fn arrival(&mut self, node: u32, gap: Duration) {
        if self.now >= self.horizon {
            return;
        }
        let draw = Dice::next(&mut self.nodes[node as usize].stream);
        let next = self.now + exponential(gap, draw).nanos();
        self.counts.calls += u64::from(self.now >= self.warmup);
        let fresh = Call {
            arrived: self.now,
            node,
            token: 0,
            next: NOBODY,
            rejections: 0,
            accepted: false,
            first_rejected: false,
            attempts: 0,
        };
        self.under_way += 1;
        let call = if self.free == NOBODY {
            if self.calls.len() == self.calls.capacity() {
                self.calls.reserve_exact(1024 + self.calls.len() / 8);
            }
            self.calls.push(fresh);
            self.calls.len() as u32 - 1
        } else {
            let call = self.free;
            self.free = self.calls[call as usize].next;
            self.calls[call as usize] = fresh;
            call
        };
        match self.nodes[node as usize].token {
            0 => self.wait(call, node),
            token => self.attempt(call, token),
        }
        self.schedule(next, 2, ARRIVAL, node);
    }

    #[inline]
    fn attempt(&mut self, call: u32, token: u32) {
        let record = &mut self.calls[call as usize];
        record.token = token;
        record.attempts += 1;
        self.schedule(self.now + API, 1, CHECK, call);
    }

    #[inline]
    fn wait(&mut self, call: u32, node: u32) {
        let party = &mut self.nodes[node as usize];
        self.calls[call as usize].next = NOBODY;
        if party.first == NOBODY {
            party.first = call;
        } else {
            self.calls[party.last as usize].next = call;
        }
        party.last = call;
        if !party.asking {
            party.asking = true;
            self.schedule(self.now + RENEWAL, 0, COMMIT, node);
        }
    }

    fn check(&mut self, call: u32) {
        let record = &mut self.calls[call as usize];
        record.accepted = record.token == self.newest;
        if !record.accepted {
            record.rejections += 1;
            record.first_rejected |= record.attempts == 1;
        }
        self.schedule(self.now + API, 2, ANSWER, call);
    }

    fn answer(&mut self, call: u32) {
        let record = self.calls[call as usize];
        if !record.accepted {
            self.nodes[record.node as usize].token = 0;
            if record.attempts < ATTEMPTS {
                self.wait(call, record.node);
                return;
            }
        }
        if record.arrived >= self.warmup {
            let counts = &mut self.counts;
            counts.attempts += u64::from(record.attempts);
            counts.rejections += u64::from(record.rejections);
            counts.first_rejected += u64::from(record.first_rejected);
            if record.accepted {
                counts.succeeded += 1;
                let latency = self.now - record.arrived;
                counts.latency_sum += u128::from(latency);
                counts.latency_max = counts.latency_max.max(latency);
                let micros = latency / 1000;
                let octave = (64 - BITS).saturating_sub(micros.leading_zeros());
                self.latency[((octave << (BITS - 1)) as u64 + (micros >> octave)) as usize] += 1;
            } else {
                counts.gave_up += 1;
            }
        }
        self.calls[call as usize].next = self.free;
        self.free = call;
        self.under_way -= 1;
    }

    fn commit(&mut self, node: u32) {
        self.newest += 1;
        self.counts.issued += u64::from(self.now >= self.warmup && self.now < self.horizon);
        self.nodes[node as usize].coming = self.newest;
        self.schedule(self.now + RENEWAL, 2, TOKEN, node);
    }

    fn token(&mut self, node: u32) {
        let party = &mut self.nodes[node as usize];
        let token = party.coming;
        party.token = token;
        party.asking = false;
        let mut next = std::mem::replace(&mut party.first, NOBODY);
        while next != NOBODY {
            let call = next;
            next = self.calls[call as usize].next;
            self.attempt(call, token);
        }
    }
}
