#![doc = include_str!("pages/scheduled_refresher.md")]

mod worker;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, SPAN, Small};
use crate::base::{Delay, Duration, Times};
use crate::node::{self, Command, Input, Me, Names, Outbox, Role, Shared, Strategy, Timer, View};
use crate::oauth::{Token, TokenSlot};
use crate::retry::Attempts;
use crate::store::{Answer, Asked, Entry, Operation, When};

/// One process renews by a schedule and stores what it gets; the workers read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledRefresher {
    /// From the beginning of one run of the refresher to that of the next.
    pub every: Duration,
    /// When a run begins within each such period, by the clock: the first period begins with the warm-up, as a day does at midnight.
    /// Once, or at several times. Left out, periods are counted from when the refresher starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Times>,
    /// Whether there is a run when the refresher starts, too.
    #[serde(default = "yes")]
    pub at_start: bool,
    /// A run leaves a stored token alone that has more life left than this; left out, each run renews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// Tries of one run in all: it has failed when the store or the token endpoint has not served it.
    #[serde(default = "once")]
    pub tries: Attempts,
    /// From a try that failed to the next one of the same run.
    #[serde(default = "default_try_again")]
    pub try_again: Duration,
    /// What a worker does that finds no usable token in the store.
    #[serde(default)]
    pub meanwhile: Meanwhile,
    /// How often a worker looks that waits.
    #[serde(default = "default_poll")]
    pub poll: Duration,
    /// How long a worker uses what it has read before it reads again; left out, until it is refused or its end has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_for: Option<Duration>,
}

/// What a worker does that finds no usable token in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Meanwhile {
    /// Its calls fail this try; what becomes of them their retry policy says.
    #[default]
    Fail,
    /// It looks again and again, for so long in all, before they do.
    Wait(Duration),
    /// It asks the token endpoint itself, and stores what it gets.
    Ask,
}

fn yes() -> bool {
    true
}

// A scheduled job that fails is done: cron starts it once.
fn once() -> Attempts {
    Attempts::at_most(1)
}

// The shortest wait after a failed refresh in dam-agents/dam#2881.
fn default_try_again() -> Duration {
    Duration::from_secs(60)
}

// As of a waiter under a lease.
fn default_poll() -> Duration {
    Duration::from_millis(100)
}

/// A worker's copy of what is stored, or what the refresher has got last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    held: Option<Token>,
    /// A worker's has been refused.
    dead: bool,
    /// It is thought to live, and a worker sends it without another look.
    usable: bool,
    phase: Phase,
    /// Tries of this run that have failed, or looks of a worker that waits.
    done: u16,
    /// What the refresher has got and not stored yet.
    unstored: Option<Shared>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    Looking,
    Asking,
    Storing,
    Waiting,
}

/// In the order of [`Phase`].
const PHASES: [&str; 5] = ["idle", "looking", "asking", "storing", "waiting"];

/// Life that a stored token has left.
fn left(entry: &Entry<Shared>) -> Duration {
    Duration::from(entry.value.life).saturating_sub(entry.age.into())
}

fn look(node: &mut Memory, out: &mut Outbox) {
    node.phase = Phase::Looking;
    out.push(Command::Store(Operation::Read));
}

fn ask(node: &mut Memory, with: Option<Token>, out: &mut Outbox) {
    node.phase = Phase::Asking;
    out.push(Command::RequestToken {
        slot: TokenSlot::default(),
        call: None,
        with,
    });
}

fn store(value: Shared, out: &mut Outbox) {
    let when = When::Always;
    out.push(Command::Store(Operation::Write { value, when }));
}

impl ScheduledRefresher {
    fn refresh(&self, node: &mut Memory, input: Input, out: &mut Outbox) {
        match (input, node.phase) {
            (Input::Timer(Timer::Renew), phase) => {
                self.arm(out);
                if matches!(phase, Phase::Idle | Phase::Waiting) {
                    Self::begin(node, out);
                }
            }
            (Input::Timer(Timer::Wait), Phase::Waiting) => match node.unstored {
                Some(value) => Self::publish(node, value, out),
                None => look(node, out),
            },
            (Input::Store(Answer::Value(entry)), Phase::Looking) => {
                if let Some(entry) = entry {
                    node.hold(entry.value.token);
                }
                match (entry, self.within) {
                    (Some(entry), Some(within)) if left(&entry) > within => (node.phase, node.done) = (Phase::Idle, 0),
                    _ => ask(node, node.held, out),
                }
            }
            (Input::Token { grant, late, .. }, phase) if node.wants(late, phase) => {
                node.done = if late { 0 } else { node.done };
                node.hold(grant.token);
                Self::publish(node, Shared::of(grant, 0), out);
            }
            (Input::Store(Answer::Written), Phase::Storing) => {
                (node.phase, node.done, node.unstored) = (Phase::Idle, 0, None);
            }
            (Input::TokenFailed { .. }, Phase::Asking)
            | (Input::Store(Answer::Failed(Asked::Read)), Phase::Looking)
            | (Input::Store(Answer::Failed(Asked::Write)), Phase::Storing) => self.again(node, out),
            (Input::Login { grant }, _) => node.hold(grant.token),
            _ => {}
        }
    }

