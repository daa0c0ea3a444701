use super::super::drive::{Node, grant, obtained, rejected, token};
use super::*;

const A: CallId = CallId(0);
const B: CallId = CallId(1);

fn call(call: CallId) -> Input {
    Input::Call { call }
}

fn asked(commands: &[Command]) -> bool {
    let asks = |command: &Command| matches!(command, Command::RequestToken { .. } | Command::RequestForParked { .. });
    commands.iter().any(asks)
}

fn answered(call: CallId, number: u32) -> Input {
    Input::Token {
        call: Some(call),
        tag: 0,
        grant: grant(number),
        took: crate::base::Rough::ZERO,
        late: false,
    }
}

fn attempt(call: CallId, number: u32) -> Command {
    Command::Attempt {
        call,
        token: token(number),
    }
}

/// A grant of the driver lives five minutes.
fn node(settings: ClockFirst) -> Node<ClockFirst> {
    let mut node = Node::new(settings);
    node.hear(Input::Login { grant: grant(1) });
    node
}

#[test]
fn a_call_near_the_end_waits_for_another_token() {
    let mut node = Node::new(ClockFirst {
        margin: Duration::from_secs(60),
        ..ClockFirst::default()
    });
    let said = node.hear(Input::Login { grant: grant(1) });
    let after = Duration::from_secs(240);
    assert!(
        said.iter()
            .any(|said| matches!(said, Command::Arm { timer: Timer::Renew, delay } if delay.base == after)),
        "{said:?}"
    );
    assert_eq!(node.hear(call(A)), [attempt(A, 1)]);
    assert_eq!(node.hear(Input::Timer(Timer::Renew)), []);
    let said = node.hear(call(A));
    assert!(asked(&said) && said.len() == 1, "{said:?}");
    assert_eq!(node.hear(answered(A, 2))[1], attempt(A, 2));
    assert_eq!(node.hear(call(B)), [attempt(B, 2)]);
}

#[test]
fn what_is_believed_for_ever_is_kept_for_ever() {
    let mut node = Node::new(ClockFirst {
        believes: Believes::Forever,
        ..ClockFirst::default()
    });
    let said = node.hear(Input::Login { grant: grant(1) });
    assert!(!said.iter().any(|said| matches!(said, Command::Arm { .. })), "{said:?}");
    node.strategy.believes = Believes::Configured(Duration::from_secs(7));
    let said = node.hear(Input::Login { grant: grant(2) });
    let seven = Duration::from_secs(7);
    assert!(
        said.iter()
            .any(|said| matches!(said, Command::Arm { delay, .. } if delay.base == seven)),
        "{said:?}"
    );
}

#[test]
fn flights_differ_in_who_asks() {
    for (flight, requests) in [(WhoAsks::Each, 2), (WhoAsks::Queue, 2), (WhoAsks::Shared, 1)] {
        let mut node = Node::new(ClockFirst {
            flight,
            ..ClockFirst::default()
        });
        let mut counted = usize::from(asked(&node.hear(call(A))));
        let second = node.hear(call(B));
        assert_eq!(asked(&second), flight == WhoAsks::Each, "{second:?}");
        counted += usize::from(asked(&second));
        let said = match flight {
            WhoAsks::Shared => node.hear(obtained(1)),
            _ => node.hear(answered(A, 1)),
        };
        counted += usize::from(asked(&said));
        assert_eq!(counted, requests, "{flight:?}");
        if flight == WhoAsks::Queue {
            assert!(!asked(&node.hear(answered(B, 2))), "nobody is left");
        }
        // Whoever comes now finds a token.
        assert!(!asked(&node.hear(call(A))), "{flight:?}");
    }
}

#[test]
fn refusals_differ_in_what_becomes_of_the_cached_token() {
    for (refused, asks, others) in [
        (OnRefused::Renew, true, true),
        (OnRefused::Drop, true, false),
        (OnRefused::Compare, false, true),
    ] {
        let mut node = node(ClockFirst {
            refused,
            ..ClockFirst::default()
        });
        node.hear(Input::Login { grant: grant(2) });
        // A late refusal of the token before.
        assert_eq!(asked(&node.hear(rejected(1))), asks, "{refused:?}");
        assert_eq!(!asked(&node.hear(call(B))), others, "{refused:?}");
    }
    let mut node = node(ClockFirst {
        refused: OnRefused::Compare,
        ..ClockFirst::default()
    });
    assert!(asked(&node.hear(rejected(1))));
}

#[test]
fn a_failed_request_fails_its_call_and_the_next_has_its_turn() {
    let mut node = Node::new(ClockFirst {
        flight: WhoAsks::Queue,
        ..ClockFirst::default()
    });
    node.hear(call(A));
    node.hear(call(B));
    let said = node.hear(Input::TokenFailed {
        call: Some(A),
        tag: 0,
        why: Failure::ServerError,
    });
    assert!(
        matches!(said[0], Command::FailAttempt { call: A, .. }) && asked(&said),
        "{said:?}"
    );
}

#[test]
fn the_background_renews_while_calls_go_on() {
    let mut node = node(ClockFirst {
        background: Some(Duration::from_secs(30)),
        flight: WhoAsks::Shared,
        ..ClockFirst::default()
    });
    node.hear(Input::Timer(SOON));
    let said = node.hear(call(A));
    assert!(said[0] == attempt(A, 1) && asked(&said), "{said:?}");
    assert_eq!(node.hear(call(B)), [attempt(B, 1)], "one is enough");
    node.hear(obtained(2));
    assert_eq!(node.hear(call(B)), [attempt(B, 2)]);
}
