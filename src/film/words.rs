//! What happens in a step, in words.

use std::fmt::Write as _;

use super::form::StepKind;
use super::life::Death;
use super::numbering::{Ended, NamedCall};
use super::parties::Parties;
use super::phrases::{answer, for_whom, name, note_of, operation_of, outcome, span, store_answer, written};
use super::tokens::{Lives, number};
use crate::base::{NodeId, Time};
use crate::node::Timer;
use crate::oauth::{AnswerKind, Cause, Reply, Token};
use crate::trace::Event;
use crate::world::{Message, Stage};

/// Something that was sent in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) message: Message,
    pub(super) arrives: Option<Time>,
    pub(super) call: Option<NamedCall>,
}

/// All that a step is told from.
pub(super) struct Telling<'a> {
    pub(super) parties: &'a Parties,
    pub(super) lives: &'a Lives,
    pub(super) now: Time,
    pub(super) events: &'a [Event],
    pub(super) sends: &'a [Sent],
    pub(super) ended: &'a [Ended],
}

/// A step in words, with its parties.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) kind: StepKind,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) text: String,
    pub(super) token: Option<u64>,
    pub(super) refused: bool,
}

impl Told {
    /// A step that concerns one party.
    pub(super) fn own(kind: StepKind, party: usize, text: String) -> Self {
        Self::between(kind, (party, party), text)
    }

    /// A step from one party to another.
    fn between(kind: StepKind, (from, to): (usize, usize), text: String) -> Self {
        Self {
            kind,
            from,
            to,
            text,
            token: None,
            refused: false,
        }
    }

    fn about(mut self, token: Option<Token>) -> Self {
        self.token = token.map(number);
        self
    }
}

