//! Periods that end by time alone: for an engine whose clock stands still, and which says when a long while passes.

use std::collections::BTreeSet;

use super::super::settings::{RetireSettings, RotateSettings};
use super::{Refresh, RotationMachine, Serial};
use crate::base::Time;

impl RotationMachine {
    /// Whether a long while would make a difference to a refresh token that somebody may still present: a leeway, a delay or a
    /// cap would be over, or it would have come of age.
    pub fn runs_period(&self, now: Time) -> bool {
        let mut presented = self.presented();
        presented.any(|serial| {
            let refresh = &self.refresh[&serial];
            self.comes_of_age(now, refresh) || self.expires_used(now, refresh)
        })
    }

    /// A long while passes: all such periods are over. Refresh tokens and families live on.
    pub fn end_periods(&mut self, now: Time) {
        for serial in self.presented().collect::<BTreeSet<Serial>>() {
            let refresh = self.refresh[&serial];
            let (aged, over) = (self.comes_of_age(now, &refresh), self.expires_used(now, &refresh));
            let refresh = self.refresh.get_mut(&serial).expect("just looked up");
            refresh.aged |= aged;
            refresh.over |= over;
        }
    }

    fn presented(&self) -> impl Iterator<Item = Serial> {
        self.pairs.values().copied()
    }

    fn comes_of_age(&self, now: Time, refresh: &Refresh) -> bool {
        match self.rule.rotate {
            RotateSettings::AfterAge(age) => !refresh.aged && now.since(refresh.issued) < age,
            RotateSettings::Always | RotateSettings::Never => false,
        }
    }

    /// Whether it was used, is still accepted, and will not be after a while even if nobody does anything.
    fn expires_used(&self, now: Time, refresh: &Refresh) -> bool {
        let ends = match self.rule.retire {
            RetireSettings::Leeway(_) => true,
            RetireSettings::SuccessorUsed(rule) => rule.cap.is_some() || refresh.successor_used.is_some(),
            RetireSettings::OnIssue | RetireSettings::Reuses(_) | RetireSettings::Newer(_) => false,
        };
        ends && refresh.first_used.is_some() && self.tolerates(now, refresh)
    }
}
