#![doc = include_str!("../manual/strategies/xfetch.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::look_first::{Memory, Writes};
use super::{Listed, SPAN, Small};
use crate::base::{Delay, Duration, Factor};
use crate::node::{Command, Input, Me, Outbox, Strategy, Timer};
use crate::oauth::Token;
use crate::store::When;

/// Renewal ahead of expiry at a random moment, the likelier the nearer the expiry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Xfetch {
    /// Above 1 renews earlier, below 1 later.
    #[serde(default = "one")]
    pub beta: Factor,
    /// How long a renewal is believed to take.
    #[serde(default = "default_delta")]
    pub delta: Duration,
}

// 1 is the value that the paper calls optimal in its model. It measures the time of a renewal; here it is told. A second is
// long for a token endpoint: what is wanted is that the new token is everywhere before the old one ends.
fn one() -> Factor {
    Factor::ONE
}

fn default_delta() -> Duration {
    Duration::SECOND
}

impl Xfetch {
    /// The mean of the exponential time by which a renewal comes before expiry.
    fn lead(&self) -> Duration {
        self.beta.of(self.delta)
    }
}

impl Writes for Xfetch {
    fn when(&self, _: Option<Token>) -> When {
        When::Always
    }

    fn plan(&self, left: Duration, out: &mut Outbox) {
        out.push(Command::Arm {
            timer: Timer::Renew,
            delay: Delay::before(left, self.lead()),
        });
    }

    fn plan_again(&self, out: &mut Outbox) {
        out.push(Command::Arm {
            timer: Timer::Renew,
            delay: Delay::exactly(self.delta),
        });
    }
}

impl Strategy for Xfetch {
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

impl Listed for Xfetch {
    fn small(_: u16) -> Vec<Small<Self>> {
        let plain = Self {
            beta: Factor::ONE,
            delta: SPAN,
        };
        vec![Small::of("xfetch", "", plain)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Node, entry, grant, token};
    use super::*;
    use crate::base::CallId;
    use crate::store::{Answer, Operation};

    #[test]
    fn a_renewal_comes_an_exponential_time_before_expiry_and_looks_first() {
        let mut node = Node::new(Xfetch {
            beta: Factor::ONE,
            delta: Duration::SECOND,
        });
        node.hear(Input::Call { call: CallId(0) });
        let arm = |left| Command::Arm {
            timer: Timer::Renew,
            delay: Delay::before(left, Duration::SECOND),
        };
        let life = Duration::from(grant(1).life);
        let attempt = |number| Command::AttemptParked { token: token(number) };
        assert_eq!(node.hear(entry(1)), [attempt(1), arm(life)]);
        assert_eq!(node.hear(Input::Timer(Timer::Renew)), [Command::Store(Operation::Read)]);
        // Another node was earlier: its token is taken, and nothing is requested.
        assert_eq!(node.hear(entry(2)), [attempt(2), arm(life)]);
        node.hear(Input::Timer(Timer::Renew));
        let asked = node.hear(entry(2));
        assert!(matches!(asked[..], [Command::RequestToken { .. }]), "{asked:?}");
        // A renewal that fails is tried again while the token lives.
        let failed = node.hear(Input::TokenFailed {
            call: None,
            why: crate::oauth::Failure::ServerError,
        });
        assert!(
            matches!(failed[..], [Command::FailParked { .. }, Command::Arm { .. }]),
            "{failed:?}"
        );
        assert!(node.hear(Input::Store(Answer::Written)).is_empty());
    }
}
