//! The provider with everything that HTTP adds to it: a clock, texts of tokens, clients and callers by name, and the memory of who
//! did what. One request at a time.

mod calls;
mod operator;
mod timeline;
mod tokens;

pub(super) use operator::{CONTROL, Meant};

use std::collections::HashMap;
use std::sync::Arc;

use super::answer::Answer;
use super::clock::{SimClock, system_time, wall};
use super::codes::Codes;
use super::devices::Devices;
use super::emulated::Emulated;
use super::history::{Doer, Stories};
use super::log::{Count, Ended, EventLog, Happening};
use super::machine::Machine;
use super::recording::Recorder;
use super::registry::{Callers, Clients, Stranger};
use super::step::{Down, How, Outcome, Place, Sender, SlotName, Step};
use super::texts::{TextKind, TokenTexts};
use crate::base::{Dice, Duration, Millis, Time};
use crate::oauth::{AnswerKind, At, Grant, Life};
use crate::plan::Act;
use crate::world::Leg;

/// Refresh tokens that can be found again; those that the provider has forgotten are dropped beyond it.
const MOST_PAIRS: usize = 200_000;

/// A request as it is known everywhere: its number, and who sent it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub request: u64,
    pub caller: u32,
}

/// A token request that has been read.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub from: Origin,
    pub client: u16,
    pub grant_type: &'static str,
    pub how: How,
    /// The code that was exchanged.
    pub code: Option<u32>,
    pub slot: SlotName,
    pub force: bool,
    pub scope: String,
    /// For whom the token is to be; left out, for the API.
    pub audience: Option<String>,
    /// Where the API is.
    pub api_url: String,
    /// A refresh token is handed out beside the token, where there is one.
    pub refreshable: bool,
}

/// What becomes of a request at the door.
#[derive(Debug)]
pub(super) enum Turn {
    Silent,
    Answered(Answer),
    Serve { no_op: bool },
    Occupies,
    Waits,
}

pub(super) struct Backend {
    pub clock: SimClock,
    pub machine: Machine,
    pub clients: Clients,
    pub callers: Callers,
    pub stories: Stories,
    pub log: EventLog,
    pub emulated: Emulated,
    pub(super) texts: TokenTexts,
    /// Codes of logins that have not been exchanged yet, or have.
    pub codes: Codes,
    /// Devices that wait for their user.
    pub devices: Devices,
    dice: Dice,
    /// When tokens are revoked next by chance, and how often they were.
    next_revocation: Option<(Time, u64)>,
    /// It has been told that the recording has ended.
    told_broken: bool,
    /// The newest pair of each refresh token.
    pairs: HashMap<u32, u32>,
    /// What is still to come of the timeline, the last first.
    to_come: Vec<(Time, Act)>,
}

impl Backend {
    pub fn new(
        emulated: Emulated,
        clients: Clients,
        texts: TokenTexts,
        clock: SimClock,
        seed: u64,
        recorder: Option<Recorder>,
    ) -> Self {
        let mut machine = Machine::new(&emulated.provider, emulated.links.clone(), seed);
        machine.recorder = recorder;
        let mut backend = Self {
            clock,
            machine,
            clients,
            callers: Callers::new(),
            stories: Stories::default(),
            log: EventLog::new(),
            emulated,
            texts,
            codes: Codes::default(),
            devices: Devices::default(),
            dice: Dice::new(seed),
            next_revocation: None,
            told_broken: false,
            pairs: HashMap::new(),
            to_come: Vec::new(),
        };
        backend.register_all();
        backend.begin_timeline();
        backend
    }

    /// Clients that the plan does not have are in the machine's books too.
    fn register_all(&mut self) {
        for _ in self.emulated.clients.len()..self.clients.len() {
            self.register();
        }
    }

    /// Everything is as at the start, but for the clock and the log.
    pub fn reset(&mut self) {
        let now = self.now();
        self.machine.take(now, &Step::Reset);
        self.texts.epoch += 1;
        self.codes.clear();
        self.devices.clear();
        self.register_all();
        self.pairs.clear();
        self.stories.clear();
        self.callers.forget_tokens();
        self.log.reset_counts();
        self.begin_timeline();
        let now = self.now();
        self.log.push(now, None, "(control)".into(), None, Happening::Reset);
    }

    /// A client more, in the machine's books.
    fn register(&mut self) {
        let slots = self.emulated.provider.slots.iter().copied().max().unwrap_or(1);
        let now = self.now();
        self.machine.take(now, &Step::AddClient { slots });
    }

    /// The client of this id and secret, registered where anybody may come.
    pub fn enter(&mut self, id: &str, secret: &str) -> Result<u16, Stranger> {
        let (client, new) = self.clients.enter(id, secret)?;
        if new {
            self.register();
        }
        Ok(client)
    }

    /// Registers a client by its name alone, where anybody may come.
    pub fn register_by_name(&mut self, id: &str) -> Option<u16> {
        let client = self.clients.invite(id)?;
        self.register();
        Some(client)
    }

