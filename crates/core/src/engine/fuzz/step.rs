//! Steps of a schedule by name, such as `deliver B's token response` or `crash A`. A name means the same thing in every system in which
//! it means anything, so a schedule survives when other steps, nodes or faults are taken away.

use std::fmt;
use std::str::FromStr;

use crate::base::NodeId;
use crate::engine::check::{Action, State};
use crate::node::{Strategy, Timer};
use crate::provider::Rule;
use crate::store::Asked;
use crate::world::{Message, World};

/// One step, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScheduleStep {
    /// Something that is under way meets this fate; where several have the same name, the number tells them apart.
    Of(MessageFate, Actor, MessageKind, u8),
    /// This node loses its memory and its calls, and starts anew.
    Crash(Actor),
    /// The lease of this store ends while its holder acts on it.
    Lapse(u8),
    /// The lease of this store ends, and no node acts on it any more.
    Reclaim(u8),
    /// The tokens of this bucket expire.
    Expire(u8),
    /// The periods end that the provider grants: leeways, overlaps.
    Elapse,
    /// The user logs in again.
    LogIn,
}

/// What becomes of something that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageFate {
    /// It arrives, or the alarm rings.
    Deliver,
    /// The alarm rings although what it waits for is still under way.
    Hurry,
    /// The message is lost.
    Lose,
    /// The token request is answered with a 429.
    Throttle,
}

/// The node that a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A node at which calls arrive, by its place; written as a letter.
    Worker(u8),
    /// The gateway.
    Gateway,
}

/// A kind of message or alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// A call that arrives.
    Call,
    /// An API attempt on its way to the API.
    Attempt,
    /// The API's answer to an attempt.
    ApiAnswer,
    /// A token request on its way to the token endpoint.
    TokenRequest,
    /// The token endpoint's answer.
    TokenResponse,
    /// A read on its way to the store.
    StoreRead,
    /// A write or a clearing on its way to the store.
    StoreWrite,
    /// A request for the lease.
    LeaseRequest,
    /// An extension of the lease.
    LeaseExtension,
    /// A release of the lease.
    LeaseReturn,
    /// The store's answer, whatever it was asked.
    StoreAnswer,
    /// A call on its way to the gateway.
    ForwardedCall,
    /// The gateway's answer to a forwarded call.
    GatewayAnswer,
    /// A note from another node.
    Note,
    /// The end of a backoff.
    NextTry,
    /// The time-out of an attempt.
    CallTimeOut,
    /// The time-out of a token request.
    TokenTimeOut,
    /// The time-out of a store operation.
    StoreTimeOut,
    /// The timer of a planned renewal.
    Renewal,
    /// The timer of a wait between two reads of the store.
    Wait,
    /// The timer by which a lease should be extended.
    ExtensionTimer,
    /// A login of the user.
    Login,
    /// A timer of the strategy's own.
    OwnTimer,
}

const FATES: [(MessageFate, &str); 4] = [
    (MessageFate::Deliver, "deliver"),
    (MessageFate::Hurry, "hurry"),
    (MessageFate::Lose, "lose"),
    (MessageFate::Throttle, "throttle"),
];

const WHATS: [(MessageKind, &str); 23] = [
    (MessageKind::Call, "call"),
    (MessageKind::Attempt, "attempt"),
    (MessageKind::ApiAnswer, "API answer"),
    (MessageKind::TokenRequest, "token request"),
    (MessageKind::TokenResponse, "token response"),
    (MessageKind::StoreRead, "store read"),
    (MessageKind::StoreWrite, "store write"),
    (MessageKind::LeaseRequest, "lease request"),
    (MessageKind::LeaseExtension, "lease extension"),
    (MessageKind::LeaseReturn, "lease return"),
    (MessageKind::StoreAnswer, "store answer"),
    (MessageKind::ForwardedCall, "forwarded call"),
    (MessageKind::GatewayAnswer, "gateway answer"),
    (MessageKind::Note, "note"),
    (MessageKind::NextTry, "next try"),
    (MessageKind::CallTimeOut, "call time-out"),
    (MessageKind::TokenTimeOut, "token time-out"),
    (MessageKind::StoreTimeOut, "store time-out"),
    (MessageKind::Renewal, "planned renewal"),
    (MessageKind::Wait, "wait"),
    (MessageKind::ExtensionTimer, "extension timer"),
    (MessageKind::Login, "login"),
    (MessageKind::OwnTimer, "own timer"),
];

impl ScheduleStep {
    /// The node that the step is about.
    pub const fn who(self) -> Option<Actor> {
        match self {
            Self::Of(_, who, ..) | Self::Crash(who) => Some(who),
            Self::Lapse(_) | Self::Reclaim(_) | Self::Expire(_) | Self::Elapse | Self::LogIn => None,
        }
    }

