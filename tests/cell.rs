//! The single-flight cell among real threads and tasks. That no interleaving breaks it, `tests/loom` proves.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures::executor::{ThreadPool, block_on};
use futures::future::join_all;
use futures::task::SpawnExt;
use tokenstorm::cell::{CellTurn, TokenCell};

type Cell = TokenCell<u32, &'static str>;

/// Numbers its tokens from 1.
#[derive(Default)]
struct Provider(AtomicU32);

impl Provider {
    fn fetch(&self) -> Result<u32, &'static str> {
        thread::yield_now();
        Ok(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn fetches(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[test]
fn threads_that_start_cold_and_are_refused_together_fetch_once_for_each_token() {
    let (cell, provider) = (Cell::new(), Provider::default());
    for generation in 0..50 {
        let refused = (generation > 0).then_some(generation);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let token = cell.get_or_fetch(refused.as_ref(), || provider.fetch());
                    assert_eq!(token, Ok(generation + 1));
                });
            }
        });
    }
    assert_eq!(provider.fetches(), 50);
}

#[test]
fn tasks_and_threads_share_one_fetch() {
    let (cell, provider) = (Arc::new(Cell::new()), Arc::new(Provider::default()));
    let pool = ThreadPool::builder().pool_size(3).create().unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (cell, provider) = (Arc::clone(&cell), Arc::clone(&provider));
            let task = async move { cell.get_or_fetch_async(None, || async { provider.fetch() }).await };
            pool.spawn_with_handle(task).unwrap()
        })
        .collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(cell.get_or_fetch(None, || provider.fetch()), Ok(1)));
        }
    });
    assert_eq!(block_on(join_all(tasks)), [Ok(1); 20]);
    assert_eq!(provider.fetches(), 1);
}

/// The error goes to those who waited; the next caller tries for itself.
#[test]
fn a_failure_is_told_once_to_each_who_waited() {
    let cell = Cell::new();
    let CellTurn::Fetch(flight) = cell.get(None) else {
        panic!("an empty cell makes its first caller the leader");
    };
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(cell.turn(None))).collect();
    let mut context = Context::from_waker(Waker::noop());
    for task in &mut waiting {
        assert!(task.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(flight.land(Err("down")), Err("down"));
    for task in &mut waiting {
        assert!(matches!(
            task.as_mut().poll(&mut context),
            Poll::Ready(CellTurn::Failed("down"))
        ));
    }
    assert_eq!(cell.get_or_fetch(None, || Ok(1)), Ok(1));
}

#[test]
fn a_leader_that_panics_leaves_the_fetch_to_one_who_waits() {
    let (cell, provider) = (Cell::new(), Provider::default());
    let panicked = catch_unwind(AssertUnwindSafe(|| cell.get_or_fetch(None, || panic!("no network"))));
    assert!(panicked.is_err());
    let CellTurn::Fetch(flight) = cell.get(None) else {
        panic!("the flight is free again");
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(cell.get_or_fetch(None, || provider.fetch()), Ok(1)));
        }
        drop(flight);
    });
    assert_eq!(provider.fetches(), 1);
}

#[test]
fn a_leader_that_is_cancelled_leaves_the_fetch_to_one_who_waits() {
    let cell = Cell::new();
    let mut context = Context::from_waker(Waker::noop());
    let mut waiting = pin!(cell.get_or_fetch_async(None, || async { Ok(7) }));
    {
        let mut leader = pin!(cell.get_or_fetch_async(None, pending));
        assert!(leader.as_mut().poll(&mut context).is_pending());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(waiting.as_mut().poll(&mut context), Poll::Ready(Ok(7)));
}

#[test]
fn a_late_refusal_is_given_what_has_come_since() {
    let cell = Cell::holding(2);
    assert_eq!(cell.get_or_fetch(Some(&1), || panic!("no need")), Ok(2));
    assert_eq!(cell.get_or_fetch(Some(&2), || Ok(3)), Ok(3));
    assert_eq!(
        block_on(cell.get_or_fetch_async(Some(2), || async { panic!("no need") })),
        Ok(3)
    );
}

#[test]
fn a_cell_tells_nothing_of_its_secret() {
    let cell: TokenCell<&str, &str> = TokenCell::holding("secret");
    assert!(!format!("{cell:?}").contains("secret"));
}
