//! The store that processes share (a Redis, a database row) as a state machine: one register and one lease.
//!
//! Every operation is atomic at the instant in which it arrives. Does not know what the register's value means, nor who
//! keeps it: only its name and, where it has one, its rank.

mod operation;
mod replica;
mod state;

use std::collections::VecDeque;

use state::{Lease, State};

use crate::base::{Duration, Millis, NodeId, Permutation, Time, clone_in_place};

pub use operation::{Answer, Asked, Entry, Operation, Stored, When};

/// One register with a lease beside it, and as much of their past as replicas lag behind.
///
/// A lease ends whether its holder knows or not; what protects the register then is the fence:
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use std::num::NonZeroU32;
/// use tokenstorm::base::{Duration, Millis, NodeId, Time};
/// use tokenstorm::store::{Answer, Operation, Store, Stored, When};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct Value(NonZeroU32);
///
/// impl Stored for Value {
///     fn name(&self) -> NonZeroU32 {
///         self.0
///     }
///
///     fn rank(&self) -> u32 {
///         0
///     }
/// }
///
/// let (slow, quick) = (NodeId(0), NodeId(1));
/// let at = |ms| Time::ZERO + Duration::from_millis(ms);
/// let acquire = || Operation::Acquire { ttl: Some(Millis::new(100)) };
/// let write = |number, fence| Operation::Write {
///     value: Value(NonZeroU32::new(number).unwrap()),
///     when: When::Fence(fence),
/// };
///
/// let mut store = Store::default();
/// assert_eq!(store.apply(at(0), slow, acquire()), Answer::Acquired { fence: 1 });
/// assert_eq!(store.apply(at(99), quick, acquire()), Answer::Busy);
/// assert_eq!(store.apply(at(100), quick, acquire()), Answer::Acquired { fence: 2 });
/// assert_eq!(store.apply(at(101), quick, write(7, 2)), Answer::Written);
///
/// // The slow node still believes that it holds the lease.
/// assert!(matches!(store.apply(at(102), slow, write(6, 1)), Answer::Kept(Some(_))));
/// assert_eq!(store.value().unwrap().0.get(), 7);
/// ```
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Store<V> {
    state: State<V>,
    /// States that were replaced, oldest first, with the time until which each held.
    past: VecDeque<(Time, State<V>)>,
    /// How far back the past is kept.
    memory: Duration,
    /// Fences are given out by the store's own counter, which no failover turns back.
    last_fence: u32,
}

clone_in_place!(Store<V> { state, past, memory, last_fence });

impl<V> Default for Store<V> {
    fn default() -> Self {
        Self {
            state: State {
                register: None,
                lease: None,
                written_fence: 0,
            },
            past: VecDeque::new(),
            memory: Duration::ZERO,
            last_fence: 0,
        }
    }
}

impl<V: Stored> Store<V> {
    /// Carries out one operation.
    pub fn apply(&mut self, now: Time, from: NodeId, operation: Operation<V>) -> Answer<V> {
        if !matches!(operation, Operation::Read) {
            self.keep_past(now);
        }
        let state = &mut self.state;
        match operation {
            Operation::Read => Answer::Value(state.entry(now)),
            Operation::Write { value, when } => {
                if !state.allows(when, value.rank()) {
                    return Answer::Kept(state.entry(now));
                }
                if let When::Fence(fence) = when {
                    state.written_fence = fence;
                }
                state.register = Some((value, now));
                Answer::Written
            }
            Operation::Clear { when } => {
                if !state.allows(when, 0) {
                    return Answer::Kept(state.entry(now));
                }
                state.register = None;
                Answer::Written
            }
            Operation::Acquire { ttl } => self.acquire(now, from, ttl, false),
            Operation::Lock => self.acquire(now, from, None, true),
            Operation::Extend { fence, ttl } => {
                let held = state.is_held_by(from, fence) && state.lease.is_some_and(|lease| lease.holds(now));
                if held && let Some(lease) = &mut state.lease {
                    lease.until = Some(now + Duration::from(ttl));
                }
                Answer::Extended { held }
            }
            Operation::Release { fence } => {
                let mine = state.is_held_by(from, fence);
                let held = mine && state.lease.is_some_and(|lease| lease.holds(now));
                if mine {
                    state.lease = None;
                }
                Answer::Released { held }
            }
            Operation::Unlock => {
                let held = state.lease.is_some_and(|lease| lease.owner == from && lease.holds(now));
                state.lease = None;
                Answer::Released { held }
            }
        }
    }

