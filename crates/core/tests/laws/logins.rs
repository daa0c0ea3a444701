//! Users who log in again: how long they are without a grant.

use tokenstorm::base::{Dice, Duration, Hours, Time};
use tokenstorm::plan::{Act, Plan};
use tokenstorm::provider::{Issuance, Outage, RotationRule};
use tokenstorm::retry::{Retry, TokenGuard};
use tokenstorm::world::Fleet;

use crate::common::{Nodes, m0, observe};
use crate::settings::compare_first;

/// Users with a login each, calls in a row, and refresh tokens that end before the access tokens that came with them, after five minutes.
fn users(count: u32, hours: u64) -> Plan {
    let fleet = [Nodes {
        count,
        per_second: 0.02,
    }];
    let rule = Issuance::independent(Duration::from_secs(300));
    let mut plan = m0(compare_first(), rule, &fleet, hours * 3600);
    plan.provider.rotation = Some(RotationRule {
        ttl: Some(Duration::from_secs(200)),
        ..RotationRule::default()
    });
    plan.layout.fleets = vec![Fleet {
        login_each: true,
        ..plan.layout.fleets[0].clone()
    }];
    plan.policy.retry = Retry::None;
    plan.policy.guard = Some(TokenGuard {
        until_login: true,
        ..TokenGuard::default()
    });
    plan.span.warmup = Time::ZERO;
    plan
}

/// From the first failure to the login as long as was drawn, evenly: the mean is in the middle. With hours that are never over it is the
/// same, and with a quarter of the day as long as that quarter takes.
#[test]
fn a_login_takes_as_long_as_was_drawn() {
    let mut plan = users(40, 48);
    plan.layout.login_again = Some(Duration::from_secs(60));
    plan.layout.login_spread = Duration::from_secs(1200);
    let free = observe(&plan, Dice::new(191));
    let (logins, lacked) = (free.logins as f64, free.without_grant.as_secs_f64());
    assert!(logins > 1500.0, "{logins}");
    // 99.9 % of a mean of so many uniform times of 1200 s, and of the one that the end of the run cuts short for each user.
    let bound = 3.3 * 1200.0 / (12.0 * logins).sqrt() + 40.0 * 1260.0 / logins;
    let mean = lacked / logins;
    assert!((mean - 660.0).abs() < bound, "{mean} s, not 660 s ±{bound}");

    plan.layout.login_hours = Some(Hours {
        from: Duration::ZERO,
        until: Duration::from_secs(86_400),
        days: 7,
    });
    let always = observe(&plan, Dice::new(191));
    assert_eq!((always.logins, always.without_grant), (free.logins, free.without_grant));

    plan.layout.login_hours = Some(Hours {
        from: Duration::from_secs(6 * 3600),
        until: Duration::from_secs(12 * 3600),
        days: 7,
    });
    let seldom = observe(&plan, Dice::new(191));
    assert!(
        seldom.without_grant.as_secs_f64() > 40.0 * 36.0 * 3600.0 * 0.9,
        "for 18 of 24 hours nobody logs in, and a login lasts five minutes: {:?}",
        seldom.without_grant
    );
    assert!(seldom.logins * 2 < free.logins);
}

/// A token endpoint that fails for an hour ends no login; a client that takes half an hour of failures for the end does so, once.
#[test]
fn failures_for_so_long_are_taken_for_the_end_of_a_login() {
    let at = |minutes: u64| Time::ZERO + Duration::from_secs(60 * minutes);
    let logins = |after: Option<u64>, lasts: u64| {
        let mut plan = users(40, 4);
        plan.provider.rotation = Some(RotationRule::default());
        plan.layout.login_again = Some(Duration::from_secs(60));
        plan.policy.guard = Some(TokenGuard {
            login_after: after.map(|minutes| Duration::from_secs(60 * minutes)),
            until_login: true,
            ..TokenGuard::default()
        });
        plan.timeline.push((at(60), Act::TokenOutage(Some(Outage::Errors))));
        plan.timeline.push((at(60 + lasts), Act::TokenOutage(None)));
        observe(&plan, Dice::new(192)).logins
    };
    assert_eq!(logins(None, 60), 0);
    assert_eq!(logins(Some(30), 60), 40);
    assert_eq!(logins(Some(30), 25), 0, "it works again before");
}
