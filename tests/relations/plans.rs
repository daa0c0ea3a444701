//! Plans to be changed.

use tokenstorm::base::{Duration, Time};
use tokenstorm::net::Latency;
use tokenstorm::plan::Plan;
use tokenstorm::provider::Issuance;
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination, Meanwhile, Naive, Rotation, Ttl};
use tokenstorm::trace::Event;

use crate::common::{Nodes, all_legs, every_strategy, m0, ms};

pub(super) type Trace = Vec<(Time, Event)>;

pub(super) fn at_most(attempts: u32) -> Retry {
    Retry::Immediate(Immediate {
        attempts: Attempts::at_most(attempts),
    })
}

pub(super) fn naive() -> Coordination {
    Coordination::Naive(Naive {})
}

pub(super) fn compare_first() -> Coordination {
    Coordination::CompareFirst(CompareFirst {})
}

/// Three busy nodes with random latencies, tokens that expire, and a few tries.
pub(super) fn usual(strategy: Coordination) -> Plan {
    let fleets = [Nodes {
        count: 3,
        per_second: 2.0,
    }];
    let mut plan = m0(strategy, Issuance::latest_only(Duration::from_secs(9)), &fleets, 60);
    all_legs(&mut plan, &Latency::exponential(ms(20)));
    plan.policy.retry = at_most(5);
    plan
}

/// Every strategy, with all spans in units of `unit`.
pub(super) fn strategies_in(unit: u64) -> Vec<Coordination> {
    let mut all = every_strategy();
    for strategy in &mut all {
        match strategy {
            Coordination::WaitAndLook(one) => one.spread = ms(200 * unit),
            Coordination::RenewAhead(one) => {
                one.margin = ms(500 * unit);
                one.jitter = ms(500 * unit);
            }
            Coordination::Lease(lease) | Coordination::Rotation(Rotation { lease, .. }) => {
                let times = |span: Duration| span.saturating_mul(unit);
                if let Ttl::After(span) = &mut lease.ttl {
                    *span = times(*span);
                }
                lease.extend_every = lease.extend_every.map(times);
                lease.poll = times(lease.poll);
                lease.wait = times(lease.wait);
                lease.renew_ahead = lease.renew_ahead.map(times);
                lease.jitter = times(lease.jitter);
            }
            Coordination::CentralRefresher(one) => {
                one.renew_ahead = one.renew_ahead.map(|span| span.saturating_mul(unit));
                one.wait = one.wait.saturating_mul(unit);
            }
            Coordination::Leader(one) => {
                for span in [&mut one.ttl, &mut one.poll, &mut one.wait] {
                    *span = span.saturating_mul(unit);
                }
                one.renew_ahead = one.renew_ahead.map(|span| span.saturating_mul(unit));
            }
            Coordination::ScheduledRefresher(one) => {
                let times = |span: Duration| span.saturating_mul(unit);
                for span in [&mut one.every, &mut one.try_again, &mut one.poll] {
                    *span = times(*span);
                }
                one.at = one.at.map(|at| times(at.last()).into());
                for span in [&mut one.within, &mut one.fresh_for] {
                    *span = span.map(times);
                }
                if let Meanwhile::Wait(span) = &mut one.meanwhile {
                    *span = times(*span);
                }
            }
            Coordination::Gossip(one) => one.wait = one.wait.saturating_mul(unit),
            Coordination::FileLock(one) => {
                one.poll = one.poll.saturating_mul(unit);
                one.wait = one.wait.saturating_mul(unit);
            }
            _ => {}
        }
    }
    all
}
