//! Where a strategy puts its commands: a short list that the engine owns, so that nothing allocates.

use super::Command;

/// The most commands that one input may cause. More is a bug in the strategy.
const CAPACITY: usize = 6;

/// The commands of one input, in order.
#[derive(Clone, Debug)]
pub struct Outbox {
    commands: [Option<Command>; CAPACITY],
    len: usize,
}

/// Written out: what is derived fills another array, and copies it here.
impl Default for Outbox {
    #[inline(always)]
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
    #[inline(always)] // Which command it is is known where it is given.
    pub fn push(&mut self, command: Command) {
        let Some(place) = self.commands.get_mut(self.len) else {
            too_many(&self.commands)
        };
        *place = Some(command);
        self.len += 1;
    }

    /// Empties it for the next input.
    #[inline]
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The command at this place, from 0 in the order in which they were given.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Command> {
        self.commands.get(place).copied().flatten()
    }

    /// All commands, in the order in which they were given.
    #[inline]
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.commands[..self.len].iter().flatten()
    }
}

/// Tells those that have a place: were it handed the last one too, every command would be written twice, in case it is that one.
#[cold]
#[inline(never)]
fn too_many(first: &[Option<Command>; CAPACITY]) -> ! {
    panic!("one input caused more than {CAPACITY} commands, the first of them {first:?}")
}
