//! Where a strategy puts its commands: a short array that the engine owns, so that nothing allocates.

use super::Command;

/// The most commands that one input may cause. More is a bug in the strategy.
const CAPACITY: usize = 6;

/// The commands of one input, in order.
#[derive(Clone, Debug)]
pub struct Outbox {
    commands: [Option<Command>; CAPACITY],
    len: usize,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            commands: [None; CAPACITY],
            len: 0,
        }
    }
}

impl Outbox {
    /// # Panics
    /// When one input causes more than six commands: a bug in the strategy.
    #[inline]
    pub fn push(&mut self, command: Command) {
        assert!(
            self.len < CAPACITY,
            "one input caused more than {CAPACITY} commands, the last {command:?}"
        );
        self.commands[self.len] = Some(command);
        self.len += 1;
    }

    /// Empties it for the next input.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The command at this place, from 0 in the order in which they were given.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Command> {
        if place < self.len { self.commands[place] } else { None }
    }

    /// All commands, in the order in which they were given.
    #[inline]
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.commands[..self.len].iter().flatten()
    }
}
