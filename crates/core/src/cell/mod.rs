//! The single-flight cell: the threads and tasks of one process share a token, and one of them fetches the next.
//!
//! Knows no strategy, no provider and no runtime: what a token is and how it is fetched is its user's. Nothing runs in the background; the
//! caller who is to fetch does so itself, while the others wait.
//!
//! ```
//! # use tokenstorm_core as tokenstorm;
//! use tokenstorm::cell::TokenCell;
//!
//! let cell: TokenCell<String, String> = TokenCell::new();
//! let fetch = |token: &str| Ok::<_, String>(token.to_owned());
//! // Nobody has a token yet: this caller fetches it, and the next one finds it.
//! assert_eq!(cell.get_or_fetch(None, || fetch("one")), Ok("one".to_owned()));
//! assert_eq!(cell.get_or_fetch(None, || unreachable!()), Ok("one".to_owned()));
//!
//! // The API has refused it. Whoever says so first fetches; who comes late with the same refusal is given what has come since.
//! let refused = "one".to_owned();
//! assert_eq!(cell.get_or_fetch(Some(&refused), || fetch("two")), Ok("two".to_owned()));
//! assert_eq!(cell.get_or_fetch(Some(&refused), || unreachable!()), Ok("two".to_owned()));
//! ```
//!
//! What it promises, and what `tests/loom` proves for two and three callers, threads and tasks:
//!
//! - At most one fetch is under way.
//! - A refusal costs a fetch only where the refused token is the cached one.
//! - Whoever waits is woken when the fetch ends, however it ends: with a token, with an error, or not at all, because the leader
//!   has panicked or its future was dropped. In the last case one of those who wait takes over.
//! - An error goes to those who waited for that very fetch, and to nobody else: a hundred callers that each try for themselves would be
//!   the storm that the cell is there to prevent. Whoever asks afterwards begins another fetch; how often, is its retry policy's.

mod book;
#[cfg(loom)]
mod flaw;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

#[cfg(loom)]
use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
use std::sync::{Condvar, Mutex, MutexGuard};

use book::{Answer, Book, Number};
#[cfg(loom)]
pub use flaw::Flaw;

/// One token of type `T`, or the error `E` of the last fetch, shared by the threads and tasks of a process.
pub struct TokenCell<T, E> {
    inside: Mutex<Inside<T, E>>,
    /// A flight has ended.
    ended: Condvar,
    #[cfg(loom)]
    flaw: Option<Flaw>,
}

struct Inside<T, E> {
    book: Book<T, E>,
    /// Tasks that wait for the end of a flight, by the names of their futures.
    tasks: Vec<(u64, Waker)>,
    named: u64,
}

/// What a caller gets.
#[must_use]
#[derive(Debug)]
pub enum CellTurn<'a, T, E>
where
    T: Clone + PartialEq,
    E: Clone,
{
    /// The token to use.
    Token(T),
    /// The fetch that this caller waited for has failed.
    Failed(E),
    /// This caller is the leader: it fetches, and all others wait.
    Fetch(Flight<'a, T, E>),
}

/// The right and the duty to fetch. Dropped without having landed, it falls to one of those who wait.
#[must_use = "whoever drops a flight gives it up"]
pub struct Flight<'a, T, E>
where
    T: Clone + PartialEq,
    E: Clone,
{
    cell: &'a TokenCell<T, E>,
    landed: bool,
}

impl<T: Clone + PartialEq, E: Clone> Default for TokenCell<T, E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, E> fmt::Debug for TokenCell<T, E> {
    /// Tells nothing: what it holds is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCell").finish_non_exhaustive()
    }
}

impl<T: Clone + PartialEq, E: Clone> TokenCell<T, E> {
    /// An empty cell: the first caller fetches.
    pub fn new() -> Self {
        Self::of(Book::new(None))
    }

    /// A cell that has a token from the start, such as one that was stored.
    pub fn holding(token: T) -> Self {
        Self::of(Book::new(Some(token)))
    }

    fn of(book: Book<T, E>) -> Self {
        Self {
            inside: Mutex::new(Inside {
                book,
                tasks: Vec::new(),
                named: 0,
            }),
            ended: Condvar::new(),
            #[cfg(loom)]
            flaw: None,
        }
    }

