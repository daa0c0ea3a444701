use super::super::drive::{ME, Node, entry, grant, obtained, rejected, token};
use super::*;
use crate::base::{CallId, Millis};
use crate::oauth::Failure;

const READ: Command = Command::Store(Operation::Read);
const GATEWAY: Me = Me {
    role: Role::Gateway,
    ..ME
};

fn hears(strategy: ScheduledRefresher, node: &mut Memory, input: Input) -> Vec<Command> {
    let mut out = Outbox::default();
    strategy.on(GATEWAY, node, input, &mut out);
    out.commands().copied().collect()
}

fn starts(strategy: ScheduledRefresher) -> (Memory, Vec<Command>) {
    let (mut node, mut out) = (strategy.boot(GATEWAY), Outbox::default());
    strategy.started(GATEWAY, &mut node, &mut out);
    (node, out.commands().copied().collect())
}

fn rings(delay: Duration) -> Command {
    Command::Arm {
        timer: Timer::Renew,
        delay: Delay::exactly(delay),
    }
}

fn asks(with: Option<u32>) -> Command {
    Command::RequestToken {
        slot: TokenSlot::default(),
        call: None,
        with: with.map(token),
    }
}

fn stores(number: u32) -> Command {
    Command::Store(Operation::Write {
        value: Shared::of(grant(number), 0),
        when: When::Always,
    })
}

/// A stored token of which so many seconds are left of five minutes.
fn left_of(number: u32, seconds: u32) -> Input {
    let value = Shared::of(grant(number), 0);
    let age = Millis::new(300_000 - 1000 * seconds);
    Input::Store(Answer::Value(Some(Entry { value, age })))
}

#[test]
fn a_run_reads_asks_and_stores_and_the_next_comes_one_period_later() {
    let hourly = by_schedule(Duration::from_secs(3600));
    let (mut node, said) = starts(hourly);
    assert_eq!(said, [rings(hourly.every), READ]);
    let mut say = |input| hears(hourly, &mut node, input);
    assert_eq!(say(Input::Store(Answer::Value(None))), [asks(None)]);
    assert_eq!(say(obtained(1)), [stores(1)]);
    assert_eq!(say(Input::Store(Answer::Written)), []);
    assert_eq!(say(Input::Timer(Timer::Renew)), [rings(hourly.every), READ]);
    // Whatever lies there is what it renews.
    assert_eq!(say(entry(2)), [asks(Some(2))]);
}

#[test]
fn a_run_leaves_alone_what_lives_longer_than_the_window() {
    let careful = ScheduledRefresher {
        within: Some(Duration::from_secs(60)),
        ..by_schedule(Duration::from_secs(30))
    };
    let (mut node, _) = starts(careful);
    assert_eq!(hears(careful, &mut node, left_of(1, 61)), []);
    hears(careful, &mut node, Input::Timer(Timer::Renew));
    assert_eq!(hears(careful, &mut node, left_of(1, 60)), [asks(Some(1))]);
}

#[test]
fn a_failed_run_is_tried_so_often_with_such_a_wait() {
    let (why, minute) = (Failure::ServerError, Duration::from_secs(60));
    let thrice = ScheduledRefresher {
        tries: Attempts::at_most(3),
        try_again: minute,
        ..by_schedule(Duration::from_secs(3600))
    };
    let failed = Input::TokenFailed {
        call: None,
        tag: 0,
        why,
    };
    let again = Command::Arm {
        timer: Timer::Wait,
        delay: Delay::exactly(minute),
    };
    let (mut node, _) = starts(thrice);
    let mut say = |input| hears(thrice, &mut node, input);
    for _ in 0..2 {
        say(entry(1));
        assert_eq!(say(failed), [again]);
        assert_eq!(say(Input::Timer(Timer::Wait)), [READ]);
    }
    say(entry(1));
    assert_eq!(say(failed), [], "three tries are all");
    // What comes after the node had given it up is as good: the run has got nothing else.
    let late = match obtained(2) {
        Input::Token {
            call, tag, grant, took, ..
        } => Input::Token {
            call,
            tag,
            grant,
            took,
            late: true,
        },
        other => other,
    };
    assert_eq!(say(late), [stores(2)]);
    // It is stored again, and not asked for again.
    assert_eq!(say(Input::Store(Answer::Failed(Asked::Write))), [again]);
    assert_eq!(say(Input::Timer(Timer::Wait)), [stores(2)]);
}

#[test]
fn by_the_clock_it_is_told_the_time_of_day() {
    let nightly = ScheduledRefresher {
        at: Some(Duration::from_secs(7200).into()),
        at_start: false,
        ..by_schedule(Duration::from_secs(86_400))
    };
    let at = Command::ArmAt {
        timer: Timer::Renew,
        every: nightly.every,
        at: Duration::from_secs(7200).into(),
        again: false,
    };
    assert_eq!(starts(nightly).1, [at]);
}

/// A worker that has been refused with the stored token.
fn refused(meanwhile: Meanwhile) -> (Node<ScheduledRefresher>, Vec<Command>) {
    let mut node = Node::new(ScheduledRefresher {
        meanwhile,
        ..by_schedule(Duration::from_secs(3600))
    });
    let call = CallId(0);
    assert_eq!(node.hear(Input::Call { call }), [Command::Park { call }, READ]);
    let adopts = [
        Command::AttemptParked { token: token(1) },
        rings(Duration::from_secs(100)),
    ];
    assert_eq!(node.hear(left_of(1, 100)), adopts);
    assert_eq!(node.hear(rejected(1)), [Command::Park { call }, READ]);
    let said = node.hear(entry(1));
    (node, said)
}

#[test]
fn a_worker_that_finds_nothing_new_fails_waits_or_asks() {
    let why = Failure::Unreachable;
    assert_eq!(refused(Meanwhile::Fail).1, [Command::FailParked { why }]);
    assert_eq!(refused(Meanwhile::Ask).1, [asks(Some(1))]);
    let (mut node, said) = refused(Meanwhile::Wait(SPAN));
    let again = Command::Arm {
        timer: Timer::Wait,
        delay: Delay::exactly(SPAN),
    };
    assert_eq!(said, [again]);
    assert_eq!(node.hear(Input::Timer(Timer::Wait)), [READ]);
    assert_eq!(
        node.hear(entry(1)),
        [Command::FailParked { why }],
        "one look more is all"
    );
}

#[test]
fn a_worker_reads_again_once_its_copy_has_ended() {
    let (mut node, _) = refused(Meanwhile::Fail);
    let call = CallId(0);
    node.hear(Input::Call { call });
    node.hear(entry(2));
    assert_eq!(
        node.hear(Input::Call { call }),
        [Command::Attempt { call, token: token(2) }]
    );
    node.hear(Input::Timer(Timer::Renew));
    assert_eq!(node.hear(Input::Call { call }), [Command::Park { call }, READ]);
    // What has ended by its own word is nothing to send.
    let why = Failure::Unreachable;
    assert_eq!(node.hear(left_of(3, 0)), [Command::FailParked { why }]);
}
