//! A refresher that runs by a schedule: runs that are apart, and come before tokens end.

use super::Checker;
use super::strategy::Whose;
use crate::base::Duration;
use crate::strategy::{Meanwhile, ScheduledRefresher};

/// What a schedule is for: a run a tenth of a second after another is a loop.
const SHORTEST: Duration = Duration::from_millis(100);

impl Checker<'_> {
    pub(super) fn scheduled(&mut self, whose: &Whose, it: &ScheduledRefresher, ttl: Duration) {
        let at = |key| whose.at(&[&"coordination", &"scheduled_refresher", key]);
        if it.every < SHORTEST {
            self.wrong(
                &at(&"every"),
                format!("runs {} apart are a loop and no schedule", it.every),
                "must be at least 100ms",
                "for instance `every = \"50min\"`",
            );
            return;
        }
        if let Some(into) = it.at.map(|at| at.last()).filter(|&into| into >= it.every) {
            self.wrong(
                &at(&"at"),
                format!("{into} into a period of {}", it.every),
                "beyond `every`",
                "count from the start of each period, as `every = \"24h\", at = \"2h\"` does",
            );
        }
        if it.tries.allow_another(1) && it.try_again.is_zero() {
            self.wrong(
                &at(&"try_again"),
                "tries without a wait are over before anything has changed",
                "must be above zero",
                "for instance `\"1min\"`",
            );
        }
        if matches!(it.meanwhile, Meanwhile::Wait(_)) && it.poll.is_zero() {
            self.wrong(
                &at(&"poll"),
                "a worker that looks without a pause never ends",
                "must be above zero",
                "for instance `\"100ms\"`",
            );
        }
        self.gaps(whose, it, ttl);
    }

    /// Times at which no run has come yet, and the token has ended.
    fn gaps(&mut self, whose: &Whose, it: &ScheduledRefresher, ttl: Duration) {
        let at = |key| whose.at(&[&"coordination", &"scheduled_refresher", key]);
        let next = it.at.and_then(|at| at.gaps(it.every).max()).unwrap_or(it.every);
        match it.within {
            Some(within) if within < next => self.odd(
                &at(&"within"),
                format!(
                    "a run that finds more than {within} left leaves the token alone, and the next one comes {next} later"
                ),
                "shorter than the time between two runs",
                "the token may end between two runs; at least as long as that time it does not",
            ),
            None if !ttl.is_zero() && next >= ttl => self.odd(
                &at(&"every"),
                format!("a token that lives {ttl} ends before the next run, {next} later"),
                "not shorter than the token's life",
                "make it shorter than `provider.token_ttl`, or let workers ask meanwhile",
            ),
            _ => {}
        }
    }
}
