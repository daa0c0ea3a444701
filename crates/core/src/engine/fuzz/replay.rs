//! Replays of a schedule in the checker's states and in the simulator: the same steps, and the same effects.
//!
//! The checker picks what is under way by name; the simulator is given a network that delays each message so that step n
//! happens at instant n. Effects are compared without what only one of the engines counts: times, and how tokens are called.

use std::collections::BTreeMap;

use super::step::{Actor, MessageKind, ScheduleStep, name_of};
use super::walk::Walk;
use crate::base::{Duration, NodeId, Time};
use crate::engine::check::{Action, CheckHost, NOW, State, System, carried, of_kind, taken_from, throttled};
use crate::engine::sim::{Happening, Network, run_script};
use crate::node::Strategy;
use crate::oauth::Token;
use crate::provider::{Bucket, Rule};
use crate::trace::Event;
use crate::world::{Message, Renamed, World};

/// Something that happened at a step, in words that do not depend on the engine. Step 0 is the start.
pub type Effect = (usize, String);

/// Far shorter than any lease or token lives, so that nothing ends by itself.
const INSTANT: Duration = Duration::from_nanos(1000);

/// The effects of a schedule in each engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// In the checker's states, in order.
    pub checker: Vec<Effect>,
    /// In the simulator, in order.
    pub simulator: Vec<Effect>,
}

/// Runs a schedule in both engines; steps that cannot be taken are skipped in both.
pub fn replay<S: Strategy, R: Rule>(strategy: &S, system: &System<R>, steps: &[ScheduleStep]) -> Effects {
    let mut walk = Walk::new(State::initial(strategy.clone(), system), 0);
    for &step in steps {
        walk.take(step);
    }
    let (script, checker) = script(strategy, system, &walk.way);
    let mut network = Scripted {
        sent: script.sent,
        turned_away: Vec::new(),
    };
    let mut trace = Vec::new();
    let world = State::world(strategy.clone(), system);
    run_script(world, &mut network, &script.happenings, &mut trace);
    let mut describer = Describer::default();
    let mut simulator = Vec::new();
    for (now, event) in trace {
        simulator.extend(describer.describe(step_at(now), &[event]));
    }
    Effects { checker, simulator }
}

/// Names tokens by their number in the order of issue, and puts events into words.
#[derive(Default)]
struct Describer {
    issued: usize,
    names: BTreeMap<Token, usize>,
}

impl Describer {
    fn describe(&mut self, step: usize, events: &[Event]) -> impl Iterator<Item = Effect> {
        let mut effects = Vec::new();
        for event in events {
            if let Event::Issued { token, .. } = event {
                self.issued += 1;
                self.names.insert(*token, self.issued);
            }
            effects.extend(effect(event, |token| self.names.get(&token).copied()).map(|words| (step, words)));
        }
        effects.into_iter()
    }

    fn rename(&mut self, renamed: &Renamed) {
        let names = std::mem::take(&mut self.names).into_iter();
        self.names = names
            .filter_map(|(token, name)| Some((renamed.token(token)?, name)))
            .collect();
    }
}

fn instant(step: usize) -> Time {
    Time::ZERO + INSTANT.saturating_mul(step as u64)
}

fn step_at(now: Time) -> usize {
    (now.nanos() / INSTANT.nanos()) as usize
}