    /// A run begins, whatever became of the one before.
    fn begin(node: &mut Memory, out: &mut Outbox) {
        (node.done, node.unstored) = (0, None);
        look(node, out);
    }

    /// The next run, one period after this one, or at the next time of several.
    fn arm(&self, out: &mut Outbox) {
        match self.at.filter(|at| at.count() > 1) {
            Some(at) => self.arm_at(at, true, out),
            None => out.push(Command::Arm {
                timer: Timer::Renew,
                delay: Delay::exactly(self.every),
            }),
        }
    }

    fn arm_at(&self, at: Times, again: bool, out: &mut Outbox) {
        out.push(Command::ArmAt {
            timer: Timer::Renew,
            every: self.every,
            at,
            again,
        });
    }

    fn publish(node: &mut Memory, value: Shared, out: &mut Outbox) {
        (node.phase, node.unstored) = (Phase::Storing, Some(value));
        store(value, out);
    }

    /// A try has failed. Where tries are without end, how many there were makes no difference.
    fn again(&self, node: &mut Memory, out: &mut Outbox) {
        node.done = match self.tries.is_unbounded() {
            true => 1,
            false => node.done.saturating_add(1),
        };
        node.phase = Phase::Idle;
        if self.tries.allow_another(node.done.into()) {
            node.phase = Phase::Waiting;
            out.push(Command::Arm {
                timer: Timer::Wait,
                delay: Delay::exactly(self.try_again),
            });
        }
    }
}

impl Memory {
    fn token(&self) -> Option<Token> {
        self.held.filter(|_| self.usable)
    }

    /// Whether the refresher takes a token that comes. An answer that was given up is good for a run that has got no other.
    fn wants(&self, late: bool, phase: Phase) -> bool {
        match late {
            false => phase == Phase::Asking,
            true => self.done > 0 && self.unstored.is_none() && matches!(phase, Phase::Idle | Phase::Waiting),
        }
    }

    fn hold(&mut self, token: Token) {
        self.held = Some(token);
        (self.dead, self.usable) = (false, true);
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token() }
    }

    fn credential(&self) -> Option<Token> {
        self.held
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.held = self.held.map(|token| names.token(token));
        self.unstored = self.unstored.map(|value| value.renamed(names));
    }
}

impl Strategy for ScheduledRefresher {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn started(&self, me: Me, node: &mut Memory, out: &mut Outbox) {
        if me.role != Role::Gateway {
            return;
        }
        match self.at {
            Some(at) => self.arm_at(at, false, out),
            None => self.arm(out),
        }
        if self.at_start {
            Self::begin(node, out);
        }
    }

    fn renews_as_planned(&self) -> bool {
        true
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match me.role {
            Role::Gateway => self.refresh(node, input, out),
            Role::Worker | Role::Legacy => self.work(node, input, out),
        }
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "waiting" && self.tries == once() && !self.workers_wait()
    }

    /// The refresher waits to try again.
    fn follows_failure(&self, phase: &str) -> bool {
        phase == "waiting" && !self.workers_wait()
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn needs_gateway(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for ScheduledRefresher {
    fn small(_: u16) -> Vec<Small<Self>> {
        let waits = Self {
            meanwhile: Meanwhile::Wait(SPAN),
            ..by_schedule(SPAN)
        };
        vec![Small::of(
            "scheduled_refresher",
            "one more node than calls arrive at",
            waits,
        )]
    }

    /// A refresher without a token runs again sooner or later: by its clock, which is no part of what is searched, or, as here, because
    /// it tries on.
    fn scaled_down(self) -> Self {
        Self {
            at_start: true,
            within: None,
            tries: Attempts::UNBOUNDED,
            meanwhile: match self.meanwhile {
                Meanwhile::Wait(_) => Meanwhile::Wait(self.poll),
                other => other,
            },
            ..self
        }
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let early = Self {
            tries: Attempts::default(),
            try_again: here.margin().ratio(1, 4),
            meanwhile: Meanwhile::Wait(here.patience()),
            ..by_schedule(here.token_ttl.saturating_sub(here.margin().saturating_mul(2)))
        };
        Ok(vec![Offer::of("", early)])
    }
}

/// Each run renews; a try that fails is repeated without end.
fn by_schedule(every: Duration) -> ScheduledRefresher {
    ScheduledRefresher {
        every,
        at: None,
        at_start: true,
        within: None,
        tries: Attempts::UNBOUNDED,
        try_again: SPAN,
        meanwhile: Meanwhile::Fail,
        poll: SPAN,
        fresh_for: None,
    }
}

#[cfg(test)]
mod tests;
