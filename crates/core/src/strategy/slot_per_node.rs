#![doc = include_str!("pages/slot_per_node.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::base::mix;
use crate::node::{self, Command, Input, Me, Names, Outbox, Role, Strategy, View};
use crate::oauth::{Failure, Slot, Token, TokenSlot};

/// Each node with a token slot of the app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotPerNode {
    /// Slots that the nodes believe they have, dealt out in turn: node i asks for slot `first` + i mod `slots`.
    #[schemars(range(min = 1))]
    pub slots: u16,
    /// The lowest index that is dealt out; 1 leaves slot 0 to those who never send the parameter.
    #[serde(default)]
    pub first: u16,
    /// Nodes choose their slot by a hash of who they are, with this salt, rather than being dealt one in turn.
    pub hashed: Option<u32>,
    /// Name of the parameter as it is sent. A name that the provider does not know is ignored by it.
    pub parameter: Option<String>,
    /// Ask without an index for the rest of the process's life once the provider has refused the index.
    #[serde(default)]
    pub fall_back: bool,
    /// Whether `parameter` is the provider's; filled in when the scenario is resolved.
    #[serde(skip, default = "yes")]
    pub known: bool,
}

fn yes() -> bool {
    true
}

/// The cache, and whether the provider has refused this node's index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    cache: Cache,
    refused: bool,
}

impl SlotPerNode {
    fn slot(&self, me: Me, refused: bool) -> TokenSlot {
        let dealt = match self.hashed {
            None => u64::from(me.ordinal),
            Some(salt) => mix((u64::from(salt) << 32) | u64::from(me.ordinal)),
        };
        let number = self.first + (dealt % u64::from(self.slots)) as u16;
        let index = match (me.role, refused, self.known) {
            (Role::Legacy, ..) | (_, true, _) => Slot::Unnamed,
            (_, false, true) => Slot::Index(number),
            (_, false, false) => Slot::Misnamed(number),
        };
        TokenSlot { app_copy: 0, index }
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        self.cache.view()
    }

    fn credential(&self) -> Option<Token> {
        self.cache.held()
    }

    fn phase(&self) -> usize {
        match (self.cache.asking, self.refused) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 0,
        }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.cache.rename(names);
    }
}

impl Strategy for SlotPerNode {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &["idle", "asking", "without its index"]
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::TokenFailed {
            why: Failure::Refused, ..
        } = input
            && self.fall_back
            && !node.refused
        {
            node.refused = true;
            out.push(Command::RequestToken {
                slot: self.slot(me, true),
                call: None,
                with: node.cache.held(),
            });
            return;
        }
        node.cache.on(me, self.slot(me, node.refused), input, out);
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "without its index" && !self.fall_back
    }

    fn highest_slot(&self) -> Option<u16> {
        Some(self.first.saturating_add(self.slots.saturating_sub(1)))
    }
}

impl Listed for SlotPerNode {
    fn small(nodes: u16) -> Vec<Small<Self>> {
        let own = Self {
            slots: nodes,
            first: 0,
            parameter: None,
            fall_back: false,
            known: true,
            hashed: None,
        };
        vec![Small::of("slot_per_node", "as many slots as nodes", own)]
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        if here.slots < 2 {
            return Err("no second token slot has been granted");
        }
        let own = Self {
            slots: u32::from(here.slots).min(here.nodes) as u16,
            first: 0,
            parameter: None,
            fall_back: false,
            known: true,
            hashed: None,
        };
        offer::plain(own)
    }
}
