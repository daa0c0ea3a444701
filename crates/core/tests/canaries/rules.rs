//! Providers that are wrong: each is to end the token before in the same slot, and does something else.

use tokenstorm::base::{Duration, Time};
use tokenstorm::provider::{Bucket, Ledger, Refusal, Request, Rule, Ruling};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wrong {
    Nothing,
    /// The token before lives on.
    Forgets,
    /// The tokens of all slots end.
    EndsAll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Provider {
    pub wrong: Wrong,
    pub slots: u32,
}

impl Rule for Provider {
    fn request(&mut self, now: Time, request: Request, ledger: &mut Ledger) -> Result<Ruling, Refusal> {
        let mut superseded = None;
        let slots = match self.wrong {
            Wrong::Nothing => request.bucket.0..request.bucket.0 + 1,
            Wrong::Forgets => 0..0,
            Wrong::EndsAll => 0..self.slots,
        };
        for slot in slots {
            superseded = ledger
                .supersede_oldest(Bucket(slot), now, Duration::ZERO)
                .or(superseded);
        }
        Ok(Ruling {
            token: ledger.issue(request.bucket, now, self.ttl()),
            new: true,
            superseded,
        })
    }

    fn ttl(&self) -> Duration {
        Duration::from_secs(3600)
    }
}
