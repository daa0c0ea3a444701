//! What happens at the provider at its time: the timeline's doings, and revocations by chance.

use std::sync::Arc;

use super::Backend;
use crate::base::{Time, exponential};
use crate::emulator::log::Happening;
use crate::emulator::step::Step;

/// What the draws of revocations are for.
const REVOCATIONS: u64 = 150;
/// Revocations that are made up for at once when the clock has been moved far; of tokens that nobody has got meanwhile there is none.
const MOST_AT_ONCE: u64 = 1000;

impl Backend {
    pub(super) fn begin_timeline(&mut self) {
        let start = self.clock.now();
        let timeline = self.emulated.timeline.iter().rev();
        self.to_come = timeline.map(|(after, act)| (start + *after, act.clone())).collect();
        self.next_revocation = self.revocation_after(start, 0);
    }

    fn revocation_after(&self, before: Time, count: u64) -> Option<(Time, u64)> {
        let mean = self.emulated.revocations?;
        Some((before + exponential(mean, self.dice.draw(REVOCATIONS, count, 0)), count))
    }

    /// The instant, after all that happens of itself until then.
    pub fn now(&mut self) -> Time {
        let now = self.clock.now();
        while let Some((at, act)) = self.to_come.pop_if(|(at, _)| *at <= now) {
            self.machine.act(at, &act);
            self.happened(at, "(timeline)", "timeline", Some(format!("{act:?}")));
        }
        let mut made_up = 0;
        while let Some((at, count)) = self.next_revocation.filter(|(at, _)| *at <= now) {
            let draw = u128::from(self.dice.draw(REVOCATIONS, count, 1));
            let client = ((draw * self.clients.len() as u128) >> 64) as u16;
            self.machine.take(at, &Step::Revoke { client, slot: None });
            self.happened(at, "(provider)", "revocation", None);
            made_up += 1;
            let next = if made_up < MOST_AT_ONCE { at } else { now };
            self.next_revocation = self.revocation_after(next, count + 1);
        }
        if !self.told_broken
            && let Some(why) = self
                .machine
                .recorder
                .as_ref()
                .and_then(|recorder| recorder.broken.clone())
        {
            self.told_broken = true;
            let what = format!("the recording has ended: {why}");
            self.log
                .push(now, None, "(control)".into(), None, Happening::Changed { what });
        }
        now
    }

    /// Writes down what happened of itself, and whose tokens it ended.
    fn happened(&mut self, at: Time, who: &str, how: &'static str, what: Option<String>) {
        let (_, ended) = self.machine.take_notes();
        let doer = self.operator(who);
        let kills = self.kill(&ended, &doer, how);
        if let Some(what) = what {
            let caller = Arc::clone(&doer.caller);
            self.log.push(at, None, caller, None, Happening::Changed { what });
        }
        if !kills.is_empty() {
            self.log
                .push(at, None, doer.caller, None, Happening::TokensEnded { how, kills });
        }
    }
}
