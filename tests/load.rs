//! Workloads and what happens to nodes, in runs: the laws of closed loops, the rows of a trace, pauses and partitions.
//!
//! Comparisons with a law are two-sided tests at 99.9 % over 30 replications under fixed seeds, as in `laws.rs`.

mod common;

use std::collections::BTreeSet;

use common::{Nodes, a_lease, constant, every_strategy, holds, m0, mean, ms, over_runs, record};
use tokenstorm::base::{Dice, Duration, Group, NodeId, Rate, Share, Time};
use tokenstorm::net::Latency;
use tokenstorm::plan::{Act, Loop, Pauses, Plan, Processes, Replay};
use tokenstorm::provider::{Ending, Issuance};
use tokenstorm::retry::{Attempts, Fixed, Retry};
use tokenstorm::scenario::Scenario;
use tokenstorm::strategy::{Coordination, RenewAhead, SingleFlight};
use tokenstorm::trace::{CallOutcome, Event};
use tokenstorm::workload::{Diurnal, Jitters, OnOff, Pattern, Periodic};
use tokenstorm::world::{Leg, Party};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn at(from_start: u64) -> Time {
    Time::ZERO + seconds(from_start)
}

/// Nodes with tokens that know nothing of each other, 50 ms to the API and 50 ms back.
fn plan(count: u32, per_second: f64, length: u64) -> Plan {
    let fleet = [Nodes { count, per_second }];
    let tokens = Issuance::independent(seconds(86_400));
    let mut plan = m0(Coordination::SingleFlight(SingleFlight {}), tokens, &fleet, length);
    constant(&mut plan, Leg::ApiRequest, ms(50));
    constant(&mut plan, Leg::ApiResponse, ms(50));
    plan
}

/// In place of the calls that come of themselves, users who think for a second on average.
fn with_users(mut plan: Plan, users: u32) -> Plan {
    let group = plan.workloads[0].remove(0).group;
    plan.drivers.loops.push(Loop {
        group,
        at: Processes::of(&plan.layout.fleets[0]),
        users,
        think: Latency::exponential(Duration::SECOND),
    });
    plan
}

/// Calls per second, and the mean time that one takes, of the calls that arrive in the measured span.
fn throughput(run: &tokenstorm::metric::Observed) -> (f64, f64) {
    let total = run.total();
    assert_eq!(total.calls, total.succeeded);
    let latency = run.latency_sum as f64 / 1e9 / total.succeeded as f64;
    let span = run.context.horizon.since(run.context.warmup).as_secs_f64();
    (total.calls as f64 / span, latency)
}

/// The interactive response time law X = N / (R + Z), from Little's law for the loop as a whole (Denning and Buzen, "The
/// operational analysis of queueing network models", 1978): 3 nodes with 5 users each, who think for 1 s.
#[test]
fn users_in_a_closed_loop_call_as_often_as_they_are_answered() {
    let free = with_users(plan(3, 1.0, 600), 5);
    holds(mean(&free, 30, 1, |run| throughput(run).0), 15.0 / 1.1, 0.15);
    holds(mean(&free, 30, 1, |run| throughput(run).1), 0.1, 1e-9);
    // One server that takes 100 ms serves 10 calls a second, and so the calls of 15 users take 0.5 s: the law with the queue.
    let mut busy = free;
    busy.provider.api_endpoint.servers = Some(1);
    busy.provider.api_endpoint.queue = u32::MAX;
    constant(&mut busy, Leg::ApiService, ms(100));
    let rate = mean(&busy, 30, 2, |run| throughput(run).0);
    assert!(rate.mean > 9.3 && rate.mean < 10.0 + 1e-9, "{rate:?}");
    let users = mean(&busy, 30, 2, |run| {
        let (rate, latency) = throughput(run);
        rate * (latency + 1.0)
    });
    holds(users, 15.0, 0.15);
}

