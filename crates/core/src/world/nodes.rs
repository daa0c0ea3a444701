//! What happens to nodes from outside: they start, stop and crash, calls arrive, and the shared store serves them.

use crate::base::{CallId, Duration, Group, NodeId};
use crate::node::{
    GuardState, Heard, Memory, NodeState, RetryState, Shared, StoreAnswer, StoreOperation, Strategy, Ticket, node_key,
};
use crate::provider::{Outage, Rule};
use crate::store::{Answer, Operation};
use crate::trace::{CallOutcome, Event, FailedBy};
use crate::workload::Job;

use super::World;
use super::detail::{tell_held, tell_lease_of};
use super::host::Host;
use super::leg::Leg;
use super::message::Message;
use super::second::choose;
use super::wire::clock_says;

impl<S: Strategy, R: Rule> World<S, R> {
    /// The node serves calls from now on; nothing if it already does.
    pub fn start(&mut self, id: NodeId, host: &mut impl Host) {
        let policy = self.strategy.policy_of(id).unwrap_or(&self.policy);
        let budget = policy.budget.map(|budget| budget.start(host.now()));
        let node = &mut self.nodes[id.index()];
        if !node.up {
            node.up = true;
            if let Some(retries) = self.tables.retries.get_mut(id.index()) {
                retries.budget = budget;
            }
            host.note(|| Event::NodeStarted { node: id });
            self.deploy(id, host);
            let (mut node, mut wire) = self.at(id, host);
            node.begin(&mut wire);
        }
    }

    /// The node takes no more calls; those under way are finished.
    pub fn stop(&mut self, id: NodeId, host: &mut impl Host) {
        let node = &mut self.nodes[id.index()];
        if node.up {
            node.up = false;
            let held = node.memory.view().token;
            if host.wants_holdings() {
                tell_held(id, (held, held), &self.server_of(id).provider.ledger, host);
            }
            host.note(|| Event::NodeStopped { node: id });
        }
    }

    /// These nodes lose their memory and all their calls, and are down. Requests that they have sent stay under way.
    pub fn crash(&mut self, ids: std::ops::Range<u32>, host: &mut impl Host) {
        for id in ids.clone().map(NodeId) {
            self.stop(id, host);
            self.forget(id, host);
        }
        let lost = |id: &CallId| ids.contains(&self.calls.get(*id).node.0);
        let lost: Vec<_> = self.calls.under_way().filter(lost).collect();
        for id in lost {
            // The connection of a call that was handed on breaks: the other end learns of it at once.
            match self.calls.get(id).peer() {
                Some(origin) if self.calls.get(id).is_forwarded() => {
                    self.calls.part(id);
                    self.calls.remove(id);
                    let at = self.calls.get(origin).node;
                    if !ids.contains(&at.0) {
                        self.hear(at, Heard::GatewayGone { call: origin }, host);
                    }
                }
                // The other end of one that has ended above.
                None if self.calls.get(id).is_forwarded() => {}
                peer => {
                    if let Some(forwarded) = peer {
                        self.calls.part(forwarded);
                        self.told_hung_up(forwarded, host);
                    }
                    let (mut node, mut wire) = self.at(self.calls.get(id).node, host);
                    node.end(id, CallOutcome::Lost, FailedBy::Nothing, &mut wire);
                }
            }
        }
        ids.map(NodeId).for_each(|id| self.drop_held(id, host));
    }

    /// These nodes [crash](World::crash), and follow this version of the code from their next start on.
    pub fn adopt(&mut self, ids: std::ops::Range<u32>, version: u8, host: &mut impl Host) {
        ids.clone().for_each(|id| self.strategy.adopt(NodeId(id), version));
        self.crash(ids, host);
    }

    /// What a node remembered is gone, and all that it waited for.
    fn forget(&mut self, id: NodeId, host: &mut impl Host) {
        let memory = self.strategy.boot(self.me(id));
        let node = &mut self.nodes[id.index()];
        let before = node.memory.view().token;
        *node = NodeState {
            epoch: node.epoch.wrapping_add(1),
            requests: node.requests,
            ..NodeState::down(memory, node.fleet)
        };
        if let Some(pending) = self.tables.pending.get_mut(id) {
            pending.stored = 0;
        }
        if let Some(retries) = self.tables.retries.get_mut(id.index()) {
            *retries = RetryState::default();
        }
        if let Some(guard) = self.tables.guards.get_mut(id.index()) {
            *guard = GuardState::default();
        }
        if let Some(token) = before {
            if host.wants_holdings() {
                tell_held(id, (before, None), &self.server_of(id).provider.ledger, host);
            }
            self.server_of_mut(id).provider.ledger.hold(token, false);
        }
        let store = self.fleets[usize::from(self.nodes[id.index()].fleet)].store_of(id);
        self.stores[store].release_locks_of(id);
    }

