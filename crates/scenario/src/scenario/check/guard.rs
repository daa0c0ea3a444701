//! A guard of the token endpoint: what holds for a while, and calls that do not ask without end meanwhile.

use std::fmt::Display;

use super::super::strategy::StrategySettings;
use super::Checker;
use super::strategy::Whose;
use crate::base::Duration;
use crate::provider::settings::LoggedOutBy;
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
        if guard.login_after.is_some_and(Duration::is_zero) {
            self.wrong(
                &whose.at(&[&"token_guard", &"login_after"]),
                "a login that is asked for after any failure",
                "must be above zero",
                "`logged_out_by = \"errors\"` is a client that takes any error for the end of its login",
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

    /// What is about a login, where nobody has one.
    pub(super) fn ends_of_logins(&mut self, whose: &Whose, strategy: &StrategySettings) {
        if self.file.has_refresh_tokens() {
            return;
        }
        let keys: [(&[&dyn Display], bool); 3] = [
            (&[&"logged_out_by"], strategy.logged_out_by != LoggedOutBy::default()),
            (
                &[&"token_guard", &"until_login"],
                strategy.token_guard.is_some_and(|guard| guard.until_login),
            ),
            (
                &[&"token_guard", &"login_after"],
                strategy.token_guard.is_some_and(|guard| guard.login_after.is_some()),
            ),
        ];
        for (key, _) in keys.into_iter().filter(|(_, is_set)| *is_set) {
            self.odd(
                &whose.at(key),
                "no user logs in at this provider",
                "nothing to lose",
                "give the provider refresh tokens (`[provider.refresh]`), or leave it out",
            );
        }
    }

    /// A breaker whose open times grow.
    pub(super) fn open_times(&mut self, path: &[&dyn Display], open: Duration, longest: Option<Duration>) {
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
