#![doc = include_str!("pages/single_flight.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{Input, Me, Outbox, Strategy};
use crate::oauth::TokenSlot;

/// Each node with a token of its own, and one token request at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleFlight {}

impl Strategy for SingleFlight {
    type Node = Cache;

    fn phases(&self) -> &'static [&'static str] {
        Cache::PHASES
    }

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    #[inline(always)] // Called in one place of an engine.
    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        if let Input::Rejected { .. } = input {
            node.discard(me);
        }
        node.on(me, TokenSlot::default(), input, out);
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for SingleFlight {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("single_flight", "", Self {})]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self {})
    }
}
