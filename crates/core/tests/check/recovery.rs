//! R1: what the next call costs once all is quiet.

use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::{self, Action, FaultBudget, PropertyVerdict, System, systems};
use tokenstorm::node::{self, Command, Input, Me, Names, Outbox, Strategy, Timer, View};
use tokenstorm::oauth::{Token, TokenSlot};

use super::wrong::system;
use super::{place, verdict};

/// Serves a call, and lets every later one wait for ever, counting as it waits.
#[derive(Clone, Copy, Debug)]
struct Counts;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Memory {
    token: Option<Token>,
    waited: u32,
}

impl node::Memory for Memory {
    fn view(&self) -> View {
        View { token: self.token }
    }

    fn rename(&mut self, names: &mut dyn Names) {
        self.token = self.token.map(|token| names.token(token));
    }
}

impl Strategy for Counts {
    type Node = Memory;

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn on(&self, _: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        let wait = Command::Arm {
            timer: Timer::Wait,
            delay: tokenstorm::base::Delay::exactly(tokenstorm::base::Duration::SECOND),
        };
        match input {
            Input::Call { call } if node.token.is_some() => {
                out.push(Command::Park { call });
                out.push(wait);
            }
            Input::Call { call } => out.push(Command::RequestToken {
                slot: TokenSlot::default(),
                call: Some(call),
                with: None,
            }),
            Input::Token {
                call: Some(call),
                grant,
                ..
            } => {
                node.token = Some(grant.token);
                let token = grant.token;
                out.push(Command::Attempt { call, token });
            }
            Input::Timer(_) => {
                node.waited += 1;
                out.push(wait);
            }
            _ => {}
        }
    }
}

/// All states are found, but what can follow a quiet one has no end: that search is given up too, and says so.
#[test]
fn the_search_for_the_dearest_call_comes_to_an_end() {
    let one = System {
        nodes: 1,
        ..system(FaultBudget::NONE)
    };
    let report = check::check_strategy(Counts, &one, &());
    assert!(report.complete);
    let why = match &report.verdicts[place("R1")] {
        PropertyVerdict::Open(why) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.contains("given up"), "{why}");
    assert_eq!(verdict(&report, "L3"), Expectation::Holds(None));
}

/// A dear call is told to its end: from where all is quiet, over its attempts, to its answer.
#[test]
fn a_dear_call_is_told_to_its_end() {
    let setup = systems::setup("reread_strict", 2, 1, FaultBudget::NONE).expect("a name of the list");
    for setup in [setup.clone(), setup.without_names()] {
        let report = check::check(&setup, &());
        let PropertyVerdict::Breaks(example) = &report.verdicts[place("R1")] else {
            panic!("{:?}", report.verdicts[place("R1")])
        };
        let story = check::narrate(&setup, example);
        let arrives = |action: &Action| matches!(action, Action::Arrive(_));
        let call = &story.lines[example.way.iter().position(arrives).expect("one more call")..];
        assert!(
            call[0].text.contains("all is quiet, and one more call arrives"),
            "{story:?}"
        );
        let asks = call.iter().filter(|line| line.text.contains("'s request is refused"));
        assert_eq!(asks.count(), 2, "{story:?}");
        let last = &call.last().expect("a call has steps").text;
        assert!(last.ends_with("finds t1"), "it has just been refused that one: {last}");
        let remark = example.remark.as_deref();
        let most = "at most 1 token request and 2 attempts would do";
        let told = format!("the last call costs 2 token requests and 2 attempts; {most}");
        assert_eq!(remark, Some(told.as_str()));
    }
}
