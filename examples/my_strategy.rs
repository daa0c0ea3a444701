//! A strategy of one's own, and what tokenstorm says of it: one token per process, asked for once, and kept until it is refused.
//!
//! `cargo run --release --example my_strategy`

use tokenstorm::node::{Command, Input, Me, Names, Outbox, Strategy, View};
use tokenstorm::oauth::{Token, TokenSlot};
use tokenstorm::testing::{Expect, StrategyReport, assert_strategy};

/// The settings of the strategy; it has none.
#[derive(Clone, Copy, Debug)]
pub struct KeepUntilRefused;

/// What one process remembers. Everything in it is plain data: a crash takes it away, and a checker compares it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    asking: bool,
}

impl Strategy for KeepUntilRefused {
    type Node = Memory;
    const PHASES: &'static [&'static str] = &["idle", "asking"];

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } => serve(node, call, out),
            Input::Rejected { call, token } => {
                forget(node, token);
                serve(node, call, out);
            }
            // The call that it was refused for is over, but the token is just as dead.
            Input::Refused { token } => forget(node, token),
            Input::Token { grant, late, .. } => {
                // A late answer is to a request that was given up: another is on its way, or has been answered.
                if late && (node.asking || node.token.is_some()) {
                    return;
                }
                node.asking = false;
                node.token = Some(grant.token);
                out.push(Command::AttemptParked { token: grant.token });
            }
            Input::TokenFailed { why, .. } => {
                node.asking = false;
                out.push(Command::FailParked { why });
            }
            Input::Store(_) | Input::Timer(_) | Input::Note { .. } | Input::Login { .. } => {}
        }
    }

    fn view(node: &Memory) -> View {
        View { token: node.token }
    }

    fn phase(node: &Memory) -> usize {
        node.asking.into()
    }

    fn rename(node: &mut Memory, names: &mut dyn Names) {
        node.token = node.token.map(|token| names.token(token));
    }
}

/// Sends a call, or keeps it until there is a token.
fn serve(node: &mut Memory, call: tokenstorm::base::CallId, out: &mut Outbox) {
    match node.token {
        Some(token) => out.push(Command::Attempt { call, token }),
        None => {
            out.push(Command::Park { call });
            if !node.asking {
                node.asking = true;
                out.push(Command::RequestToken {
                    slot: TokenSlot::default(),
                    call: None,
                    with: None,
                });
            }
        }
    }
}

/// Forgets this token, and no other: a 401 that comes late must not cost a fresh one.
fn forget(node: &mut Memory, token: Token) {
    if node.token == Some(token) {
        node.token = None;
    }
}

/// Two such processes share an app whose tokens end each other: what must break then, and what must not.
pub fn account() -> StrategyReport {
    let expect = Expect::default()
        // Nobody knows of the other's request, ...
        .breaks("S2a")
        // ... kills the other's token with an own one, ...
        .breaks("S4")
        .breaks("S6")
        // ... and so on for ever, if luck will have it.
        .breaks("B1")
        .breaks("B2")
        .breaks("L2");
    assert_strategy(KeepUntilRefused, &expect)
}

#[allow(dead_code)] // The test of this example calls `account` itself.
fn main() {
    println!("{}", account());
}
