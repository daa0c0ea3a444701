#![doc = include_str!("../manual/strategies/single_flight.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use crate::node::{Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::{Token, TokenSlot};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleFlight {}

impl Strategy for SingleFlight {
    type Node = Cache;
    const PHASES: &'static [&'static str] = Cache::PHASES;

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    #[inline(always)] // Called in one place of an engine.
    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        if let Input::Rejected { .. } | Input::Refused { .. } = input {
            node.discard(me);
        }
        node.on(me, TokenSlot::default(), input, out);
    }

    #[inline]
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
