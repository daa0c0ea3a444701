//! A wait before a renewal that holds up all calls of its node, as of a client that sleeps with its lock in hand, or in its
//! only thread.
//!
//! The calls that it holds up are told to the strategy when it is over, after the call that has waited; those of jobs that keep their
//! tokens are sent then. Attempts that are under way are not held up.

use crate::base::CallId;
use crate::oauth::Token;

use super::call::Link;
use super::party::{AtNode, NodeHost};
use super::{HoldsUp, Input, Parked, Phase, Strategy};

impl<S: Strategy> AtNode<'_, S> {
    /// The strategy hears of a call, unless that is held up.
    #[inline]
    pub(super) fn offer(&mut self, call: CallId, host: &mut impl NodeHost<S::Node>) {
        if self.policy.holds == HoldsUp::Node && self.join_hold(call, Phase::HeldThenCall) {
            return;
        }
        self.react(Input::Call { call }, host);
    }

    /// A call is sent with the token that it has, unless that is held up.
    pub(super) fn send_in_turn(&mut self, call: CallId, token: Token, host: &mut impl NodeHost<S::Node>) {
        if self.policy.holds == HoldsUp::Node && self.join_hold(call, Phase::HeldThenSend) {
            return;
        }
        self.send_attempt(call, token, host);
    }

    /// A call whose token was refused waits for the one that waits already, where it must.
    #[inline]
    pub(super) fn is_held_up(&mut self, call: CallId) -> bool {
        self.policy.holds == HoldsUp::Node && self.join_hold(call, Phase::HeldThenRejected)
    }

    fn join_hold(&mut self, call: CallId, phase: Phase) -> bool {
        let retries = self.tables.retries.get_mut(self.id.index());
        let Some(hold) = retries.map(|retries| &mut retries.hold) else {
            return false;
        };
        let held_up = hold.by != Link::NONE;
        if held_up {
            self.calls.get_mut(call).phase = phase;
            self.calls.park(&mut hold.held, call);
        }
        held_up
    }

    /// A call begins to wait before its renewal.
    pub(super) fn begin_hold(&mut self, call: CallId) {
        if self.policy.holds == HoldsUp::Node
            && let Some(retries) = self.tables.retries.get_mut(self.id.index())
        {
            retries.hold.by = Link::to(call);
        }
    }

    /// A call waits no longer; whom it has held up is to be told by [`AtNode::release`] next.
    pub(super) fn end_hold(&mut self, call: CallId) -> Parked {
        match self.tables.retries.get_mut(self.id.index()) {
            Some(retries) if retries.hold.by == Link::to(call) => std::mem::take(&mut retries.hold).held,
            _ => Parked::default(),
        }
    }

    /// The strategy hears of those that were held up, but for those that are sent with the token that they have.
    pub(super) fn release(&mut self, mut held: Parked, host: &mut impl NodeHost<S::Node>) {
        while let Some(id) = self.calls.unpark(&mut held) {
            let call = self.calls.get_mut(id);
            let (phase, token) = (call.phase, call.token);
            call.phase = Phase::Waiting;
            match (phase, token) {
                (Phase::HeldThenSend, Some(token)) => self.send_attempt(id, token, host),
                (Phase::HeldThenRejected, Some(token)) => self.react(Input::Rejected { call: Some(id), token }, host),
                _ => self.react(Input::Call { call: id }, host),
            }
        }
    }

    /// A call ends that may be held up, or hold others up; those are returned.
    pub(super) fn leave_hold(&mut self, id: CallId) -> Parked {
        if let Some(retries) = self.tables.retries.get_mut(self.id.index()) {
            self.calls.withdraw(&mut retries.hold.held, id);
        }
        self.end_hold(id)
    }
}
