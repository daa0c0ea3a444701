//! Strategies that are wrong on purpose, each in one way: what shows that a property can be broken.

use tokenstorm::engine::check::FaultBudget;
use tokenstorm::engine::check::{Needs, System, systems};
use tokenstorm::node::{self, Command, Input, Me, Names, Note, Outbox, Shared, Strategy, View, Whom};
use tokenstorm::oauth::{Failure, Token, TokenSlot};
use tokenstorm::strategy::Leader;

/// Two nodes with a call each, under "latest only", around any strategy.
pub fn system(faults: FaultBudget) -> System {
    let setup = systems::setup("naive", 2, 1, faults).expect("the name of a system");
    System {
        needs: Needs {
            store: false,
            gateway: false,
            apps: 1,
        },
        ..setup.system
    }
}

/// The first node renews and tells the others once; they wait for it as long as it takes, and ask nobody.
#[derive(Clone, Copy, Debug)]
pub struct TellsOnce;

/// Gives up for ever when its first token request fails.
#[derive(Clone, Copy, Debug)]
pub struct Sulks;

/// Drops whatever token it has at any refusal, and asks for each call on its own.
#[derive(Clone, Copy, Debug)]
pub struct Forgets;

/// Has one call ask for a token, and keeps the others until one comes: for ever, where the grant is lost and no user logs in again.
#[derive(Clone, Copy, Debug)]
pub struct AwaitsUser;

/// A leader to whom its followers cannot say that they lack a token.
#[derive(Clone, Copy, Debug)]
pub struct Deaf(pub Leader);

impl Strategy for Deaf {
    type Node = <Leader as Strategy>::Node;

    fn boot(&self, me: Me) -> Self::Node {
        self.0.boot(me)
    }

    fn on(&self, me: Me, node: &mut Self::Node, input: Input, out: &mut Outbox) {
        if !matches!(input, Input::Note { .. }) {
            self.0.on(me, node, input, out);
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    asking: bool,
    given_up: bool,
}

fn ask(out: &mut Outbox, call: Option<tokenstorm::base::CallId>) {
    out.push(Command::RequestToken {
        slot: TokenSlot::default(),
        call,
        with: None,
    });
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
    }
}

macro_rules! remembers {
    ($($strategy:ty => $on:item)*) => {$(
        impl Strategy for $strategy {
            type Node = Memory;

            fn boot(&self, _: Me) -> Memory {
                Memory::default()
            }

            $on
        }
    )*};
}

remembers! {
    TellsOnce => fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => match node.token {
                Some(token) => out.push(Command::Attempt { call, token }),
                None => {
                    out.push(Command::Park { call });
                    if me.id.0 == 0 && !node.asking {
                        node.asking = true;
                        ask(out, None);
                    }
                }
            },
            Input::Token { grant, .. } => {
                node.asking = false;
                node.token = Some(grant.token);
                out.push(Command::AttemptParked { token: grant.token });
                out.push(Command::Tell { whom: Whom::All, note: Note::Token(Shared::of(grant, 0)) });
            }
            Input::TokenFailed { why, .. } => {
                node.asking = false;
                out.push(Command::FailParked { why });
            }
            Input::Note { note: Note::Token(shared), .. } => {
                node.token = Some(shared.token);
                out.push(Command::AttemptParked { token: shared.token });
            }
            _ => {}
        }
    }

    Sulks => fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match input {
            Input::Call { call } | Input::Rejected { call: Some(call), .. } if node.given_up => {
                out.push(Command::FailAttempt { call, why: Failure::Unreachable });
            }
            Input::Call { call } | Input::Rejected { call: Some(call), .. } => ask(out, Some(call)),
            Input::Token { call: Some(call), grant, .. } => {
                out.push(Command::Attempt { call, token: grant.token });
            }
            Input::TokenFailed { call: Some(call), why, .. } => {
                node.given_up = true;
                out.push(Command::FailAttempt { call, why });
            }
            _ => {}
        }
    }

    AwaitsUser => fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        match (input, node.token) {
            (Input::Call { call }, Some(token)) => out.push(Command::Attempt { call, token }),
            (Input::Rejected { call: Some(call), token: refused }, Some(token)) if refused != token => {
                out.push(Command::Attempt { call, token });
            }
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, with) => {
                if node.asking || node.given_up {
                    out.push(Command::Park { call });
                } else {
                    node.asking = true;
                    out.push(Command::RequestToken { slot: TokenSlot::default(), call: Some(call), with });
                }
            }
            (Input::Token { call, grant, .. }, _) => {
                (node.token, node.asking) = (Some(grant.token), false);
                if let Some(call) = call {
                    out.push(Command::Attempt { call, token: grant.token });
                }
                out.push(Command::AttemptParked { token: grant.token });
            }
            (Input::TokenFailed { call: Some(call), why, .. }, _) => {
                (node.asking, node.given_up) = (false, why == Failure::InvalidGrant);
                out.push(Command::FailAttempt { call, why });
            }
            (Input::Login { grant }, _) => {
                (node.token, node.given_up) = (Some(grant.token), false);
                out.push(Command::AttemptParked { token: grant.token });
            }
            _ => {}
        }
    }

    Forgets => fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { .. } = input {
            node.token = None;
        }
        match (input, node.token) {
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, Some(token)) => {
                out.push(Command::Attempt { call, token });
            }
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, None) => ask(out, Some(call)),
            (Input::Token { call, grant, .. }, _) => {
                node.token = Some(grant.token);
                if let Some(call) = call {
                    out.push(Command::Attempt { call, token: grant.token });
                }
            }
            (Input::TokenFailed { call: Some(call), why, .. }, _) => out.push(Command::FailAttempt { call, why }),
            _ => {}
        }
    }
}
