use std::num::NonZeroU32;

use super::*;

impl Stored for char {
    fn name(&self) -> NonZeroU32 {
        NonZeroU32::new(*self as u32).unwrap()
    }

    fn rank(&self) -> u32 {
        *self as u32
    }
}

const A: NodeId = NodeId(0);

const B: NodeId = NodeId(1);

fn at(ms: u64) -> Time {
    Time::ZERO + Duration::from_millis(ms)
}

fn write(value: char, when: When) -> Operation<char> {
    Operation::Write { value, when }
}

#[test]
fn a_lease_excludes_lapses_and_is_released_by_its_owner_only() {
    let mut store = Store::<char>::default();
    let ttl = Some(Millis::new(100));
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

#[test]
fn a_condition_that_does_not_hold_keeps_the_value() {
    let mut store = Store::default();
    let lies = |value| {
        Answer::Kept(Some(Entry {
            value,
            age: Millis::ZERO,
        }))
    };
    let name = |value: char| Some(value.name());
    let now = at(1);
    assert_eq!(store.apply(now, A, write('m', When::Still(None))), Answer::Written);
    assert_eq!(store.apply(now, B, write('x', When::Still(None))), lies('m'));
    assert_eq!(store.apply(now, B, write('x', When::Still(name('m')))), Answer::Written);
    assert_eq!(
        store.apply(now, A, write('n', When::NotOlder)),
        lies('x'),
        "n is older than x"
    );
    assert_eq!(store.apply(now, A, write('y', When::NotOlder)), Answer::Written);
    assert_eq!(store.apply(now, A, write('a', When::Fence(2))), Answer::Written);
    assert_eq!(
        store.apply(now, B, write('z', When::Fence(1))),
        lies('a'),
        "a newer lease has written"
    );
    assert_eq!(
        store.apply(
            now,
            B,
            Operation::Clear {
                when: When::Still(name('z'))
            }
        ),
        lies('a')
    );
    assert_eq!(
        store.apply(now, B, Operation::Clear { when: When::Always }),
        Answer::Written
    );
    assert_eq!(store.value(), None);
}

#[test]
fn a_lease_is_extended_by_its_owner_lasts_for_ever_without_a_time_and_can_be_torn_away() {
    let mut store = Store::<char>::default();
    let ttl = Millis::new(100);
    store.apply(at(0), A, Operation::Acquire { ttl: Some(ttl) });
    let extend = |fence| Operation::Extend { fence, ttl };
    assert_eq!(store.apply(at(90), A, extend(1)), Answer::Extended { held: true });
    assert_eq!(store.apply(at(189), B, Operation::Acquire { ttl: None }), Answer::Busy);
    assert_eq!(store.apply(at(190), A, extend(1)), Answer::Extended { held: false });
    assert_eq!(
        store.apply(at(190), B, Operation::Acquire { ttl: None }),
        Answer::Acquired { fence: 2 }
    );
    assert_eq!(
        store.apply(at(1_000_000), A, Operation::Acquire { ttl: None }),
        Answer::Busy
    );
    assert_eq!(
        store.apply(at(1_000_000), A, Operation::Unlock),
        Answer::Released { held: false }
    );
    assert_eq!(
        store.apply(at(1_000_000), A, Operation::Acquire { ttl: None }),
        Answer::Acquired { fence: 3 },
        "an unlock that does not look whose it is takes another's lease away"
    );
}

#[test]
fn a_lock_ends_with_its_owner_and_a_lease_does_not() {
    let mut store = Store::<char>::default();
    assert_eq!(store.apply(at(0), A, Operation::Lock), Answer::Acquired { fence: 1 });
    store.release_locks_of(B);
    assert_eq!(store.apply(at(1), B, Operation::Lock), Answer::Busy);
    assert_eq!(
        store.apply(at(1), A, Operation::Lock),
        Answer::Acquired { fence: 2 },
        "who has it gets it again"
    );
    store.release_locks_of(A);
    assert_eq!(
        store.apply(at(2), B, Operation::Acquire { ttl: None }),
        Answer::Acquired { fence: 3 }
    );
    store.release_locks_of(B);
    assert_eq!(
        store.apply(at(3), A, Operation::Lock),
        Answer::Busy,
        "a lock file stays"
    );
}

#[test]
fn a_value_ages_until_it_is_replaced() {
    let mut store = Store::default();
    assert_eq!(store.apply(at(0), A, Operation::Read), Answer::Value(None));
    store.apply(at(10), A, write('x', When::Always));
    let entry = |value, age| {
        Answer::Value(Some(Entry {
            value,
            age: Millis::new(age),
        }))
    };
    assert_eq!(store.apply(at(15), B, Operation::Read), entry('x', 5));
    store.apply(at(20), B, write('y', When::Always));
    assert_eq!(store.apply(at(20), A, Operation::Read), entry('y', 0));
}

#[test]
fn replicas_lag_and_a_failover_loses_what_they_had_not_heard_of() {
    let mut store = Store::remembering(Duration::from_millis(50));
    let lag = Duration::from_millis(20);
    let seen = |store: &Store<char>, now| match store.read_replica(at(now), lag) {
        Answer::Value(entry) => entry.map(|entry| entry.value),
        other => panic!("{other:?}"),
    };
    store.apply(at(10), A, write('x', When::Always));
    store.apply(at(40), A, write('y', When::Always));
    assert_eq!(
        [10, 29, 30, 59, 60].map(|now| seen(&store, now)),
        [None, None, Some('x'), Some('x'), Some('y')]
    );
    store.apply(at(65), A, write('z', When::Always));
    store.fail_over(at(70), lag);
    assert_eq!(store.value(), Some('y'), "the write of 5 ms ago is lost");
    assert_eq!(seen(&store, 70), Some('y'));
}
