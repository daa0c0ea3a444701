//! Clients that contend for one row under optimistic concurrency, driven by tokenstorm's own caller and retry policies.
//!
//! The model is that of M. Brooker, "Exponential backoff and jitter", AWS architecture blog, 2015, with the simulator
//! `aws-samples/aws-arch-backoff-simulator`: n clients want one successful write each and start together; every message takes
//! |X|, X normal with mean 10 ms and standard deviation 2 ms; a client reads the row's version and at once writes with it; the
//! write succeeds if the version is still the row's. After its k-th failure the next read reaches the server one message and
//! one backoff later.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::*;
use tokenstorm::base::{CallId, Chance, Delay, Dice, Duration, Group, Millis, NodeId, Time};
use tokenstorm::node::{
    Alarm, Asker, AtNode, CallPolicy, Calls, Heard, Me, NodeHost, NodeState, NodeTables, Role, Sends, Strategy as _,
    Ticket,
};
use tokenstorm::oauth::{AnswerKind, Grant, Reply, Token};
use tokenstorm::retry::{Attempts, DecorrelatedJitter, EqualJitter, Exponential, FullJitter, Immediate, Retry};
use tokenstorm::strategy::TokenPerCall;
use tokenstorm::trace::{CallOutcome, Event};

/// The five policies of the blog, as ours are parametrised.
///
/// Theirs wait `min(cap, base * 2^k)` after the k-th failure, ours `min(cap, base * 2^(k-1))`, so their base of 5 ms is 10 ms
/// here. Decorrelated jitter has no exponent: both begin with a draw between the base and three times the base.
pub fn policies() -> [(&'static str, Retry); 5] {
    let (doubled, base, cap) = (
        Duration::from_millis(10),
        Duration::from_millis(5),
        Duration::from_millis(2000),
    );
    let attempts = Attempts::UNBOUNDED;
    [
        ("none", Retry::Immediate(Immediate { attempts })),
        (
            "exponential",
            Retry::Exponential(Exponential {
                base: doubled,
                cap,
                attempts,
            }),
        ),
        (
            "equal jitter",
            Retry::EqualJitter(EqualJitter {
                base: doubled,
                cap,
                attempts,
            }),
        ),
        (
            "full jitter",
            Retry::FullJitter(FullJitter {
                base: doubled,
                cap,
                attempts,
            }),
        ),
        (
            "decorrelated jitter",
            Retry::DecorrelatedJitter(DecorrelatedJitter { base, cap, attempts }),
        ),
    ]
}

/// What one run came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Race {
    /// Writes that reached the server.
    pub calls: f64,
    /// When the last success reached its client, in milliseconds.
    pub completion_ms: f64,
}

/// What reaches somebody.
#[derive(Clone, Copy)]
enum What {
    /// A read reaches the server.
    Read(Asker),
    /// A write reaches the server.
    Write { ticket: Ticket, token: Token },
    /// A client hears something.
    Heard(Heard),
}

/// The server and its network: a read is a token request whose token is the row's version, a write an attempt with that token.
struct Server {
    dice: Dice,
    now: Time,
    /// What is under way, by when it arrives; equal instants in the order of sending.
    arrivals: BinaryHeap<Reverse<(Time, usize)>>,
    sent: Vec<(u32, What)>,
    /// The client that acts, and how many messages and waits each has drawn.
    client: u32,
    draws: Vec<[u64; 2]>,
    version: u32,
    calls: u64,
    completion: Time,
}

const MESSAGES: u64 = 0;
const BACKOFFS: u64 = 1;

impl Server {
    fn draw(&mut self, purpose: u64) -> u64 {
        let drawn = &mut self.draws[self.client as usize][purpose as usize];
        *drawn += 1;
        *drawn
    }

    fn push(&mut self, at: Time, what: What) {
        self.arrivals.push(Reverse((at, self.sent.len())));
        self.sent.push((self.client, what));
    }

    fn message(&mut self, what: What) {
        let count = self.draw(MESSAGES);
        let latency = latency(self.dice, self.client.into(), count);
        self.push(self.now + latency, what);
    }

    fn token(&self) -> Token {
        Token::numbered(self.version + 1)
    }

    /// A read or a write arrives, and is answered.
    fn read(&mut self, asker: Asker) {
        let grant = Grant {
            token: self.token(),
            life: Millis::new(u32::MAX),
            rank: None,
        };
        let reply = Reply::Granted(grant);
        self.message(What::Heard(Heard::Token { asker, reply }));
    }

