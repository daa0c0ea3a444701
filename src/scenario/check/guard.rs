//! A guard of the token endpoint: what holds for a while, and calls that do not ask without end meanwhile.

use super::Checker;
use super::strategy::Whose;
use crate::base::Duration;
use crate::retry::{Retry, TokenGuard};

impl Checker<'_> {
    pub(super) fn guard(&mut self, whose: &Whose, guard: TokenGuard, retry: Retry) {
        if guard.cooldown.is_some_and(Duration::is_zero) {
            self.wrong(
                &whose.at(&[&"token_guard", &"cooldown"]),
                "a cool-down that is over at once",
                "must be above zero",
                "leave it out to ask again whenever a call wants a token",
            );
        }
        if guard.breaker.is_some_and(|breaker| breaker.failures == 0) {
            self.wrong(
                &whose.at(&[&"token_guard", &"breaker", &"failures"]),
                "a breaker that opens before a failure",
                "must be at least 1",
                "for instance 3",
            );
        }
        let withholds = guard.cooldown.is_some() || guard.breaker.is_some() || guard.until_login;
        if withholds && matches!(retry, Retry::Immediate(immediate) if immediate.attempts.is_unbounded()) {
            self.wrong(
                &whose.at(&[&"token_guard"]),
                "a call that is refused by its own node and tried again at once, without end, never lets time pass",
                "not with tries that are unbounded and without a wait",
                "bound the `attempts`, or wait between them: `retry = { fixed = { delay = \"1s\" } }`",
            );
        }
    }

    /// A breaker whose open times grow.
    pub(super) fn open_times(&mut self, path: &[&dyn std::fmt::Display], open: Duration, longest: Option<Duration>) {
        if let Some(longest) = longest.filter(|&longest| longest < open) {
            self.wrong(
                path,
                format!("a breaker that is open for {open} at first and for {longest} at most"),
                "shorter than `open`",
                "at least as long as `open`; ten minutes are a common bound",
            );
        }
    }
}
