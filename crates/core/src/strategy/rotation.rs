#![doc = include_str!("pages/rotation.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lease::{Lease, Memory, Slots, Ttl};
use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, Shares, Small};
use crate::node::{Input, Me, Outbox, Strategy};
use crate::oauth::{Slot, TokenSlot};

/// Renewals take turns at several apps or slots, so that the token before lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// What a renewal takes the next one of.
    pub over: Over,
    /// How many apps or slots take turns.
    #[serde(default = "two")]
    #[schemars(range(min = 1))]
    pub count: u8,
    /// The lease under which the shared token is renewed.
    pub lease: Lease,
}

/// What a renewal takes the next one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Registered copies of the app.
    Apps,
    /// Token slots of the app.
    Slots,
}

fn two() -> u8 {
    2
}

impl Slots for Rotation {
    fn count(&self) -> u8 {
        self.count
    }

    fn at(&self, turn: u8) -> TokenSlot {
        match self.over {
            Over::Apps => TokenSlot {
                app_copy: turn.into(),
                index: Slot::Unnamed,
            },
            Over::Slots => TokenSlot {
                app_copy: 0,
                index: Slot::Index(turn.into()),
            },
        }
    }
}

impl Strategy for Rotation {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        Memory::PHASES
    }

    fn boot(&self, me: Me) -> Memory {
        self.lease.boot(me)
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        self.lease.step(self, me, node, input, out);
    }

    fn renews_as_planned(&self) -> bool {
        self.lease.renews_as_planned()
    }

    fn skips(&self, phase: &str) -> bool {
        self.lease.skips(phase)
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn duplicate_apps(&self) -> u16 {
        match self.over {
            Over::Apps => self.count.into(),
            Over::Slots => 1,
        }
    }

    fn highest_slot(&self) -> Option<u16> {
        match self.over {
            Over::Apps => None,
            Over::Slots => Some(self.count.saturating_sub(1).into()),
        }
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for Rotation {
    fn small(_: u16) -> Vec<Small<Self>> {
        let over_two = Self {
            over: Over::Slots,
            count: 2,
            lease: Lease::waiting_once(),
        };
        vec![Small::of(
            "rotation",
            "over two slots, under a lease that renews ahead",
            over_two,
        )]
    }

    fn scaled_down(self) -> Self {
        Self {
            lease: self.lease.scaled_down(),
            ..self
        }
    }

    fn shares(&self) -> Shares {
        let which = match self.over {
            Over::Apps => "apps",
            Over::Slots => "slots",
        };
        Shares {
            entry: Some(format!("the token and which of {} {which} it is from", self.count).into()),
            ..self.lease.shares()
        }
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let over = |over| Self {
            over,
            count: 2,
            lease: Lease {
                renew_ahead: Some(here.margin()),
                jitter: here.stagger(),
                extend_every: Some(here.extension()),
                ttl: Ttl::After(here.lease()),
                wait: here.patience(),
                ..Lease::default()
            },
        };
        let apps = (here.apps > 1).then(|| Offer::of("two apps", over(Over::Apps)));
        let slots = (here.slots > 1).then(|| Offer::of("two slots", over(Over::Slots)));
        let offers: Vec<_> = apps.into_iter().chain(slots).collect();
        if offers.is_empty() {
            return Err("there may be no second app, and no second token slot has been granted");
        }
        Ok(offers)
    }
}
