//! Strategies that say that their nodes are alike, rightly and wrongly.

use tokenstorm::base::NodeId;
use tokenstorm::engine::check::FaultBudget;
use tokenstorm::node::{self, Command, Input, Me, Names, Note, Outbox, Shared, Strategy, View, Whom};
use tokenstorm::oauth::{Token, TokenSlot};
use tokenstorm::testing::{Expect, StrategyReport, analyze};

/// A node tells all others of its new token, and asks whoever told it of one, once that is refused. It keeps another node, and
/// renames it or not; it says that it tells no nodes apart, or says nothing.
#[derive(Clone, Copy, Debug)]
struct AskTheGiver {
    renames: bool,
    says_alike: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Memory {
    token: Option<Token>,
    asking: bool,
    giver: Option<NodeId>,
    renames: bool,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
    }

    fn rename_nodes(&mut self, name: &mut dyn FnMut(NodeId) -> NodeId) {
        if self.renames {
            self.giver = self.giver.map(name);
        }
    }
}

impl Strategy for AskTheGiver {
    type Node = Memory;

    fn boot(&self, _: Me) -> Self::Node {
        Memory {
            token: None,
            asking: false,
            giver: None,
            renames: self.renames,
        }
    }

    fn on(&self, _: Me, node: &mut Self::Node, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.token == Some(token)
        {
            node.token = None;
            if let Some(giver) = node.giver.take() {
                let note = Note::Wanted(Some(token));
                out.push(Command::Tell {
                    whom: Whom::One(giver),
                    note,
                });
            }
        }
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => match node.token {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    if !std::mem::replace(&mut node.asking, true) {
                        out.push(Command::RequestToken {
                            slot: TokenSlot::default(),
                            call: None,
                            with: None,
                        });
                    }
                }
            },
            Input::Token { grant, late, .. } if !late => {
                (node.asking, node.giver, node.token) = (false, None, Some(grant.token));
                out.push(Command::AttemptParked { token: grant.token });
                let note = Note::Token(Shared::of(grant, 0));
                out.push(Command::Tell { whom: Whom::All, note });
            }
            Input::TokenFailed { why, .. } => {
                node.asking = false;
                out.push(Command::FailParked { why });
            }
            Input::Note {
                from,
                note: Note::Token(told),
            } if node.token.is_none() && !node.asking => {
                (node.token, node.giver) = (Some(told.token), Some(from));
            }
            _ => {}
        }
    }

    fn tells_nodes_apart(&self) -> bool {
        !self.says_alike
    }
}

fn analyzed(renames: bool, says_alike: bool) -> StrategyReport {
    let strategy = AskTheGiver { renames, says_alike };
    analyze(strategy, &Expect::default().with_faults(FaultBudget::NONE).cases(1, 1))
}

/// Who says so is searched without regard to which node is which: fewer states, the same verdicts, and runs of the same length.
#[test]
fn a_memory_may_keep_other_nodes() {
    let (named, nameless) = (analyzed(true, false), analyzed(true, true));
    assert!(named.complete && nameless.complete, "{named}{nameless}");
    assert!(
        nameless.states * 3 < named.states * 2,
        "{} of {}",
        nameless.states,
        named.states
    );
    for (named, nameless) in named.rows.iter().zip(&nameless.rows) {
        let steps = |row: &tokenstorm::testing::ReportRow| row.checked.as_ref().map(|example| example.steps());
        assert_eq!(steps(named), steps(nameless), "{}", named.property);
    }
    assert!(
        !nameless.laws.iter().any(|(law, _)| *law == "alike"),
        "{:?}",
        nameless.laws
    );
}

#[test]
fn a_node_that_is_kept_and_not_renamed_is_found_out() {
    let report = analyzed(false, true);
    assert!(
        report.objections[0].starts_with("the law `alike` is broken"),
        "{report}"
    );
    let named = analyzed(false, false);
    assert!(!named.laws.iter().any(|(law, _)| *law == "alike"), "{named}");
}
