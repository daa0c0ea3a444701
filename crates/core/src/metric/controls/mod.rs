//! Control variates of a run: how often something happened, less what was to be expected. The mean of each is zero whatever the strategy and the
//! provider do, and so what one of them came to tells how lucky a run was.
//!
//! Independent calls (Poisson) have no memory: at any instant the rate at which the next one comes to a node is known, and so is the rate at which calls
//! come to a node whose token is dead, or that is busy. A count of such calls less the integral of that rate is a martingale, and so is a count less the
//! chance that it was given, call by call. Whether a token is dead is only what the trace tells until then, and may be wrong: the mean is zero all the same,
//! and less luck is explained.
//!
//! Sources: S. G. Henderson and P. W. Glynn, "Approximating martingales for variance reduction in Markov process simulation", Mathematics of Operations
//! Research 27, 2002; S. S. Lavenberg and P. D. Welch, "A perspective on the use of control variables to increase the efficiency of Monte Carlo
//! simulations", Management Science 27, 1981.

mod held;

use held::{HeldTokens, Shared};

use crate::base::{Duration, Group, NodeId, Time};
use crate::oauth::Token;
use crate::trace::{Event, Sink};

/// What each control counts, in their order.
pub const CONTROLS: [&str; CONTROL_COUNT] = [
    "calls",
    "calls to another node than the one before",
    "calls that find a dead token",
    "the same, by node alone",
    "calls while other calls are under way, for each of them",
    "calls while calls of their own node are under way, for each of them",
    "calls that find a dead token while other nodes' calls are under way, for each of them",
    "calls that find a dead token while calls of their own node are under way, for each of them",
    "calls soon after another: while a token that it obtained would be under way",
    "calls soon after another: until it is refused and a token is issued",
    "calls soon after another: until it is tried again",
    "calls soon after two others: while a token would be under way",
    "calls soon after two others: until the first is refused and a token is issued",
    "calls soon after two others: until the first is tried again",
];

/// How many controls there are.
pub const CONTROL_COUNT: usize = 14;

const CALLS: usize = 0;
const CHANGES: usize = 1;
const DEAD: usize = 2;
const DEAD_BY_NODE: usize = 3;
const OTHERS: usize = 4;
const OWN: usize = 5;
const OTHERS_DEAD: usize = 6;
const OWN_DEAD: usize = 7;
const SOON: usize = 8;

/// Spans that tell what came soon after something.
const SPANS: usize = 3;

/// What the controls of a run have to know before it begins.
#[derive(Clone, Debug)]
pub struct ControlSetting {
    /// Where the measured span begins.
    pub warmup: Time,
    /// Where the measured span ends.
    pub horizon: Time,
    /// Independent calls per second at each node while it is up.
    pub rates: Vec<f64>,
    /// The client of each node.
    pub clients: Vec<u16>,
    /// Of each group, whether its calls are independent ones.
    pub independent: Vec<bool>,
    /// How long a token lives.
    pub ttl: Duration,
    /// How long a token lives on that made room for another.
    pub overlap: Duration,
    /// While a new token is under way to its use, until a call is refused and has a token issued, and until it is tried again.
    pub spans: [Duration; SPANS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    up: bool,
    token: Option<Token>,
    /// Where the token is held, if it was live when the node came by it.
    place: Option<usize>,
    under_way: u32,
}

/// The controls of one run.
#[derive(Clone, Debug)]
pub struct Controls {
    setting: ControlSetting,
    sums: [f64; CONTROL_COUNT],
    now: Time,
    nodes: Vec<Known>,
    tokens: HeldTokens,
    /// All nodes.
    all: Shared,
    under_way: f64,
    /// Rate of the nodes of each client, and the node of its last call.
    clients: Vec<(f64, Option<NodeId>)>,
    /// When the last call came, and the one before it.
    last: [Option<Time>; 2],
    /// Up to where calls soon after them have been taken off.
    soon_from: Time,
}

impl Controls {
    /// Nothing has happened yet.
    pub fn new(setting: ControlSetting) -> Self {
        let clients = setting.clients.iter().map(|client| usize::from(*client) + 1).max();
        Self {
            sums: [0.0; CONTROL_COUNT],
            now: Time::ZERO,
            nodes: vec![Known::default(); setting.rates.len()],
            tokens: HeldTokens::default(),
            all: Shared::default(),
            under_way: 0.0,
            clients: vec![(0.0, None); clients.unwrap_or(0)],
            last: [None; 2],
            soon_from: Time::ZERO,
            setting,
        }
    }

    /// What each has come to by the end of the measured span.
    pub fn finish(mut self) -> [f64; CONTROL_COUNT] {
        self.pass(self.setting.horizon);
        self.expect_soon(self.setting.horizon);
        self.sums
    }

    /// Time goes on, and tokens end on the way.
    fn pass(&mut self, until: Time) {
        while let Some(at) = self.tokens.next_end()
            && at <= until
        {
            self.expect(at);
            self.tokens.end_next();
        }
        self.expect(until);
    }

    /// Takes off what was to be expected until then.
    fn expect(&mut self, until: Time) {
        let (from, to) = (self.now.max(self.setting.warmup), until.min(self.setting.horizon));
        self.now = self.now.max(until);
        if to <= from {
            return;
        }
        let seconds = to.since(from).as_secs_f64();
        let (all, dead) = (self.all, self.tokens.dead);
        self.sums[CALLS] -= all.rate * seconds;
        self.sums[DEAD] -= dead.rate * seconds;
        self.sums[OTHERS] -= (self.under_way * all.rate - all.busy) * seconds;
        self.sums[OWN] -= all.busy * seconds;
        self.sums[OTHERS_DEAD] -= (self.under_way * dead.rate - dead.busy) * seconds;
        self.sums[OWN_DEAD] -= dead.busy * seconds;
    }

