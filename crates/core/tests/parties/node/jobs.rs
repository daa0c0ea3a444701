//! Jobs of several calls at one node.

use super::*;

const JOB: Job = Job {
    calls: 3,
    gap: Duration::from_millis(700),
    token: JobToken::Kept,
    on_refusal: OnRefusal::Renews,
};

/// Another call of the node has the token renewed; the job's next call goes with the old one if it keeps it, and with the new one if it asks.
#[test]
fn a_job_keeps_its_token_or_asks() {
    for (token, sent) in [(JobToken::Kept, 1), (JobToken::Asked, 2)] {
        let mut node = Alone::with(Job { token, ..JOB });
        let first = node.call();
        let first = node.granted(&first, 1)[0];
        let before = node.network.now;
        assert_eq!(node.answered(first, Reply::Granted(())), [], "the gap comes first");
        let gap = node.network.alarms.last().copied();

        let other = node.call()[0];
        let request = node.answered(other, REJECTED);
        assert_eq!(node.granted(&request, 2).iter().map(token_of).collect::<Vec<_>>(), [2]);

        let (at, alarm) = gap.expect("the next call has a time");
        assert_eq!(at.since(before), JOB.gap);
        let second = node.hear(Heard::Alarm(alarm));
        assert_eq!(second.iter().map(token_of).collect::<Vec<_>>(), [sent]);
        assert_eq!(node.answered(second[0], Reply::Granted(())), []);
        let third = node.goes_on();
        assert_eq!(third.iter().map(token_of).collect::<Vec<_>>(), [sent]);
        assert_eq!(node.network.ended, []);
        assert_eq!(node.answered(third[0], Reply::Granted(())), []);
        assert_eq!(node.network.ended, [CallOutcome::Succeeded], "a job is one call");
    }
}

/// A wait that holds up all calls of a node holds up the next call of a job, which keeps its token, and another try of one that has failed.
#[test]
fn a_wait_of_the_node_holds_up_a_job() {
    for (holds, meanwhile) in [(HoldsUp::Call, 1), (HoldsUp::Node, 0)] {
        for fails in [false, true] {
            let mut node = Alone::new();
            node.policy.holds = holds;
            node.policy.delay_first = true;
            node.tables = NodeTables::new(1, [None].into(), [&node.policy]).with_jobs(&[Some(JOB)]);
            let first = node.call();
            let attempt = node.granted(&first, 1)[0];
            let other = node.call()[0];
            assert_eq!(node.answered(attempt, Reply::Granted(())), [], "the gap comes first");
            if fails {
                let second = node.goes_on()[0];
                assert_eq!(node.answered(second, Reply::refused(AnswerKind::ServerError)), []);
            }
            let next = *node.network.alarms.last().expect("the next try has a time");
            // Another job of the node is refused, and waits.
            node.network.now = next.0.max(node.network.now);
            assert_eq!(node.answered(other, REJECTED), []);
            let wait = *node.network.alarms.last().expect("a wait");
            let sent = node.hear(Heard::Alarm(next.1));
            assert_eq!(sent.iter().map(token_of).collect::<Vec<_>>(), vec![1; meanwhile]);
            node.network.now = wait.0;
            let after = node.hear(Heard::Alarm(wait.1));
            let kept = after.iter().filter(|sends| matches!(sends, Sends::Api { .. }));
            assert_eq!(
                kept.map(token_of).collect::<Vec<_>>(),
                vec![1; 1 - meanwhile],
                "its program knows no other token"
            );
            assert!(
                after.iter().any(|sends| matches!(sends, Sends::Token { .. })),
                "the refused token is renewed: {after:?}"
            );
        }
    }
}

/// A kept token that is refused in the middle is renewed, and the job goes on with the new one; or the job fails, whatever its policy allows.
#[test]
fn a_refused_token_is_renewed_or_ends_the_job() {
    for on_refusal in [OnRefusal::Renews, OnRefusal::Fails] {
        let mut node = Alone::with(Job { on_refusal, ..JOB });
        let first = node.call();
        // The first call recovers in any case: its token comes from the strategy.
        let first = node.granted(&first, 1)[0];
        let again = node.answered(first, REJECTED);
        let first = node.granted(&again, 2)[0];
        assert_eq!(node.answered(first, Reply::Granted(())), []);
        let second = node.goes_on()[0];
        let renewal = node.answered(second, REJECTED);
        if on_refusal == OnRefusal::Fails {
            assert_eq!(
                (&renewal[..], &node.network.ended[..]),
                (&[][..], &[CallOutcome::NotRenewed][..])
            );
            assert!(node.calls.is_empty());
            assert!(
                matches!(node.call()[..], [Sends::Token { .. }]),
                "the node has learnt that its token is dead"
            );
            continue;
        }
        let second = node.granted(&renewal, 3)[0];
        assert_eq!(node.answered(second, Reply::Granted(())), []);
        assert_eq!(node.goes_on().iter().map(token_of).collect::<Vec<_>>(), [3]);
        assert_eq!(node.network.ended, []);
    }
}

/// Tries are counted for each call of a job, a retried call goes on where it failed and with the token that it had, and no two attempts share
/// their draws.
#[test]
fn each_call_of_a_job_has_its_tries() {
    let mut node = Alone::with(JOB);
    let first = node.call();
    let mut attempt = node.granted(&first, 1)[0];
    let mut keys = Vec::new();
    for call in 0..JOB.calls {
        // Three tries are allowed, and the third succeeds.
        for _ in 0..2 {
            keys.push(attempt);
            assert_eq!(node.answered(attempt, Reply::refused(AnswerKind::ServerError)), []);
            let begun = node.network.now;
            attempt = node.goes_on()[0];
            let waits = node.network.now.since(begun);
            assert!(waits <= Duration::from_millis(200), "the steps begin anew: {waits}");
        }
        keys.push(attempt);
        assert_eq!(node.answered(attempt, Reply::Granted(())), []);
        if call + 1 < JOB.calls {
            assert_eq!(node.network.ended, []);
            attempt = node.goes_on()[0];
        }
    }
    assert_eq!(node.network.ended, [CallOutcome::Succeeded]);
    let mut keys: Vec<u32> = keys
        .iter()
        .map(|sends| match sends {
            Sends::Api { token, draw_key, .. } if token.sequence() == 1 => *draw_key,
            other => panic!("an attempt with the first token, not {other:?}"),
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 9);
}
