//! The plain event queue: a heap with four children to a parent.

use super::event::QueuedEvent;

/// Half the levels of a binary heap, and siblings share a cache line. Taking the first event leaves a hole that the next one
/// fills: most events schedule their own successor.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    events: Vec<QueuedEvent>,
    hole: bool,
}

const CHILDREN: usize = 4;

impl Heap {
    pub fn len(&self) -> usize {
        self.events.len() - usize::from(self.hole)
    }

    #[inline]
    pub fn push(&mut self, event: QueuedEvent) {
        if self.hole {
            self.hole = false;
            self.sift_down(event);
            return;
        }
        let mut hole = self.events.len();
        self.events.push(event);
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if self.events[parent] <= event {
                break;
            }
            self.events[hole] = self.events[parent];
            hole = parent;
        }
        self.events[hole] = event;
    }

    /// Puts an event where the first one has left a hole, if no other event is there.
    #[inline]
    pub fn put_alone(&mut self, event: QueuedEvent) -> bool {
        let alone = self.hole && self.events.len() == 1;
        if alone {
            self.hole = false;
            self.events[0] = event;
        }
        alone
    }

    /// The earliest event.
    #[inline]
    pub fn first(&mut self) -> Option<QueuedEvent> {
        self.fill();
        self.events.first().copied()
    }

    /// Takes the event that [`Heap::first`] has just shown.
    #[inline]
    pub fn take_first(&mut self) {
        debug_assert!(!self.hole && !self.events.is_empty());
        self.hole = true;
    }

    #[inline]
    fn fill(&mut self) {
        if self.hole {
            self.hole = false;
            let last = self.events.pop().expect("a hole is in a heap");
            if !self.events.is_empty() {
                self.sift_down(last);
            }
        }
    }

    #[inline]
    fn sift_down(&mut self, event: QueuedEvent) {
        let events = &mut self.events[..];
        let mut hole = 0;
        loop {
            let from = hole * CHILDREN + 1;
            let Some(children) = events.get(from..(from + CHILDREN).min(events.len())) else {
                break;
            };
            let mut least = 0;
            for child in 1..children.len() {
                if children[child] < children[least] {
                    least = child;
                }
            }
            if children.is_empty() || event <= children[least] {
                break;
            }
            events[hole] = children[least];
            hole = from + least;
        }
        events[hole] = event;
    }

    /// Empties it.
    pub fn drain(&mut self) -> Vec<QueuedEvent> {
        self.fill();
        std::mem::take(&mut self.events)
    }
}
