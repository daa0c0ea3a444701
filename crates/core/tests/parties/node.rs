//! One node through its own side alone: it is told what a network would bring, and what it sends is looked at.

mod jobs;

use tokenstorm::base::{CallId, Chance, Delay, Duration, Group, Millis, NodeId, Time};
use tokenstorm::node::{
    Alarm, AtNode, CallPolicy, Calls, Heard, HoldsUp, Me, NodeHost, NodeState, NodeTables, Role, Sends, Strategy,
    Unretried,
};
use tokenstorm::oauth::{AnswerKind, Grant, Reply, Token};
use tokenstorm::retry::{Attempts, Exponential, Retry};
use tokenstorm::strategy::CompareFirst;
use tokenstorm::trace::{CallOutcome, Event};
use tokenstorm::workload::{Job, JobToken, OnRefusal};

/// A network that somebody plays by hand.
#[derive(Default)]
struct ByHand {
    now: Time,
    sent: Vec<Sends>,
    alarms: Vec<(Time, Alarm)>,
    ended: Vec<CallOutcome>,
}

impl<M> NodeHost<M> for ByHand {
    fn now(&self) -> Time {
        self.now
    }
    fn me(&self) -> Me {
        Me {
            id: NodeId(0),
            ordinal: 0,
            role: Role::Worker,
            refreshes: false,
        }
    }
    fn send(&mut self, _: u64, sends: Sends) {
        self.sent.push(sends);
    }
    fn answer(&mut self, _: u64, _: &mut Calls, _: CallId, _: bool) {
        unreachable!("it is no gateway")
    }
    fn hang_up(&mut self, _: &mut Calls, _: CallId) {
        unreachable!("it has no gateway")
    }
    fn wake(&mut self, delay: Delay, _: u64, alarm: Alarm) -> Duration {
        let delay = delay.at(0);
        self.alarms.push((self.now + delay, alarm));
        delay
    }
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }
    fn note(&mut self, event: impl FnOnce() -> Event) {
        if let Event::CallEnded { outcome, .. } = event() {
            self.ended.push(outcome);
        }
    }
}

/// All that lies on a node's side.
struct Alone {
    policy: CallPolicy,
    state: NodeState<<CompareFirst as Strategy>::Node>,
    calls: Calls,
    tables: NodeTables,
    network: ByHand,
}

impl Alone {
    fn new() -> Self {
        let mut network = ByHand::default();
        let me = NodeHost::<()>::me(&network);
        network.now = Time::ZERO + Duration::SECOND;
        let mut state = NodeState::down(CompareFirst {}.boot(me), 0);
        state.up = true;
        let attempts = Attempts::at_most(3);
        let (base, cap) = (Duration::from_millis(100), Duration::SECOND);
        let policy = CallPolicy {
            timeout: Some(Duration::from_secs(5)),
            ..CallPolicy::plain(Retry::Exponential(Exponential { base, cap, attempts }))
        };
        Self {
            tables: NodeTables::new(1, [None].into(), [&policy]),
            policy,
            state,
            calls: Calls::default(),
            network,
        }
    }

    /// Tells the node something, and returns what it sends.
    fn hear(&mut self, what: Heard) -> Vec<Sends> {
        let mut node = AtNode {
            strategy: &CompareFirst {},
            policy: &self.policy,
            id: NodeId(0),
            state: &mut self.state,
            calls: &mut self.calls,
            tables: &mut self.tables,
        };
        node.hear(what, &mut self.network);
        std::mem::take(&mut self.network.sent)
    }

    /// Each call begins this job.
    fn with(job: Job) -> Self {
        let mut node = Self::new();
        node.tables = node.tables.with_jobs(&[Some(job)]);
        node
    }

    /// The gap between two calls of a job is over.
    fn goes_on(&mut self) -> Vec<Sends> {
        self.ring(|alarm| matches!(alarm, Alarm::BackoffOver { .. }))
    }

    fn call(&mut self) -> Vec<Sends> {
        let group = Group(0);
        self.hear(Heard::Call { group, draw_key: 0 })
    }

    /// The token endpoint grants what was asked for last.
    fn granted(&mut self, sent: &[Sends], number: u32) -> Vec<Sends> {
        let [Sends::Token { asker, .. }] = *sent else {
            panic!("one token request, not {sent:?}")
        };
        let reply = Reply::Granted(Grant {
            token: Token::numbered(number),
            life: Millis::new(3_600_000),
            rank: None,
        });
        self.hear(Heard::Token { asker, reply })
    }

    /// The API answers an attempt.
    fn answered(&mut self, sent: Sends, reply: Reply<()>) -> Vec<Sends> {
        let Sends::Api { ticket, token, .. } = sent else {
            panic!("an attempt, not {sent:?}")
        };
        self.hear(Heard::Api { ticket, token, reply })
    }

    /// The last alarm of this kind rings.
    fn ring(&mut self, is_it: impl Fn(&Alarm) -> bool) -> Vec<Sends> {
        let mut alarms = self.network.alarms.iter().rev();
        let (at, alarm) = *alarms.find(|(_, alarm)| is_it(alarm)).expect("it has been set");
        self.network.now = at;
        self.hear(Heard::Alarm(alarm))
    }
}

const REJECTED: Reply<()> = Reply::refused(AnswerKind::Rejected);

fn token_of(sends: &Sends) -> u32 {
    match sends {
        Sends::Api { token, .. } => token.sequence(),
        other => panic!("an attempt, not {other:?}"),
    }
}

