//! Values that many states have in common, each kept once and known by its number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::visited::Fingerprint;

/// Values on the first board; each further board has room for as many as all before it.
const FIRST: u32 = 1 << 8;

/// Boards until a number would need more than 32 bits.
const BOARDS: usize = 25;

/// Values by their numbers, and numbers by the fingerprints of their values. All threads may look and add.
///
/// Which number a value gets depends on which thread comes first: no outcome may.
pub struct Shelf<T> {
    boards: [OnceLock<Box<[OnceLock<T>]>>; BOARDS],
    numbers: Mutex<Numbers>,
}

type Numbers = HashMap<Fingerprint, u32, BuildHasherDefault<Low>>;

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self {
            boards: [const { OnceLock::new() }; BOARDS],
            numbers: Mutex::default(),
        }
    }
}

impl<T> Shelf<T> {
    /// The number of the value with this fingerprint, which is made where it is new.
    fn number(&self, print: Fingerprint, make: impl FnOnce() -> T) -> u32 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let next = numbers.len() as u32;
        *numbers.entry(print).or_insert_with(|| {
            let (board, place) = place_of(next);
            let size = if board == 0 { FIRST } else { FIRST << (board - 1) };
            let board = self.boards[board].get_or_init(|| (0..size).map(|_| OnceLock::new()).collect());
            assert!(board[place].set(make()).is_ok(), "each number is given out once");
            next
        })
    }

    /// The value of a number.
    ///
    /// # Panics
    /// When no value has it.
    pub fn get(&self, number: u32) -> &T {
        let (board, place) = place_of(number);
        let value = self.boards[board].get().and_then(|board| board[place].get());
        value.expect("a number is given out together with its value")
    }

    /// Bytes in use; `heap` is what a value takes apart from itself.
    pub fn bytes(&self, heap: impl Fn(&T) -> usize) -> usize {
        let boards = self.boards.iter().filter_map(OnceLock::get);
        let values = boards.clone().flatten().filter_map(OnceLock::get);
        let numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        boards.map(|board| size_of_val(&**board)).sum::<usize>()
            + values.map(heap).sum::<usize>()
            + numbers.capacity() * size_of::<(Fingerprint, u32)>()
    }
}

/// The board on which a number lies, and its place there.
fn place_of(number: u32) -> (usize, usize) {
    if number < FIRST {
        return (0, number as usize);
    }
    let board = (number / FIRST).ilog2();
    (board as usize + 1, (number - (FIRST << board)) as usize)
}

/// A fingerprint is mixed well enough already.
#[derive(Default)]
struct Low(u64);

impl Hasher for Low {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u128(&mut self, print: u128) {
        self.0 = print as u64;
    }
}

/// The numbers of some values that a thread has met lately: it need not ask the others for them.
pub struct Lately(Box<[(Fingerprint, u32)]>);

/// How many are remembered: a power of two.
const LATELY: usize = 1 << 10;

impl Default for Lately {
    fn default() -> Self {
        // No value has this fingerprint: as likely as that two values have the same.
        Self(vec![(0, 0); LATELY].into())
    }
}

impl Lately {
    /// [`Shelf::number`], mostly without asking the shelf.
    pub fn number<T>(&mut self, shelf: &Shelf<T>, print: Fingerprint, make: impl FnOnce() -> T) -> u32 {
        let known = &mut self.0[print as usize % LATELY];
        if known.0 != print {
            *known = (print, shelf.number(print, make));
        }
        known.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::check::fingerprint;

    #[test]
    fn every_value_is_kept_once() {
        let (shelf, mut lately) = (Shelf::default(), Lately::default());
        for _ in 0..2 {
            for i in 0..5_000u32 {
                let number = lately.number(&shelf, fingerprint(&i), || i);
                assert_eq!((number, *shelf.get(number)), (i, i));
            }
        }
        let bytes = shelf.bytes(|_| 0);
        assert!((5_000 * 40..5_000 * 120).contains(&bytes), "{bytes} bytes");
    }
}
