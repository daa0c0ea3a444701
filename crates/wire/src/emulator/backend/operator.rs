//! What somebody does to the provider by the control plane, and what may be asked of it there.

use serde_json::{Value, json};

use super::Backend;
use crate::base::{Duration, Time};
use crate::emulator::assertion::CountAssertion;
use crate::emulator::clock::written;
use crate::emulator::history::{Doer, TokenStory};
use crate::emulator::log::{COUNTS, Counts, Happening};
use crate::emulator::parameters::Wanted;
use crate::emulator::step::Step;
use crate::emulator::texts::{TextKind, fingerprint};

/// The caller that the control plane counts as.
pub(in crate::emulator) const CONTROL: &str = "(control)";

/// Which tokens somebody means.
pub(in crate::emulator) enum Meant {
    All,
    Client(u16, Option<u16>),
    Token(u32),
    /// The grant of the refresh token that came with this pair.
    Grant(u32),
}

impl Backend {
    /// Ends tokens now; how many were live.
    pub fn end(&mut self, meant: &Meant, expired: bool, by: Doer, request: Option<u64>) -> usize {
        let now = self.now();
        let how = if expired { "expire" } else { "revocation" };
        match *meant {
            Meant::Token(token) => {
                self.machine.take(now, &Step::EndToken { token, expired });
            }
            Meant::Grant(of) => {
                self.machine.take(now, &Step::RevokeGrant { of });
            }
            Meant::Client(client, slot) if !expired => {
                self.machine.take(now, &Step::Revoke { client, slot });
            }
            Meant::All if !expired => {
                for client in 0..self.clients.len() as u16 {
                    self.machine.take(now, &Step::Revoke { client, slot: None });
                }
            }
            Meant::Client(..) | Meant::All => {
                for token in self.live(meant, now) {
                    self.machine.take(now, &Step::EndToken { token, expired });
                }
            }
        }
        let (_, ended) = self.machine.take_notes();
        let kills = self.kill(&ended, &by, how);
        let count = kills.len();
        self.log
            .push(now, request, by.caller, None, Happening::TokensEnded { how, kills });
        count
    }

    fn live(&self, meant: &Meant, now: Time) -> Vec<u32> {
        let provider = self.machine.provider();
        let wanted = |bucket| match *meant {
            Meant::Client(client, slot) => {
                let (owner, index) = provider.owner(bucket);
                owner == client && slot.is_none_or(|slot| slot == index)
            }
            _ => true,
        };
        let mut live: Vec<u32> = provider
            .ledger
            .live(now)
            .filter(|token| provider.ledger.get(*token).is_some_and(|life| wanted(life.bucket)))
            .map(|token| token.sequence())
            .collect();
        live.sort_unstable();
        live
    }

