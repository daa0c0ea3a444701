//! States that were found and have not been expanded yet, as [packed](super::packed) ones.

use std::collections::VecDeque;

/// States that a thread takes at a time.
pub const CHUNK: usize = 16;

/// A few packed states that follow each other in the search.
#[derive(Debug, Default)]
pub struct Few {
    /// One after another.
    pub packed: Vec<u8>,
    /// How many.
    pub count: usize,
}

/// Packed states, the first found first.
#[derive(Debug, Default)]
pub struct Frontier {
    few: VecDeque<Few>,
    bytes: usize,
}

impl Frontier {
    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.few.is_empty()
    }

    /// One more.
    pub fn push(&mut self, packed: &[u8]) {
        let last = match self.few.back_mut() {
            Some(last) if last.count < CHUNK => last,
            _ => self.few.push_back_mut(Few::default()),
        };
        last.packed.extend_from_slice(packed);
        last.count += 1;
        if last.count == CHUNK {
            last.packed.shrink_to_fit();
            self.bytes += last.packed.capacity();
        }
    }

    /// Takes those that have waited longest.
    pub fn pop(&mut self) -> Option<Few> {
        let few = self.few.pop_front()?;
        if few.count == CHUNK {
            self.bytes -= few.packed.capacity();
        }
        Some(few)
    }

    /// Bytes in use, roughly: a few that are not complete yet count as none.
    pub fn bytes(&self) -> usize {
        self.few.capacity() * size_of::<Few>() + self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_leaves_first() {
        let mut waiting = Frontier::default();
        for i in 0..40u8 {
            waiting.push(&[i, i]);
        }
        assert!(waiting.bytes() >= 2 * 32);
        let mut out = Vec::new();
        while let Some(few) = waiting.pop() {
            assert_eq!(few.packed.len(), 2 * few.count);
            out.extend(few.packed);
        }
        assert_eq!(out, (0..40).flat_map(|i| [i, i]).collect::<Vec<_>>());
        assert!(waiting.is_empty());
    }
}
