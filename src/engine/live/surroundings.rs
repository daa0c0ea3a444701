//! What all nodes of a live run share: the clock, the dice, the network that is added to the real one, and the way to the other
//! parties.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::UnboundedSender;

use super::mail::Report;
use super::measure::Measure;
use super::shelf::Shelf;
use super::site::Site;
use crate::base::{Dice, NodeId, PacedClock, Time};
use crate::engine::sim::purpose::{latency_of, loss_of};
use crate::node::Whom;
use crate::plan::Plan;
use crate::trace::Event;
use crate::world::{Fleet, LEGS, Leg, peers};

/// Hears every event of a node.
pub(super) type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

pub(super) struct Surroundings {
    pub plan: Arc<Plan>,
    pub clock: PacedClock,
    pub dice: Dice,
    pub site: Site,
    pub shelf: Shelf,
    /// None where nobody measures.
    pub measure: Option<Measure>,
    /// Whoever wants to hear what happens.
    pub listener: Option<Listener>,
    /// Where each node listens.
    pub addresses: Vec<SocketAddr>,
    pub reports: UnboundedSender<Report>,
    slowness: [AtomicU64; LEGS],
}

impl Surroundings {
    pub fn new(
        plan: Arc<Plan>,
        (clock, dice): (PacedClock, Dice),
        site: Site,
        shelf: Shelf,
        (measure, listener): (Option<Measure>, Option<Listener>),
        addresses: Vec<SocketAddr>,
        reports: UnboundedSender<Report>,
    ) -> Self {
        Self {
            plan,
            clock,
            dice,
            site,
            shelf,
            measure,
            listener,
            addresses,
            reports,
            slowness: std::array::from_fn(|_| AtomicU64::new(1000)),
        }
    }

    /// Something has happened.
    pub fn note(&self, now: Time, event: &Event) {
        if let Some(measure) = &self.measure {
            measure.note(now, event);
        }
        if let Some(listener) = &self.listener {
            listener(event);
        }
    }

    /// A message has been under way.
    pub fn way(&self, leg: Leg, from: Time, to: Time) {
        if let Some(measure) = &self.measure {
            measure.way(leg, from, to);
        }
    }

    /// From now on the latencies of these legs are multiplied by so many thousandths.
    pub fn slow(&self, legs: &[Leg], thousandths: u64) {
        for &leg in legs {
            self.slowness[leg as usize].store(thousandths, Ordering::Relaxed);
        }
    }

    /// Lets the time of a leg pass that the scenario adds to the real network; false where it loses the message.
    pub async fn travel(&self, leg: Leg, key: u64) -> bool {
        let link = self.plan.links.leg(leg);
        if !link.loss.is_never() && link.loss.hit(self.dice.draw(loss_of(leg), key, 0)) {
            return false;
        }
        let latency = link.latency.sample(self.dice.draw(latency_of(leg), key, 0));
        let slowness = self.slowness[leg as usize].load(Ordering::Relaxed);
        let latency = latency.ratio(slowness, 1000);
        if !latency.is_zero() {
            tokio::time::sleep(self.clock.real(latency)).await;
        }
        true
    }

    /// Waits until the clock shows this.
    pub async fn until(&self, at: Time) {
        tokio::time::sleep_until(self.clock.instant(at).into()).await;
    }

    /// The nodes that one tells something.
    pub fn audience(&self, id: NodeId, fleet: &Fleet, whom: Whom) -> Vec<NodeId> {
        let all: Vec<NodeId> = peers(&self.plan.layout.fleets, fleet.store).collect();
        match whom {
            Whom::One(to) => vec![to],
            Whom::Gateway => fleet.gateway.into_iter().collect(),
            Whom::All => all.into_iter().filter(|&peer| peer != id).collect(),
            Whom::Some(count) => {
                let own = all.iter().position(|&peer| peer == id).unwrap_or(0);
                let steps = (0..count)
                    .map(|power| 1usize << power)
                    .take_while(|&step| step < all.len());
                steps.map(|step| all[(own + step) % all.len()]).collect()
            }
        }
    }
}
