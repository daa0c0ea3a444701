//! A node that waits for two slots at once: whose answer it was, and who waits for which.

use tokenstorm::base::NodeId;
use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::{self, FaultBudget, System};
use tokenstorm::node::{self, Command, Input, Me, Names, Note, Outbox, Strategy, View, Whom};
use tokenstorm::oauth::{Slot, Token, TokenSlot};

use super::verdict;
use super::wrong::system;

/// The first node asks for both slots with its first call. When slot 1 is answered first, it tells the second node, which asks for the
/// slot of this number then, and never otherwise.
#[derive(Clone, Copy, Debug)]
struct Handover {
    then: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Memory {
    token: Option<Token>,
    /// Slot 0 is waited for.
    first: bool,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
    }
}

fn ask(slot: u16) -> Command {
    let slot = TokenSlot {
        app_copy: 0,
        index: Slot::Index(slot),
    };
    // A tag of no request is zero.
    let tag = if slot.index == Slot::Index(0) { 1 } else { 2 };
    Command::RequestTagged { slot, with: None, tag }
}

impl Strategy for Handover {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } if me.id == NodeId(0) => {
                out.push(Command::Park { call });
                node.first = true;
                out.push(ask(0));
                out.push(ask(1));
            }
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => out.push(Command::Park { call }),
            Input::Token { grant, tag, .. } => {
                node.token = Some(grant.token);
                if me.id == NodeId(0) && tag == 2 && node.first {
                    let (whom, note) = (Whom::All, Note::Wanted(None));
                    out.push(Command::Tell { whom, note });
                }
                node.first &= tag != 1;
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::Note { .. } => out.push(ask(self.then)),
            _ => {}
        }
    }
}

/// Which of two slots was answered decides who else may ask: the one that is still waited for is taken, the other is free.
#[test]
fn an_answer_is_to_the_slot_that_was_asked_for() {
    let two = System {
        slots: 2,
        ..system(FaultBudget::NONE)
    };
    let with = |then| verdict(&check::check_strategy(Handover { then }, &two, &()), "S2a");
    assert_eq!(with(1), Expectation::Holds(None), "slot 1 has been answered");
    assert!(matches!(with(0), Expectation::Breaks(..)), "slot 0 is waited for");
}
