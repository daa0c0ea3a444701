//! What happens during the run, to whom.

use super::super::MOST_NODES;
use super::super::event::What;
use super::Checker;
use crate::base::Duration;

impl Checker<'_> {
    fn event_fleet(&mut self, i: usize, what: &'static str, name: &str) -> bool {
        let known: Vec<&str> = self.file.fleet.iter().map(|fleet| fleet.name.as_str()).collect();
        if known.contains(&name) {
            return true;
        }
        self.unknown(&[&"event", &i, &"what", &what, &"fleet"], "fleet", name, &known);
        false
    }

    pub(super) fn events(&mut self) {
        let file = self.file;
        for (i, event) in file.event.iter().enumerate() {
            if event.at > self.end_of_arrivals() {
                self.wrong(
                    &[&"event", &i, &"at"],
                    "this event comes after the last call",
                    "too late",
                    format!(
                        "events count from the start of the warm-up; calls arrive until {}",
                        self.end_of_arrivals()
                    ),
                );
            }
            match &event.what {
                What::Start(it) => _ = self.event_fleet(i, "start", &it.fleet),
                What::Stop(it) => _ = self.event_fleet(i, "stop", &it.fleet),
                What::Restart(it) => _ = self.event_fleet(i, "restart", &it.fleet),
                What::Scale(it) => {
                    self.event_fleet(i, "scale", &it.fleet);
                    if it.nodes > MOST_NODES {
                        self.wrong(
                            &[&"event", &i, &"what", &"scale", &"nodes"],
                            format!("{} nodes; there can be {MOST_NODES}", it.nodes),
                            "too many",
                            "use fewer",
                        );
                    }
                }
                What::Crash(it) => {
                    if self.event_fleet(i, "crash", &it.fleet) {
                        let started = file
                            .fleet
                            .iter()
                            .filter(|fleet| fleet.name == it.fleet)
                            .map(|fleet| fleet.nodes);
                        let scaled = file.event.iter().filter_map(|event| match &event.what {
                            What::Scale(scale) if scale.fleet == it.fleet => Some(scale.nodes),
                            _ => None,
                        });
                        let most = started.chain(scaled).max().unwrap_or(0);
                        if it.node >= most {
                            self.wrong(
                                &[&"event", &i, &"what", &"crash", &"node"],
                                format!("fleet `{}` has {most} nodes; there is no node {}", it.fleet, it.node),
                                "no such node",
                                format!("nodes count from 0: the last one is {}", most.saturating_sub(1)),
                            );
                        }
                    }
                }
                What::CrashGateway(it) => {
                    self.known_app(&[&"event", &i, &"what", &"crash_gateway", &"app"], &it.app);
                    if !file
                        .strategy
                        .iter()
                        .any(|strategy| strategy.coordination.needs_gateway())
                    {
                        self.wrong(
                            &[&"event", &i, &"what", &"crash_gateway"],
                            "no strategy here has a gateway",
                            "nothing to crash",
                            "add a strategy with `coordination = \"gateway\"`",
                        );
                    }
                }
                What::Fail(it) => self.lasting(i, "fail", it.lasts),
                What::Slow(it) => {
                    self.lasting(i, "slow", it.lasts);
                    if !(it.factor > 1.0 && it.factor <= 1e6) {
                        self.wrong(
                            &[&"event", &i, &"what", &"slow", &"factor"],
                            format!("{} times as slow is not slower", it.factor),
                            "must lie above 1 and up to 1000000",
                            "2 takes twice as long as usual",
                        );
                    }
                }
                What::FailOverStore(_) => {}
                What::GrantSlots(it) => {
                    self.known_app(&[&"event", &i, &"what", &"grant_slots", &"app"], &it.app);
                    if it.slots == 0 {
                        self.wrong(
                            &[&"event", &i, &"what", &"grant_slots", &"slots"],
                            "an app without a slot gets no token",
                            "must be at least 1",
                            "1 is what every app has",
                        );
                    }
                }
                What::Revoke(it) => {
                    self.known_app(&[&"event", &i, &"what", &"revoke", &"app"], &it.app);
                    let granted = file.event.iter().filter_map(|event| match &event.what {
                        What::GrantSlots(grant) if grant.app == it.app => Some(grant.slots),
                        _ => None,
                    });
                    let most = file
                        .app
                        .iter()
                        .filter(|app| app.name == it.app)
                        .map(|app| app.slots)
                        .chain(granted)
                        .max();
                    if let (Some(slot), Some(most)) = (it.slot, most)
                        && slot >= most
                    {
                        self.wrong(
                            &[&"event", &i, &"what", &"revoke", &"slot"],
                            format!("app `{}` never has a slot {slot}", it.app),
                            "no such slot",
                            format!("slots count from 0: the last one is {}", most.saturating_sub(1)),
                        );
                    }
                }
            }
        }
    }

    fn lasting(&mut self, i: usize, what: &'static str, lasts: Duration) {
        if lasts.is_zero() {
            self.wrong(
                &[&"event", &i, &"what", &what, &"for"],
                "it is over as soon as it begins",
                "must be above zero",
                "for instance `for = \"30s\"`",
            );
        }
    }
}
