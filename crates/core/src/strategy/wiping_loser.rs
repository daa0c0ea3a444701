#![doc = include_str!("pages/wiping_loser.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{Circumstances, Offer, Offers};
use super::reread::{Loser, Memory, Reads};
use super::{Listed, Small};
use crate::node::{Input, Me, Outbox, Strategy};

/// As `reread`, but a process whose refresh token is refused takes the stored credential away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WipingLoser {
    /// Takes the stored credential away only if it is still the one that was refused.
    #[serde(default)]
    pub compare: bool,
    /// Reads the stored credential before each refresh too.
    #[serde(default)]
    pub before: bool,
}

impl Strategy for WipingLoser {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        Memory::PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        let compare = self.compare;
        node.on(Reads::of(self.before), Loser::Wipes { compare }, me, input, out);
    }

    fn skips(&self, phase: &str) -> bool {
        phase == "rereading"
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for WipingLoser {
    fn small(_: u16) -> Vec<Small<Self>> {
        let loser = |compare| Self { compare, before: false };
        vec![
            Small::of("wiping_loser", "without refresh tokens", loser(false)),
            Small::refreshing("wiping_loser_compare", loser(true)),
        ]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        let compares = Self {
            compare: true,
            before: true,
        };
        Ok(vec![Offer::of("compares", compares)])
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Node, entry, invalid_grant, rejected, token};
    use super::*;
    use crate::base::CallId;
    use crate::node::{Command, Memory as _};
    use crate::oauth::Failure;
    use crate::store::{Operation, When};

    #[test]
    fn the_loser_takes_away_what_lies_there_or_only_its_own() {
        for (compare, when) in [(false, When::Always), (true, When::Still(Some(token(1).0)))] {
            let mut node = Node::new(WipingLoser { compare, before: false });
            node.hear(Input::Call { call: CallId(0) });
            node.hear(entry(1));
            node.hear(rejected(1));
            let why = Failure::InvalidGrant;
            assert_eq!(
                node.hear(invalid_grant()),
                [Command::Store(Operation::Clear { when }), Command::FailParked { why }]
            );
            assert_eq!(node.memory.credential(), None);
        }
    }
}