    pub fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.tell_clock();
    }

    pub fn freeze(&mut self, stands: bool) {
        self.clock.freeze(stands);
        self.tell_clock();
    }

    fn tell_clock(&mut self) {
        let now = self.now();
        let what = Happening::ClockMoved {
            advanced_s: self.clock.advanced.as_secs_f64(),
            frozen: self.clock.is_frozen(),
        };
        self.log.push(now, None, CONTROL.into(), None, what);
    }

    pub fn clock_told(&mut self) -> Value {
        let now = self.now();
        json!({
            "now": written(now),
            "advanced_s": self.clock.advanced.as_secs_f64(),
            "frozen": self.clock.is_frozen(),
        })
    }

    /// A change by the control plane, for the log.
    pub fn changed(&mut self, what: String) {
        let now = self.now();
        self.log
            .push(now, None, CONTROL.into(), None, Happening::Changed { what });
    }

    pub fn grant_slots(&mut self, client: u16, slots: u16) {
        let now = self.now();
        self.machine.take(now, &Step::GrantSlots { client, slots });
        let client = self.clients.id(client);
        self.changed(format!("{client} has {slots} slots"));
    }

    /// The number that a text stands for: an access token's, or the pair's of a refresh token.
    pub fn meant_by(&self, text: &str) -> Option<Meant> {
        if let Some(token) = self.access_token(text) {
            return Some(Meant::Token(token));
        }
        let serial = self.texts.read(TextKind::Refresh, text)?;
        self.pairs.get(&serial).map(|pair| Meant::Grant(*pair))
    }

    /// Whose a token or a grant is, as far as anybody still knows.
    pub fn client_of(&self, meant: &Meant) -> Option<u16> {
        match *meant {
            Meant::Token(token) | Meant::Grant(token) => self.owner(token).map(|(client, _)| client),
            Meant::Client(client, _) => Some(client),
            Meant::All => None,
        }
    }

    pub fn code_text(&self, number: u32) -> String {
        self.texts.write(TextKind::Code, number)
    }

    pub fn code(&self, text: &str) -> Option<u32> {
        self.texts.read(TextKind::Code, text)
    }

    /// A device begins to wait: its own code, and what the user is to type.
    pub fn device(&mut self, client: u16, wanted: Wanted) -> (String, String) {
        let now = self.now();
        let texts = &self.texts;
        let number = self.devices.add(now, client, wanted, |number| texts.user_code(number));
        (texts.write(TextKind::Device, number), texts.user_code(number))
    }

    pub fn device_code(&self, text: &str) -> Option<u32> {
        self.texts.read(TextKind::Device, text)
    }

    pub fn refresh_token(&self, text: &str) -> Option<u32> {
        self.texts.read(TextKind::Refresh, text)
    }

    /// What was asked for the token that came with this refresh token, as far as it is remembered.
    pub fn wanted_of(&self, serial: u32) -> Wanted {
        let pair = self.pairs.get(&serial);
        let says = pair.and_then(|token| self.stories.get(*token)?.says.as_deref());
        says.map_or_else(Wanted::default, |says| Wanted {
            scope: Some(says.scope.clone()),
            audience: Some(says.audience.clone()),
        })
    }

    /// The story of a token by its number, its fingerprint or its text.
    pub fn story(&mut self, name: &str) -> Option<Value> {
        let now = self.now();
        let number = name.parse().ok().or_else(|| self.access_token(name));
        let story = match number {
            Some(number) => self.stories.get(number)?,
            None => {
                let found = self.stories.find(name);
                found.or_else(|| self.stories.find(&fingerprint(name)))?
            }
        };
        Some(self.told(story, now))
    }

    fn told(&self, story: &TokenStory, now: Time) -> Value {
        let life = self.machine.life(story.number);
        let mut told = serde_json::to_value(story).unwrap_or_default();
        told["client"] = json!(*self.clients.id(story.client));
        told["live"] = json!(life.is_some_and(|life| life.is_live(now)));
        if let Some(life) = life {
            told["expires"] = json!(written(life.expires));
            told["ends"] = json!(written(life.end));
            told["last_used"] = life.last_use.map_or(Value::Null, |at| json!(written(at)));
        }
        let holders = self.callers.iter().filter(|caller| caller.holds == Some(story.number));
        told["held_by"] = holders.map(|caller| json!(*caller.name)).collect();
        told
    }

    /// Everything that a reader of the page or of a failed test wants to know at once.
    pub fn state(&mut self) -> Value {
        /// Tokens and callers that are told one by one.
        const MOST_TOLD: usize = 1000;
        let now = self.now();
        let clients: Vec<_> = (0..self.clients.len() as u16).take(MOST_TOLD).collect();
        let provider = self.machine.provider();
        let clients: Vec<_> = clients
            .into_iter()
            .map(|client| json!({"client": *self.clients.id(client), "slots": provider.slots(client)}))
            .collect();
        let dead = |number| self.machine.life(number).is_none_or(|life| !life.is_live(now));
        let callers: Vec<_> = self
            .callers
            .iter()
            .skip(1)
            .take(MOST_TOLD)
            .map(|caller| json!({"caller": *caller.name, "holds": caller.holds, "live": caller.holds.map(|token| !dead(token))}))
            .collect();
        let live: Vec<_> = self
            .stories
            .latest(MOST_TOLD)
            .filter(|story| !dead(story.number))
            .map(|story| self.told(story, now))
            .collect();
        json!({
            "emulates": self.emulated.name,
            "clock": {"now": written(now), "advanced_s": self.clock.advanced.as_secs_f64(), "frozen": self.clock.is_frozen()},
            "live_tokens": provider.ledger.live(now).count(),
            "grants": provider.rotation.as_ref().map(|rotation| rotation.grants()),
            "events": self.log.last(),
            "events_forgotten": self.log.forgotten(),
            "counts": self.counts_told(None),
            "clients": clients,
            "callers": callers,
            "tokens": live,
        })
    }

    /// Whether something holds that must, and what its count is.
    pub fn judge(&self, assertion: &CountAssertion) -> (bool, u64) {
        let counts = match assertion.caller() {
            None => self.log.counts(None),
            Some(name) => self.counts_of(self.callers.find(name)),
        };
        assertion.judge(&counts)
    }

    /// Of one caller; of none where it has not come.
    fn counts_of(&self, caller: Option<u32>) -> Counts {
        caller.map_or_else(Counts::default, |caller| self.log.counts(Some(caller)))
    }

    /// Of all, or of one caller, who may not have come yet.
    pub fn counts_told(&self, caller: Option<Option<u32>>) -> Value {
        let counts = match caller {
            None => self.log.counts(None),
            Some(caller) => self.counts_of(caller),
        };
        let counts = COUNTS.iter().zip(counts);
        counts
            .map(|((name, _), count)| ((*name).to_owned(), json!(count)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}