/// Two calls meet a dead token, and one token request serves both.
#[test]
fn a_401_is_renewed_once_for_all_calls_of_the_node() {
    let mut node = Alone::new();
    let first = node.call();
    let attempts = node.granted(&first, 1);
    assert_eq!(attempts.iter().map(token_of).collect::<Vec<_>>(), [1]);
    let second = node.call();
    assert_eq!(token_of(&second[0]), 1, "the cached token is used");

    let request = node.answered(attempts[0], REJECTED);
    assert!(matches!(request[..], [Sends::Token { .. }]), "{request:?}");
    assert_eq!(
        node.answered(second[0], REJECTED),
        [],
        "it waits for the request under way"
    );
    let again = node.granted(&request, 2);
    assert_eq!(again.iter().map(token_of).collect::<Vec<_>>(), [2, 2]);
    for attempt in again {
        assert_eq!(node.answered(attempt, Reply::Granted(())), []);
    }
    assert_eq!(node.network.ended, [CallOutcome::Succeeded; 2]);
    assert!(node.calls.is_empty());
}

/// What a client makes of an answer is worked out where the answer is heard: a 503 is waited out, a time-out too, and an answer
/// after its time-out finds nobody.
#[test]
fn failures_are_waited_out_and_counted() {
    let mut node = Alone::new();
    let first = node.call();
    let attempt = node.granted(&first, 1)[0];
    assert_eq!(node.answered(attempt, Reply::refused(AnswerKind::ServerError)), []);
    let retried = node.ring(|alarm| matches!(alarm, Alarm::BackoffOver { .. }));
    assert_eq!(node.network.now.since(Time::ZERO), Duration::from_millis(1100));
    assert_eq!(retried.len(), 1);

    assert_eq!(node.ring(|alarm| matches!(alarm, Alarm::AttemptTimedOut { .. })), []);
    assert_eq!(node.answered(retried[0], Reply::Granted(())), [], "too late");
    assert_eq!(node.network.ended, [], "the call has another try");
    let last = node.ring(|alarm| matches!(alarm, Alarm::BackoffOver { .. }));
    assert_eq!(node.answered(last[0], Reply::refused(AnswerKind::ServerError)), []);
    assert_eq!(node.network.ended, [CallOutcome::GaveUp], "three tries are allowed");
}

/// A `Retry-After` is obeyed by whoever reads it.
#[test]
fn a_wait_that_is_asked_for_is_the_least() {
    let mut node = Alone::new();
    let first = node.call();
    let attempt = node.granted(&first, 1)[0];
    let wait = Reply::refused_for(AnswerKind::Throttled, Duration::from_millis(29_001));
    assert_eq!(node.answered(attempt, wait), []);
    node.ring(|alarm| matches!(alarm, Alarm::BackoffOver { .. }));
    assert_eq!(
        node.network.now.since(Time::ZERO),
        Duration::from_secs(31),
        "in whole seconds"
    );
}

/// A wait before a renewal holds up the refused call alone, or all calls of its node; then one token request serves them all.
#[test]
fn a_wait_holds_up_a_call_or_its_node() {
    for (holds, meanwhile) in [(HoldsUp::Call, 1), (HoldsUp::Node, 0)] {
        let mut node = Alone::new();
        node.policy.holds = holds;
        node.policy.delay_first = true;
        assert_eq!(node.policy.remembers(), holds == HoldsUp::Node);
        node.tables = NodeTables::new(1, [None].into(), [&node.policy]);
        let first = node.call();
        let attempt = node.granted(&first, 1)[0];
        let other = node.call()[0];
        assert_eq!(node.answered(attempt, REJECTED), [], "it waits");
        // A call that arrives meanwhile, and one that is refused meanwhile.
        assert_eq!(node.call().len(), meanwhile);
        assert_eq!(node.answered(other, REJECTED), []);
        let waits = node.network.alarms.iter();
        let waits = waits.filter(|(_, alarm)| matches!(alarm, Alarm::BackoffOver { .. }));
        assert_eq!(
            waits.count(),
            1 + meanwhile,
            "whoever is held up has no wait of its own"
        );
        let first_wait = node
            .network
            .alarms
            .iter()
            .position(|(_, alarm)| matches!(alarm, Alarm::BackoffOver { .. }));
        let (at, alarm) = node.network.alarms[first_wait.expect("a wait")];
        node.network.now = at;
        let request = node.hear(Heard::Alarm(alarm));
        assert!(matches!(request[..], [Sends::Token { .. }]), "{request:?}");
        let served = node.granted(&request, 2);
        assert_eq!(
            served.iter().map(token_of).collect::<Vec<_>>(),
            vec![2; 3 - 2 * meanwhile]
        );
    }
}

/// A refused token whose call may not be tried again is dropped or kept.
#[test]
fn a_refused_token_that_is_not_retried_is_dropped_or_kept() {
    for unretried in [Unretried::Drop, Unretried::Keep] {
        let mut node = Alone::new();
        node.policy.retry = Retry::None;
        node.policy.unretried = unretried;
        let first = node.call();
        let attempt = node.granted(&first, 1)[0];
        assert_eq!(node.answered(attempt, REJECTED), []);
        let next = node.call();
        match unretried {
            Unretried::Drop => assert!(matches!(next[..], [Sends::Token { .. }]), "{next:?}"),
            Unretried::Keep => assert_eq!(token_of(&next[0]), 1),
        }
    }
}
