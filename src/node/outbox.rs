//! Where a strategy puts its commands: a short list that the engine owns, so that nothing allocates.

use arrayvec::ArrayVec;

use super::Command;

/// The most commands that one input may cause. More is a bug in the strategy.
const CAPACITY: usize = 6;

/// The commands of one input, in order.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    commands: ArrayVec<Command, CAPACITY>,
}

impl Outbox {
    /// # Panics
    /// When one input causes more than six commands: a bug in the strategy.
    #[inline]
    pub fn push(&mut self, command: Command) {
        assert!(
            !self.commands.is_full(),
            "one input caused more than {CAPACITY} commands, the last {command:?}"
        );
        self.commands.push(command);
    }

    /// Empties it for the next input.
    #[inline]
    pub fn clear(&mut self) {
        self.commands.clear();
    }

    /// The command at this place, from 0 in the order in which they were given.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Command> {
        self.commands.get(place).copied()
    }

    /// All commands, in the order in which they were given.
    #[inline]
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.commands.iter()
    }
}
