use super::super::drive::{Node, entry, grant, obtained, rejected, token};
use super::*;
use crate::base::{CallId, NodeId};

const READ: Command = Command::Store(Operation::Read);

fn write(number: u32) -> Command {
    Command::Store(Operation::Write {
        value: Shared::of(grant(number), 0),
        when: When::Fence(7),
    })
}

fn told(dead: Option<u32>) -> Input {
    Input::Note {
        from: NodeId(1),
        note: Note::Wanted(dead.map(token)),
    }
}

/// A leader that has obtained token 2 and whose write has been answered so.
fn leading(answer: StoreAnswer) -> Node<Leader> {
    let mut node = Node::new(toml::from_str("").unwrap());
    node.hear(Input::Call { call: CallId(0) });
    node.hear(Input::Store(Answer::Acquired { fence: 7 }));
    node.hear(Input::Store(Answer::Value(None)));
    assert_eq!(node.hear(obtained(2))[1..], [write(2)]);
    assert_eq!(node.hear(Input::Store(answer)), []);
    node
}

#[test]
fn a_write_that_was_lost_is_repeated_once_a_follower_lacks_it() {
    for (dead, lies) in [(None, None), (Some(1), Some(1))] {
        let mut node = leading(Answer::Failed(Asked::Write));
        assert_eq!(node.hear(told(dead)), [READ]);
        let found = lies.map_or(Input::Store(Answer::Value(None)), entry);
        assert_eq!(node.hear(found), [write(2)]);
        assert_eq!(node.hear(Input::Store(Answer::Written)), []);
    }
}

#[test]
fn a_follower_that_looked_too_early_costs_a_look() {
    let mut node = leading(Answer::Written);
    assert_eq!(node.hear(told(None)), [READ]);
    assert_eq!(node.hear(entry(2)), []);
    // The token in use will not do: that is another matter.
    assert_eq!(node.hear(told(Some(2))), [READ]);
    let asks = node.hear(entry(2));
    assert!(matches!(asks[..], [Command::RequestToken { .. }]), "{asks:?}");
}

#[test]
fn a_token_that_is_refused_during_the_look_is_not_published() {
    let mut node = leading(Answer::Failed(Asked::Write));
    node.hear(told(None));
    assert_eq!(node.hear(rejected(2)), [Command::Park { call: CallId(0) }]);
    let asks = node.hear(Input::Store(Answer::Value(None)));
    assert!(matches!(asks[..], [Command::RequestToken { .. }]), "{asks:?}");
}

/// A planned renewal that has failed is tried again while the token lives.
#[test]
fn a_planned_renewal_that_fails_is_planned_again() {
    let mut node: Node<Leader> = Node::new(toml::from_str("renew_ahead = \"40s\"").unwrap());
    node.hear(Input::Call { call: CallId(0) });
    node.hear(Input::Store(Answer::Acquired { fence: 7 }));
    node.hear(Input::Store(Answer::Value(None)));
    node.hear(obtained(2));
    node.hear(Input::Store(Answer::Written));
    assert_eq!(node.hear(Input::Timer(Timer::Renew)), [READ]);
    node.hear(entry(2));
    let why = Failure::ServerError;
    let again = Command::Arm {
        timer: Timer::Renew,
        delay: Delay::between(Duration::from_secs(10), Duration::from_secs(10)),
    };
    let failed = node.hear(Input::TokenFailed {
        call: None,
        tag: 0,
        why,
    });
    assert_eq!(failed, [Command::FailParked { why }, again]);
}