    fn write(&mut self, ticket: Ticket, token: Token) {
        self.calls += 1;
        let reply = if token == self.token() {
            self.version += 1;
            Reply::Granted(())
        } else {
            Reply::refused(AnswerKind::Rejected)
        };
        self.message(What::Heard(Heard::Api { ticket, token, reply }));
    }
}

impl<M> NodeHost<M> for Server {
    fn now(&self) -> Time {
        self.now
    }

    fn me(&self) -> Me {
        Me {
            id: NodeId(self.client),
            ordinal: self.client,
            role: Role::Worker,
            refreshes: false,
        }
    }

    fn send(&mut self, _: u64, sends: Sends) {
        match sends {
            Sends::Token { asker, .. } => self.message(What::Read(asker)),
            Sends::Api { ticket, token, .. } => self.message(What::Write { ticket, token }),
            _ => unreachable!("there is a server and nobody else"),
        }
    }

    fn answer(&mut self, _: u64, _: &mut Calls, _: CallId, _: bool) {
        unreachable!("no client is a gateway")
    }

    fn hang_up(&mut self, _: &mut Calls, _: CallId) {
        unreachable!("no client has a gateway")
    }

    fn wake(&mut self, delay: Delay, _: u64, alarm: Alarm) -> Duration {
        let count = self.draw(BACKOFFS);
        let drawn = delay.at(self.dice.draw(BACKOFFS, self.client.into(), count));
        self.push(self.now + drawn, What::Heard(Heard::Alarm(alarm)));
        drawn
    }

    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }

    fn note(&mut self, event: impl FnOnce() -> Event) {
        if let Event::CallEnded { outcome, .. } = event() {
            assert_eq!(outcome, CallOutcome::Succeeded, "a client tries until it has written");
            self.completion = self.now;
        }
    }
}

/// One run of `clients` under a policy. Each is a node of the simulator, whose own caller counts the failures and waits.
pub fn race(clients: u32, retry: &Retry, dice: Dice) -> Race {
    let mut server = Server {
        dice,
        now: Time::ZERO,
        arrivals: BinaryHeap::new(),
        sent: Vec::new(),
        client: 0,
        draws: vec![[0; 2]; clients as usize],
        version: 0,
        calls: 0,
        completion: Time::ZERO,
    };
    let strategy = TokenPerCall {};
    let policy = CallPolicy {
        delay_first: true,
        ..CallPolicy::plain(*retry)
    };
    let memory = strategy.boot(NodeHost::<()>::me(&server));
    let mut states = vec![NodeState::down(memory, 0); clients as usize];
    let mut calls = Calls::default();
    let mut tables = NodeTables::new(clients as usize, [None].into(), [&policy]);
    let mut tell = |client: u32, heard: Heard, server: &mut Server| {
        let state = &mut states[client as usize];
        state.up = true;
        let mut node = AtNode {
            strategy: &strategy,
            policy: &policy,
            id: NodeId(client),
            state,
            calls: &mut calls,
            tables: &mut tables,
        };
        node.hear(heard, server);
    };
    for client in 0..clients {
        server.client = client;
        let call = Heard::Call {
            group: Group(0),
            draw_key: client,
        };
        tell(client, call, &mut server);
    }
    while let Some(Reverse((now, place))) = server.arrivals.pop() {
        let (client, what) = server.sent[place];
        (server.now, server.client) = (now, client);
        match what {
            What::Read(asker) => server.read(asker),
            What::Write { ticket, token } => server.write(ticket, token),
            What::Heard(heard) => tell(client, heard, &mut server),
        }
    }
    assert_eq!(server.version, clients, "every client has written once");
    Race {
        calls: server.calls as f64,
        completion_ms: server.completion.since(Time::ZERO).as_secs_f64() * 1e3,
    }
}

/// |X| by the method of Box and Muller, with functions that give the same bits on every machine.
fn latency(dice: Dice, client: u64, count: u64) -> Duration {
    let unit = |draw: u64| ((draw >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    let radius = libm::sqrt(-2.0 * libm::log(unit(dice.draw(MESSAGES, client, 2 * count))));
    let angle = std::f64::consts::TAU * unit(dice.draw(MESSAGES, client, 2 * count + 1));
    let ms = (10.0 + 2.0 * radius * libm::cos(angle)).abs();
    Duration::from_nanos((ms * 1e6) as u64)
}

/// Independent runs under one seed; the same whatever the number of threads.
pub fn replicate(clients: u32, retry: &Retry, replications: u32, seed: u64) -> Vec<Race> {
    (0..replications)
        .into_par_iter()
        .map(|index| race(clients, retry, Dice::replication(seed, index.into())))
        .collect()
}
