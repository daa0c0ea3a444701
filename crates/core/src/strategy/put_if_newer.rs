#![doc = include_str!("pages/put_if_newer.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::look_first::{Memory, Writes};
use super::offer::{self, Circumstances, Offers};
use super::{Listed, Small};
use crate::node::{Input, Me, Outbox, Strategy};
use crate::oauth::Token;
use crate::store::When;

/// A shared store that keeps the newer of two tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutIfNewer {}

impl Writes for PutIfNewer {
    fn when(&self, _: Option<Token>) -> When {
        When::NotOlder
    }
}

impl Strategy for PutIfNewer {
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

impl Listed for PutIfNewer {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![
            Small::of("put_if_newer", "tokens reveal nothing", Self {}),
            Small::of("put_if_newer_order", "tokens reveal their order", Self {}),
        ]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        offer::plain(Self {})
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Node, grant, lies, obtained, token};
    use super::*;
    use crate::base::CallId;
    use crate::node::{Command, Shared};
    use crate::store::{Answer, Operation};

    /// Two requests under way for the same dead token: whichever answer is the slower one, the newer token stays.
    #[test]
    fn a_slow_answer_does_not_overwrite_a_newer_token() {
        let mut node = Node::new(PutIfNewer {});
        node.hear(Input::Call { call: CallId(0) });
        node.hear(Input::Store(Answer::Value(None)));
        let written = node.hear(obtained(2));
        let value = Shared::of(grant(2), 0);
        let when = When::NotOlder;
        assert_eq!(written, [Command::Store(Operation::Write { value, when })]);
        let newer = lies(3);
        assert_eq!(
            node.hear(Input::Store(Answer::Kept(newer))),
            [Command::AttemptParked { token: token(3) }]
        );
    }
}
