//! Steps by name: what reaches whom, or what goes wrong, as a reader would say it. A name means the same thing in every system
//! in which it means anything, so a schedule survives that other steps, nodes or faults are taken away.

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
pub enum Step {
    /// Something that is under way meets this fate; where several have the same name, the number tells them apart.
    Of(Fate, Who, What, u8),
    Crash(Who),
    /// The lease of this store ends while its holder acts on it.
    Lapse(u8),
    /// It ends, and nobody acts on it.
    Reclaim(u8),
    /// The tokens of this bucket expire.
    Expire(u8),
}

/// What becomes of something that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It arrives, or the alarm rings.
    Deliver,
    /// The alarm rings although what it waits for is still under way.
    Hurry,
    Lose,
    /// It is answered with a 429.
    Throttle,
}

/// Whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    Worker(u8),
    Gateway,
}

/// A kind of message or alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    Call,
    Attempt,
    ApiAnswer,
    TokenRequest,
    TokenResponse,
    StoreRead,
    StoreWrite,
    LeaseRequest,
    LeaseExtension,
    LeaseReturn,
    StoreAnswer,
    ForwardedCall,
    GatewayAnswer,
    Note,
    NextTry,
    CallTimeOut,
    TokenTimeOut,
    StoreTimeOut,
    Renewal,
    Wait,
    ExtensionTimer,
    Login,
}

const FATES: [(Fate, &str); 4] = [
    (Fate::Deliver, "deliver"),
    (Fate::Hurry, "hurry"),
    (Fate::Lose, "lose"),
    (Fate::Throttle, "throttle"),
];

const WHATS: [(What, &str); 22] = [
    (What::Call, "call"),
    (What::Attempt, "attempt"),
    (What::ApiAnswer, "API answer"),
    (What::TokenRequest, "token request"),
    (What::TokenResponse, "token response"),
    (What::StoreRead, "store read"),
    (What::StoreWrite, "store write"),
    (What::LeaseRequest, "lease request"),
    (What::LeaseExtension, "lease extension"),
    (What::LeaseReturn, "lease return"),
    (What::StoreAnswer, "store answer"),
    (What::ForwardedCall, "forwarded call"),
    (What::GatewayAnswer, "gateway answer"),
    (What::Note, "note"),
    (What::NextTry, "next try"),
    (What::CallTimeOut, "call time-out"),
    (What::TokenTimeOut, "token time-out"),
    (What::StoreTimeOut, "store time-out"),
    (What::Renewal, "planned renewal"),
    (What::Wait, "wait"),
    (What::ExtensionTimer, "extension timer"),
    (What::Login, "login"),
];

impl Step {
    /// The node that it is about.
    pub const fn who(self) -> Option<Who> {
        match self {
            Self::Of(_, who, ..) | Self::Crash(who) => Some(who),
            Self::Lapse(_) | Self::Reclaim(_) | Self::Expire(_) => None,
        }
    }

    /// The same step in a system without this worker; none where it was the worker's own.
    #[must_use]
    pub fn without(self, gone: u8) -> Option<Self> {
        let shifted = |who| match who {
            Who::Worker(place) if place == gone => None,
            Who::Worker(place) if place > gone => Some(Who::Worker(place - 1)),
            other => Some(other),
        };
        Some(match self {
            Self::Of(fate, who, what, number) => Self::Of(fate, shifted(who)?, what, number),
            Self::Crash(who) => Self::Crash(shifted(who)?),
            other => other,
        })
    }
}

/// What a message is called, whatever becomes of it.
pub fn name_of<S: Strategy, R: Rule>(world: &World<S, R>, message: &Message) -> (Who, What) {
    let call = |mut message: Message, origin: bool| {
        let call = message.ticket_mut().map(|ticket| *world.calls().get(ticket.call));
        call.map_or(NodeId(0), |call| if origin { call.origin } else { call.at })
    };
    let (node, what) = match *message {
        Message::Arrival { node, .. } => (node, What::Call),
        Message::ApiRequest { node, .. } => (node, What::Attempt),
        Message::ApiResponse { .. } => (call(*message, false), What::ApiAnswer),
        Message::TokenRequest { node, .. } | Message::TokenServed { node, .. } => (node, What::TokenRequest),
        Message::TokenResponse { node, .. } => (node, What::TokenResponse),
        Message::StoreRequest { node, operation, .. } => {
            let what = match operation.asked() {
                Asked::Read => What::StoreRead,
                Asked::Write => What::StoreWrite,
                Asked::Acquire => What::LeaseRequest,
                Asked::Extend => What::LeaseExtension,
                Asked::Release => What::LeaseReturn,
            };
            (node, what)
        }
        Message::StoreResponse { node, .. } => (node, What::StoreAnswer),
        Message::Forward { .. } => (call(*message, true), What::ForwardedCall),
        Message::Answered { .. } => (call(*message, true), What::GatewayAnswer),
        Message::Told { to, .. } => (to, What::Note),
        Message::BackoffOver { .. } => (call(*message, false), What::NextTry),
        Message::AttemptTimedOut { .. } => (call(*message, false), What::CallTimeOut),
        Message::TokenTimedOut { node, .. } => (node, What::TokenTimeOut),
        Message::StoreTimedOut { node, .. } => (node, What::StoreTimeOut),
        Message::TimerRang { node, timer, .. } => {
            let what = match timer {
                Timer::Renew => What::Renewal,
                Timer::Wait => What::Wait,
                Timer::Extend => What::ExtensionTimer,
            };
            (node, what)
        }
        Message::LoginAgain { .. } => (NodeId(0), What::Login),
    };
    (who(world, node), what)
}