/// Something that was sent, and what becomes of it.
struct Sent {
    /// The step at which it was sent, and its name then; among equals the first is meant first.
    at: usize,
    name: (Actor, MessageKind),
    fate: MessageFate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MessageFate {
    Never,
    Arrives(usize),
    /// It is answered with a 429.
    TurnedAway(usize),
}

struct Script {
    sent: Vec<Sent>,
    happenings: Vec<(Time, Happening)>,
}

/// What happens when all nodes start, and how tokens are called after it.
fn start<S: Strategy, R: Rule>(strategy: &S, system: &System<R>) -> (Vec<Event>, Renamed) {
    let mut world = State::world(strategy.clone(), system);
    let mut host = CheckHost::default();
    for node in 0..world.fleets().last().map_or(0, |fleet| fleet.nodes.end) {
        world.start(NodeId(node), &mut host);
    }
    world.canonical(NOW, &mut host.bag, &mut host.renamed);
    (host.events, host.renamed)
}

/// What a run sends and when it arrives, and the run's effects.
fn script<S: Strategy, R: Rule>(strategy: &S, system: &System<R>, way: &[Action]) -> (Script, Vec<Effect>) {
    let mut script = Script {
        sent: Vec::new(),
        happenings: Vec::new(),
    };
    let mut describer = Describer::default();
    let (events, renamed) = start(strategy, system);
    let mut effects: Vec<_> = describer.describe(0, &events).collect();
    describer.rename(&renamed);
    let (mut host, initial) = (CheckHost::default(), State::initial(strategy.clone(), system));
    // Which sending each message of the bag is.
    let mut tags: Vec<usize> = initial
        .bag
        .iter()
        .map(|message| script.send(0, &initial.world, message))
        .collect();
    let mut state = initial;
    for (step, &action) in (1..).zip(way) {
        script.meet(step, &state, action, &tags);
        let raw = state.step(action, &mut host);
        if let Some(place) = taken_from(action) {
            tags.remove(place);
        }
        for message in &raw.bag[tags.len()..] {
            tags.push(script.send(step, &raw.world, message));
        }
        let next = state.take(action, &mut host, |_, _, _| {});
        effects.extend(describer.describe(step, &host.events));
        describer.rename(&host.renamed);
        tags = carried(raw, &tags, &next, &mut host.renamed);
        state = next;
    }
    (script, effects)
}

impl Script {
    fn send<S: Strategy, R: Rule>(&mut self, at: usize, world: &World<S, R>, message: &Message) -> usize {
        self.sent.push(Sent {
            at,
            name: name_of(world, message),
            fate: MessageFate::Never,
        });
        self.sent.len() - 1
    }

    /// Writes into the script what a step does to a message that was sent, or what happens beside it.
    fn meet<S: Strategy, R: Rule>(&mut self, step: usize, state: &State<S, R>, action: Action, tags: &[usize]) {
        let mut happens = |what| self.happenings.push((instant(step), what));
        match action {
            Action::Deliver(place) | Action::Renew(place) | Action::Late(place) | Action::LogIn(place) => {
                let message = state.bag[usize::from(place)];
                if let Message::Arrival { .. } = message {
                    happens(Happening::Arrives(message));
                } else {
                    self.sent[tags[usize::from(place)]].fate = MessageFate::Arrives(step);
                }
            }
            Action::Begin(place, kind) => happens(Happening::Arrives(of_kind(&state.bag[usize::from(place)], kind))),
            // No schedule takes a call beside its own.
            Action::Lose(_) | Action::Arrive(_) => {}
            Action::Throttle(place) => self.sent[tags[usize::from(place)]].fate = MessageFate::TurnedAway(step),
            Action::Crash(node) => happens(Happening::Restarts(NodeId(node.into()))),
            Action::Lapse(store) | Action::Reclaim(store) => happens(Happening::LeaseEnds(store.into())),
            Action::Expire(bucket) => happens(Happening::Expires(Bucket(bucket.into()))),
            Action::Pass | Action::Elapse => happens(Happening::PeriodsEnd),
        }
    }
}

/// A network that does what a script says.
struct Scripted {
    sent: Vec<Sent>,
    /// The instants at which a request is turned away.
    turned_away: Vec<Time>,
}

impl<S: Strategy, R: Rule> Network<S, R> for Scripted {
    fn arrives(&mut self, now: Time, world: &World<S, R>, message: &Message) -> Option<Time> {
        let (at, name) = (step_at(now), name_of(world, message));
        let place = self.sent.iter().position(|sent| (sent.at, sent.name) == (at, name))?;
        match self.sent.remove(place).fate {
            MessageFate::Never => None,
            MessageFate::Arrives(step) => Some(instant(step)),
            MessageFate::TurnedAway(step) => {
                self.turned_away.push(instant(step));
                Some(instant(step))
            }
        }
    }

