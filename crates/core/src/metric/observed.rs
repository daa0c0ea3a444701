//! The counts of one run, kept by one [`Sink`] for the whole trace, in memory that does not grow with the run.
//!
//! Sees trace events only. Calls count if they arrive after the warm-up, and are followed to their end; requests, issuances and
//! all that happens by the second count if they happen between the warm-up and the horizon.

use super::context::RunContext;
use super::quota_use::QuotaUse;
use super::seconds::Seconds;
use super::spread::Spread;
use super::tally::{CAUSES, FleetTally, Tally, TenantTally};
use super::usable::UsableTokens;
use crate::base::{Duration, Group, NodeId, Time};
use crate::oauth::{AnswerKind, At};
use crate::provider::Life;
use crate::trace::{CallOutcome, Event, Sink};

/// All counts of one run.
#[derive(Clone, Debug)]
pub struct Observed {
    /// What was known of the run before it began.
    pub context: RunContext,
    /// Something is counted by fleet, by tenant or by provider.
    pub(super) is_apart: bool,
    /// Counts of the calls, by group.
    pub groups: Vec<Tally>,
    /// Counts of token requests and refusals by fleet, where fleets are counted apart.
    pub fleets: Vec<FleetTally>,
    /// The most attempts of one call that were refused for their token.
    pub most_rejections: u16,
    /// Rejections by [`Cause`](crate::provider::Cause).
    pub causes: [u64; CAUSES],
    /// Latency of successful calls.
    pub latency: Spread,
    /// Sum of the latencies of successful calls in nanoseconds.
    pub latency_sum: u128,
    /// Requests that reached the token endpoint.
    pub token_requests: u64,
    /// Those of them that went to a second provider; 0 where there is none.
    pub requests_at_second: u64,
    /// What the token endpoint has refused or failed, of all nodes.
    pub refused: FleetTally,
    /// Refusals of the token endpoint since it last granted a token, and the most that there were.
    pub refusals_in_a_row: (u32, u32),
    /// Token requests that were lost on their way, or met silence.
    pub lost_requests: u64,
    /// Answers of the token endpoint that were lost on their way.
    pub lost_answers: u64,
    /// Tokens issued.
    pub issued: u64,
    /// Issuances for a node whose own token was still live.
    pub unnecessary: u64,
    /// Life that was left to the asking node's own token at each of those, in nanoseconds.
    pub left: u128,
    /// Issuances that superseded a token.
    pub superseding: u64,
    /// Nodes that lost their token by the issuance of another node.
    pub blast: u64,
    /// Tokens that have ended or been left over.
    pub ended: u64,
    /// Those of the ended tokens that never served.
    pub wasted: u64,
    /// From issue to last use.
    pub useful_life: Spread,
    /// Leases that ended while their holder still acted on them.
    pub lease_lapses: u64,
    /// Live tokens in the store that were replaced by dead ones.
    pub stale_writes: u64,
    /// Refresh families that ended, or that no node can use.
    pub grants_lost: u64,
    /// Users who logged in again.
    pub logins: u64,
    /// Refresh tokens that the provider refused.
    pub invalid_grants: u64,
    /// Time that users were without a grant, all users together.
    pub without_grant: Duration,
    /// What was used of the quotas of the token endpoint.
    pub token_quota: QuotaUse,
    /// What was used of the quotas of the API.
    pub api_quota: QuotaUse,
    /// First issuance of the current herd, and how many it has.
    herd: (Time, u32),
    /// The most issuances within the time that the first of them needed to become known.
    pub herd_max: u32,
    /// Calls that arrived and that succeeded, by node.
    pub nodes: Vec<(u32, u32)>,
    /// Counts of token requests and refusals by tenant, where an app serves several.
    pub tenants: Vec<TenantTally>,
    /// What nodes hold, and for how long it was good, where somebody asks for that.
    pub usable: Option<UsableTokens>,
    /// What is found by the second.
    pub seconds: Seconds,
}

