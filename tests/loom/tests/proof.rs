//! Every interleaving of two and of three callers of the single-flight cell, threads and tasks.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release --manifest-path tests/loom/Cargo.toml --target-dir target/loom`
//!
//! Every claim is held twice: to the cell, where no interleaving may break it, and to cells with one mistake each, where some
//! interleaving must. A deadlock, as of a caller that nobody wakes, is found by loom itself.
#![cfg(loom)]

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use tokenstorm_loom::cell::{CellTurn, Flaw, TokenCell};

type Cell = TokenCell<usize, &'static str>;

/// How a caller waits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum As {
    Thread,
    Task,
}

/// How the first leader's fetch ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Lands,
    Fails,
    GivesUp,
}

/// A provider: counts fetches, and notices two at once.
#[derive(Default)]
struct Provider {
    fetches: AtomicUsize,
    under_way: AtomicUsize,
}

impl Provider {
    /// The number of this fetch. It does not yield: in loom that would mean that others must run before it ends, and the run in which one
    /// caller is done before the next begins would never be tried.
    fn fetch(&self) -> usize {
        assert_eq!(self.under_way.fetch_add(1, Ordering::SeqCst), 0, "two fetches at once");
        let number = self.fetches.fetch_add(1, Ordering::SeqCst) + 1;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        number
    }
}

fn turn(cell: &Cell, refused: Option<usize>, how: As) -> CellTurn<'_, usize, &'static str> {
    match how {
        As::Thread => cell.get(refused.as_ref()),
        As::Task => block_on(cell.turn(refused)),
    }
}

/// What a caller ends with: a token, an error, or nothing, because it gave its flight up.
fn call(
    cell: &Cell,
    provider: &Provider,
    refused: Option<usize>,
    how: As,
    first: First,
) -> Option<Result<usize, &'static str>> {
    match turn(cell, refused, how) {
        CellTurn::Token(token) => Some(Ok(token)),
        CellTurn::Failed(why) => Some(Err(why)),
        CellTurn::Fetch(flight) => match (provider.fetch(), first) {
            (1, First::Fails) => Some(flight.land(Err("down"))),
            (1, First::GivesUp) => {
                drop(flight);
                None
            }
            // Tokens are numbered from 10, so that none is like one that was refused.
            (number, _) => Some(flight.land(Ok(10 + number))),
        },
    }
}

