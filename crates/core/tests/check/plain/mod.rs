//! An explorer of its own that shares nothing with the checker but the world, the history and the properties: no canonical form, no
//! bounds on what is under way, no symmetry, no fingerprints of the crate. Tokens, requests and calls keep their numbers for ever, so what
//! goes round in circles has states without end: it looks at the nearest ones. What is found there must be what the checker finds, by runs
//! of the same length.

mod look;
mod net;
mod situation;

use std::collections::{HashMap, VecDeque};

use tokenstorm::engine::check::Setup;
use tokenstorm::property::{Judge, PROPERTIES, Runs};
use tokenstorm::trace::Event;

use situation::Situation;

/// What was found among the nearest situations.
pub struct Found {
    /// By property: the steps of the first run that breaks it, as far as single runs show that.
    pub broken: Vec<Option<u32>>,
    /// By property: something that it is about has happened.
    pub reached: Vec<bool>,
    /// All runs of so many steps have been looked at.
    pub depth: u32,
    /// There is no run that has not been looked at.
    pub all: bool,
    /// Where there is none: the most attempts and issuances of a run, and whether each situation leads to the end of all calls.
    pub most: Option<(u32, u32, bool)>,
}

/// An edge of the graph: from, to, whether it is a fault, attempts, issuances.
type Edge = (u32, u32, bool, u32, u32);

/// Looks at the nearest situations, so many at most.
pub fn explore(setup: &Setup, most: usize) -> Found {
    let first = Situation::first(setup);
    let mut found = Found {
        broken: vec![None; PROPERTIES.len()],
        reached: vec![false; PROPERTIES.len()],
        depth: u32::MAX,
        all: true,
        most: None,
    };
    let mut numbers = HashMap::from([(first.print(), 0u32)]);
    let mut open = VecDeque::from([(first, 0u32, 0u32)]);
    let (mut edges, mut ended): (Vec<Edge>, Vec<bool>) = (Vec::new(), Vec::new());
    while let Some((here, number, depth)) = open.pop_front() {
        if numbers.len() > most {
            (found.depth, found.all) = (depth, false);
            return found;
        }
        let steps = here.steps();
        let stuck = here.pending() > 0 && steps.iter().all(|(_, fault)| fault.is_some());
        found.of_state(Runs::NoDeadlock, stuck, depth);
        found.of_state(Runs::GrantIsHeld, here.is_stranded(), depth);
        ended.push(here.pending() == 0);
        for step in steps {
            let (next, judged, events) = here.after(step);
            for (place, stands) in judged {
                found.reached[place] = true;
                if !stands {
                    found.broken[place].get_or_insert(depth + 1);
                }
            }
            let count = |wanted: fn(&Event) -> bool| events.iter().filter(|event| wanted(event)).count() as u32;
            let attempts = count(|event| matches!(event, Event::AttemptSent { .. }));
            let issuances = count(|event| matches!(event, Event::Issued { .. }));
            let fresh = numbers.len() as u32;
            let to = *numbers.entry(next.print()).or_insert_with(|| {
                open.push_back((next, fresh, depth + 1));
                fresh
            });
            edges.push((number, to, step.1.is_some(), attempts, issuances));
        }
    }
    found.most = Some(whole(&edges, &ended));
    found
}

impl Found {
    fn of_state(&mut self, which: Runs, is_so: bool, depth: u32) {
        for (place, property) in PROPERTIES.iter().enumerate() {
            if is_so && matches!(property.judge, Judge::Runs(runs) if runs == which) {
                self.broken[place].get_or_insert(depth);
            }
        }
    }
}

/// Numbers only grow, so no run comes back to where it was: the longest runs, and whether all calls can end from everywhere.
fn whole(edges: &[Edge], ended: &[bool]) -> (u32, u32, bool) {
    let (mut attempts, mut issuances) = (vec![0; ended.len()], vec![0; ended.len()]);
    let mut ends = ended.to_vec();
    let mut moved = true;
    while moved {
        moved = false;
        for &(from, to, fault, sent, issued) in edges.iter().rev() {
            let (from, to) = (from as usize, to as usize);
            let (more, issued) = (attempts[to] + sent, issuances[to] + issued);
            moved |= more > attempts[from] || issued > issuances[from] || !fault && ends[to] && !ends[from];
            attempts[from] = attempts[from].max(more);
            issuances[from] = issuances[from].max(issued);
            ends[from] |= !fault && ends[to];
        }
    }
    (attempts[0], issuances[0], ends.iter().all(|&ends| ends))
}
