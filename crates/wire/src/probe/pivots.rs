//! Values that rules that are still possible have: where one of them lies, a bracket is best cut.

use std::rc::Rc;

use crate::base::Duration;
use crate::provider::RotationRule;
use crate::provider::settings::{RetireSettings, RotateSettings, RuleSettings, Settings};

/// The rules that are still possible.
#[derive(Clone, Debug, Default)]
pub(super) struct Pivots(Rc<Vec<Settings>>);

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values.dedup();
    values
}

impl Pivots {
    pub fn of(possible: Vec<Settings>) -> Self {
        Self(Rc::new(possible))
    }

    fn rules(&self) -> impl Iterator<Item = RuleSettings> {
        self.0.iter().filter_map(|settings| settings.rule)
    }

    fn rotations(&self) -> impl Iterator<Item = RotationRule> {
        let written = self.0.iter().filter_map(Settings::refresh_tokens);
        written.map(|written| RotationRule::of(&written))
    }

    /// How long a superseded token lives on.
    pub fn overlaps(&self) -> Vec<Duration> {
        sorted(self.rules().map(|rule| match rule {
            RuleSettings::Independent(_) => Duration::ZERO,
            RuleSettings::LatestOnly(rule) => rule.overlap,
            RuleSettings::Capacity(rule) => rule.overlap,
            RuleSettings::Reuse(rule) => rule.overlap,
        }))
    }

    /// How many tokens live at once.
    pub fn capacities(&self) -> Vec<u32> {
        sorted(self.rules().filter_map(|rule| match rule {
            RuleSettings::Capacity(rule) => Some(rule.live),
            _ => None,
        }))
    }

    /// Remaining life below which a new token is issued.
    pub fn thresholds(&self) -> Vec<Duration> {
        sorted(self.rules().filter_map(|rule| match rule {
            RuleSettings::Reuse(rule) => Some(rule.threshold),
            _ => None,
        }))
    }

    /// Limits of forced renewal: gap, number and window.
    pub fn forces(&self) -> Vec<(Duration, u32, Duration)> {
        sorted(self.rules().filter_map(|rule| match rule {
            RuleSettings::Reuse(rule) => rule.force.map(|force| (force.min_gap, force.count, force.window)),
            _ => None,
        }))
    }

    /// Lives of access tokens.
    pub fn lives(&self) -> Vec<Duration> {
        sorted(self.0.iter().filter_map(|settings| settings.token_ttl))
    }

    /// Lives of refresh tokens.
    pub fn refresh_lives(&self) -> Vec<Duration> {
        sorted(self.rotations().filter_map(|rule| rule.ttl))
    }

    /// How long a used refresh token is accepted whose successor is not used.
    pub fn graces(&self) -> Vec<Duration> {
        sorted(self.rotations().filter_map(|rule| match rule.retire {
            RetireSettings::Leeway(leeway) => Some(leeway),
            RetireSettings::SuccessorUsed(rule) => rule.cap,
            _ => None,
        }))
    }

    /// How long it is accepted once its successor has been used.
    pub fn delays(&self) -> Vec<Duration> {
        sorted(self.rotations().filter_map(|rule| match rule.retire {
            RetireSettings::SuccessorUsed(rule) => Some(rule.delay),
            _ => None,
        }))
    }

    /// From which age on a refresh token is replaced.
    pub fn ages(&self) -> Vec<Duration> {
        sorted(self.rotations().filter_map(|rule| match rule.rotate {
            RotateSettings::AfterAge(age) => Some(age),
            _ => None,
        }))
    }

    /// Grants of one user and app.
    pub fn grants(&self) -> Vec<u32> {
        sorted(self.rotations().filter_map(|rule| rule.capacity))
    }
}
