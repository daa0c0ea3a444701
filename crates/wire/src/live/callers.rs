//! Callers in this process: they send their calls themselves, with the token that the node gives them.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::mail::CallStep;
use crate::base::CallId;
use crate::node::Ticket;
use crate::trace::CallOutcome;

/// Calls whose callers wait for the next step.
pub(super) struct Callers {
    waiting: BTreeMap<CallId, oneshot::Sender<CallStep>>,
    begun: u32,
    /// How a call ended last.
    pub outcome: CallOutcome,
    /// Calls whose callers have gone.
    pub gone: Vec<CallId>,
}

impl Default for Callers {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            begun: 0,
            outcome: CallOutcome::Lost,
            gone: Vec::new(),
        }
    }
}

impl Callers {
    /// Whether calls come from here at all, and not from a workload.
    pub fn are_there(&self) -> bool {
        self.begun > 0
    }

    /// Names the draws of another call.
    pub fn next_draw_key(&mut self) -> u32 {
        self.begun = self.begun.wrapping_add(1).max(1);
        self.begun.wrapping_mul(0x9e37_79b9)
    }

    /// Somebody waits for the next step of a call.
    pub fn wait(&mut self, call: CallId, waits: oneshot::Sender<CallStep>) {
        self.waiting.insert(call, waits);
    }

    /// A call is to be sent.
    pub fn attempt(&mut self, ticket: Ticket, step: CallStep) {
        let waits = self.waiting.remove(&ticket.call);
        if waits.is_none_or(|waits| waits.send(step).is_err()) {
            self.gone.push(ticket.call);
        }
    }

    /// Calls may have ended.
    pub fn end(&mut self, is_over: impl Fn(CallId) -> bool) {
        if self.waiting.is_empty() {
            return;
        }
        let over: Vec<CallId> = self.waiting.keys().copied().filter(|call| is_over(*call)).collect();
        for call in over {
            if let Some(waits) = self.waiting.remove(&call) {
                let _gone = waits.send(CallStep::Over(self.outcome));
            }
        }
    }
}