/// No user has two calls under way, and one whose node is down comes back with it.
#[test]
fn a_user_has_one_call_at_a_time_and_waits_for_the_node() {
    let mut plan = with_users(plan(2, 1.0, 60), 3);
    plan.timeline.push((at(20), Act::Crash(0..1)));
    plan.timeline.push((at(40), Act::Start(0..1)));
    let mut open = [0i32; 2];
    let mut after = 0;
    for (now, event) in record(&plan, Dice::new(5)) {
        match event {
            Event::CallArrived { node, .. } => {
                assert!(
                    node.0 == 1 || now < at(20) || now >= at(40),
                    "a call at a node that is down"
                );
                after += u32::from(node.0 == 0 && now >= at(40));
                open[node.index()] += 1;
                assert!(open[node.index()] <= 3);
            }
            Event::CallEnded { node, .. } => open[node.index()] -= 1,
            _ => {}
        }
    }
    // Three users for 20 s at one call in 1.1 s.
    assert!((30..80).contains(&after), "{after} calls after the restart");
}

/// Calls and their nodes.
fn arrivals(trace: &[(Time, Event)]) -> Vec<(Time, NodeId)> {
    let arrived = trace.iter().filter_map(|&(now, event)| match event {
        Event::CallArrived { node, .. } => Some((now, node)),
        _ => None,
    });
    arrived.collect()
}

#[test]
fn a_trace_is_replayed_row_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "timestamp,fleet\n1,web\n1.5,web\n2500ms,jobs\n3,web\n3,web\n4,web\n5,web\n";
    std::fs::write(folder.path().join("calls.csv"), rows).unwrap();
    let fleet = |name: &str, nodes: u32| {
        format!(
            "[[fleet]]\nname = \"{name}\"\nnodes = {nodes}\napp = \"main\"\n\
             workload = [{{ kind = \"user\", arrivals = {{ trace = \"calls.csv\" }} }}]\n"
        )
    };
    let text = format!(
        "name = \"t\"\nsummary = \"s\"\nsource = \"s\"\n[run]\nduration = \"1min\"\n[[app]]\nname = \"main\"\n{}{}\
         [[strategy]]\nname = \"naive\"\ncoordination = \"naive\"\n\
         [[event]]\nat = \"3500ms\"\nwhat = {{ crash = {{ fleet = \"web\", node = 1, down = \"1min\" }} }}\n",
        fleet("web", 3),
        fleet("jobs", 1)
    );
    let scenario = Scenario::parse("t.toml", &text, folder.path()).unwrap();
    let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
    let found: Vec<_> = arrivals(&record(&plan, Dice::new(1)))
        .into_iter()
        .map(|(now, node)| (now.nanos() / 1_000_000, node.0))
        .collect();
    // In turn 0, 1, 2; node 1 is down for the last ones. The node of `jobs` is the fourth.
    assert_eq!(
        found,
        [
            (1000, 0),
            (1500, 1),
            (2500, 3),
            (3000, 2),
            (3000, 0),
            (4000, 2),
            (5000, 0)
        ]
    );
}

/// Whatever the strategy: calls that come of themselves come at the same times under one seed.
#[test]
fn all_strategies_meet_the_same_arrivals() {
    let on_off = Pattern::OnOff(OnOff {
        rate: Rate::of(20, Duration::SECOND),
        on: seconds(1),
        off: seconds(3),
        fixed: false,
        aligned: false,
    });
    let wave = Pattern::Diurnal(
        Diurnal {
            mean: Rate::of(5, Duration::SECOND),
            amplitude: Share::new(0.9).unwrap(),
            period: seconds(10),
            peak_at: seconds(2),
        }
        .wave(),
    );
    let calls: Vec<Time> = (0..50).map(|tenth| Time::ZERO + ms(100 * tenth)).collect();
    for pattern in [Some(on_off), Some(wave), None] {
        let met = |coordination: Coordination| {
            let fleet = [Nodes {
                count: 3,
                per_second: 1.0,
            }];
            let mut plan = m0(coordination, Issuance::latest_only(seconds(7)), &fleet, 20);
            common::all_legs(&mut plan, &Latency::exponential(ms(30)));
            match pattern {
                Some(pattern) => plan.workloads[0][0].arrivals = pattern,
                None => {
                    plan.workloads[0].clear();
                    plan.drivers.replays.push(Replay {
                        group: Group(0),
                        at: Processes::of(&plan.layout.fleets[0]),
                        calls: calls.clone().into(),
                    });
                }
            }
            arrivals(&record(&plan, Dice::new(9)))
        };
        let first = met(every_strategy()[0].clone());
        assert!(first.len() >= 50);
        for coordination in every_strategy() {
            let what = format!("{coordination:?}");
            assert_eq!(met(coordination), first, "{what}");
        }
    }
}