    fn acquire(&mut self, now: Time, owner: NodeId, ttl: Option<Millis>, tied: bool) -> Answer<V> {
        let again = |lease: Lease| tied && lease.tied && lease.owner == owner;
        if self.state.lease.is_some_and(|lease| lease.holds(now) && !again(lease)) {
            return Answer::Busy;
        }
        self.last_fence += 1;
        self.state.lease = Some(Lease {
            owner,
            fence: self.last_fence,
            until: ttl.map(|ttl| now + Duration::from(ttl)),
            tied,
        });
        Answer::Acquired { fence: self.last_fence }
    }

    /// A node has died: a lock that lasts as long as its owner is free.
    pub fn release_locks_of(&mut self, owner: NodeId) {
        self.state.lease = self.state.lease.filter(|lease| !lease.tied || lease.owner != owner);
    }

    /// The fence of the lease, if it was last taken by this node.
    pub fn lease_of(&self, owner: NodeId) -> Option<u32> {
        let lease = self.state.lease.filter(|lease| lease.owner == owner)?;
        Some(lease.fence)
    }

    /// Owners of leases have changed places.
    pub fn move_owner(&mut self, places: Permutation) {
        let past = self.past.iter_mut().map(|(_, state)| state);
        for lease in past.chain([&mut self.state]).filter_map(|state| state.lease.as_mut()) {
            lease.owner = places.of(lease.owner);
        }
    }

    /// The value that lies there now.
    pub fn value(&self) -> Option<V> {
        self.state.register.map(|(value, _)| value)
    }

    /// Puts a value there that no node has written, as an operator or a login does.
    pub fn put(&mut self, now: Time, value: V) {
        self.keep_past(now);
        self.state.register = Some((value, now));
    }

    /// Who holds the lease now, and under which fence.
    pub fn holder(&self, now: Time) -> Option<(NodeId, u32)> {
        let lease = self.state.lease.filter(|lease| lease.holds(now))?;
        Some((lease.owner, lease.fence))
    }

    /// Whether the lease ends by itself.
    pub fn can_lapse(&self) -> bool {
        self.state.lease.is_some_and(|lease| lease.until.is_some())
    }

    /// The lease ends, whoever holds it.
    pub fn lapse(&mut self) {
        self.state.lease = None;
    }

    /// Whether the lease has ever been taken.
    pub fn has_leased(&self) -> bool {
        self.last_fence > 0
    }

    /// Changes all fences by a monotone map that leaves zero alone.
    #[inline]
    pub fn renumber(&mut self, change: &mut dyn FnMut(u32) -> u32) {
        self.last_fence = change(self.last_fence);
        let states = self.past.iter_mut().map(|(_, state)| state).chain([&mut self.state]);
        for state in states {
            state.written_fence = change(state.written_fence);
            if let Some(lease) = &mut state.lease {
                lease.fence = change(lease.fence);
            }
        }
    }

    /// Changes every value in place; its age stays.
    #[inline]
    pub fn rename(&mut self, mut change: impl FnMut(V) -> V) {
        let states = self.past.iter_mut().map(|(_, state)| state).chain([&mut self.state]);
        for state in states {
            state.register = state.register.map(|(value, written)| (change(value), written));
        }
    }
}

#[cfg(test)]
mod tests;
