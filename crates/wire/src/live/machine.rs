//! One node as a function: what reaches it at an instant goes in, what it says comes out. No socket, no timer, no clock.
//!
//! Everything that a live node decides, it decides here; the same inputs at the same instants under the same seed give the same
//! words.

mod adopt;
mod lives;

use crate::base::{CallId, Chance, Delay, Dice, Duration, Group, NodeId, Time};
use crate::engine::sim::purpose::{HIT, WAKE};
use crate::node::{
    Alarm, AtNode, CallMarks, CallPolicy, Calls, Heard, Me, Memory as _, NodeHost, NodeState, NodeTables, Phase, Sends,
    Strategy as _, Ticket,
};
use crate::oauth::Token;
use crate::plan::Plan;
use crate::store::Answer;
use crate::strategy::{AnyMemory, Coordination, Mixed};
use crate::trace::{CallOutcome, Event, FailedBy};
use crate::world::{Fleet, by_clock, clock_says, place, written_by_clock};

/// What reaches a live node, beyond what any node hears.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    /// It serves calls from now on.
    Start,
    /// It takes no more calls.
    Stop,
    /// Its memory is gone, and its calls.
    Crash,
    /// It is down, and follows this version of the plan's mix from its next start on.
    Adopt { version: u8 },
    /// What any node hears.
    Hear(Heard),
    /// A call arrives while it stands still.
    ArrivesUnheard { group: Group, draw_key: u32 },
    /// Another node hands a call over.
    TakeOver(HandedOver),
    /// The gateway's answer to a call that was handed to it.
    Answered { ticket: Ticket, served: Served },
    /// The gateway could not be reached for this call, or the connection to it broke.
    Gone { ticket: Ticket },
    /// The run is over.
    Close,
}

/// A call as it travels from its origin to the gateway.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HandedOver {
    pub arrived: Time,
    pub group: Group,
    pub draw_key: u32,
    pub counts: Counts,
    pub tries: u16,
}

/// What came of a call at its gateway.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Served {
    pub succeeded: bool,
    pub counts: Counts,
    pub first_rejected: bool,
}

/// A call's attempts so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub attempts: u16,
    pub rejections: u16,
}

/// What a live node says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Said {
    /// Something travels; its key names its draws.
    Sends { key: u64, sends: Sends },
    /// Its call of this place goes to the gateway.
    HandsOver { ticket: Ticket, key: u64, call: HandedOver },
    /// The answer to a call that was handed over to it.
    Answers { call: CallId, key: u64, served: Served },
    /// The connection of a call that it has handed over ends.
    HangsUp(CallId),
    /// It is to be woken so much later.
    Wakes { after: Duration, alarm: Alarm },
    /// The call that it has not heard of waits under this ticket.
    Keeps(Ticket),
    /// It has taken over a call, which has this place.
    TakesOver(CallId),
    /// What happened.
    Notes(Event),
    /// A call failed for want of a grant, with this credential.
    NeedsLogin(Option<Token>),
}

/// A node, and all that lies on its side of the wire.
pub(super) struct Machine {
    mix: Option<Mixed>,
    strategy: Coordination,
    policy: CallPolicy,
    fleet: Fleet,
    me: Me,
    dice: Dice,
    state: NodeState<AnyMemory>,
    calls: Calls,
    tables: NodeTables,
}

impl Machine {
    /// The node of this number in a plan.
    pub fn new(plan: &Plan, id: NodeId, dice: Dice) -> Self {
        let number = plan.layout.fleets.partition_point(|fleet| fleet.nodes.end <= id.0);
        let fleet = plan.layout.fleets[number].clone();
        let me = Me {
            refreshes: plan.provider.rotation.is_some(),
            ..place(&fleet, id)
        };
        let (strategy, policy) = plan.client_of(id);
        Self {
            mix: plan.mix.clone(),
            strategy: strategy.clone(),
            policy: policy.clone(),
            state: NodeState::down(strategy.boot(me), number as u16),
            calls: Calls::default(),
            tables: NodeTables::new(plan.nodes(), plan.layout.patience.clone().into(), [policy])
                .with_jobs(&plan.layout.jobs),
            fleet,
            me,
            dice,
        }
    }

