#![doc = include_str!("pages/compare_and_set.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::look_first::{Memory, Writes};
use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, Small};
use crate::node::{Input, Me, Outbox, Strategy};
use crate::oauth::Token;
use crate::store::When;

/// A shared store that is written only if it still holds what the node has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareAndSet {
    /// The loser of a race keeps its own token, and tries it when the stored one is refused.
    #[serde(default)]
    pub spare: bool,
}

impl Writes for CompareAndSet {
    fn when(&self, read: Option<Token>) -> When {
        When::Still(read.map(|token| token.0))
    }

    fn spare(&self) -> bool {
        self.spare
    }
}

impl Strategy for CompareAndSet {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        Memory::PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        node.on(self, me, input, out);
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for CompareAndSet {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![
            Small::of("compare_and_set", "", Self { spare: false }),
            Small::of(
                "compare_and_set_spare",
                "the loser of a race keeps its own token too",
                Self { spare: true },
            ),
        ]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        Ok(vec![
            Offer::of("", Self { spare: false }),
            Offer::of("keeps a spare", Self { spare: true }),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Node, entry, grant, lies, obtained, rejected, token};
    use super::*;
    use crate::base::CallId;
    use crate::node::{Command, Shared, StoreOperation};
    use crate::oauth::TokenSlot;
    use crate::store::{Answer, Operation};

    fn write(number: u32, read: u32) -> Command {
        let still = (read > 0).then(|| token(read).0);
        Command::Store(Operation::Write {
            value: Shared::of(grant(number), 0),
            when: When::Still(still),
        })
    }

    const READ: Command = Command::Store(StoreOperation::Read);

    /// A node that has renewed token 1 to token 3 and found token 2 in the store.
    fn loser(spare: bool) -> Node<CompareAndSet> {
        let mut node = Node::new(CompareAndSet { spare });
        let call = CallId(0);
        assert_eq!(node.hear(Input::Call { call }), [Command::Park { call }, READ]);
        assert_eq!(node.hear(entry(1)), [Command::AttemptParked { token: token(1) }]);
        assert_eq!(node.hear(rejected(1)), [Command::Park { call }, READ]);
        let ask = Command::RequestToken {
            slot: TokenSlot::default(),
            call: None,
            with: Some(token(1)),
        };
        assert_eq!(node.hear(entry(1)), [ask]);
        assert_eq!(node.hear(obtained(3)), [write(3, 1)]);
        let found = lies(2);
        assert_eq!(
            node.hear(Input::Store(Answer::Kept(found))),
            [Command::AttemptParked { token: token(2) }]
        );
        node
    }

    #[test]
    fn the_loser_adopts_the_winners_token_and_throws_its_own_away() {
        let mut node = loser(false);
        let call = CallId(0);
        assert_eq!(node.hear(rejected(2)), [Command::Park { call }, READ]);
    }

    #[test]
    fn a_spare_takes_the_place_of_the_refused_one_here_and_in_the_store() {
        let mut node = loser(true);
        let call = CallId(0);
        let attempt = Command::Attempt { call, token: token(3) };
        assert_eq!(node.hear(rejected(2)), [write(3, 2), attempt]);
        node.hear(Input::Store(Answer::Written));
        // It is tried once: when it is refused too, the node renews.
        assert_eq!(node.hear(rejected(3)), [Command::Park { call }, READ]);
    }
}
