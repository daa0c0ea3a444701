//! What the counts of a run are told of single nodes: that one starts or stops, and what it holds.

use super::observed::Observed;
use crate::base::Time;
use crate::trace::Event;

impl Observed {
    /// A node starts or stops, or holds another token.
    #[inline(never)]
    pub(super) fn of_node(&mut self, now: Time, event: &Event) {
        match event {
            Event::NodeStarted { .. } => self.seconds.running(1),
            Event::NodeStopped { .. } => self.seconds.running(-1),
            _ => {}
        }
        if let Some(usable) = &mut self.usable {
            usable.record(now, event);
        }
    }

    /// The run is over: each fleet's time with a usable token, where that was counted.
    pub(super) fn sum_usable(&mut self) {
        let Some(usable) = &mut self.usable else { return };
        let (fleets, context) = (&mut self.fleets, &self.context);
        usable.finish(|node, up, usable| {
            if let Some(fleet) = context.fleets.of_node(node) {
                fleets[fleet].usable.add(up, usable);
            }
        });
    }
}
