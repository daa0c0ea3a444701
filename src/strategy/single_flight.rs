//! Single-flight: the naive cache with at most one token request under way in a process; calls that arrive or fail
//! meanwhile wait for it. A 401 renews even when the refused token is no longer the cached one.
//!
//! Who does so: @badgateway/oauth2-client ("no check which token was rejected"), undici-oidc-interceptor.
//! What breaks it: a second process, as before; and late 401s, each of which throws away a fresh token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cache::Cache;
use crate::node::{Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::Lane;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleFlight {}

impl Strategy for SingleFlight {
    type Node = Cache;

    fn boot(&self, _: Me) -> Cache {
        Cache::default()
    }

    #[inline(always)] // Called in one place of an engine.
    fn on(&self, me: Me, node: &mut Cache, input: Input, out: &mut Outbox) {
        if let Input::Rejected { .. } | Input::Refused { .. } = input {
            node.discard(me);
        }
        node.on(me, Lane::default(), input, out);
    }

    #[inline]
    fn view(node: &Cache) -> View {
        node.view()
    }

    fn rename(node: &mut Cache, names: &mut dyn Names) {
        node.rename(names);
    }
}
