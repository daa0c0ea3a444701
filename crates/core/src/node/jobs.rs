//! Calls of a job: how one goes on after another has succeeded, and with which token.
//!
//! A job is one call in the table from its first call to its last, so that what ends one ends the other. Tries are counted for
//! each of its calls.

use crate::base::{CallId, Delay, Duration};
use crate::oauth::Token;
use crate::trace::{CallOutcome, Event, FailedBy};
use crate::workload::{Job, JobToken, OnRefusal};

use super::Strategy;
use super::call::{Call, CallMarks};
use super::party::{Alarm, AtNode, NodeHost};

impl<S: Strategy> AtNode<'_, S> {
    /// Whether a call may be one of a job: most runs have none, and ask no further.
    #[inline(always)]
    pub(super) fn is_of_job(&self, id: CallId) -> bool {
        !self.tables.jobs.is_empty() && !self.calls.get(id).is_forwarded()
    }

    fn job_of(&self, call: &Call) -> Option<Job> {
        self.tables.job_of(call.group)
    }

    /// A call has succeeded with this token: whether its job goes on, or has ended because its caller has gone.
    #[inline(never)]
    pub(super) fn goes_on(&mut self, id: CallId, token: Option<Token>, host: &mut impl NodeHost<S::Node>) -> bool {
        let group = self.calls.get(id).group;
        let Some((job, calls)) = self.tables.job_of(group).zip(self.tables.calls_of(group)) else {
            return false;
        };
        let done = self.calls.count_done(id);
        if done >= calls {
            return false;
        }
        let call = self.calls.get_mut(id);
        if call.is_overdue(host.now(), self.tables.patience[usize::from(call.group.0)]) {
            self.end(id, CallOutcome::Impatient, FailedBy::Nothing, host);
            return true;
        }
        call.await_next(token.filter(|_| job.token == JobToken::Kept));
        // A call that needs both is two, of which the second one follows at once.
        let mut gap = job.gap;
        if self.tables.needs_both(group) {
            let (from, to, arrived) = (call.node, host.at_other_provider(), call.arrived);
            host.note(|| Event::CallPassedOn { from, to, arrived });
            call.node = to;
            gap = if done % 2 == 1 { Duration::ZERO } else { gap };
        }
        let (ticket, key) = (call.ticket(id), call.next_draw_key().into());
        host.wake(Delay::exactly(gap), key, Alarm::BackoffOver { ticket });
        true
    }

    /// The gap between two calls of a job is over.
    #[inline(never)]
    pub(super) fn begin_next(&mut self, id: CallId, token: Option<Token>, host: &mut impl NodeHost<S::Node>) {
        if !self.lets_in(id, host) {
            return;
        }
        match token {
            Some(token) => self.send_in_turn(id, token, host),
            None => self.offer(id, host),
        }
    }

    /// Whether a call keeps its token for another try.
    #[inline]
    pub(super) fn keeps_token(&self, call: &Call) -> bool {
        call.marks.has(CallMarks::AMIDST) && self.job_of(call).is_some_and(|job| job.token == JobToken::Kept)
    }

    /// Whether the refusal of its token ends a call, whatever its policy says.
    #[inline]
    pub(super) fn fails_when_refused(&self, call: &Call) -> bool {
        self.keeps_token(call) && self.job_of(call).is_some_and(|job| job.on_refusal == OnRefusal::Fails)
    }
}