    /// Registers a client that leaves its name to the provider: its id, and its secret where it wants one.
    pub fn register_newcomer(&mut self, secret: bool) -> Option<(Arc<str>, Option<String>)> {
        let texts = &self.texts;
        let make = secret.then_some(|number: u16| texts.write(TextKind::Secret, number.into()));
        let (number, secret) = self.clients.welcome(make)?;
        self.register();
        Some((self.clients.id(number), secret))
    }

    pub fn way(&self, leg: Leg, from: Origin) -> Option<Duration> {
        self.machine.way(leg, from.request)
    }

    pub fn operator(&self, name: &str) -> Doer {
        Doer {
            caller: name.into(),
            request: None,
            at: self.clock.now(),
        }
    }

    fn doer(&self, from: Origin, at: Time) -> Doer {
        Doer {
            caller: self.callers.name(from.caller),
            request: Some(from.request),
            at,
        }
    }

    fn note(&mut self, at: Time, from: Origin, client: Option<u16>, what: Happening) {
        let caller = self.callers.name(from.caller);
        let client = client.map(|client| self.clients.id(client));
        self.log.push(at, Some(from.request), caller, client, what);
    }

    /// A message of this request is lost, or nobody answers it.
    pub fn lost(&mut self, from: Origin, leg: &'static str) {
        let now = self.now();
        self.log.count(from.caller, Count::Lost, 1);
        self.note(now, from, None, Happening::Lost { leg });
    }

    /// The words of the provider for an answer of this kind.
    pub fn words(&self, at: At, kind: AnswerKind, wait: Millis) -> Answer {
        let date = |wait: Millis| httpdate::fmt_http_date(system_time(wall() + Duration::from(wait)));
        self.emulated.dialect.respond(at, kind, wait, date).into()
    }

    /// With what the clock shows, where it is to be told.
    pub fn stamped(&self, mut answer: Answer) -> Answer {
        if self.clock.told {
            let now = self.clock.now().nanos().to_string();
            answer.headers.push(("x-tokenstorm-now", now));
        }
        answer
    }

    /// With what a token reveals about its issue, where that is to be told.
    fn ranked(&self, mut answer: Answer, grant: Grant) -> Answer {
        if let Some(rank) = grant.rank.filter(|_| self.clock.told) {
            answer.headers.push(("x-tokenstorm-rank", rank.to_string()));
        }
        answer
    }

    fn remember_pair(&mut self, serial: u32, token: u32) {
        if self.pairs.len() >= MOST_PAIRS {
            let machine = &self.machine;
            self.pairs.retain(|serial, pair| machine.knows_refresh(*pair, *serial));
        }
        self.pairs.insert(serial, token);
    }

    /// The caller would send this token from now on.
    fn hold(&mut self, now: Time, caller: u32, token: u32) {
        let before = self.callers.get_mut(caller).holds.replace(token);
        if before == Some(token) {
            return;
        }
        if let Some(before) = before {
            self.machine.take(
                now,
                &Step::Holds {
                    token: before,
                    held: false,
                },
            );
        }
        self.machine.take(now, &Step::Holds { token, held: true });
    }

    /// Client and slot of a token, as far as somebody still knows.
    pub fn owner(&self, token: u32) -> Option<(u16, u16)> {
        match self.machine.life(token) {
            Some(life) => Some(self.machine.provider().owner(life.bucket)),
            None => self.stories.get(token).map(|story| (story.client, story.slot)),
        }
    }

    /// Writes down who ended these tokens.
    pub fn kill(&mut self, ended: &[Life], by: &Doer, how: &'static str) -> Vec<Ended> {
        let mut kills: Vec<Ended> = Vec::with_capacity(ended.len());
        for life in ended {
            let token = life.token.sequence();
            self.stories.killed(life, by.clone(), how);
            if kills.iter().any(|known| known.token == token) {
                continue;
            }
            let of = self.stories.get(token).map(|story| Arc::clone(&story.issued.caller));
            kills.push(Ended {
                token,
                of: of.unwrap_or_else(|| "?".into()),
                ends: life.end,
            });
        }
        kills
    }

    /// A request of this client has been served, and the server is free again: the request that it takes next.
    pub fn served(&mut self, place: Place, client: u16, from: Option<Sender>) -> Option<u64> {
        let now = self.now();
        if self.machine.provider().counts_under_way(place.into()) {
            self.machine.take(
                now,
                &Step::Leaves {
                    at: place,
                    client,
                    from,
                },
            );
        }
        let step = match place {
            Place::Token => Step::TokenServed,
            Place::Api => Step::ApiServed,
        };
        match self.machine.take(now, &step) {
            Outcome::Next(next) => next,
            _ => None,
        }
    }

    pub fn fail(&mut self, at: Place, outage: Option<Down>, error_rate: Option<u64>) {
        let now = self.now();
        self.machine.take(now, &Step::Fails { at, outage, error_rate });
    }
}

fn turn(outcome: &Outcome) -> Turn {
    match outcome {
        Outcome::Silent => Turn::Silent,
        Outcome::Now { no_op } => Turn::Serve { no_op: *no_op },
        Outcome::Serve => Turn::Occupies,
        Outcome::Waits => Turn::Waits,
        other => unreachable!("a request is let in or not: {other:?}"),
    }
}