    /// The cell with a mistake in it.
    #[cfg(loom)]
    pub fn with(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    #[cfg(loom)]
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// The cached token, unless it is the one that was `refused`; otherwise waits for the fetch under way, or makes this caller its
    /// leader. Blocks the thread: for a task there is [`TokenCell::turn`].
    pub fn get(&self, refused: Option<&T>) -> CellTurn<'_, T, E> {
        let mut joined = None;
        let mut inside = self.lock();
        loop {
            match self.ask(&mut inside, refused, joined) {
                Ok(turn) => return turn,
                Err(number) => joined = Some(number),
            }
            #[cfg(loom)]
            if self.has(Flaw::LooksThenWaits) {
                drop(inside);
                inside = self.lock();
            }
            inside = self.ended.wait(inside).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// As [`TokenCell::get`], without blocking the thread.
    pub fn turn(&self, refused: Option<T>) -> Waiting<'_, T, E> {
        Waiting {
            cell: self,
            refused,
            joined: None,
            name: None,
        }
    }

    /// The token to use: the cached one, the one that another caller's fetch brings, or the one that `fetch` does.
    ///
    /// Errors with what the fetch fails with, this caller's own or the one that it waited for.
    pub fn get_or_fetch(&self, refused: Option<&T>, fetch: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        match self.get(refused) {
            CellTurn::Token(token) => Ok(token),
            CellTurn::Failed(why) => Err(why),
            CellTurn::Fetch(flight) => flight.land(fetch()),
        }
    }

    /// As [`TokenCell::get_or_fetch`], for a task. A future that is dropped half-way leaves the fetch to one of those who wait.
    ///
    /// Errors as there.
    pub async fn get_or_fetch_async<F>(&self, refused: Option<T>, fetch: impl FnOnce() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        match self.turn(refused).await {
            CellTurn::Token(token) => Ok(token),
            CellTurn::Failed(why) => Err(why),
            CellTurn::Fetch(flight) => {
                let fetched = fetch().await;
                flight.land(fetched)
            }
        }
    }

    /// A panic under the lock can only come from cloning or comparing, and leaves the book as it was.
    fn lock(&self) -> MutexGuard<'_, Inside<T, E>> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the caller is to do, or which flight it has to wait for.
    fn ask(
        &self,
        inside: &mut Inside<T, E>,
        refused: Option<&T>,
        joined: Option<Number>,
    ) -> Result<CellTurn<'_, T, E>, Number> {
        #[cfg(loom)]
        if self.has(Flaw::ForgetsToCompare) && refused.is_some() && joined.is_none() {
            inside.book.wipe();
        }
        match inside.book.ask(refused, joined) {
            Answer::Token(token) => Ok(CellTurn::Token(token)),
            Answer::Failed(why) => Ok(CellTurn::Failed(why)),
            Answer::Lead => Ok(CellTurn::Fetch(Flight {
                cell: self,
                landed: false,
            })),
            Answer::Join(number) => Err(number),
        }
    }

    /// A flight ends, and everybody who waits hears of it: each of them may be the one who goes on, and one that was woken alone may
    /// have gone away meanwhile.
    fn end(&self, write: impl FnOnce(&mut Book<T, E>)) {
        let mut inside = self.lock();
        write(&mut inside.book);
        #[cfg(loom)]
        if self.has(Flaw::WakesOne) {
            let task = inside.tasks.pop();
            drop(inside);
            match task {
                Some((_, waker)) => waker.wake(),
                None => self.ended.notify_one(),
            }
            return;
        }
        let tasks = std::mem::take(&mut inside.tasks);
        drop(inside);
        self.ended.notify_all();
        tasks.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl<T: Clone + PartialEq, E: Clone> Flight<'_, T, E> {
    /// The fetch has ended: everybody who waits is told, and the result handed back.
    pub fn land(mut self, result: Result<T, E>) -> Result<T, E> {
        self.landed = true;
        self.cell.end(|book| book.land(result.clone()));
        result
    }
}

impl<T: Clone + PartialEq, E: Clone> Drop for Flight<'_, T, E> {
    fn drop(&mut self) {
        #[cfg(loom)]
        if self.cell.has(Flaw::KeepsFlying) {
            return;
        }
        if !self.landed {
            self.cell.end(Book::abandon);
        }
    }
}

impl<T: Clone + PartialEq, E: Clone> fmt::Debug for Flight<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").finish_non_exhaustive()
    }
}

/// A task's turn to come: see [`TokenCell::turn`].
#[must_use = "futures do nothing unless they are polled"]
pub struct Waiting<'a, T, E>
where
    T: Clone + PartialEq,
    E: Clone,
{
    cell: &'a TokenCell<T, E>,
    refused: Option<T>,
    /// The flight that it waits for.
    joined: Option<Number>,
    /// Its name among the tasks that wait.
    name: Option<u64>,
}

// Nothing in it points into it.
impl<T: Clone + PartialEq, E: Clone> Unpin for Waiting<'_, T, E> {}

impl<'a, T: Clone + PartialEq, E: Clone> Future for Waiting<'a, T, E> {
    type Output = CellTurn<'a, T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let mut inside = this.cell.lock();
        match this.cell.ask(&mut inside, this.refused.as_ref(), this.joined) {
            Ok(turn) => return Poll::Ready(turn),
            Err(number) => this.joined = Some(number),
        }
        #[cfg(loom)]
        if this.cell.has(Flaw::LooksThenWaits) {
            drop(inside);
            inside = this.cell.lock();
        }
        let named = &mut inside.named;
        let name = *this.name.get_or_insert_with(|| {
            *named += 1;
            *named
        });
        let place = inside.tasks.iter().position(|(known, _)| *known == name);
        let before = place.map(|place| inside.tasks.swap_remove(place));
        inside.tasks.push((name, context.waker().clone()));
        drop(inside);
        // A waker may run anything when it is dropped: not under the lock.
        drop(before);
        Poll::Pending
    }
}

impl<T: Clone + PartialEq, E: Clone> Drop for Waiting<'_, T, E> {
    fn drop(&mut self) {
        if let Some(name) = self.name {
            let left: Option<(u64, Waker)> = {
                let mut inside = self.cell.lock();
                let place = inside.tasks.iter().position(|(known, _)| *known == name);
                place.map(|place| inside.tasks.swap_remove(place))
            };
            drop(left);
        }
    }
}