    /// A process that was killed so often before begins again: what is drawn by its count of requests is drawn anew.
    pub fn begin_life(&mut self, life: u32) {
        /// More requests than a process makes in one life.
        const REQUESTS: u32 = 1 << 20;
        self.state.epoch = life as u8;
        self.state.requests = life.wrapping_mul(REQUESTS);
    }

    /// It runs.
    pub fn is_up(&self) -> bool {
        self.state.up
    }

    /// Whether a ticket is still its call's.
    pub fn is_good(&self, ticket: Ticket) -> bool {
        self.calls.is_good(ticket)
    }

    /// Whether the call of this place has ended, and no other has it yet.
    pub fn is_over(&self, call: CallId) -> bool {
        self.calls.get(call).phase == Phase::Gone
    }

    /// Where it stands.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// One thing reaches it; what it does about it comes out in order.
    pub fn take(&mut self, now: Time, told: Told) -> Vec<Said> {
        let mut said = Vec::new();
        match told {
            Told::Start => self.start(now, &mut said),
            Told::Stop => self.stop(&mut said),
            Told::Crash => self.crash(now, &mut said),
            Told::Adopt { version } => self.adopt(version),
            Told::Close => self.end_all(now, CallOutcome::Unfinished, &mut said),
            Told::Hear(heard) => {
                let heard = self.read_by_clock(heard);
                let (mut node, mut ear) = self.at(now, &mut said);
                node.hear(heard, &mut ear);
            }
            Told::ArrivesUnheard { group, draw_key } => {
                let (mut node, mut ear) = self.at(now, &mut said);
                if let Some(call) = node.arrive(group, draw_key, &mut ear) {
                    let ticket = node.keep_unheard(call);
                    said.push(Said::Keeps(ticket));
                }
            }
            Told::TakeOver(handed) => {
                let call = self
                    .calls
                    .insert_remote(handed.arrived, self.me.id, handed.group, handed.draw_key);
                let entry = self.calls.get_mut(call);
                (entry.attempts, entry.rejections) = (handed.counts.attempts, handed.counts.rejections);
                entry.tries = handed.tries;
                said.push(Said::TakesOver(call));
                let (mut node, mut ear) = self.at(now, &mut said);
                node.hear(Heard::Forwarded { call }, &mut ear);
            }
            Told::Answered { ticket, served } => {
                if let Some(call) = self.calls.holder(ticket) {
                    (call.attempts, call.rejections) = (served.counts.attempts, served.counts.rejections);
                    if served.first_rejected {
                        call.marks.set(CallMarks::FIRST_REJECTED);
                    }
                }
                let succeeded = served.succeeded;
                let (mut node, mut ear) = self.at(now, &mut said);
                node.hear(Heard::ForwardAnswered { ticket, succeeded }, &mut ear);
            }
            Told::Gone { ticket } => {
                if self.calls.is_good(ticket) {
                    let (mut node, mut ear) = self.at(now, &mut said);
                    node.hear(Heard::GatewayGone { call: ticket.call }, &mut ear);
                }
            }
        }
        for word in &mut said {
            if let Said::Sends {
                key,
                sends: Sends::Forward { ticket },
            } = *word
            {
                *word = Said::HandsOver {
                    ticket,
                    key,
                    call: self.handed_over(ticket.call),
                };
            }
        }
        said
    }

    /// A call as its origin hands it over.
    fn handed_over(&self, id: CallId) -> HandedOver {
        let call = self.calls.get(id);
        HandedOver {
            arrived: call.arrived,
            group: call.group,
            draw_key: call.draw_key,
            counts: Counts {
                attempts: call.attempts,
                rejections: call.rejections,
            },
            tries: call.tries,
        }
    }

