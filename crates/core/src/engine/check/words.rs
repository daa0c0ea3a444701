//! Words for what a story tells.

use crate::base::Group;
use crate::node::{Phase, Strategy, Ticket, Timer};
use crate::provider::Rule;
use crate::world::World;

/// What a node does when a timer rings.
pub fn rang(timer: Timer) -> &'static str {
    match timer {
        Timer::Renew => "renews as planned",
        Timer::Wait => "has waited",
        Timer::Extend => "is to extend its lease",
        Timer::Own(_) => "hears a timer of its own",
    }
}

/// What arrives at a node when a call of this group does.
pub fn arriving<S: Strategy, R: Rule>(world: &World<S, R>, group: Group) -> String {
    match world.job_of(group) {
        Some(job) => format!("a job of {} calls", job.calls),
        None => "a call".to_owned(),
    }
}

/// Which call of a job this ticket is about: ` (call 2 of 2)`; nothing where it is a single one.
pub fn step_of_job<S: Strategy, R: Rule>(world: &World<S, R>, ticket: Ticket) -> String {
    let step = world.step_of_job(ticket);
    step.map_or_else(String::new, |(at, of)| format!(" (call {at} of {of})"))
}

/// What a node does when a call has waited.
pub fn after_wait<S: Strategy, R: Rule>(world: &World<S, R>, ticket: Ticket) -> String {
    let does = match world.calls().get(ticket.call).phase {
        Phase::Between => "goes on with its job",
        _ => "tries again",
    };
    format!("{does}{}", step_of_job(world, ticket))
}

/// What a node hears of a call that it has handed over.
pub fn handed_back<S: Strategy, R: Rule>(world: &World<S, R>, ticket: Ticket, succeeded: bool) -> String {
    let how = if succeeded {
        "has its answer"
    } else {
        "hears that it failed"
    };
    format!("{how}{}", step_of_job(world, ticket))
}

/// A user logs in again, which has issued this token.
pub fn logs_in(token: u32) -> String {
    format!("the user logs in again, and all nodes have t{token}")
}