/// Two nodes under a lease of 10 s, the second one there from 5 s on; each calls once a second. The first one stands still
/// from the middle of its token request.
fn paused_holder(lasts: u64) -> Vec<(Time, Event)> {
    let lone = |per_second| Nodes { count: 1, per_second };
    let lease = Coordination::Lease(a_lease());
    let mut plan = m0(lease, Issuance::latest_only(seconds(3600)), &[lone(1.0), lone(1.0)], 60);
    common::all_legs(&mut plan, &Latency::constant(ms(1)));
    constant(&mut plan, Leg::TokenResponse, ms(200));
    plan.span.warmup = Time::ZERO;
    plan.policy.retry = Retry::Fixed(Fixed {
        delay: Duration::SECOND,
        attempts: Attempts::UNBOUNDED,
    });
    for streams in &mut plan.workloads {
        if let Some(stream) = streams.first_mut() {
            stream.arrivals = Pattern::Periodic(Periodic {
                every: Duration::SECOND,
                jitter: Duration::ZERO,
                jitters: Jitters::Gaps,
                aligned: true,
                at: None,
            });
        }
    }
    let begin = at(1) + ms(100);
    let until = begin + seconds(lasts);
    plan.timeline = vec![
        (Time::ZERO, Act::Start(0..1)),
        (begin, Act::Pause { nodes: 0..1, until }),
        (at(5), Act::Start(1..2)),
    ];
    plan.timeline.push((until, Act::Resume(0..1)));
    plan.timeline.sort_by_key(|(at, _)| *at);
    record(&plan, Dice::new(1))
}

#[test]
fn a_lease_lapses_under_a_holder_that_pauses_for_longer() {
    let lapses = |trace: &[(Time, Event)]| trace.iter().filter(|(_, event)| *event == Event::LeaseLapsed).count();
    let issued = |trace: &[(Time, Event)]| {
        let issued = trace.iter().filter(|(_, event)| matches!(event, Event::Issued { .. }));
        issued.count()
    };
    let short = paused_holder(5);
    assert_eq!((lapses(&short), issued(&short)), (0, 1));
    let long = paused_holder(20);
    assert_eq!(lapses(&long), 1);
    assert!(issued(&long) >= 2, "another node took the lease and asked");
}

/// What reaches a node that stands still waits there in order, and the callers' time runs from their arrival.
#[test]
fn a_pause_holds_everything_back_and_loses_nothing() {
    let trace = paused_holder(20);
    let (begin, end) = (at(1) + ms(100), at(21) + ms(100));
    let still = trace
        .iter()
        .filter(|(now, _)| (begin..end).contains(now))
        .filter(|(_, event)| match event {
            Event::AttemptSent { node, .. } | Event::CallEnded { node, .. } => node.0 == 0,
            _ => false,
        });
    assert_eq!(still.count(), 0, "it says nothing");
    let own = |node: NodeId| node.0 == 0;
    let arrived = trace
        .iter()
        .filter(|(now, event)| *now < end && matches!(event, Event::CallArrived { node, .. } if own(*node)));
    assert_eq!(arrived.count(), 21, "calls at 1 s, 2 s, ... 21 s");
    let ended: Vec<_> = trace
        .iter()
        .filter_map(|&(now, event)| match event {
            Event::CallEnded {
                node, arrived, outcome, ..
            } if own(node) && arrived < end => Some((arrived, now, outcome)),
            _ => None,
        })
        .collect();
    assert_eq!(ended.len(), 21);
    assert!(
        ended
            .iter()
            .all(|(_, now, outcome)| *now >= end && *outcome == CallOutcome::Succeeded)
    );
    assert!(ended.is_sorted_by_key(|(arrived, ..)| *arrived), "{ended:?}");
    let resumed = trace
        .iter()
        .filter(|(_, event)| *event == Event::NodeResumed { node: NodeId(0) });
    assert_eq!(resumed.map(|(now, _)| *now).collect::<Vec<_>>(), [end]);
}

