//! A run whose network follows a script: what is sent arrives when the script says, or never, and what goes wrong goes wrong at
//! given instants. The clock, the queue and the world are those of every other run; the dice are not asked.
//!
//! For schedules that another engine has found: apart from the simulator's own loop, which pays nothing for it.

use super::host::class;
use super::payload::Due;
use super::queue::Queue;
use crate::base::{Chance, Delay, Duration, NodeId, Time};
use crate::node::Strategy;
use crate::oauth::Token;
use crate::provider::{Bucket, Rule};
use crate::trace::{Event, Sink};
use crate::world::{Host, Leg, Message, World};

/// Something that happens beside what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A message that nobody in the world has sent, such as a call.
    Arrives(Message),
    /// The node loses its memory and its calls, and starts anew.
    Restarts(NodeId),
    /// The lease of this store ends, whoever holds it.
    LeaseEnds(usize),
    /// The live tokens of this bucket expire.
    Expires(Bucket),
    /// The periods end that the provider grants: leeways, overlaps.
    PeriodsEnd,
}

/// Who decides what becomes of what is sent.
pub trait Network<S: Strategy, R> {
    /// When a message that is sent now, or an alarm that is set now, arrives; none for never. `world` is as it is after all
    /// that was sent with it.
    fn arrives(&mut self, now: Time, world: &World<S, R>, message: &Message) -> Option<Time>;

    /// What comes back in place of a message that is turned away on its way.
    fn turns_away(&mut self, now: Time, message: &Message) -> Option<Message>;
}

/// The world's host: keeps what is sent until its sender is done, and then asks the script.
struct ScriptHost<'a> {
    now: Time,
    sent: Vec<Message>,
    sink: &'a mut dyn Sink,
}

impl Host for ScriptHost<'_> {
    const TWO_PROVIDERS: bool = false;

    fn now(&self) -> Time {
        self.now
    }
    fn send(&mut self, _: Leg, _: u64, message: Message) {
        self.sent.push(message);
    }
    fn wake(&mut self, _: Delay, _: u64, alarm: Message) -> Duration {
        self.sent.push(alarm);
        Duration::ZERO
    }
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }
    fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }
    fn note(&mut self, event: impl FnOnce() -> Event) {
        self.sink.record(self.now, &event());
    }
    fn wants_details(&self) -> bool {
        true
    }
}

/// Runs a world whose nodes are down: all start at once. The run ends when nothing is to come.
pub fn run_script<S: Strategy, R: Rule>(
    mut world: World<S, R>,
    network: &mut impl Network<S, R>,
    happenings: &[(Time, Happening)],
    sink: &mut dyn Sink,
) {
    let (mut queue, mut next) = (Queue::new(false), 0);
    let mut stage = ScriptHost {
        now: Time::ZERO,
        sent: Vec::new(),
        sink,
    };
    let nodes = world.fleets().last().map_or(0, |fleet| fleet.nodes.end);
    for node in (0..nodes).map(NodeId) {
        world.start(node, &mut stage);
    }
    let schedule_next = |queue: &mut Queue, next: usize| {
        if let Some((at, _)) = happenings.get(next) {
            queue.push_act(*at);
        }
    };
    schedule_next(&mut queue, next);
    loop {
        for message in stage.sent.drain(..) {
            if let Some(at) = network.arrives(stage.now, &world, &message) {
                queue.push_message(at, class(&message), message);
            }
        }
        let Some((at, due)) = queue.pop() else { return };
        stage.now = at;
        match due {
            Due::Message(place) => {
                let taken = queue.take(place);
                let message = *queue.message(taken);
                match network.turns_away(at, &message) {
                    Some(answer) => stage.sent.push(answer),
                    None => deliver(&mut world, message, &mut stage),
                }
            }
            Due::Act => {
                happen(&mut world, happenings[next].1, &mut stage);
                next += 1;
                schedule_next(&mut queue, next);
            }
            Due::Arrival(_) => unreachable!("the calls of a script are happenings"),
        }
    }
}

/// Not in the simulator's own loop: one copy of the code of all deliveries will do.
#[inline(never)]
fn deliver<S: Strategy, R: Rule>(world: &mut World<S, R>, message: Message, stage: &mut ScriptHost) {
    world.deliver(message, stage);
}

fn happen<S: Strategy, R: Rule>(world: &mut World<S, R>, what: Happening, stage: &mut ScriptHost) {
    match what {
        Happening::Arrives(message) => deliver(world, message, stage),
        Happening::Restarts(node) => {
            world.crash(node.0..node.0 + 1, stage);
            world.start(node, stage);
        }
        Happening::LeaseEnds(store) => world.lapse(store, stage),
        Happening::Expires(bucket) => {
            let (ledger, now) = (&mut world.server.provider.ledger, stage.now);
            ledger.revoke(bucket, now, &mut |life| stage.note(|| Event::TokenEnded(*life)));
        }
        Happening::PeriodsEnd => {
            let (provider, now) = (&mut world.server.provider, stage.now);
            provider.end_periods(now, &mut |life| stage.note(|| Event::TokenEnded(*life)));
        }
    }
}
