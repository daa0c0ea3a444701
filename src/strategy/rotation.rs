#![doc = include_str!("../manual/strategies/rotation.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lease::{Lanes, Lease, Memory};
use crate::node::{Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::{Slot, Token, TokenSlot};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
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
    Apps,
    Slots,
}

fn two() -> u8 {
    2
}

impl Lanes for Rotation {
    fn count(&self) -> u8 {
        self.count
    }

    fn slot(&self, turn: u8) -> TokenSlot {
        match self.over {
            Over::Apps => TokenSlot {
                app_copy: turn.into(),
                slot: Slot::Unnamed,
            },
            Over::Slots => TokenSlot {
                app_copy: 0,
                slot: Slot::Index(turn.into()),
            },
        }
    }
}

impl Strategy for Rotation {
    type Node = Memory;
    const PHASES: &'static [&'static str] = Lease::PHASES;

    fn boot(&self, me: Me) -> Memory {
        self.lease.boot(me)
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        self.lease.step(self, me, node, input, out);
    }

    fn view(node: &Memory) -> View {
        Lease::view(node)
    }

    fn credential(node: &Memory) -> Option<Token> {
        Lease::credential(node)
    }

    fn phase(node: &Memory) -> usize {
        Lease::phase(node)
    }

    fn skips(&self, phase: &str) -> bool {
        self.lease.skips(phase)
    }

    fn rename(node: &mut Memory, names: &mut dyn Names) {
        Lease::rename(node, names);
    }
}
