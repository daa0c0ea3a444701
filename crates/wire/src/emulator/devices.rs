//! Devices that wait until a user has let them in elsewhere (RFC 8628).

use std::collections::VecDeque;

use super::parameters::Wanted;
use crate::base::{Duration, Time};

/// How long a device may wait.
pub(super) const LIFE: Duration = Duration::from_secs(600);
/// How long it waits between two questions at first; it is more by as much for each that comes too early.
pub(super) const INTERVAL: Duration = Duration::from_secs(5);
/// Devices that are remembered.
const MOST_DEVICES: usize = 10_000;

/// A device that has asked to be let in.
pub(super) struct Waiting {
    number: u32,
    client: u16,
    user_code: String,
    wanted: Wanted,
    ends: Time,
    interval: Duration,
    asked: Option<Time>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    LetIn,
    Refused,
    Served,
}

/// Why a device gets no token; the names are the standard's (section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotYet {
    Pending,
    SlowDown,
    Denied,
    Expired,
    Unknown,
}

impl NotYet {
    pub const fn error(self) -> (&'static str, &'static str) {
        match self {
            Self::Pending => ("authorization_pending", "the user has not decided yet"),
            Self::SlowDown => ("slow_down", "that was too early; wait five seconds more from now on"),
            Self::Denied => ("access_denied", "the user has refused"),
            Self::Expired => ("expired_token", "the device has waited for more than ten minutes"),
            Self::Unknown => (
                "invalid_grant",
                "the device_code is unknown, another client's, or has been used",
            ),
        }
    }
}

/// All that wait, in the order in which they came.
#[derive(Default)]
pub(super) struct Devices {
    last: u32,
    all: VecDeque<Waiting>,
}

impl Devices {
    /// Its number; `user_code` writes what the user is to type.
    pub fn add(&mut self, now: Time, client: u16, wanted: Wanted, user_code: impl Fn(u32) -> String) -> u32 {
        if self.all.len() == MOST_DEVICES {
            self.all.pop_front();
        }
        self.last += 1;
        self.all.push_back(Waiting {
            number: self.last,
            client,
            user_code: user_code(self.last),
            wanted,
            ends: now + LIFE,
            interval: INTERVAL,
            asked: None,
            state: State::Waits,
        });
        self.last
    }

    pub fn clear(&mut self) {
        self.all.clear();
    }

    /// The user decides; whether a device waits under this code. Case and dashes do not count.
    pub fn decide(&mut self, now: Time, user_code: &str, lets_in: bool) -> bool {
        let plain = |code: &str| -> String {
            let letters = code.chars().filter(char::is_ascii_alphabetic);
            letters.map(|letter| letter.to_ascii_uppercase()).collect()
        };
        let typed = plain(user_code);
        let waits = |device: &&mut Waiting| {
            device.state == State::Waits && now < device.ends && plain(&device.user_code) == typed
        };
        let found = self.all.iter_mut().rev().find(waits);
        if let Some(device) = found {
            device.state = if lets_in { State::LetIn } else { State::Refused };
            return true;
        }
        false
    }

    /// The device asks for its token: what it asked for before, once it has been let in.
    pub fn ask(&mut self, now: Time, number: Option<u32>, client: u16) -> Result<Wanted, NotYet> {
        let place = number.and_then(|number| self.all.binary_search_by_key(&number, |device| device.number).ok());
        let device = place.map(|place| &mut self.all[place]);
        let device = device.filter(|device| device.client == client).ok_or(NotYet::Unknown)?;
        match device.state {
            State::Served => Err(NotYet::Unknown),
            State::Refused => Err(NotYet::Denied),
            _ if now >= device.ends => Err(NotYet::Expired),
            State::LetIn => {
                device.state = State::Served;
                Ok(std::mem::take(&mut device.wanted))
            }
            State::Waits => {
                let early = device
                    .asked
                    .replace(now)
                    .is_some_and(|asked| now < asked + device.interval);
                if early {
                    device.interval = device.interval.saturating_add(INTERVAL);
                }
                Err(if early { NotYet::SlowDown } else { NotYet::Pending })
            }
        }
    }
}
