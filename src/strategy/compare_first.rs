//! Compare before renewing: single-flight, and a 401 for a token that the cache has replaced meanwhile is answered by the
//! cached one instead of a new request.
//!
//! Who does so: WxJava ("expire only if the stored token is still the rejected one").
//! What breaks it: a second process. Within one process it is the best that can be done without foresight.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use crate::node::{Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::Lane;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareFirst {}

impl Strategy for CompareFirst {
    type Node = Cache;

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        node.on(me, Lane::default(), input, out);
    }

    fn view(node: &Cache) -> View {
        node.view()
    }

    fn rename(node: &mut Cache, names: &mut dyn Names) {
        node.rename(names);
    }
}
