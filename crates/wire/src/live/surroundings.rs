//! What all nodes of a live run share: the clock, the dice, the network that is added to the real one, and the way to the other
//! parties.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;

use tokio::sync::mpsc::UnboundedSender;

use super::mail::Report;
use super::measure::Measure;
use super::process::words::{What, Word, ns};
use super::shelf::Shelf;
use super::site::Site;
use crate::base::{Dice, NodeId, PacedClock, Time};
use crate::engine::sim::purpose::{latency_of, loss_of};
use crate::node::Whom;
use crate::oauth::Token;
use crate::plan::Plan;
use crate::trace::Event;
use crate::world::{Fleet, LEGS, Leg, peers};

/// Hears every event of a node.
pub(super) type Listener = Arc<dyn Fn(&Event) + Send + Sync>;

/// Who hears what nodes do.
pub(super) enum Ears {
    /// What is measured of a run.
    Measure(Box<Measure>),
    /// Whoever uses a token source.
    Listener(Option<Listener>),
    /// The run that this process is a node of.
    Run(Sender<Word>),
}

pub(super) struct Surroundings {
    pub plan: Arc<Plan>,
    pub clock: PacedClock,
    pub dice: Dice,
    pub site: Site,
    pub shelf: Shelf,
    ears: Ears,
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
        ears: Ears,
        addresses: Vec<SocketAddr>,
        reports: UnboundedSender<Report>,
    ) -> Self {
        Self {
            plan,
            clock,
            dice,
            site,
            shelf,
            ears,
            addresses,
            reports,
            slowness: std::array::from_fn(|_| AtomicU64::new(1000)),
        }
    }

    /// What is measured, where this is what measures.
    pub fn measure(&self) -> Option<&Measure> {
        match &self.ears {
            Ears::Measure(measure) => Some(measure),
            Ears::Listener(_) | Ears::Run(_) => None,
        }
    }

    /// Something has happened.
    pub fn note(&self, now: Time, event: &Event) {
        match &self.ears {
            Ears::Measure(measure) => measure.note(now, event),
            Ears::Listener(Some(listener)) => listener(event),
            Ears::Listener(None) => {}
            Ears::Run(run) => {
                if let Some(what) = What::of(event) {
                    let _gone = run.send(Word::Event { at_ns: ns(now), what });
                }
            }
        }
    }

    /// A message has been under way.
    pub fn way(&self, leg: Leg, from: Time, to: Time) {
        match &self.ears {
            Ears::Measure(measure) => measure.way(leg, from, to),
            Ears::Listener(_) => {}
            Ears::Run(run) => {
                let _gone = run.send(Word::Way {
                    leg: leg as usize,
                    from_ns: ns(from),
                    to_ns: ns(to),
                });
            }
        }
    }

    fn text(&self, token: Token) -> String {
        self.site.texts.text(token).access.clone()
    }

    /// The provider has decided on a token.
    pub fn issued(&self, token: Token, at: Time) {
        self.site.texts.issued(token, at);
        if let Ears::Run(run) = &self.ears {
            let _gone = run.send(Word::Issued {
                token: self.text(token),
                at_ns: ns(at),
            });
        }
    }

    /// One token was obtained with the refresh token of another.
    pub fn descends(&self, token: Token, from: Token) {
        self.site.texts.descends(token, from);
        if let Ears::Run(run) = &self.ears {
            let _gone = run.send(Word::Descends {
                token: self.text(token),
                from: self.text(from),
            });
        }
    }

    /// A token was written into the store, perhaps over one that was issued later.
    pub fn written(&self, now: Time, token: Option<Token>, over: Option<Token>) {
        match &self.ears {
            Ears::Run(run) => {
                let _gone = run.send(Word::Written {
                    at_ns: ns(now),
                    token: token.map(|token| self.text(token)),
                    over: over.map(|over| self.text(over)),
                });
            }
            Ears::Measure(_) | Ears::Listener(_) => {
                let both = token.zip(over);
                let regressed = both.is_some_and(|(token, over)| self.site.texts.is_older(token, over));
                self.note(now, &Event::StoreWritten { regressed });
            }
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
        let all: Vec<NodeId> = peers(&self.plan.layout.fleets, fleet.store, fleet.credential_of(id)).collect();
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
