//! What the timeline of a plan does, done.

use super::payload::Taken;
use super::stage::Stage;
use super::turn::Sim;
use crate::base::NodeId;
use crate::node::Strategy;
use crate::plan::Act;
use crate::provider::Rule;
use crate::trace::Event;
use crate::world::Delivery;

impl<'a, S: Strategy, R: Rule, H: Stage<'a, S, R>> Sim<'a, S, R, H>
where
    Taken: Delivery<H>,
{
    pub(super) fn perform(&mut self, act: &Act) {
        let host = &mut self.host;
        match act {
            Act::Start(nodes) => {
                for node in nodes.clone().map(NodeId) {
                    self.world.start(node, &mut self.host);
                    self.begin(node);
                }
            }
            Act::Stop(nodes) => nodes.clone().for_each(|node| self.world.stop(NodeId(node), host)),
            Act::Crash(nodes) => self.world.crash(nodes.clone(), host),
            Act::Adopt { nodes, version } => self.world.adopt(nodes.clone(), *version, host),
            Act::Pause { nodes, until } => {
                let nodes = nodes.clone().map(NodeId);
                nodes.for_each(|node| self.world.pause(node, *until, host));
            }
            Act::Resume(nodes) => nodes.clone().for_each(|node| self.world.resume(NodeId(node), host)),
            Act::Cut { nodes, from, until } => self.world.cut(nodes.clone(), *from, *until),
            Act::Mend => self.world.mend(host.now()),
            Act::TokenOutage(outage) => self.world.server.provider.token_endpoint.outage = *outage,
            Act::ApiOutage(outage) => self.world.server.provider.api_endpoint.outage = *outage,
            Act::StoreOutage(outage) => self.world.set_store_outage(*outage),
            Act::StoreFailover { loses } => self.world.fail_over_stores(*loses, host),
            Act::Slow { legs, thousandths } => host.sim_mut().slow(legs, *thousandths),
            Act::SecondOutage { at, outage } => self.world.set_second_outage(*at, *outage),
            Act::GrantSlots { clients, slots } => self.world.grant_slots(clients.clone(), *slots),
            Act::Sample { nodes, every } => {
                for node in nodes.clone().step_by(*every as usize).map(NodeId) {
                    let holds = self.world.look(node, host.now());
                    host.note(|| Event::Sampled { node, holds });
                }
            }
            Act::Calls { .. } => unreachable!("done by `act`"),
            Act::Revoke {
                second,
                clients,
                tenant,
                slot,
            } => clients
                .clone()
                .for_each(|client| self.world.revoke(*second, client, *tenant, *slot, host)),
        }
    }
}