    fn at<'a>(&'a mut self, now: Time, said: &'a mut Vec<Said>) -> (AtNode<'a, Coordination>, Ear<'a>) {
        let node = AtNode {
            strategy: &self.strategy,
            policy: &self.policy,
            id: self.me.id,
            state: &mut self.state,
            calls: &mut self.calls,
            tables: &mut self.tables,
        };
        let ear = Ear {
            now,
            me: self.me,
            fleet: &self.fleet,
            dice: self.dice,
            said,
        };
        (node, ear)
    }

    fn end_all(&mut self, now: Time, outcome: CallOutcome, said: &mut Vec<Said>) {
        let ids: Vec<_> = self.calls.under_way().collect();
        for id in ids {
            let call = *self.calls.get(id);
            if call.is_forwarded() {
                // Its connection ends with the node: the origin learns of it there.
                self.calls.remove(id);
                continue;
            }
            if call.phase == Phase::Forwarded {
                said.push(Said::HangsUp(id));
            }
            let (mut node, mut ear) = self.at(now, said);
            node.end(id, outcome, FailedBy::Nothing, &mut ear);
        }
    }

    /// What is stored says when it expires, by the writer's clock; it is read by this node's.
    fn read_by_clock(&self, mut heard: Heard) -> Heard {
        if let Heard::Store {
            answer: Answer::Value(Some(entry)) | Answer::Kept(Some(entry)),
            ..
        } = &mut heard
        {
            entry.value.life = clock_says(&self.fleet, self.me.id, entry.value.life, false);
        }
        heard
    }
}

/// What listens to a node while it acts.
struct Ear<'a> {
    now: Time,
    me: Me,
    fleet: &'a Fleet,
    dice: Dice,
    said: &'a mut Vec<Said>,
}

impl NodeHost<AnyMemory> for Ear<'_> {
    fn now(&self) -> Time {
        self.now
    }

    fn me(&self) -> Me {
        self.me
    }

    fn send(&mut self, key: u64, sends: Sends) {
        let sends = match sends {
            Sends::Store { number, operation } => Sends::Store {
                number,
                operation: written_by_clock(self.fleet, self.me.id, operation),
            },
            other => other,
        };
        self.said.push(Said::Sends { key, sends });
    }

    fn answer(&mut self, key: u64, calls: &mut Calls, call: CallId, succeeded: bool) {
        let entry = *calls.get(call);
        calls.remove(call);
        let counts = Counts {
            attempts: entry.attempts,
            rejections: entry.rejections,
        };
        let first_rejected = entry.marks.has(CallMarks::FIRST_REJECTED);
        let served = Served {
            succeeded,
            counts,
            first_rejected,
        };
        self.said.push(Said::Answers { call, key, served });
    }

    fn hang_up(&mut self, _: &mut Calls, call: CallId) {
        self.said.push(Said::HangsUp(call));
    }

    fn wake(&mut self, delay: Delay, key: u64, alarm: Alarm) -> Duration {
        let delay = match alarm {
            Alarm::Timer { .. } => by_clock(self.fleet, self.me.id, delay),
            _ => delay,
        };
        let draw = if delay.spread.is_zero() {
            0
        } else {
            self.dice.draw(WAKE, key, 0)
        };
        let after = delay.at(draw);
        if !Delay::is_never(after) {
            self.said.push(Said::Wakes { after, alarm });
        }
        after
    }

    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        !chance.is_never() && chance.hit(self.dice.draw(HIT, key, 0))
    }

    fn note(&mut self, event: impl FnOnce() -> Event) {
        self.said.push(Said::Notes(event()));
    }

    fn login_needed(&mut self, memory: &AnyMemory) {
        self.said.push(Said::NeedsLogin(memory.credential()));
    }
}