impl Telling<'_> {
    fn node(&self, id: NodeId) -> &str {
        self.parties.node(id)
    }

    /// What arrives, at whom, and what follows. `reader` is the node that reads it, where one does.
    pub(super) fn message(&self, message: &Message, call: Option<NamedCall>, reader: NodeId) -> Told {
        let named = call.map_or("a call".to_owned(), |call| call.to_string());
        let told = self.of_api(message, &named, reader);
        let told = told.or_else(|| self.of_token_endpoint(message, call, reader));
        let told = told.or_else(|| self.of_store(message, reader));
        let told = told.or_else(|| self.of_nodes(message, &named, reader));
        let told = told.unwrap_or_else(|| self.of_alarm(message, &named, reader));
        Told {
            refused: self.refused().is_some(),
            text: format!("{}{}", told.text, self.follows(reader)),
            ..told
        }
    }

    fn of_api(&self, message: &Message, call: &str, reader: NodeId) -> Option<Told> {
        let (own, node, api) = (reader.index(), self.node(reader), self.parties.api());
        match message {
            Message::ApiRequest { stage, token, .. } => {
                let kind = match stage {
                    Stage::Arrived => StepKind::AttemptArrives,
                    Stage::Served => StepKind::AttemptServed,
                };
                let told = Told::between(kind, (own, api), self.attempt(node, call, *token));
                Some(told.about(Some(*token)))
            }
            Message::ApiResponse { token, reply, .. } => {
                let text = match reply {
                    Reply::Granted(()) => format!("{node} has the answer to {call}"),
                    Reply::Refused {
                        kind: AnswerKind::Rejected | AnswerKind::Expired,
                        ..
                    } => format!("{node} hears 401 for {} ({call})", name(*token)),
                    Reply::Refused { kind, .. } => format!("{node} hears: {} ({call})", answer(*kind)),
                };
                Some(Told::between(StepKind::AttemptAnswered, (api, own), text).about(Some(*token)))
            }
            _ => None,
        }
    }

    fn of_token_endpoint(&self, message: &Message, call: Option<NamedCall>, reader: NodeId) -> Option<Told> {
        let (own, node, endpoint) = (reader.index(), self.node(reader), self.parties.token_endpoint());
        let request = |kind, asker| {
            let text = format!("{node}'s token request{}", for_whom(asker, call));
            Some(Told::between(kind, (own, endpoint), self.commit(&text)).about(self.issued()))
        };
        match *message {
            Message::TokenRequest { asker, .. } => request(StepKind::TokenRequestArrives, asker),
            Message::TokenServed { asker, .. } => request(StepKind::TokenRequestServed, asker),
            Message::TokenResponse { reply, .. } => {
                let (text, token) = match reply {
                    Reply::Granted(grant) => {
                        let text = format!("{node} receives {}", self.with_state(grant.token));
                        (text, Some(grant.token))
                    }
                    Reply::Refused { kind, .. } => (format!("{node} is refused a token: {}", answer(kind)), None),
                };
                Some(Told::between(StepKind::TokenAnswered, (endpoint, own), text).about(token))
            }
            _ => None,
        }
    }

    fn of_store(&self, message: &Message, reader: NodeId) -> Option<Told> {
        let (own, node, store) = (reader.index(), self.node(reader), self.parties.store_of(reader));
        match message {
            Message::StoreRequest { operation, .. } => {
                let text = format!("{node} {}", operation_of(operation));
                Some(Told::between(StepKind::StoreOperation, (own, store), text).about(written(operation)))
            }
            Message::StoreResponse { answer, .. } => {
                let (text, token) = store_answer(node, answer);
                Some(Told::between(StepKind::StoreAnswered, (store, own), text).about(token))
            }
            _ => None,
        }
    }

    fn of_nodes(&self, message: &Message, call: &str, reader: NodeId) -> Option<Told> {
        let (own, node) = (reader.index(), self.node(reader));
        match message {
            Message::Arrival { .. } => {
                let text = format!("{call} arrives at {node}");
                Some(Told::own(StepKind::CallArrives, own, text))
            }
            Message::Forward { gateway, .. } => {
                let text = format!("{node} hands {call} to {}", self.node(*gateway));
                Some(Told::between(StepKind::CallForwarded, (own, gateway.index()), text))
            }
            Message::Answered { succeeded, .. } => {
                let how = match succeeded {
                    true => "has its answer",
                    false => "has failed at the gateway",
                };
                let text = format!("{node} hears that {call} {how}");
                Some(Told::own(StepKind::CallReturned, own, text))
            }
            Message::Note { from, note, .. } => {
                let (said, token) = note_of(note);
                let text = format!("{} tells {node}: {said}", self.node(*from));
                Some(Told::between(StepKind::Note, (from.index(), own), text).about(token))
            }
            _ => None,
        }
    }

    /// What is no message: a wait is over, a timer rings, a user logs in.
    fn of_alarm(&self, message: &Message, call: &str, reader: NodeId) -> Told {
        let node = self.node(reader);
        let (kind, text) = match message {
            Message::BackoffOver { .. } => (StepKind::WaitOver, format!("{node}: the wait of {call} is over")),
            Message::AttemptTimedOut { .. } => (StepKind::TimedOut, format!("{node} waits no longer for {call}")),
            Message::TokenTimedOut { .. } => (StepKind::TimedOut, format!("{node} waits no longer for a token")),
            Message::StoreTimedOut { .. } => (StepKind::TimedOut, format!("{node} waits no longer for the store")),
            Message::TimerRang { timer, .. } => {
                let what = match timer {
                    Timer::Renew => "its token is to be renewed as planned",
                    Timer::Wait => "it has waited",
                    Timer::Extend => "its lease is to be extended",
                    Timer::Own(_) => "a timer of its own rings",
                };
                (StepKind::Timer, format!("{node}: {what}"))
            }
            _ => (StepKind::Login, "the user logs in again".to_owned()),
        };
        Told::own(kind, reader.index(), text)
    }

    /// Why an attempt was refused in this step, if one was.
    fn refused(&self) -> Option<Option<Cause>> {
        self.events.iter().find_map(|event| match event {
            Event::AttemptRejected { cause, .. } => Some(Some(*cause)),
            Event::AttemptRejectedUnheard => Some(None),
            _ => None,
        })
    }

    fn attempt(&self, node: &str, call: &str, token: Token) -> String {
        let happened = |wanted: fn(&Event) -> bool| self.events.iter().any(wanted);
        let verdict = if let Some(cause) = self.refused() {
            format!("refused{}", self.because(token, cause))
        } else if happened(|event| matches!(event, Event::AttemptAccepted { .. })) {
            "accepted".to_owned()
        } else if happened(|event| matches!(event, Event::AttemptFailed)) {
            "an error of the API".to_owned()
        } else if self
            .sends
            .iter()
            .any(|sent| matches!(sent.message, Message::ApiRequest { .. }))
        {
            "a server takes it".to_owned()
        } else {
            "it waits for a server, or for ever".to_owned()
        };
        format!("{node} sends {call} with {}: {verdict}", name(token))
    }

    /// Why a token is refused, with who ended it and how long ago.
    fn because(&self, token: Token, cause: Option<Cause>) -> String {
        if cause == Some(Cause::NotYetActive) {
            return ", for the API has not heard of it yet".to_owned();
        }
        let Some(life) = self.lives.get(number(token)) else {
            return ", dead for long".to_owned();
        };
        let ends = life.ends_ns.map(Time::from_nanos).unwrap_or(self.now);
        let ago = span(self.now.since(ends));
        let by = life
            .killed_by
            .map_or(String::new(), |by| format!(" of {}", self.parties.name(by)));
        let killer = life
            .killer
            .map(|killer| (killer, self.lives.get(killer).and_then(|killer| killer.born_ns)));
        let how = match (life.death, killer) {
            (Some(Death::Superseded), Some((killer, Some(born)))) if born < ends.nanos() => {
                format!("token {killer}{by} had taken its place, and its overlap ended {ago} ago")
            }
            (Some(Death::Superseded), Some((killer, _))) => format!("token {killer}{by} took its place {ago} ago"),
            (Some(Death::Superseded), None) => format!("a newer one took its place {ago} ago"),
            (Some(Death::Revoked), _) => format!("the provider took it back {ago} ago"),
            (Some(Death::Expired), _) => format!("it expired {ago} ago"),
            (None, _) => return String::new(),
        };
        let under_way = match cause {
            Some(Cause::InFlight) => ", while the attempt was under way",
            _ => "",
        };
        format!(": {how}{under_way}")
    }

    fn with_state(&self, token: Token) -> String {
        let life = self.lives.get(number(token));
        let dead = life
            .and_then(|life| life.ends_ns)
            .filter(|ends| *ends <= self.now.nanos());
        match dead {
            Some(_) => format!("{}, which is dead by now", name(token)),
            None => name(token),
        }
    }

    fn issued(&self) -> Option<Token> {
        self.events.iter().find_map(|event| match event {
            Event::Issued { token, .. } => Some(*token),
            _ => None,
        })
    }

    fn commit(&self, request: &str) -> String {
        let happened = |wanted: fn(&Event) -> bool| self.events.iter().any(wanted);
        if let Some(token) = self.issued() {
            let killer = number(token);
            let killed = self.lives.select(|life| life.killer == Some(killer));
            let mut text = format!("{request} is granted: {} is issued", name(token));
            for life in &killed {
                let over = life.is_over(Some(self.now.nanos()));
                let end = if over { "is dead" } else { "lives on for its overlap" };
                let whose = life
                    .issuer
                    .map_or(String::new(), |by| format!("{}'s ", self.parties.name(by)));
                write!(text, ", and {whose}token {} {end}", life.token).expect("a string takes everything");
            }
            text
        } else if happened(|event| matches!(event, Event::Returned)) {
            format!("{request} is answered with the current token")
        } else if happened(|event| matches!(event, Event::GrantRefused { .. })) {
            format!("{request} is refused: its refresh token was used up or taken back")
        } else if happened(|event| matches!(event, Event::TokenRefused { .. })) {
            format!("{request} is refused")
        } else if happened(|event| matches!(event, Event::TokenRequestLost)) {
            format!("{request} meets silence")
        } else if self
            .sends
            .iter()
            .any(|sent| matches!(sent.message, Message::TokenServed { .. }))
        {
            format!("{request} arrives, and a server takes it")
        } else {
            format!("{request} arrives, and waits for a server")
        }
    }

    /// What follows in the same instant: calls that end, and what is sent.
    pub(super) fn follows(&self, reader: NodeId) -> String {
        let mut parts = Vec::new();
        for ended in self.ended {
            if let Event::CallEnded { outcome: how, .. } = ended.event {
                parts.push(format!("call {} {}", ended.number, outcome(how)));
            }
        }
        let mut attempts: Vec<(Token, Vec<NamedCall>)> = Vec::new();
        for sent in self.sends {
            match &sent.message {
                Message::ApiRequest {
                    stage: Stage::Arrived,
                    token,
                    ..
                } => {
                    let calls = sent.call.into_iter();
                    match attempts.iter_mut().find(|(other, _)| other == token) {
                        Some((_, known)) => known.extend(calls),
                        None => attempts.push((*token, calls.collect())),
                    }
                }
                Message::TokenRequest { with, node, .. } => {
                    let with = with.filter(|_| self.parties.refreshes);
                    let with = with.map_or(String::new(), |with| {
                        format!(" with the refresh token of {}", name(with))
                    });
                    parts.push(format!("{} asks for a new token{with}", self.who(*node, reader)));
                }
                Message::StoreRequest { operation, node, .. } => {
                    parts.push(format!("{} {}", self.who(*node, reader), operation_of(operation)));
                }
                Message::Note { to, note, .. } => parts.push(format!("tells {}: {}", self.node(*to), note_of(note).0)),
                Message::Forward { gateway, .. } => parts.push(format!("hands it to {}", self.node(*gateway))),
                Message::BackoffOver { .. } => {
                    let wait = sent
                        .arrives
                        .map_or("for ever".to_owned(), |at| span(at.since(self.now)));
                    let call = sent.call.map_or("it".to_owned(), |call| call.to_string());
                    let is_next = sent.call.is_some_and(|call| call.is_next);
                    parts.push(match (sent.arrives == Some(self.now), is_next) {
                        (true, true) => format!("{call} follows at once"),
                        (true, false) => format!("{call} is tried again at once"),
                        (false, true) => format!("{call} follows in {wait}"),
                        (false, false) => format!("{call} waits {wait}"),
                    });
                }
                _ => {}
            }
        }
        parts.extend(attempts.into_iter().map(|(token, calls)| match &calls[..] {
            [call] => format!("{call} is sent with {}", name(token)),
            calls => format!("{} calls are sent with {}", calls.len(), name(token)),
        }));
        match parts.is_empty() {
            true => String::new(),
            false => format!("; {}", parts.join("; ")),
        }
    }

    fn who(&self, node: NodeId, reader: NodeId) -> String {
        match node == reader {
            true => "it".to_owned(),
            false => self.node(node).to_owned(),
        }
    }
}