fn who<S: Strategy, R: Rule>(world: &World<S, R>, node: NodeId) -> Who {
    let is_gateway = |fleet: &crate::world::Fleet| fleet.is_gateway && fleet.nodes.contains(&node.0);
    if world.fleets().iter().any(is_gateway) {
        Who::Gateway
    } else {
        Who::Worker(node.0 as u8)
    }
}

/// What the steps that a state can take are called, in their order.
pub fn names<S: Strategy, R: Rule>(state: &State<S, R>, actions: &[Action], out: &mut Vec<Step>) {
    out.clear();
    for &action in actions {
        let of = |fate, place: u8| {
            let (who, what) = name_of(&state.world, &state.bag[usize::from(place)]);
            (fate, who, what)
        };
        let (fate, who, what) = match action {
            Action::Deliver(place) | Action::Renew(place) => of(Fate::Deliver, place),
            Action::Late(place) => of(Fate::Hurry, place),
            Action::Lose(place) => of(Fate::Lose, place),
            Action::Throttle(place) => of(Fate::Throttle, place),
            Action::Crash(node) => {
                out.push(Step::Crash(who(&state.world, NodeId(node.into()))));
                continue;
            }
            Action::Lapse(store) => {
                out.push(Step::Lapse(store));
                continue;
            }
            Action::Reclaim(store) => {
                out.push(Step::Reclaim(store));
                continue;
            }
            Action::Expire(bucket) => {
                out.push(Step::Expire(bucket));
                continue;
            }
        };
        let like = |step: &&Step| matches!(**step, Step::Of(f, w, k, _) if (f, w, k) == (fate, who, what));
        let number = out.iter().filter(like).count() as u8 + 1;
        out.push(Step::Of(fate, who, what, number));
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worker(place) => write!(f, "{}", char::from(b'A' + place % 26)),
            Self::Gateway => f.write_str("gateway"),
        }
    }
}

/// As it is written: `deliver B's token response`, `lose A's store write #2`, `crash A`, `lapse lease 0`.
impl fmt::Display for Step {
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
        }
    }
}

impl FromStr for Who {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.as_bytes() {
            b"gateway" => Ok(Self::Gateway),
            [letter @ b'A'..=b'Z'] => Ok(Self::Worker(letter - b'A')),
            _ => Err(()),
        }
    }
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text.trim()).ok_or_else(|| {
            format!("`{text}` is no step; write for example: deliver A's call, lose B's token response, crash A, lapse lease 0")
        })
    }
}

fn parse(text: &str) -> Option<Step> {
    let numbered = |words: &str| text.strip_prefix(words).and_then(|number| number.parse().ok());
    if let Some(who) = text.strip_prefix("crash ") {
        return Some(Step::Crash(who.parse().ok()?));
    }
    if let Some(store) = numbered("lapse lease ") {
        return Some(Step::Lapse(store));
    }
    if let Some(store) = numbered("end lease ") {
        return Some(Step::Reclaim(store));
    }
    if let Some(bucket) = numbered("expire slot ") {
        return Some(Step::Expire(bucket));
    }
    let (fate, rest) = text.split_once(' ')?;
    let (fate, _) = FATES.iter().find(|(_, name)| *name == fate)?;
    let (who, rest) = rest.split_once("'s ")?;
    let (what, number) = match rest.split_once(" #") {
        Some((what, number)) => (what, number.parse().ok()?),
        None => (rest, 1),
    };
    let (what, _) = WHATS.iter().find(|(_, name)| *name == what)?;
    Some(Step::Of(*fate, who.parse().ok()?, *what, number))
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
                for (who, number) in [(Who::Worker(1), 1), (Who::Gateway, 3)] {
                    let step = Step::Of(*fate, who, *what, number);
                    assert_eq!(step.to_string().parse(), Ok(step));
                }
            }
        }
        for step in [
            Step::Crash(Who::Worker(3)),
            Step::Lapse(0),
            Step::Reclaim(1),
            Step::Expire(2),
        ] {
            assert_eq!(step.to_string().parse(), Ok(step));
        }
        assert_eq!(
            Step::Of(Fate::Lose, Who::Worker(0), What::StoreWrite, 2).to_string(),
            "lose A's store write #2"
        );
        for wrong in [
            "",
            "deliver",
            "deliver a's call",
            "deliver A's cell",
            "crash",
            "lapse lease",
            "lose A's call #x",
        ] {
            assert!(wrong.parse::<Step>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_worker_can_be_taken_away() {
        let step = |place| Step::Crash(Who::Worker(place));
        assert_eq!((step(0).without(1), step(1).without(1)), (Some(step(0)), None));
        assert_eq!(step(2).without(1), Some(step(1)));
    }
}
