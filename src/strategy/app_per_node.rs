#![doc = include_str!("../manual/strategies/app_per_node.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use crate::node::{Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::{Slot, Token, TokenSlot};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppPerNode {
    /// Copies of the app, dealt out in turn: node i uses copy i mod `apps`.
    #[schemars(range(min = 1))]
    pub apps: u16,
}

impl Strategy for AppPerNode {
    type Node = Cache;
    const PHASES: &'static [&'static str] = Cache::PHASES;

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        let slot = TokenSlot {
            app_copy: (me.ordinal % u32::from(self.apps)) as u16,
            slot: Slot::Unnamed,
        };
        node.on(me, slot, input, out);
    }

    fn view(node: &Cache) -> View {
        node.view()
    }

    fn credential(node: &Cache) -> Option<Token> {
        node.held()
    }

    fn phase(node: &Cache) -> usize {
        node.phase()
    }

    fn rename(node: &mut Cache, names: &mut dyn Names) {
        node.rename(names);
    }
}
