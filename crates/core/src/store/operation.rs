//! What is asked of the store, and what it answers.

use std::num::NonZeroU32;

use crate::base::Millis;

/// What a register may hold.
pub trait Stored: Copy {
    /// Tells values apart; no two different values have the same.
    fn name(&self) -> NonZeroU32;

    /// Orders values by age, as far as they reveal it: zero for one that reveals nothing.
    fn rank(&self) -> u32;
}

/// What a node asks of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation<V> {
    /// Asks for the value.
    Read,
    /// Replaces the value if the condition holds.
    Write {
        /// The new value.
        value: V,
        /// On what condition.
        when: When,
    },
    /// Takes the value away if the condition holds.
    Clear {
        /// On what condition.
        when: When,
    },
    /// Takes the lease for a time (none: until it is given back), unless another node holds it.
    Acquire {
        /// How long the lease lasts.
        ttl: Option<Millis>,
    },
    /// Takes the lease for as long as the asker lives, unless another node holds it: what an operating system's lock on a file does.
    /// Who has it so already, perhaps without knowing, gets it again.
    Lock,
    /// Begins the lease's time anew, if it is still the one that was acquired.
    Extend {
        /// The acquisition that is extended.
        fence: u32,
        /// How long the lease lasts from now on.
        ttl: Millis,
    },
    /// Gives the lease back, if it is still the one that was acquired.
    Release {
        /// The acquisition that ends.
        fence: u32,
    },
    /// Deletes the lease, whoever holds it: what a release without an owner's check does.
    Unlock,
}

/// On what condition a value is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// Without any condition.
    #[default]
    Always,
    /// The value of this name (none: no value) still lies there. Names never come again, so this compares versions too.
    Still(Option<NonZeroU32>),
    /// No lease with a higher fence has written before.
    Fence(u32),
    /// What lies there is not of a higher rank.
    NotOlder,
}

/// What the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer<V> {
    /// What lies there, for a read.
    Value(Option<Entry<V>>),
    /// A write or a clearing has happened.
    Written,
    /// The condition of a write did not hold: this lies there instead.
    Kept(Option<Entry<V>>),
    /// The lease is the asker's; fences grow with each acquisition.
    Acquired {
        /// The number of this acquisition.
        fence: u32,
    },
    /// Another node holds the lease.
    Busy,
    /// The lease was still the asker's (`held`) and goes on, or had lapsed before.
    Extended {
        /// Whether the lease was still the asker's.
        held: bool,
    },
    /// The lease was still the asker's (`held`), or had lapsed before.
    Released {
        /// Whether the lease was still the asker's.
        held: bool,
    },
    /// No answer to this kind of operation in time, or an error: it may or may not have happened.
    Failed(Asked),
}

/// A kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// [`Operation::Read`].
    Read,
    /// [`Operation::Write`] or [`Operation::Clear`].
    Write,
    /// [`Operation::Acquire`] or [`Operation::Lock`].
    Acquire,
    /// [`Operation::Extend`].
    Extend,
    /// [`Operation::Release`] or [`Operation::Unlock`].
    Release,
}

impl<V> Answer<V> {
    /// What kind of operation it answers.
    pub const fn asked(&self) -> Asked {
        match self {
            Self::Value(_) => Asked::Read,
            Self::Written | Self::Kept(_) => Asked::Write,
            Self::Acquired { .. } | Self::Busy => Asked::Acquire,
            Self::Extended { .. } => Asked::Extend,
            Self::Released { .. } => Asked::Release,
            Self::Failed(asked) => *asked,
        }
    }
}

impl<V> Operation<V> {
    /// What kind of operation it is, which is all that a failure says.
    pub const fn asked(&self) -> Asked {
        match self {
            Self::Read => Asked::Read,
            Self::Write { .. } | Self::Clear { .. } => Asked::Write,
            Self::Acquire { .. } | Self::Lock => Asked::Acquire,
            Self::Extend { .. } => Asked::Extend,
            Self::Release { .. } | Self::Unlock => Asked::Release,
        }
    }
}

/// A stored value and how long it has lain there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry<V> {
    /// The value as it was written.
    pub value: V,
    /// How long it has lain there.
    pub age: Millis,
}
