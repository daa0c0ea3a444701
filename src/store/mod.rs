//! The store that processes share (a Redis, a database row) as a state machine: one register and one lease.
//!
//! Every operation is atomic at the instant in which it arrives. Does not know what the register's value means, nor who
//! keeps it.

use crate::base::{Duration, Millis, NodeId, Time};

/// What a node asks of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation<V> {
    Read,
    /// Replaces the value, whatever it is.
    Write(V),
    /// Takes the lease for a time, unless another node holds it.
    Acquire {
        ttl: Millis,
    },
    /// Gives the lease back, if it is still the one that was acquired.
    Release {
        fence: u32,
    },
}

/// What the store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer<V> {
    Value(Option<Entry<V>>),
    Written,
    /// The lease is the asker's; fences grow with each acquisition.
    Acquired {
        fence: u32,
    },
    /// Another node holds the lease.
    Busy,
    /// The lease was still the asker's (`held`), or had lapsed before.
    Released {
        held: bool,
    },
    /// No answer in time, or an error: it may or may not have happened.
    Failed,
}

/// A stored value and how long it has lain there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry<V> {
    pub value: V,
    pub age: Millis,
}

/// One register with a lease beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Store<V> {
    register: Option<(V, Time)>,
    lease: Option<Lease>,
    last_fence: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Lease {
    owner: NodeId,
    fence: u32,
    until: Time,
}

impl<V> Default for Store<V> {
    fn default() -> Self {
        Self {
            register: None,
            lease: None,
            last_fence: 0,
        }
    }
}

impl<V: Copy> Store<V> {
    /// Carries out one operation.
    pub fn apply(&mut self, now: Time, from: NodeId, operation: Operation<V>) -> Answer<V> {
        match operation {
            Operation::Read => Answer::Value(self.register.map(|(value, written)| Entry {
                value,
                age: now.since(written).into(),
            })),
            Operation::Write(value) => {
                self.register = Some((value, now));
                Answer::Written
            }
            Operation::Acquire { ttl } => {
                if self.lease.is_some_and(|lease| now < lease.until) {
                    return Answer::Busy;
                }
                self.last_fence += 1;
                self.lease = Some(Lease {
                    owner: from,
                    fence: self.last_fence,
                    until: now + Duration::from(ttl),
                });
                Answer::Acquired { fence: self.last_fence }
            }
            Operation::Release { fence } => {
                let mine = self
                    .lease
                    .is_some_and(|lease| lease.fence == fence && lease.owner == from);
                let held = mine && self.lease.is_some_and(|lease| now < lease.until);
                if mine {
                    self.lease = None;
                }
                Answer::Released { held }
            }
        }
    }

    /// The value that lies there now.
    pub fn value(&self) -> Option<V> {
        self.register.map(|(value, _)| value)
    }

    /// Changes the stored value in place; its age stays.
    pub fn rename(&mut self, change: impl FnOnce(V) -> V) {
        self.register = self.register.map(|(value, written)| (change(value), written));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn at(ms: u64) -> Time {
        Time::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_value_ages_until_it_is_replaced() {
        let mut store = Store::default();
        assert_eq!(store.apply(at(0), A, Operation::Read), Answer::Value(None));
        store.apply(at(10), A, Operation::Write('x'));
        let entry = |value, age| {
            Answer::Value(Some(Entry {
                value,
                age: Millis::new(age),
            }))
        };
        assert_eq!(store.apply(at(15), B, Operation::Read), entry('x', 5));
        store.apply(at(20), B, Operation::Write('y'));
        assert_eq!(store.apply(at(20), A, Operation::Read), entry('y', 0));
    }

    #[test]
    fn a_lease_excludes_lapses_and_is_released_by_its_owner_only() {
        let mut store = Store::<char>::default();
        let ttl = Millis::new(100);
        assert_eq!(
            store.apply(at(0), A, Operation::Acquire { ttl }),
            Answer::Acquired { fence: 1 }
        );
        assert_eq!(store.apply(at(99), B, Operation::Acquire { ttl }), Answer::Busy);
        assert_eq!(
            store.apply(at(100), B, Operation::Acquire { ttl }),
            Answer::Acquired { fence: 2 }
        );
        assert_eq!(
            store.apply(at(101), A, Operation::Release { fence: 1 }),
            Answer::Released { held: false }
        );
        assert_eq!(
            store.apply(at(102), A, Operation::Acquire { ttl }),
            Answer::Busy,
            "the new owner's lease stands"
        );
        assert_eq!(
            store.apply(at(103), B, Operation::Release { fence: 2 }),
            Answer::Released { held: true }
        );
        assert_eq!(
            store.apply(at(104), A, Operation::Acquire { ttl }),
            Answer::Acquired { fence: 3 }
        );
    }
}
