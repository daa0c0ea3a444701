//! Laws of the rotation machine, for any rule and any order of uses; and the machine beside an oracle that looks everything up in
//! the whole history.

extern crate tokenstorm_core as tokenstorm;

mod any_order;
#[path = "../../../../tests/common/mod.rs"]
mod common;
mod oracle;
mod rules;

use tokenstorm::base::Dice;
use tokenstorm::provider::settings::RotateSettings;
use tokenstorm::provider::{Ending, Endpoint, Issuance, OnExceed, Quota, RotationRule};
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination};
use tokenstorm::trace::Event;

use crate::rules::secs;

/// A token is superseded in an instant in which another is issued, and never by a request that was beyond a quota.
#[test]
fn a_request_beyond_the_quota_ends_nothing() {
    for (on_exceed, refreshes) in [
        (OnExceed::RetryAfter, false),
        (OnExceed::Throttle, false),
        (OnExceed::ErrorBody, false),
        (OnExceed::NoOp, false),
        (OnExceed::RetryAfter, true),
    ] {
        let fleets = [common::Nodes {
            count: 6,
            per_second: 1.0,
        }];
        let strategy = Coordination::CompareFirst(CompareFirst {});
        let mut plan = common::m0(strategy, Issuance::latest_only(secs(40)), &fleets, 600);
        plan.policy.retry = Retry::Immediate(Immediate {
            attempts: Attempts::at_most(3),
        });
        plan.provider.rotation = refreshes.then(|| RotationRule {
            rotate: RotateSettings::Never,
            ..RotationRule::default()
        });
        plan.provider.token_endpoint = Endpoint::default().with_quotas([Quota {
            on_exceed,
            ..Quota::fixed(20, secs(60))
        }]);
        let trace = common::record(&plan, Dice::new(7));
        let issued: std::collections::BTreeSet<_> = trace
            .iter()
            .filter(|(_, event)| matches!(event, Event::Issued { .. }))
            .map(|(at, _)| *at)
            .collect();
        let superseded = trace.iter().filter_map(|(_, event)| match event {
            Event::TokenEnded(life) if life.ending == Some(Ending::Superseded) => Some(life.end),
            _ => None,
        });
        let superseded: Vec<_> = superseded.collect();
        let exhausted = trace
            .iter()
            .any(|(_, event)| matches!(event, Event::QuotaExhausted { .. }));
        assert!(exhausted, "{on_exceed:?}");
        assert!(!superseded.is_empty(), "{on_exceed:?}");
        assert!(superseded.iter().all(|end| issued.contains(end)), "{on_exceed:?}");
        // At most 20 a minute, and the logins, which no quota counts.
        assert!(issued.len() <= 20 * 11 + 6, "{} issued", issued.len());
    }
}
