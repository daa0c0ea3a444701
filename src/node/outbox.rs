//! Where a strategy puts its commands: a short array that the engine owns, so that nothing allocates.

use super::Command;

/// The most commands that one input may cause. More is a bug in the strategy.
const CAPACITY: usize = 6;

/// The commands of one input, in order.
#[derive(Debug)]
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

    /// The commands so far, in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Command> + '_ {
        self.commands[..self.len].iter().flatten().copied()
    }
}