/// Runs callers at once, in every interleaving that differs, the last on the thread that started the others.
fn explore(
    make: impl Fn() -> Cell + Sync + Send + 'static,
    callers: &'static [(As, Option<usize>)],
    first: First,
    judge: impl Fn(&[Option<Result<usize, &'static str>>], usize) + Sync + Send + 'static,
) {
    let mut model = loom::model::Builder::new();
    // Three callers have so many interleavings that those with more than three preemptions are left out.
    model.preemption_bound = (callers.len() > 2).then_some(3);
    let (runs, fewest) = (
        std::sync::Arc::new(AtomicU64::new(0)),
        if callers.len() > 2 { 100 } else { 5 },
    );
    let count = std::sync::Arc::clone(&runs);
    model.check(move || {
        count.fetch_add(1, Relaxed);
        let cell = Arc::new(make());
        let provider = Arc::new(Provider::default());
        let (here, others) = callers.split_last().expect("somebody calls");
        let others: Vec<_> = others
            .iter()
            .map(|&(how, refused)| {
                let (cell, provider) = (Arc::clone(&cell), Arc::clone(&provider));
                thread::spawn(move || call(&cell, &provider, refused, how, first))
            })
            .collect();
        let here = call(&cell, &provider, here.1, here.0, first);
        let mut ends: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).collect();
        ends.push(here);
        judge(&ends, provider.fetches.load(Ordering::SeqCst));
    });
    let runs = runs.load(Relaxed);
    assert!(runs >= fewest, "{runs} runs of {} callers are not all", callers.len());
}

const COLD: [&[(As, Option<usize>)]; 5] = [
    &[(As::Thread, None), (As::Thread, None)],
    &[(As::Task, None), (As::Task, None)],
    &[(As::Thread, None), (As::Thread, None), (As::Thread, None)],
    &[(As::Task, None), (As::Task, None), (As::Task, None)],
    &[(As::Task, None), (As::Thread, None), (As::Thread, None)],
];

fn cold_start(make: fn() -> Cell, callers: &'static [(As, Option<usize>)]) {
    explore(make, callers, First::Lands, |ends, fetches| {
        assert_eq!(fetches, 1, "one fetch is enough");
        assert!(ends.iter().all(|end| *end == Some(Ok(11))), "{ends:?}");
    });
}

/// One caller was refused with the cached token, the others with an older one.
const LATE: [&[(As, Option<usize>)]; 5] = [
    &[(As::Thread, Some(1)), (As::Thread, Some(2))],
    &[(As::Task, Some(1)), (As::Task, Some(2))],
    &[(As::Thread, Some(1)), (As::Thread, Some(2)), (As::Thread, Some(2))],
    &[(As::Task, Some(1)), (As::Task, Some(2)), (As::Task, Some(1))],
    &[(As::Task, Some(1)), (As::Thread, Some(2)), (As::Thread, Some(1))],
];

fn late_refusals(make: fn() -> Cell, callers: &'static [(As, Option<usize>)]) {
    explore(make, callers, First::Lands, move |ends, fetches| {
        assert_eq!(fetches, 1, "only the refusal of the cached token costs a fetch");
        for (end, (_, refused)) in ends.iter().zip(callers) {
            let token = end.unwrap().unwrap();
            // Who was refused with an older one is given the cached token or its successor.
            assert!(token == 11 || (token == 2 && *refused == Some(1)), "{ends:?}");
        }
    });
}

fn abandoned(make: fn() -> Cell, callers: &'static [(As, Option<usize>)]) {
    explore(make, callers, First::GivesUp, |ends, fetches| {
        assert_eq!(ends.iter().filter(|end| end.is_none()).count(), 1);
        assert_eq!(fetches, 2, "one of those who wait takes over");
        assert!(ends.iter().flatten().all(|end| *end == Ok(12)), "{ends:?}");
    });
}

fn failed(make: fn() -> Cell, callers: &'static [(As, Option<usize>)]) {
    explore(make, callers, First::Fails, |ends, fetches| {
        let errors = ends.iter().filter(|end| **end == Some(Err("down"))).count();
        assert!(errors >= 1);
        // Who came in time is told; who came after it leads or joins another fetch.
        assert_eq!(fetches, if errors == ends.len() { 1 } else { 2 });
        assert!(
            ends.iter().flatten().all(|end| matches!(end, Ok(12) | Err("down"))),
            "{ends:?}"
        );
    });
}

fn sound() -> Cell {
    Cell::new()
}

fn holding() -> Cell {
    Cell::holding(2)
}

#[test]
fn a_cold_start_costs_one_fetch() {
    COLD.iter().for_each(|callers| cold_start(sound, callers));
}

#[test]
fn a_late_refusal_costs_none() {
    LATE.iter().for_each(|callers| late_refusals(holding, callers));
}

#[test]
fn an_abandoned_flight_falls_to_one_who_waits() {
    COLD.iter().for_each(|callers| abandoned(sound, callers));
}

#[test]
fn a_failure_is_told_to_those_who_waited() {
    COLD.iter().for_each(|callers| failed(sound, callers));
}

/// A future that has been polled once and is dropped must neither be waited for nor take anybody's wake-up with it.
#[test]
fn a_task_that_goes_away_takes_nothing_with_it() {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;
    loom::model(|| {
        let cell = Arc::new(Cell::new());
        let provider = Arc::new(Provider::default());
        let (other_cell, other_provider) = (Arc::clone(&cell), Arc::clone(&provider));
        let other = thread::spawn(move || call(&other_cell, &other_provider, None, As::Task, First::Lands));
        block_on(async {
            let mut waiting = pin!(cell.turn(None));
            // Whatever it is told, it does not come back: also not with the flight that it may have been given.
            poll_fn(|context| {
                let _ = waiting.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
        });
        let end = other.join().unwrap();
        assert!(matches!(end, Some(Ok(_))), "{end:?}");
        assert!(matches!(
            call(&cell, &provider, None, As::Thread, First::Lands),
            Some(Ok(_))
        ));
    });
}

/// Every claim on every cast, to be run on a cell with a mistake: name, number of casts, and the claim.
type Claim = (Flaw, usize, fn(usize));

const CLAIMS: [Claim; 4] = [
    (Flaw::WakesOne, COLD.len(), |cast| {
        cold_start(|| Cell::new().with(Flaw::WakesOne), COLD[cast]);
    }),
    (Flaw::ForgetsToCompare, LATE.len(), |cast| {
        late_refusals(|| Cell::holding(2).with(Flaw::ForgetsToCompare), LATE[cast]);
    }),
    (Flaw::KeepsFlying, COLD.len(), |cast| {
        abandoned(|| Cell::new().with(Flaw::KeepsFlying), COLD[cast]);
    }),
    (Flaw::LooksThenWaits, COLD.len(), |cast| {
        cold_start(|| Cell::new().with(Flaw::LooksThenWaits), COLD[cast]);
    }),
];

const CASE: &str = "TOKENSTORM_FLAW";

/// Not a claim: explores one flawed cell, for [`complaint`]. A deadlock in loom ends the whole process.
#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn flawed() {
    let case = std::env::var(CASE).expect("which claim and which cast");
    let (claim, cast) = case.split_once(' ').expect("both");
    CLAIMS[claim.parse::<usize>().unwrap()].2(cast.parse().unwrap());
}

/// What an exploration of a flawed cell says when it fails; nothing where it finds no fault.
fn complaint(claim: usize, cast: usize) -> Option<String> {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "flawed", "--ignored", "--nocapture"])
        .env(CASE, format!("{claim} {cast}"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned() + &String::from_utf8_lossy(&run.stdout);
    assert!(said.contains("running 1 test"), "{said}");
    (!run.status.success()).then_some(said)
}

/// What every cast of a claim says of a flawed cell.
fn complaints(flaw: Flaw) -> Vec<Option<String>> {
    let claim = CLAIMS.iter().position(|(of, ..)| *of == flaw).unwrap();
    (0..CLAIMS[claim].1).map(|cast| complaint(claim, cast)).collect()
}

/// A leader and one who waits: the only one is woken. It takes a third to be forgotten.
#[test]
fn waking_one_waiter_is_found_with_three_callers_and_not_with_two() {
    for (found, callers) in complaints(Flaw::WakesOne).into_iter().zip(COLD) {
        match callers.len() {
            2 => assert_eq!(found, None, "{callers:?}"),
            _ => assert!(found.is_some_and(|text| text.contains("deadlock")), "{callers:?}"),
        }
    }
}

#[test]
fn a_refusal_that_is_not_compared_is_found() {
    for (found, callers) in complaints(Flaw::ForgetsToCompare).into_iter().zip(LATE) {
        assert!(found.is_some_and(|text| text.contains("costs a fetch")), "{callers:?}");
    }
}

#[test]
fn a_flight_that_is_never_given_up_is_found() {
    for (found, callers) in complaints(Flaw::KeepsFlying).into_iter().zip(COLD) {
        assert!(found.is_some_and(|text| text.contains("deadlock")), "{callers:?}");
    }
}

#[test]
fn a_wake_up_that_is_lost_between_look_and_wait_is_found() {
    for (found, callers) in complaints(Flaw::LooksThenWaits).into_iter().zip(COLD) {
        assert!(found.is_some_and(|text| text.contains("deadlock")), "{callers:?}");
    }
}
