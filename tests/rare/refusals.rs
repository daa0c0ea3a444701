//! What splitting cannot answer is refused, or left open: never answered with none.

use std::sync::atomic::AtomicBool;

use tokenstorm::base::Duration;
use tokenstorm::campaign::rare::{self, Levels, RareError, RareEvent, RareOptions, SplitLevel};
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::record::rare::RareEnd;
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination};

use super::{estimate, levels, options};
use crate::common::{Nodes, constant, m0, ms};

fn plan(nodes: u32, attempts: Attempts) -> Plan {
    let fleet = [Nodes {
        count: nodes,
        per_second: 1.0,
    }];
    let coordination = Coordination::CompareFirst(CompareFirst {});
    let mut plan = m0(
        coordination,
        Issuance::independent(Duration::from_secs(3600)),
        &fleet,
        20,
    );
    constant(&mut plan, tokenstorm::world::Leg::ApiRequest, ms(10));
    plan.policy.retry = Retry::Immediate(Immediate { attempts });
    plan
}

fn refused(plan: &Plan, options: &RareOptions) -> RareError {
    rare::estimate("it", plan, options, &(), &AtomicBool::new(false)).unwrap_err()
}

#[test]
fn levels_that_cannot_be_are_refused() {
    let unbounded = refused(
        &plan(2, Attempts::UNBOUNDED),
        &options(RareEvent::FailedCall, 1, 2, None),
    );
    assert!(unbounded.to_string().contains("`it`"), "{unbounded}");
    let large = refused(
        &plan(10_001, Attempts::at_most(2)),
        &options(RareEvent::Livelock, 1, 2, None),
    );
    assert!(large.to_string().contains("10001 nodes"), "{large}");
    let split = |level, runs| SplitLevel { level, runs };
    for wrong in [vec![split(0, 2)], vec![split(1, 0)], vec![split(2, 2), split(1, 2)]] {
        assert_eq!(Levels::new(wrong), None);
    }
}

/// Nothing ever fails here: no figure, none as zero, and the word for why.
#[test]
fn what_is_never_approached_has_no_figure() {
    let options = RareOptions {
        most_events: 400_000,
        ..options(RareEvent::FailedCall, 1, 4, None)
    };
    let finding = estimate(&plan(2, Attempts::at_most(3)), &options);
    assert_eq!(finding.ended_by, RareEnd::NotApproached);
    assert_eq!((finding.split.rate, finding.split.ci95), (None, None));
    assert_eq!((finding.highest_seen, finding.highest), (0, 2));
    assert!(finding.pilot_events > 10_000);
}

/// A precision that would take more than is allowed: the figure as far as it is known, and which bound ended it.
#[test]
fn a_bound_is_named_where_it_ends_the_run() {
    let mut plan = plan(2, Attempts::at_most(2));
    plan.provider.api_endpoint.errors = tokenstorm::base::Chance::of(0.1);
    let ended = |most_replications, most_events| {
        let options = RareOptions {
            precision: 0.001,
            replications: None,
            most_replications,
            most_events,
            ..options(RareEvent::FailedCall, 1, 2, Some(levels(&[(1, 3)])))
        };
        let finding = estimate(&plan, &options);
        assert!(finding.split.rate.is_some());
        (finding.ended_by, finding.split.replications)
    };
    assert_eq!(ended(200, 1 << 40), (RareEnd::Replications, 200));
    let (end, replications) = ended(1 << 20, 30_000);
    assert_eq!(end, RareEnd::Events);
    assert!((100..300).contains(&replications), "{replications}");
    // One replication alone is beyond the limit.
    let options = RareOptions {
        most_events: 100,
        ..options(RareEvent::FailedCall, 1, 2, Some(levels(&[(1, 3)])))
    };
    assert_eq!(refused(&plan, &options), RareError::Endless { most_events: 100 });
}
