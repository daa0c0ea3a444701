#![doc = include_str!("pages/wait_and_look.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, SPAN, Small};
use crate::base::{Delay, Duration};
use crate::node::{self, Command, Input, Me, Names, Outbox, Shared, Strategy, Timer, View};
use crate::oauth::{Token, TokenSlot};
use crate::store::{Answer, Asked, Operation, When};

/// After a refusal a node waits a random while and looks into the shared store before it renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitAndLook {
    /// The wait before the look is uniform between zero and this.
    pub spread: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    token: Option<Token>,
    /// The token that was refused last: a look that finds it again finds nothing.
    stale: Option<Token>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    #[default]
    Idle,
    Waiting,
    Looking,
    Asking,
}

/// In the order of [`Phase`].
const PHASES: [&str; 4] = ["idle", "waiting", "looking", "asking"];

impl WaitAndLook {
    fn ask(node: &mut Memory, out: &mut Outbox) {
        node.phase = Phase::Asking;
        out.push(Command::RequestToken {
            slot: TokenSlot::default(),
            call: None,
            with: node.token.or(node.stale),
        });
    }

    fn adopt(node: &mut Memory, token: Token, out: &mut Outbox) {
        node.phase = Phase::Idle;
        node.token = Some(token);
        // Only a node without a token looks for another one than this.
        node.stale = None;
        out.push(Command::AttemptParked { token });
    }
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn credential(&self) -> Option<Token> {
        self.token.or(self.stale)
    }

    fn phase(&self) -> usize {
        self.phase as usize
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
        self.stale = self.stale.map(|token| names.token(token));
    }
}

impl Strategy for WaitAndLook {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        &PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        if let Input::Rejected { token, .. } = input
            && node.token == Some(token)
        {
            node.token = None;
            node.stale = Some(token);
        }
        match (input, node.phase) {
            (Input::Call { call } | Input::Rejected { call: Some(call), .. }, phase) => {
                if let Some(token) = node.token {
                    out.push(Command::Attempt { call, token });
                    return;
                }
                out.push(Command::Park { call });
                if phase == Phase::Idle {
                    node.phase = Phase::Waiting;
                    // A first token is looked up at once: nobody has been refused yet.
                    let spread = if node.stale.is_some() {
                        self.spread
                    } else {
                        Duration::ZERO
                    };
                    out.push(Command::Arm {
                        timer: Timer::Wait,
                        delay: Delay::between(Duration::ZERO, spread),
                    });
                }
            }
            (Input::Timer(Timer::Wait), Phase::Waiting) => {
                node.phase = Phase::Looking;
                out.push(Command::Store(Operation::Read));
            }
            (Input::Store(Answer::Value(Some(entry))), Phase::Looking) if Some(entry.value.token) != node.stale => {
                Self::adopt(node, entry.value.token, out);
            }
            // Nothing new, or no store to look at: nobody else to wait for.
            (Input::Store(Answer::Value(_) | Answer::Failed(Asked::Read)), Phase::Looking) => Self::ask(node, out),
            (Input::Token { grant, late, .. }, phase) if !late || (phase == Phase::Idle && node.token.is_none()) => {
                Self::adopt(node, grant.token, out);
                out.push(Command::Store(Operation::Write {
                    value: Shared::of(grant, 0),
                    when: When::Always,
                }));
            }
            (Input::TokenFailed { why, .. }, Phase::Asking) => {
                node.phase = Phase::Idle;
                out.push(Command::FailParked { why });
            }
            _ => {}
        }
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for WaitAndLook {
    fn small(_: u16) -> Vec<Small<Self>> {
        vec![Small::of("wait_and_look", "", Self { spread: SPAN })]
    }

    fn offers(_: &Circumstances) -> Offers<Self> {
        let waiting = |spread| Self { spread };
        Ok(vec![
            Offer::of("up to 500 ms", waiting(Duration::from_millis(500))),
            Offer::of("up to 2 s", waiting(Duration::from_secs(2))),
        ])
    }
}