    /// The same of calls soon after others, whose rate changes with nodes that start and stop alone.
    fn expect_soon(&mut self, until: Time) {
        let (from, to) = (self.soon_from.max(self.setting.warmup), until.min(self.setting.horizon));
        self.soon_from = self.soon_from.max(until);
        if to <= from {
            return;
        }
        for (many, last) in self.last.iter().enumerate() {
            let Some(last) = *last else { continue };
            for (at, span) in self.setting.spans.iter().enumerate() {
                let soon = (last + *span).min(to).since(from).as_secs_f64();
                self.sums[SOON + SPANS * many + at] -= self.all.rate * soon;
            }
        }
    }

    /// One more call is under way at a node, or one less.
    fn under_way_at(&mut self, node: NodeId, change: i32) {
        let known = &mut self.nodes[node.index()];
        let before = known.under_way;
        known.under_way = before.saturating_add_signed(change);
        let (more, known) = (f64::from(known.under_way) - f64::from(before), *known);
        self.under_way += more;
        if known.up {
            let busy = more * self.setting.rates[node.index()];
            self.all.busy += busy;
            self.tokens.shared(known.place).busy += busy;
        }
    }

    /// Changes what is known of a node, and with it the rates.
    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Known)) {
        let rate = self.setting.rates[node.index()];
        let before = self.nodes[node.index()];
        change(&mut self.nodes[node.index()]);
        let after = self.nodes[node.index()];
        for (known, sign) in [(before, -1.0), (after, 1.0)] {
            if known.up {
                let (rate, busy) = (sign * rate, sign * rate * f64::from(known.under_way));
                self.all.rate += rate;
                self.all.busy += busy;
                self.clients[usize::from(self.setting.clients[node.index()])].0 += rate;
                let shared = self.tokens.shared(known.place);
                shared.rate += rate;
                shared.busy += busy;
            }
        }
    }

    /// A node comes by a token.
    fn hold(&mut self, node: NodeId, token: Token) {
        let place = self.tokens.take(token);
        let before = self.nodes[node.index()].place;
        self.change(node, |known| (known.token, known.place) = (Some(token), place));
        self.tokens.give_back(before);
    }

    fn issued(&mut self, node: NodeId, token: Token, evicted: Option<Token>) {
        self.tokens.issue(token, self.now + self.setting.ttl);
        if let Some(evicted) = evicted {
            self.tokens.evict(evicted, self.now, self.now + self.setting.overlap);
        }
        self.hold(node, token);
    }

    fn node_is_up(&mut self, now: Time, node: NodeId, up: bool) {
        self.pass(now);
        self.expect_soon(now);
        self.change(node, |known| known.up = up);
    }

    /// A call arrives: one of those that were to be expected, if it is an independent one.
    fn arrived(&mut self, node: NodeId, group: Group) {
        let independent = self.setting.independent.get(usize::from(group.0)).is_some_and(|is| *is);
        let client = usize::from(self.setting.clients[node.index()]);
        if independent && self.now >= self.setting.warmup && self.now < self.setting.horizon {
            self.count(node, client);
        }
        if independent {
            self.expect_soon(self.now);
            self.clients[client].1 = Some(node);
            self.last = [Some(self.now), self.last[0]];
        }
        self.under_way_at(node, 1);
    }

    fn count(&mut self, node: NodeId, client: usize) {
        let dead = f64::from(u8::from(self.tokens.is_dead(self.nodes[node.index()].place)));
        let own = f64::from(self.nodes[node.index()].under_way);
        let others = self.under_way - own;
        self.sums[CALLS] += 1.0;
        self.sums[DEAD] += dead;
        self.sums[DEAD_BY_NODE] += dead - self.tokens.dead.rate / self.all.rate;
        self.sums[OTHERS] += others;
        self.sums[OWN] += own;
        self.sums[OTHERS_DEAD] += others * dead;
        self.sums[OWN_DEAD] += own * dead;
        let (rate, before) = self.clients[client];
        if let Some(before) = before {
            let up = self.nodes[before.index()].up;
            let same = f64::from(u8::from(up)) * self.setting.rates[before.index()] / rate;
            self.sums[CHANGES] += same - f64::from(u8::from(before == node));
        }
        for (many, last) in self.last.iter().enumerate() {
            let Some(last) = *last else { continue };
            for (at, span) in self.setting.spans.iter().enumerate() {
                let soon = f64::from(u8::from(self.now < last + *span));
                self.sums[SOON + SPANS * many + at] += soon;
            }
        }
    }
}

impl Sink for Controls {
    #[inline]
    fn record(&mut self, now: Time, event: &Event) {
        match *event {
            Event::CallArrived { node, group } => {
                self.pass(now);
                self.arrived(node, group);
            }
            Event::CallEnded { node, .. } => {
                self.pass(now);
                self.under_way_at(node, -1);
            }
            // Between what changes a rate, all rates are the same: most events need no look at the clock.
            Event::AttemptSent { node, token, .. } if self.nodes[node.index()].token != Some(token) => {
                self.pass(now);
                self.hold(node, token);
            }
            Event::Issued {
                node, token, evicted, ..
            } => {
                self.pass(now);
                self.issued(node, token, evicted);
            }
            Event::NodeStarted { node } => self.node_is_up(now, node, true),
            Event::NodeStopped { node } => self.node_is_up(now, node, false),
            _ => {}
        }
    }
}