    /// What arrives, or which alarm rings, by its kind; none for what is a fault, or lost.
    pub fn delivers(self) -> Option<&'static str> {
        match self {
            Self::Of(MessageFate::Deliver | MessageFate::Hurry, _, what, _) => Some(WHATS[what as usize].1),
            _ => None,
        }
    }

    /// The same step in a system without this worker; none where it was the worker's own.
    #[must_use]
    pub fn without(self, gone: u8) -> Option<Self> {
        let shifted = |who| match who {
            Actor::Worker(place) if place == gone => None,
            Actor::Worker(place) if place > gone => Some(Actor::Worker(place - 1)),
            other => Some(other),
        };
        Some(match self {
            Self::Of(fate, who, what, number) => Self::Of(fate, shifted(who)?, what, number),
            Self::Crash(who) => Self::Crash(shifted(who)?),
            other => other,
        })
    }
}

/// The name of a message, whatever becomes of it.
pub fn name_of<S: Strategy, R: Rule>(world: &World<S, R>, message: &Message) -> (Actor, MessageKind) {
    let call = |mut message: Message| {
        let ticket = message.ticket_mut();
        ticket.map_or(NodeId(0), |ticket| world.calls().get(ticket.call).node)
    };
    let (node, what) = match *message {
        Message::Arrival { node, .. } => (node, MessageKind::Call),
        Message::ApiRequest { node, .. } => (node, MessageKind::Attempt),
        Message::ApiResponse { .. } => (call(*message), MessageKind::ApiAnswer),
        Message::TokenRequest { node, .. } | Message::TokenServed { node, .. } => (node, MessageKind::TokenRequest),
        Message::TokenResponse { node, .. } => (node, MessageKind::TokenResponse),
        Message::StoreRequest { node, operation, .. } => {
            let what = match operation.asked() {
                Asked::Read => MessageKind::StoreRead,
                Asked::Write => MessageKind::StoreWrite,
                Asked::Acquire => MessageKind::LeaseRequest,
                Asked::Extend => MessageKind::LeaseExtension,
                Asked::Release => MessageKind::LeaseReturn,
            };
            (node, what)
        }
        Message::StoreResponse { node, .. } => (node, MessageKind::StoreAnswer),
        Message::Forward { .. } => (call(*message), MessageKind::ForwardedCall),
        Message::Answered { .. } => (call(*message), MessageKind::GatewayAnswer),
        Message::Note { to, .. } => (to, MessageKind::Note),
        Message::BackoffOver { .. } => (call(*message), MessageKind::NextTry),
        Message::AttemptTimedOut { .. } => (call(*message), MessageKind::CallTimeOut),
        Message::TokenTimedOut { node, .. } => (node, MessageKind::TokenTimeOut),
        Message::StoreTimedOut { node, .. } => (node, MessageKind::StoreTimeOut),
        Message::TimerRang { node, timer, .. } => {
            let what = match timer {
                Timer::Renew => MessageKind::Renewal,
                Timer::Wait => MessageKind::Wait,
                Timer::Extend => MessageKind::ExtensionTimer,
                Timer::Own(_) => MessageKind::OwnTimer,
            };
            (node, what)
        }
        Message::LoginAgain { .. } => (NodeId(0), MessageKind::Login),
    };
    (who(world, node), what)
}

fn who<S: Strategy, R: Rule>(world: &World<S, R>, node: NodeId) -> Actor {
    let is_gateway = |fleet: &crate::world::Fleet| fleet.is_gateway && fleet.nodes.contains(&node.0);
    if world.fleets().iter().any(is_gateway) {
        Actor::Gateway
    } else {
        Actor::Worker(node.0 as u8)
    }
}

/// The names of the steps that a state can take, in their order.
pub fn names<S: Strategy, R: Rule>(state: &State<S, R>, actions: &[Action], out: &mut Vec<ScheduleStep>) {
    out.clear();
    for &action in actions {
        let of = |fate, place: u8| {
            let (who, what) = name_of(&state.world, &state.bag[usize::from(place)]);
            let like =
                |step: &&ScheduleStep| matches!(**step, ScheduleStep::Of(f, w, k, _) if (f, w, k) == (fate, who, what));
            ScheduleStep::Of(fate, who, what, out.iter().filter(like).count() as u8 + 1)
        };
        let step = match action {
            Action::Deliver(place) | Action::Begin(place, _) | Action::Renew(place) => of(MessageFate::Deliver, place),
            Action::Late(place) => of(MessageFate::Hurry, place),
            Action::Lose(place) => of(MessageFate::Lose, place),
            Action::Throttle(place) => of(MessageFate::Throttle, place),
            Action::Crash(node) => ScheduleStep::Crash(who(&state.world, NodeId(node.into()))),
            Action::Lapse(store) => ScheduleStep::Lapse(store),
            Action::Reclaim(store) => ScheduleStep::Reclaim(store),
            Action::Expire(bucket) => ScheduleStep::Expire(bucket),
            // No state offers it.
            Action::Arrive(_) => continue,
            // A state offers one of them at most.
            Action::Pass | Action::Elapse => ScheduleStep::Elapse,
            Action::LogIn(_) => ScheduleStep::LogIn,
        };
        out.push(step);
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worker(place) => write!(f, "{}", char::from(b'A' + place % 26)),
            Self::Gateway => f.write_str("gateway"),
        }
    }
}

