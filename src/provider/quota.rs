//! Quotas: so many requests in a window, and what a request beyond them gets. It never ends a token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::{Duration, Time, clone_in_place};

/// Windows follow each other from the start of the run: a window of one day ends at midnight if the run starts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Requests in each window.
    pub count: u32,
    /// Length of a window.
    pub window: Duration,
    /// Whose requests are counted together.
    #[serde(default)]
    pub scope: Scope,
    /// What a request beyond the quota gets.
    #[serde(default)]
    pub on_exceed: OnExceed,
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Each app's own.
    #[default]
    Client,
    /// Those of all apps of the account.
    Account,
}

/// What a request beyond the quota gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnExceed {
    /// It is throttled, and told how long until the window ends, as the dialect has it.
    #[default]
    RetryAfter,
    /// It is throttled without a hint.
    Throttle,
    /// It is throttled without a hint, under HTTP 200 with an error in the body.
    ErrorBody,
    /// The token endpoint returns the current token, where there is one.
    NoOp,
}

/// A quota, and what has been used of it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Window {
    quota: Quota,
    used: Vec<Used>,
}

clone_in_place!(Window { quota, used });

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Used {
    window: u64,
    count: u32,
}

/// A request beyond a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// What such a request gets.
    pub on_exceed: OnExceed,
    /// Time left of the window.
    pub until_reset: Duration,
    /// The first of its window: from here to the reset all others fail alike.
    pub first: bool,
}

impl Window {
    /// A quota of which nothing is used yet.
    pub fn new(quota: Quota) -> Self {
        Self {
            quota,
            used: Vec::new(),
        }
    }

    /// Counts a request of this client, unless the quota is used up.
    pub fn admit(&mut self, now: Time, client: u16) -> Result<(), Exceeded> {
        let key = match self.quota.scope {
            Scope::Client => usize::from(client),
            Scope::Account => 0,
        };
        if self.used.len() <= key {
            self.used.resize(key + 1, Used::default());
        }
        let length = self.quota.window.nanos().max(1);
        let window = now.nanos() / length;
        let used = &mut self.used[key];
        if used.window != window {
            *used = Used { window, count: 0 };
        }
        used.count = used.count.saturating_add(1);
        if used.count <= self.quota.count {
            return Ok(());
        }
        Err(Exceeded {
            on_exceed: self.quota.on_exceed,
            until_reset: Duration::from_nanos(length - now.nanos() % length),
            first: used.count == self.quota.count.saturating_add(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_fills_and_begins_anew() {
        let quota = Quota {
            count: 2,
            window: Duration::from_secs(60),
            scope: Scope::Client,
            on_exceed: OnExceed::RetryAfter,
        };
        let at = |s| Time::ZERO + Duration::from_secs(s);
        let mut window = Window::new(quota);
        assert!(window.admit(at(10), 0).is_ok() && window.admit(at(11), 0).is_ok());
        let exceeded = window.admit(at(15), 0).unwrap_err();
        assert_eq!((exceeded.until_reset, exceeded.first), (Duration::from_secs(45), true));
        assert!(!window.admit(at(16), 0).unwrap_err().first);
        assert!(window.admit(at(16), 1).is_ok(), "another client");
        assert!(window.admit(at(60), 0).is_ok(), "the next window");
    }

    #[test]
    fn an_account_is_counted_as_one() {
        let quota = Quota {
            count: 1,
            window: Duration::from_secs(60),
            scope: Scope::Account,
            on_exceed: OnExceed::Throttle,
        };
        let mut window = Window::new(quota);
        assert!(window.admit(Time::ZERO, 0).is_ok());
        assert!(window.admit(Time::ZERO, 7).is_err());
    }
}
