#![doc = include_str!("pages/gateway.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{Command, Input, Me, Outbox, Role, Strategy};
use crate::oauth::TokenSlot;

/// One node has the token; the others forward their calls to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gateway {}

impl Strategy for Gateway {
    type Node = Cache;

    fn phases(&self) -> &'static [&'static str] {
        Cache::PHASES
    }

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        match (me.role, input) {
            (Role::Worker | Role::Legacy, Input::Call { call }) => out.push(Command::Forward { call }),
            _ => node.on(me, TokenSlot::default(), input, out),
        }
    }

    fn needs_gateway(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for Gateway {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("gateway", "one more node than calls arrive at", Self {})]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self {})
    }
}