#[test]
fn a_partition_keeps_a_node_from_one_party_and_no_other_node() {
    for (party, sends) in [(Party::Api, true), (Party::TokenEndpoint, false)] {
        let mut plan = plan(2, 5.0, 60);
        // A token for every call: all of them need both endpoints.
        plan.coordination = every_strategy()[0].clone();
        plan.policy.timeout = Some(ms(500));
        plan.timeline.push((
            at(20),
            Act::Cut {
                nodes: 0..1,
                from: party,
                until: at(40),
            },
        ));
        plan.timeline.push((at(40), Act::Mend));
        let trace = record(&plan, Dice::new(3));
        let within = |from: u64, to: u64, wanted: &dyn Fn(&Event) -> bool| {
            let hits = trace
                .iter()
                .filter(|(now, event)| (at(from)..at(to)).contains(now) && wanted(event));
            hits.count()
        };
        let succeeds = |id: u32| move |event: &Event| matches!(event, Event::CallEnded { node, outcome: CallOutcome::Succeeded, .. } if node.0 == id);
        assert_eq!(within(21, 40, &succeeds(0)), 0);
        assert!(within(21, 40, &succeeds(1)) > 50);
        assert!(within(40, 60, &succeeds(0)) > 50);
        // Without the API it still gets tokens to try with; without the token endpoint it has nothing to send.
        let sent = |event: &Event| matches!(event, Event::AttemptSent { node, .. } if node.0 == 0);
        assert_eq!(within(21, 40, &sent) > 0, sends);
    }
}

/// Pauses come once in 10 s of running and last 2 s. A renewal process whose cycle C is 2 s and an exponential 10 s, begun with the
/// latter, has t / E C + E C^2 / (2 (E C)^2) - 10 s / E C renewals by a late time t.
#[test]
fn pauses_by_chance_come_at_their_rate() {
    let mut plan = plan(5, 1.0, 600);
    plan.drivers.pauses.push(Pauses {
        at: Processes::of(&plan.layout.fleets[0]),
        every: seconds(10),
        lasts: Latency::constant(seconds(2)),
    });
    let pauses = over_runs(30, |index| {
        let trace = record(&plan, Dice::replication(4, index));
        let pauses = trace
            .iter()
            .filter(|(_, event)| matches!(event, Event::NodePaused { .. }));
        pauses.count() as f64
    });
    holds(pauses, 5.0 * (600.0 / 12.0 + 244.0 / 288.0 - 10.0 / 12.0), 12.0);
}

/// Each revocation meets a live token but for one in some hundred, which comes before the first call after another.
#[test]
fn revocations_by_chance_come_at_their_rate() {
    let mut plan = plan(1, 20.0, 1000);
    plan.drivers.revocations = Some(seconds(10));
    let revocations = over_runs(30, |index| {
        let trace = record(&plan, Dice::replication(6, index));
        // One may meet several tokens: a node asks again for each call that was refused.
        let ended = trace.iter().filter_map(|(now, event)| match event {
            Event::TokenEnded(life) if life.ending == Some(Ending::Revoked) => Some(*now),
            _ => None,
        });
        ended.collect::<BTreeSet<_>>().len() as f64
    });
    holds(revocations, 100.0 * (1.0 - 0.05 / 10.05), 10.0);
}

/// Tokens of 100 s, replaced 10 s ahead: by true clocks every 90 s; by one that is a tenth slow 99 s, by one that is a tenth fast 81 s.
#[test]
fn a_clock_that_drifts_rings_early_or_late() {
    for (drift, gaps) in [(0, [90, 90]), (100_000, [99, 81])] {
        let fleets = [Nodes {
            count: 2,
            per_second: 1.0,
        }];
        let ahead = Coordination::RenewAhead(RenewAhead {
            margin: seconds(10),
            jitter: Duration::ZERO,
        });
        let mut plan = m0(ahead, Issuance::independent(seconds(100)), &fleets, 1000);
        plan.layout.fleets[0].clock_drift = drift;
        let trace = record(&plan, Dice::new(2));
        for (id, gap) in (0..2).zip(gaps) {
            let issued = trace.iter().filter_map(|(now, event)| match event {
                Event::Issued { node, .. } if node.0 == id => Some(*now),
                _ => None,
            });
            let issued: Vec<_> = issued.collect();
            assert!(issued.len() >= 10);
            for pair in issued.windows(2) {
                assert_eq!(pair[1].since(pair[0]), seconds(gap), "node {id}, drift {drift}");
            }
        }
    }
}