impl Observed {
    /// No counts yet.
    pub fn new(context: RunContext) -> Self {
        Self {
            groups: vec![Tally::default(); context.groups],
            fleets: vec![FleetTally::default(); context.fleets.count()],
            most_rejections: 0,
            causes: [0; CAUSES],
            latency: Spread::default(),
            latency_sum: 0,
            token_requests: 0,
            requests_at_second: 0,
            refused: FleetTally::default(),
            refusals_in_a_row: (0, 0),
            lost_requests: 0,
            lost_answers: 0,
            issued: 0,
            unnecessary: 0,
            left: 0,
            superseding: 0,
            blast: 0,
            ended: 0,
            wasted: 0,
            useful_life: Spread::default(),
            lease_lapses: 0,
            stale_writes: 0,
            grants_lost: 0,
            logins: 0,
            invalid_grants: 0,
            without_grant: Duration::ZERO,
            token_quota: QuotaUse::default(),
            api_quota: QuotaUse::default(),
            herd: (Time::ZERO, 0),
            herd_max: 0,
            nodes: vec![(0, 0); context.nodes],
            tenants: vec![TenantTally::default(); context.tenants.count()],
            usable: (context.usable_tokens_of)
                .map(|counted| UsableTokens::new((context.nodes, counted), context.warmup, context.horizon)),
            seconds: Seconds::new(&context),
            is_apart: context.is_apart(),
            context,
        }
    }

    /// All groups together.
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.groups.iter().for_each(|tally| total.add(tally));
        total
    }

    /// Some of the groups together.
    pub fn together(&self, groups: &[usize]) -> Tally {
        let mut together = Tally::default();
        groups.iter().for_each(|&group| together.add(&self.groups[group]));
        together
    }

    /// The run is over.
    pub fn finish(&mut self) {
        self.seconds.finish();
        self.sum_usable();
    }

    #[inline]
    pub(super) fn measured(&self, now: Time) -> bool {
        now >= self.context.warmup && now < self.context.horizon
    }

    fn without_grant(&mut self, since: Time, until: Time) {
        let time = until.min(self.context.horizon).since(since.max(self.context.warmup));
        self.without_grant = self.without_grant.saturating_add(time);
    }

    /// From now until its window ends, a quota is used up.
    fn exhaust_quota(&mut self, at: At, now: Time, reset: Duration) {
        let (from, horizon) = (now.max(self.context.warmup), self.context.horizon);
        self.quota(at).exhaust(from, (now + reset).min(horizon));
    }

    fn quota(&mut self, at: At) -> &mut QuotaUse {
        match at {
            At::Token => &mut self.token_quota,
            At::Api => &mut self.api_quota,
        }
    }

    #[inline]
    fn group(&mut self, group: Group) -> &mut Tally {
        &mut self.groups[usize::from(group.0)]
    }

    #[cold]
    fn token_refused(&mut self, now: Time, node: NodeId, why: AnswerKind) {
        self.seconds.at(now).refused += 1;
        self.of_fleet(now, node, |fleet| fleet.refuse(why));
        self.of_tenant(now, node, |tenant| tenant.refuse(why));
        if self.measured(now) {
            self.refused.refuse(why);
            let (row, most) = &mut self.refusals_in_a_row;
            *row += 1;
            *most = (*most).max(*row);
        }
    }

    #[inline]
    fn join_herd(&mut self, now: Time) {
        let (first, count) = &mut self.herd;
        if *count == 0 || now.since(*first) > self.context.known_after {
            (*first, *count) = (now, 0);
        }
        *count += 1;
        self.herd_max = self.herd_max.max(*count);
    }

    #[inline(always)] // Then only the fields in use are copied.
    fn token_ended(&mut self, life: &Life) {
        if let Some(usable) = &mut self.usable {
            usable.ended(life);
        }
        if !self.measured(life.issued) {
            return;
        }
        self.ended += 1;
        match life.last_use {
            None => self.wasted += 1,
            Some(last) => self.useful_life.record(last.since(life.issued)),
        }
    }

    #[inline(always)]
    fn issued(&mut self, now: Time, event: &Event) {
        let Event::Issued {
            node,
            left,
            blast,
            superseded,
            ..
        } = *event
        else {
            return;
        };
        self.seconds.at(now).issuances += 1;
        self.refusals_in_a_row.0 = 0;
        if self.measured(now) {
            self.issued += 1;
            self.unnecessary += u64::from(!left.is_zero());
            self.left += u128::from(left.nanos());
            self.superseding += u64::from(superseded);
            self.blast += u64::from(blast);
            self.join_herd(now);
        }
        self.apart(|run| {
            run.of_fleet(now, node, |fleet| fleet.issued += 1);
            run.of_tenant(now, node, |tenant| tenant.issued += 1);
        });
    }

    #[inline(always)]
    fn attempt_rejected(&mut self, now: Time, event: &Event) {
        let Event::AttemptRejected {
            node,
            group,
            arrived,
            cause,
            ..
        } = *event
        else {
            return;
        };
        self.seconds.at(now).rejections += 1;
        if arrived >= self.context.warmup {
            self.causes[cause as usize] += 1;
            self.apart(|run| {
                if let Some(fleet) = run.context.fleets.of_group(group) {
                    run.fleets[fleet].causes[cause as usize] += 1;
                }
                run.rejected_of_tenant(node, cause);
            });
        }
    }

    #[inline(always)]
    fn call_ended(&mut self, now: Time, event: &Event) {
        let Event::CallEnded {
            node,
            group,
            arrived,
            outcome,
            by,
            attempts,
            rejections,
            first_rejected,
            rejected_in_flight,
        } = *event
        else {
            return;
        };
        let succeeded = outcome == CallOutcome::Succeeded;
        if succeeded {
            self.seconds.at(now).successes += 1;
        }
        if arrived < self.context.warmup {
            return;
        }
        self.most_rejections = self.most_rejections.max(rejections);
        let tally = self.group(group);
        tally.outcomes[outcome as usize] += 1;
        tally.attempts += u64::from(attempts);
        tally.rejections += u64::from(rejections);
        tally.first_rejected += u64::from(first_rejected);
        tally.rejected_in_flight += u64::from(rejected_in_flight);
        if succeeded {
            tally.succeeded += 1;
            self.nodes[node.index()].1 += 1;
            let latency = now.since(arrived);
            self.latency.record(latency);
            self.latency_sum += u128::from(latency.nanos());
        } else {
            tally.failed_by[by as usize] += 1;
        }
    }
}

