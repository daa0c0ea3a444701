//! All messages, wherever they lie.

use std::collections::VecDeque;

use super::disturbance::Disturbance;
use super::message::Message;

/// Every message there is.
pub(super) struct All<'a> {
    pub under_way: &'a mut [Message],
    /// For a server.
    pub waiting: &'a mut [VecDeque<Message>; 2],
    /// For a node that stands still.
    pub held: &'a mut Disturbance,
}

impl All<'_> {
    pub fn each(&mut self, mut act: impl FnMut(&mut Message)) {
        self.under_way.iter_mut().for_each(&mut act);
        self.waiting.iter_mut().flatten().for_each(&mut act);
        if self.held.is_any() {
            self.held.held_mut().for_each(act);
        }
    }
}
