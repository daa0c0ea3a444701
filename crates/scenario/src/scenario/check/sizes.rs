//! What multiplies, taken together: each number may be in bounds, and their product not.

use super::super::MOST_NODES;
use super::super::bounds::{MOST_ACTS, MOST_STREAMS, MOST_USERS};
use super::super::event::EventKind;
use super::super::size::{acts, load};
use super::Checker;
use crate::workload::Arrivals;

impl Checker<'_> {
    pub(super) fn sizes(&mut self) {
        let nodes: u64 = self.most_nodes.values().map(|&nodes| u64::from(nodes)).sum();
        let at_first: u64 = self.file.fleet.iter().map(|fleet| u64::from(fleet.nodes)).sum();
        // What is too large from the start has been said.
        if nodes > u64::from(MOST_NODES) && at_first <= u64::from(MOST_NODES) {
            self.wrong(
                &[&"event"],
                format!("the fleets grow to {nodes} nodes; there can be {MOST_NODES} in all"),
                "too many",
                "each fleet counts as large as its events ever make it; scale to fewer",
            );
        }
        if nodes <= u64::from(MOST_NODES) {
            self.streams();
        }
        self.silence();
        let acts = acts(self.file);
        if acts > MOST_ACTS {
            self.wrong(
                &[&"event"],
                format!("the events come to {acts} single acts; there can be {MOST_ACTS}"),
                "too much happens",
                "a wave, a node that restarts in turn and a call that is spread over time are an act each; several waves beyond the number of nodes do nothing",
            );
        }
    }

    fn streams(&mut self) {
        let (mut streams, mut users) = (0u64, 0u64);
        for fleet in &self.file.fleet {
            let nodes = u64::from(self.most_nodes[fleet.name.as_str()]);
            for workload in &fleet.workload {
                match &workload.arrivals {
                    Arrivals::ClosedLoop(it) => users += nodes * u64::from(it.users),
                    Arrivals::Trace(_) => {}
                    _ => streams += nodes,
                }
            }
        }
        for (count, most, what) in [
            (
                streams,
                MOST_STREAMS,
                "streams of arrivals, one for each node and workload",
            ),
            (users, MOST_USERS, "users at all nodes"),
        ] {
            if count > most {
                self.wrong(
                    &[&"fleet"],
                    format!("{count} {what}; there can be {most}"),
                    "too many",
                    "so many are as good as fewer nodes with independent calls: `{ poisson = \"100/s\" }`",
                );
            }
        }
    }

    /// Fleets that are not heard of: whoever forgets a workload sees a table of nothing.
    fn silence(&mut self) {
        let span = self.end_of_arrivals().as_secs_f64();
        let spiked = |name: &str| {
            self.file.event.iter().any(|event| match &event.what {
                EventKind::Spike(spike) => spike.fleet == name,
                _ => false,
            })
        };
        let mut odd = Vec::new();
        for (i, fleet) in self.file.fleet.iter().enumerate() {
            if spiked(&fleet.name) {
                continue;
            }
            if fleet.workload.is_empty() {
                odd.push((i, None, format!("fleet `{}` makes no calls", fleet.name)));
            }
            let nodes = f64::from(self.most_nodes[fleet.name.as_str()]);
            for (j, workload) in fleet.workload.iter().enumerate() {
                let calls = load(&workload.arrivals, fleet, self.files).calls(nodes, span);
                if calls < 0.5 {
                    let message = format!(
                        "fleet `{}` hardly ever makes a call of the kind `{}`",
                        fleet.name, workload.kind
                    );
                    odd.push((i, Some(j), message));
                }
            }
        }
        for (i, workload, message) in odd {
            let help =
                "add `workload = [{ kind = \"user\", arrivals = { poisson = \"2/s\" } }]`, or leave the fleet out";
            match workload {
                None => self.odd(&[&"fleet", &i], message, "no workload", help),
                Some(j) => {
                    let help = "make the run longer, or the calls more frequent";
                    self.odd(
                        &[&"fleet", &i, &"workload", &j, &"arrivals"],
                        message,
                        "no call in this run",
                        help,
                    );
                }
            }
        }
    }
}
