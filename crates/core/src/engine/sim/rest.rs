//! All events outside the lanes: a heap, or a wheel where they are many.

use super::event::QueuedEvent;
use super::queue::{FEW, Queue, REST};
use super::wheel::Wheel;

impl Queue {
    #[inline]
    pub(super) fn take_rest(&mut self, first: QueuedEvent) {
        match &mut self.wheel {
            Some(wheel) if wheel.first() == Some(first) => wheel.take_first(),
            _ => self.heap.take_first(),
        }
        self.heads[REST] = QueuedEvent::NEVER;
        self.stale = true;
    }

    /// Looks for the first event of the rest.
    pub(super) fn look(&mut self) {
        self.stale = false;
        let mut first = self.heap.first().unwrap_or(QueuedEvent::NEVER);
        if let Some(wheel) = &mut self.wheel {
            if wheel.first().is_none() {
                wheel.advance();
                if wheel.misfits() {
                    self.rebuild();
                    return;
                }
            }
            first = first.min(wheel.first().unwrap_or(QueuedEvent::NEVER));
        }
        self.heads[REST] = first;
    }

    /// Builds the wheel, or builds it anew for the events as they lie now.
    #[cold]
    pub(super) fn rebuild(&mut self) {
        let mut events = self.heap.drain();
        if let Some(wheel) = &mut self.wheel {
            events.append(&mut wheel.drain());
        }
        // What no wheel can part (a burst in one instant) must not be tried again and again.
        self.few = FEW.max(events.len());
        let wheel = Wheel::of(events);
        self.heads[REST] = wheel.first().unwrap_or(QueuedEvent::NEVER);
        self.stale = false;
        self.wheel = Some(wheel);
    }
}