impl Sink for Observed {
    #[inline(always)] // Each place that records an event compiles to what is counted there.
    fn record(&mut self, now: Time, event: &Event) {
        match *event {
            Event::CallArrived { node, group } => {
                self.seconds.at(now).arrivals += 1;
                if now >= self.context.warmup {
                    self.group(group).calls += 1;
                    self.nodes[node.index()].0 += 1;
                }
            }
            Event::CallPassedOn { from, to, arrived } => self.passed_on(from, to, arrived),
            Event::AttemptSent { repeat, .. } => {
                let second = self.seconds.at(now);
                second.attempts += 1;
                second.repeats += u32::from(repeat);
            }
            Event::AttemptAccepted { .. } => {}
            Event::AttemptRejected { .. } => self.attempt_rejected(now, event),
            Event::AttemptRejectedUnheard => self.seconds.at(now).rejections += 1,
            Event::AttemptFailed => self.seconds.at(now).refused += 1,
            Event::CallEnded { .. } => self.call_ended(now, event),
            Event::TokenRequested { node } => {
                self.seconds.at(now).token_requests += 1;
                self.token_requests += u64::from(self.measured(now));
                self.apart(|run| {
                    run.of_fleet(now, node, |fleet| fleet.requests += 1);
                    run.of_tenant(now, node, |tenant| tenant.requests += 1);
                    run.of_second_provider(now, node);
                });
            }
            Event::TokenRefused { node, why } => self.token_refused(now, node, why),
            Event::TokenRequestLost => self.lost_requests += u64::from(self.measured(now)),
            Event::TokenAnswerLost => self.lost_answers += u64::from(self.measured(now)),
            Event::QuotaExhausted { at, reset } => self.exhaust_quota(at, now, reset),
            Event::QuotaUsed { at, thousandths } => {
                if self.measured(now) {
                    self.quota(at).note(thousandths);
                }
            }
            Event::Issued { .. } => self.issued(now, event),
            Event::Returned => self.refusals_in_a_row.0 = 0,
            Event::Sampled { .. } | Event::NodePaused { .. } | Event::NodeResumed { .. } => {}
            Event::TokenEnded(ref life) => self.token_ended(life),
            Event::StoreWritten { regressed } => self.stale_writes += u64::from(regressed && self.measured(now)),
            Event::GrantRefused { .. } => self.invalid_grants += u64::from(self.measured(now)),
            Event::LoggedIn { again } => self.logins += u64::from(again && self.measured(now)),
            Event::LackedGrant { since } => self.without_grant(since, now),
            Event::GrantLost { bucket } => self.grant_lost(now, bucket),
            Event::LeaseLapsed => self.lease_lapses += u64::from(self.measured(now)),
            Event::NodeStarted { .. } | Event::NodeStopped { .. } | Event::TokenHeld { .. } => self.of_node(now, event),
            // Details are recorded only where a host asks for them, and no metric needs one.
            Event::TokenAsked { .. }
            | Event::TokenHeard { .. }
            | Event::CommittedUnderLease { .. }
            | Event::RefreshAnswered { .. }
            | Event::CredentialCleared { .. }
            | Event::LeaseTaken { .. }
            | Event::LeaseEnded
            | Event::RefusalHeard { .. }
            | Event::LiveTokenDropped { .. } => {}
        }
    }
}