/// As it is written: `deliver B's token response`, `lose A's store write #2`, `crash A`, `lapse lease 0`.
impl fmt::Display for ScheduleStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Of(fate, who, what, number) => {
                write!(f, "{} {who}'s {}", FATES[fate as usize].1, WHATS[what as usize].1)?;
                if number > 1 { write!(f, " #{number}") } else { Ok(()) }
            }
            Self::Crash(who) => write!(f, "crash {who}"),
            Self::Lapse(store) => write!(f, "lapse lease {store}"),
            Self::Reclaim(store) => write!(f, "end lease {store}"),
            Self::Expire(bucket) => write!(f, "expire slot {bucket}"),
            Self::Elapse => f.write_str(ELAPSE),
            Self::LogIn => f.write_str(LOG_IN),
        }
    }
}

impl FromStr for Actor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.as_bytes() {
            b"gateway" => Ok(Self::Gateway),
            [letter @ b'A'..=b'Z'] => Ok(Self::Worker(letter - b'A')),
            _ => Err(()),
        }
    }
}

impl FromStr for ScheduleStep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text.trim()).ok_or_else(|| {
            format!("`{text}` is no step; write for example: deliver A's call, lose B's token response, crash A, lapse lease 0")
        })
    }
}

/// How [`ScheduleStep::Elapse`] is written.
const ELAPSE: &str = "pass time";

/// How [`ScheduleStep::LogIn`] is written.
const LOG_IN: &str = "log in again";

fn parse(text: &str) -> Option<ScheduleStep> {
    match text {
        ELAPSE => return Some(ScheduleStep::Elapse),
        LOG_IN => return Some(ScheduleStep::LogIn),
        _ => {}
    }
    let numbered = |words: &str| text.strip_prefix(words).and_then(|number| number.parse().ok());
    if let Some(who) = text.strip_prefix("crash ") {
        return Some(ScheduleStep::Crash(who.parse().ok()?));
    }
    if let Some(store) = numbered("lapse lease ") {
        return Some(ScheduleStep::Lapse(store));
    }
    if let Some(store) = numbered("end lease ") {
        return Some(ScheduleStep::Reclaim(store));
    }
    if let Some(bucket) = numbered("expire slot ") {
        return Some(ScheduleStep::Expire(bucket));
    }
    let (fate, rest) = text.split_once(' ')?;
    let (fate, _) = FATES.iter().find(|(_, name)| *name == fate)?;
    let (who, rest) = rest.split_once("'s ")?;
    let (what, number) = match rest.split_once(" #") {
        // Counted from one.
        Some((what, number)) => (what, number.parse().ok().filter(|&number| number > 0)?),
        None => (rest, 1),
    };
    let (what, _) = WHATS.iter().find(|(_, name)| *name == what)?;
    Some(ScheduleStep::Of(*fate, who.parse().ok()?, *what, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_reads_as_it_is_written() {
        for (place, (what, _)) in WHATS.iter().enumerate() {
            assert_eq!(*what as usize, place);
            for (place, (fate, _)) in FATES.iter().enumerate() {
                assert_eq!(*fate as usize, place);
                for (who, number) in [(Actor::Worker(1), 1), (Actor::Gateway, 3)] {
                    let step = ScheduleStep::Of(*fate, who, *what, number);
                    assert_eq!(step.to_string().parse(), Ok(step));
                }
            }
        }
        for step in [
            ScheduleStep::Crash(Actor::Worker(3)),
            ScheduleStep::Lapse(0),
            ScheduleStep::Reclaim(1),
            ScheduleStep::Expire(2),
            ScheduleStep::Elapse,
            ScheduleStep::LogIn,
        ] {
            assert_eq!(step.to_string().parse(), Ok(step));
        }
        assert_eq!(
            ScheduleStep::Of(MessageFate::Lose, Actor::Worker(0), MessageKind::StoreWrite, 2).to_string(),
            "lose A's store write #2"
        );
        for wrong in [
            "",
            "deliver",
            "deliver a's call",
            "deliver A's cell",
            "deliver A's call #0",
            "crash",
            "lapse lease",
            "lose A's call #x",
        ] {
            assert!(wrong.parse::<ScheduleStep>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_worker_can_be_taken_away() {
        let step = |place| ScheduleStep::Crash(Actor::Worker(place));
        assert_eq!((step(0).without(1), step(1).without(1)), (Some(step(0)), None));
        assert_eq!(step(2).without(1), Some(step(1)));
    }
}