    fn turns_away(&mut self, now: Time, message: &Message) -> Option<Message> {
        let turned = self.turned_away.contains(&now);
        turned.then(|| throttled(message)).flatten()
    }
}

/// An event in words; none for one that only one engine records.
fn effect(event: &Event, number: impl Fn(Token) -> Option<usize>) -> Option<String> {
    let name = |token: Token| number(token).map_or_else(|| "an old token".to_owned(), |number| format!("t{number}"));
    let node = |node: NodeId| format!("node {}", node.0);
    Some(match *event {
        Event::CallArrived { node: at, .. } => format!("a call arrives at {}", node(at)),
        Event::AttemptSent { node: at, token, .. } => format!("{} sends an attempt with {}", node(at), name(token)),
        Event::AttemptAccepted { token } => format!("{} is accepted", name(token)),
        Event::AttemptRejected { .. } => "an attempt is refused".to_owned(),
        Event::CallPassedOn { from, to, .. } => format!("a call of {} goes on at {}", node(from), node(to)),
        Event::AttemptRejectedUnheard => "an attempt is refused that nobody waits for".to_owned(),
        Event::AttemptFailed => "an attempt fails".to_owned(),
        Event::CallEnded { node: at, outcome, .. } => format!("a call of {} ends: {outcome:?}", node(at)),
        Event::TokenRequested { .. } => "a token request arrives".to_owned(),
        Event::TokenRequestLost => "a token request is lost".to_owned(),
        Event::TokenAnswerLost => "the answer to a token request is lost".to_owned(),
        Event::TokenRefused { .. } => "it is refused".to_owned(),
        Event::GrantRefused { revokes } => format!("a refresh token is refused, its family ends: {revokes}"),
        Event::LoggedIn { again } => format!("a user logs in, again: {again}"),
        Event::GrantLost { .. } => "a family is lost".to_owned(),
        Event::Issued {
            node: at,
            token,
            evicted,
            ..
        } => {
            let end = evicted.map_or_else(String::new, |token| format!(", {} ends", name(token)));
            format!("{} is issued to {}{end}", name(token), node(at))
        }
        Event::Returned => "the current token is returned".to_owned(),
        Event::StoreWritten { regressed } => format!("the store is written, regressed: {regressed}"),
        Event::LeaseLapsed => "a lease had lapsed".to_owned(),
        Event::NodeStarted { node: at } => format!("{} starts", node(at)),
        Event::NodeStopped { node: at } => format!("{} stops", node(at)),
        Event::TokenHeard { node: at, late, .. } => format!("{} hears of its request, late: {late}", node(at)),
        Event::CommittedUnderLease { node: at, held } => format!("{} commits, its lease held: {held}", node(at)),
        Event::LeaseTaken { node: at } => format!("{} has the lease", node(at)),
        Event::LeaseEnded => "a lease ends".to_owned(),
        Event::RefusalHeard { node: at, token, .. } => format!("{} hears that {} is refused", node(at), name(token)),
        Event::RefreshAnswered { reuse } => format!("a refresh is answered, used up before: {reuse}"),
        Event::CredentialCleared { good } => format!("a credential is taken away, good: {good}"),
        Event::LiveTokenDropped { node: at, token } => format!("{} gives up {}", node(at), name(token)),
        // How long tokens live, which quota is used up, which node stands still and which is sampled is the simulator's own.
        Event::TokenAsked { .. }
        | Event::Sampled { .. }
        | Event::QuotaExhausted { .. }
        | Event::QuotaUsed { .. }
        | Event::LackedGrant { .. }
        | Event::TokenHeld { .. }
        | Event::TokenEnded(_)
        | Event::NodePaused { .. }
        | Event::NodeResumed { .. } => return None,
    })
}
