#![doc = include_str!("../manual/strategies/put_if_newer.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::look_first::{Memory, Writes};
use crate::node::{Input, Me, Names, Outbox, Strategy, View};
use crate::oauth::Token;
use crate::store::When;

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
    const PHASES: &'static [&'static str] = Memory::PHASES;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        node.on(self, me, input, out);
    }

    fn view(node: &Memory) -> View {
        node.view()
    }

    fn credential(node: &Memory) -> Option<Token> {
        node.credential()
    }

    fn phase(node: &Memory) -> usize {
        node.phase()
    }

    fn rename(node: &mut Memory, names: &mut dyn Names) {
        node.rename(names);
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
