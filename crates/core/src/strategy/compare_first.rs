#![doc = include_str!("pages/compare_first.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{Input, Me, Outbox, Strategy};
use crate::oauth::TokenSlot;

/// Each node with a token of its own; it renews only if the refused token is the one in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareFirst {}

impl Strategy for CompareFirst {
    type Node = Cache;

    fn phases(&self) -> &'static [&'static str] {
        Cache::PHASES
    }

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        node.on(me, TokenSlot::default(), input, out);
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for CompareFirst {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("compare_first", "", Self {})]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self {})
    }
}
