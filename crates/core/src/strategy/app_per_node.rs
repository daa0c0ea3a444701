#![doc = include_str!("pages/app_per_node.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{Input, Me, Outbox, Strategy};
use crate::oauth::{Slot, TokenSlot};

/// Each node with a registered copy of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppPerNode {
    /// Copies of the app, dealt out in turn: node i uses copy i mod `apps`.
    #[schemars(range(min = 1))]
    pub apps: u16,
}

impl Strategy for AppPerNode {
    type Node = Cache;

    fn phases(&self) -> &'static [&'static str] {
        Cache::PHASES
    }

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        let slot = TokenSlot {
            app_copy: (me.ordinal % u32::from(self.apps)) as u16,
            index: Slot::Unnamed,
        };
        node.on(me, slot, input, out);
    }

    fn duplicate_apps(&self) -> u16 {
        self.apps
    }
}

impl Listed for AppPerNode {
    fn small(nodes: u16) -> Vec<Small<Self>> {
        vec![Small::of("app_per_node", "as many apps as nodes", Self { apps: nodes })]
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let apps = u32::from(here.apps).min(here.nodes) as u16;
        if apps < 2 {
            return Err("there may be no second app, or there is no second node");
        }
        offer::plain(Self { apps })
    }
}
