//! The single-flight cell among real threads and tasks, and beside the strategy that models it. That no interleaving breaks it,
//! `tests/loom` proves.

extern crate tokenstorm_core as tokenstorm;

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use futures::executor::{ThreadPool, block_on};
use futures::future::join_all;
use futures::task::SpawnExt;
use proptest::prelude::{Just, Strategy as _, prop, prop_assert_eq, prop_oneof, proptest};
use tokenstorm::base::{CallId, Millis, NodeId, Rough};
use tokenstorm::cell::{CellTurn, Flight, TokenCell, Waiting};
use tokenstorm::node::{Command, Input, Me, Outbox, Role, Strategy};
use tokenstorm::oauth::{Failure, Grant, Token, TokenSlot};
use tokenstorm::strategy::{CompareFirst, SingleFlight};

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

/// What happens to a process, in the words of both.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A call wants a token.
    Call,
    /// A call was refused with the token that came so many before the newest.
    Rejected(usize),
    /// The fetch under way brings a new token, or the newest once more.
    Fetched { again: bool },
    /// The fetch under way fails.
    Failed,
}

/// What becomes of the calls that the step is about: the one that asks, or all that wait.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Decision {
    Use(Token),
    Wait,
    WaitAndFetch,
    GiveUp,
}

/// What a strategy says, as a decision. A cell's calls wait and give up without a word.
fn decision(commands: &[Command]) -> Decision {
    match *commands {
        [Command::Attempt { token, .. } | Command::AttemptParked { token }] => Decision::Use(token),
        [Command::Park { .. }] => Decision::Wait,
        [Command::Park { .. }, Command::RequestToken { slot, call: None, .. }] if slot == TokenSlot::default() => {
            Decision::WaitAndFetch
        }
        [Command::FailParked { .. }] => Decision::GiveUp,
        ref other => panic!("no call is told {other:?}"),
    }
}

/// A cell, with its calls that wait.
struct Calls<'a> {
    cell: &'a TokenCell<Token, ()>,
    flight: Option<Flight<'a, Token, ()>>,
    waiting: Vec<Pin<Box<Waiting<'a, Token, ()>>>>,
}

impl Calls<'_> {
    fn ask(&mut self, refused: Option<Token>) -> Decision {
        let mut turn = Box::pin(self.cell.turn(refused));
        match turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(CellTurn::Token(token)) => Decision::Use(token),
            Poll::Ready(CellTurn::Failed(())) => Decision::GiveUp,
            Poll::Ready(CellTurn::Fetch(flight)) => {
                assert!(self.flight.replace(flight).is_none(), "two fetches at once");
                Decision::WaitAndFetch
            }
            Poll::Pending => {
                self.waiting.push(turn);
                Decision::Wait
            }
        }
    }

    /// The fetch ends; all who wait are told the same as the one who fetched.
    fn land(&mut self, result: Result<Token, ()>) -> Decision {
        let fetched = self.flight.take().expect("a fetch is under way").land(result);
        let decision = fetched.map_or(Decision::GiveUp, Decision::Use);
        for mut turn in self.waiting.drain(..) {
            let told = match turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(CellTurn::Token(token)) => Decision::Use(token),
                Poll::Ready(CellTurn::Failed(())) => Decision::GiveUp,
                other => panic!("who waited is told {other:?}"),
            };
            assert_eq!(told, decision);
        }
        decision
    }
}

/// What a cell and a strategy decide at each step. Tokens that come late, timers, stores and other nodes are nothing that a cell
/// hears of, and a fetch that nobody ends is nothing that a strategy does.
fn side_by_side<S: Strategy>(strategy: &S, steps: &[Step]) -> Vec<(Decision, Decision)> {
    let me = Me {
        id: NodeId(0),
        ordinal: 0,
        role: Role::Worker,
        refreshes: false,
    };
    let (cell, mut memory, mut tokens) = (TokenCell::new(), strategy.boot(me), Vec::new());
    let mut calls = Calls {
        cell: &cell,
        flight: None,
        waiting: Vec::new(),
    };
    let mut both = Vec::new();
    for &step in steps {
        let call = CallId(0);
        let refused = |back: usize| tokens.iter().rev().nth(back).copied();
        let (input, decided) = match step {
            Step::Call => (Input::Call { call }, calls.ask(None)),
            Step::Rejected(back) => match refused(back) {
                Some(token) => (
                    Input::Rejected {
                        call: Some(call),
                        token,
                    },
                    calls.ask(Some(token)),
                ),
                None => continue,
            },
            Step::Fetched { .. } | Step::Failed if calls.flight.is_none() => continue,
            Step::Fetched { again } => {
                let next = Token::numbered(tokens.len() as u32 + 1);
                let token = refused(0).filter(|_| again).unwrap_or(next);
                tokens.push(token);
                (obtained(token), calls.land(Ok(token)))
            }
            Step::Failed => (lost(), calls.land(Err(()))),
        };
        let mut out = Outbox::default();
        strategy.on(me, &mut memory, input, &mut out);
        let said: Vec<_> = out.commands().copied().collect();
        both.push((decided, decision(&said)));
    }
    both
}

fn obtained(token: Token) -> Input {
    let grant = Grant {
        token,
        life: Millis::new(300_000),
        rank: None,
    };
    Input::Token {
        call: None,
        tag: 0,
        grant,
        took: Rough::ZERO,
        late: false,
    }
}

fn lost() -> Input {
    Input::TokenFailed {
        call: None,
        tag: 0,
        why: Failure::ServerError,
    }
}

proptest! {
    /// Whatever is called, refused, fetched and failed, a cell decides as the strategy that stands for it in every simulation.
    #[test]
    fn a_cell_decides_as_compare_first(steps in prop::collection::vec(prop_oneof![
        Just(Step::Call),
        (0usize..4).prop_map(Step::Rejected),
        prop::bool::weighted(0.2).prop_map(|again| Step::Fetched { again }),
        Just(Step::Failed),
    ], 0..60)) {
        for (cell, strategy) in side_by_side(&CompareFirst {}, &steps) {
            prop_assert_eq!(cell, strategy);
        }
    }
}

/// The comparison can fail: a strategy that does not compare fetches once more for a refusal that comes late.
#[test]
fn a_cell_decides_otherwise_than_single_flight() {
    let fetched = Step::Fetched { again: false };
    let steps = [Step::Call, fetched, Step::Rejected(0), fetched, Step::Rejected(1)];
    let late = |both: Vec<(Decision, Decision)>| *both.last().unwrap();
    let newest = Decision::Use(Token::numbered(2));
    assert_eq!(late(side_by_side(&CompareFirst {}, &steps)), (newest, newest));
    assert_eq!(
        late(side_by_side(&SingleFlight {}, &steps)),
        (newest, Decision::WaitAndFetch)
    );
}