    /// A call arrives at a node: all that the delivery of a [`Message::Arrival`] is, as nothing keeps or loses a call on its way.
    #[inline(always)]
    pub fn arrive(&mut self, id: NodeId, group: Group, draw_key: u32, host: &mut impl Host) {
        let paused = self.disturbance.is_any() && self.disturbance.is_paused(id);
        let (mut node, mut wire) = self.at(id, host);
        let Some(call) = node.arrive(group, draw_key, &mut wire) else {
            return;
        };
        if paused {
            let ticket = node.keep_unheard(call);
            self.disturbance.hold(id, Message::BackoffOver { ticket });
        } else {
            node.admit(call, &mut wire);
        }
    }

    /// The job that a call of a group begins; none for a single one.
    pub fn job_of(&self, group: Group) -> Option<Job> {
        self.tables.job_of(group)
    }

    /// Which call of its job is under way, from 1, and of how many; none for a single one, and where the ticket is void. One that was handed
    /// on is at that of its origin.
    pub fn step_of_job(&self, ticket: Ticket) -> Option<(u32, u32)> {
        let call = self.calls.find(ticket.call).filter(|_| self.calls.is_good(ticket))?;
        let origin = if call.is_forwarded() { call.peer()? } else { ticket.call };
        Some((self.calls.done(origin) + 1, self.tables.calls_of(call.group)?))
    }

    /// A forwarded call reaches the gateway.
    pub(super) fn forwarded(&mut self, ticket: Ticket, gateway: NodeId, host: &mut impl Host) {
        let Some(call) = self.calls.holder(ticket) else { return };
        let origin = call.node;
        if self.nodes[gateway.index()].up {
            let call = self.calls.insert_forwarded(ticket.call, gateway);
            self.hear(gateway, Heard::Forwarded { call }, host);
        } else {
            self.hear(origin, Heard::GatewayGone { call: ticket.call }, host);
        }
    }

    /// Whether the node serves calls.
    pub fn is_up(&self, id: NodeId) -> bool {
        self.nodes[id.index()].up
    }

    /// An operation arrives at the store.
    pub(super) fn store_request(
        &mut self,
        id: NodeId,
        epoch: u8,
        number: u8,
        operation: StoreOperation,
        host: &mut impl Host,
    ) {
        if operation == Operation::Lock && self.nodes[id.index()].epoch != epoch {
            // The lock is tied to a process, and this one is gone: there is nobody to grant it to.
            return;
        }
        let now = host.now();
        let store = self.fleets[usize::from(self.nodes[id.index()].fleet)].store_of(id);
        let at_second = self.is_at_second_of(id, host);
        let provider = &choose(&mut self.server, &mut self.second, at_second).provider;
        let store = &mut self.stores[store];
        let answer = match self.store_down {
            Some(Outage::Silent) => return,
            Some(_) => Answer::Failed(operation.asked()),
            None => {
                let before = store.value();
                let answer = match (operation, self.store_layout.replica_lag) {
                    (Operation::Read, Some(lag)) => store.read_replica(now, lag),
                    _ => store.apply(now, id, operation),
                };
                if answer == Answer::Written {
                    let worth = |shared: Shared| provider.is_worth(now, shared.token);
                    let regressed = before.is_some_and(worth) && !store.value().is_some_and(worth);
                    host.note(|| Event::StoreWritten { regressed });
                    if host.wants_details()
                        && matches!(operation, Operation::Clear { .. })
                        && provider.rotation.is_some()
                    {
                        host.note(|| Event::CredentialCleared { good: regressed });
                    }
                }
                if matches!(
                    answer,
                    Answer::Released { held: false } | Answer::Extended { held: false }
                ) {
                    host.note(|| Event::LeaseLapsed);
                }
                if host.wants_details() {
                    tell_lease_of(id, answer, host);
                }
                answer
            }
        };
        let operations = self.tables.pending.of(id, self.nodes.len()).operations;
        host.send(
            Leg::StoreResponse,
            node_key(id, operations),
            Message::StoreResponse {
                node: id,
                epoch,
                number,
                answer,
            },
        );
    }

    /// The store's answer reaches its node, which reads what is stored by its own clock.
    pub(super) fn store_response(
        &mut self,
        id: NodeId,
        epoch: u8,
        number: u8,
        mut answer: StoreAnswer,
        host: &mut impl Host,
    ) {
        if let Answer::Value(Some(entry)) | Answer::Kept(Some(entry)) = &mut answer {
            let fleet = &self.fleets[usize::from(self.nodes[id.index()].fleet)];
            entry.value.life = clock_says(fleet, id, entry.value.life, false);
        }
        self.hear_in(epoch, id, Heard::Store { number, answer }, host);
    }

    /// The primary of every store fails, and a replica takes its place that had not heard of the last writes.
    pub fn fail_over_stores(&mut self, lost: Duration, host: &mut impl Host) {
        let now = host.now();
        for store in &mut self.stores {
            store.fail_over(now, lost);
        }
    }

    /// The shared stores fail from now on, or work again.
    pub fn set_store_outage(&mut self, outage: Option<Outage>) {
        self.store_down = outage;
    }
}
