//! A story as data: its lines, and who has what after each.

use crate::base::NodeId;
use crate::node::{Memory as _, Strategy};
use crate::oauth::Token;
use crate::provider::Rule;

use super::host::NOW;
use super::state::State;

/// A run in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Names of the parties, in the order of the diagram's columns.
    pub parties: Vec<String>,
    /// Who has what before the first step.
    pub opening: Scene,
    /// One line for each step.
    pub lines: Vec<Line>,
    /// How many lines at the end can be repeated for ever.
    pub around: usize,
    /// Those among them, from 0, that bring what could have arrived in each step around: what makes a cycle fair.
    pub owed: Vec<usize>,
    /// What the lines do not show.
    pub remark: Option<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Column of the party where the step begins.
    pub from: usize,
    /// Column of the party where the step ends; the same where only one party is concerned.
    pub to: usize,
    /// What happens.
    pub text: String,
    /// The step is a fault: it goes wrong without any party's decision.
    pub fault: bool,
    /// The line, from 0, in whose step that was sent which arrives here; none where nothing was.
    pub sent: Option<usize>,
    /// Who has what after it.
    pub scene: Scene,
}

/// Who has what between two steps of a story. Tokens are numbered as in their names there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scene {
    /// What each node would send, in the order of the columns.
    pub nodes: Vec<Option<u32>>,
    /// Tokens that the provider would accept.
    pub live: Vec<u32>,
    /// The token that lies in the store.
    pub store: Option<u32>,
    /// Column of the node that holds the lease.
    pub lease: Option<usize>,
}

impl Scene {
    /// `names` are those that tokens have in this state.
    pub(super) fn of<S: Strategy, R: Rule>(state: &State<S, R>, nodes: usize, names: &[(Token, u32)]) -> Self {
        let name = |token: Token| names.iter().find(|(other, _)| *other == token).map(|(_, name)| *name);
        let world = &state.world;
        let held = (0..nodes as u32).map(|id| world.memory(NodeId(id)).view().token.and_then(name));
        let ledger = &world.server.provider.ledger;
        let mut live: Vec<u32> = ledger.live(NOW).filter_map(name).collect();
        live.sort_unstable();
        let store = world.shared_stores().first();
        Self {
            nodes: held.collect(),
            live,
            store: store
                .and_then(|store| store.value())
                .and_then(|shared| name(shared.token)),
            lease: store
                .and_then(|store| store.holder(NOW))
                .map(|(holder, _)| holder.index()),
        }
    }
}
