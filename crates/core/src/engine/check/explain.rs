//! What a run shows, in words below its diagram: which step breaks the property, what goes on for ever and why that is fair, and what was
//! under way for long.

use super::scene::Story;
use crate::property::{Counted, Judge, Property, Runs};

/// Steps that a message is under way for before that is told.
const LONG: usize = 3;

/// Messages of which it is told at most.
const MOST: usize = 6;

/// Lines that say in words what the run of a story shows about a property.
pub fn explain(story: &Story, property: &Property) -> String {
    let mut text = String::new();
    let mut say = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    if let Some(line) = verdict(story, property) {
        say(line);
    }
    if story.around > 0 && matches!(property.judge, Judge::Runs(Runs::NoLivelock)) {
        say(fairness(story));
    }
    if let Some(line) = delays(story) {
        say(line);
    }
    text
}

/// The step that breaks it, or what cannot happen any more after the last.
fn verdict(story: &Story, property: &Property) -> Option<String> {
    let (last, name) = (story.lines.len(), property.name);
    let line = story.lines.last()?;
    let around = || format!("Steps {} to {last} can be repeated for ever", last + 1 - story.around);
    Some(match property.judge {
        Judge::Event(_) => format!("Step {last} breaks {name}: {}.", line.text),
        Judge::Runs(Runs::Bounded(Counted::Attempts)) => format!("{}, with an attempt each time around.", around()),
        Judge::Runs(Runs::Bounded(Counted::Issuances)) => format!("{}, with a new token each time around.", around()),
        Judge::Runs(Runs::NoLivelock) => format!("{}, and a call waits all the while.", around()),
        Judge::Runs(Runs::NoDeadlock) => {
            format!("After step {last} nothing can happen any more but faults, and a call waits.")
        }
        Judge::Runs(Runs::NeverTrapped) => {
            format!("After step {last} no run ends all calls, unless something else goes wrong.")
        }
        Judge::Runs(Runs::GrantsEnd) => {
            format!("After step {last} no run ends the lease, unless something else goes wrong.")
        }
        Judge::Runs(Runs::GrantIsHeld) => {
            format!("After step {last} no node, no message and no store has a refresh token that would be accepted.")
        }
        Judge::Runs(Runs::Recovery { .. } | Runs::NotVacuous) => return None,
    })
}

/// Why nobody is kept waiting around the cycle.
fn fairness(story: &Story) -> String {
    let arrives = list(story.owed.iter().map(|line| line + 1));
    match story.owed.is_empty() {
        true => "It is fair: nothing is under way in every one of these steps, so nothing is kept waiting for ever."
            .to_owned(),
        false => {
            format!("It is fair: what is under way in every one of these steps arrives in one of them ({arrives}).")
        }
    }
}

/// What was overtaken by others.
fn delays(story: &Story) -> Option<String> {
    let late = story.lines.iter().enumerate().filter_map(|(at, line)| {
        let sent = line.sent.filter(|sent| at - sent >= LONG && line.from != line.to)?;
        Some(format!("what arrives in step {} was sent in step {}", at + 1, sent + 1))
    });
    let late: Vec<_> = late.take(MOST).collect();
    (!late.is_empty()).then(|| format!("Under way for long: {}.", late.join(", ")))
}

fn list(numbers: impl Iterator<Item = usize>) -> String {
    let numbers: Vec<_> = numbers.map(|number| number.to_string()).collect();
    let steps = if numbers.len() == 1 { "step" } else { "steps" };
    format!("{steps} {}", numbers.join(", "))
}
