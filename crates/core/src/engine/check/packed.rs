//! States that wait to be expanded, in some thirty bytes each: as the numbers of their parts.
//!
//! Of millions of states most parts are alike: what a node remembers, the messages under way, the books of the provider. Each part is
//! kept once (Holzmann, "State compression in SPIN: recursive indexing and compression training runs", 1997).

use crate::base::NodeId;
use crate::node::{Call, Calls, Strategy};
use crate::property::NodeHistory;
use crate::provider::{Rule, Server};
use crate::world::{Backdrop, Message, NodePart};

use super::fault::FaultBudget;
use super::shelf::{Lately, Shelf};
use super::state::State;
use super::visited::fingerprint;

/// The parts of all states of a search.
pub struct Parts<S: Strategy, R> {
    odds: Shelf<Odds>,
    calls: Shelf<Calls>,
    servers: Shelf<Server<R, Message>>,
    backdrops: Shelf<Backdrop>,
    nodes: Shelf<(NodePart<S::Node>, NodeHistory)>,
    messages: Shelf<Message>,
}

/// What is left of the fault budget, whether a fault has happened, and what is known of renewals and leases.
type Odds = (FaultBudget, bool, u8, u8);

impl<S: Strategy, R> Default for Parts<S, R> {
    fn default() -> Self {
        Self {
            odds: Shelf::default(),
            calls: Shelf::default(),
            servers: Shelf::default(),
            backdrops: Shelf::default(),
            nodes: Shelf::default(),
            messages: Shelf::default(),
        }
    }
}

/// What a thread remembers of each shelf.
#[derive(Default)]
pub struct Memo {
    odds: Lately,
    calls: Lately,
    servers: Lately,
    backdrops: Lately,
    nodes: Lately,
    messages: Lately,
}

impl<S: Strategy, R: Rule> Parts<S, R> {
    /// Appends the numbers of the parts of a state.
    pub fn pack(&self, state: &State<S, R>, memo: &mut Memo, out: &mut Vec<u8>) {
        let world = &state.world;
        let odds: Odds = (state.left, state.disturbed, state.overdue, state.busy);
        write(memo.odds.number(&self.odds, fingerprint(&odds), || odds), out);
        let calls = world.calls();
        let print = fingerprint(calls);
        write(memo.calls.number(&self.calls, print, || calls.clone()), out);
        let print = fingerprint(&world.server);
        write(memo.servers.number(&self.servers, print, || world.server.clone()), out);
        let print = fingerprint(&world.backdrop_look());
        write(memo.backdrops.number(&self.backdrops, print, || world.backdrop()), out);
        for id in (0..state.nodes()).map(NodeId) {
            let (part, history) = (world.node_part(id), state.history.node(id));
            let print = fingerprint(&(part, history));
            let number = memo.nodes.number(&self.nodes, print, || (part, history.clone()));
            write(number, out);
        }
        write(state.bag.len() as u32, out);
        for message in &state.bag {
            let print = fingerprint(message);
            write(memo.messages.number(&self.messages, print, || *message), out);
        }
    }

    /// Puts the first of the packed states into the place of another state of the same search, and takes it away.
    pub fn unpack(&self, packed: &mut &[u8], into: &mut State<S, R>) {
        (into.left, into.disturbed, into.overdue, into.busy) = *self.odds.get(read(packed));
        into.world.put_calls(self.calls.get(read(packed)));
        into.world.server.clone_from(self.servers.get(read(packed)));
        into.world.put_backdrop(self.backdrops.get(read(packed)));
        for id in (0..into.nodes()).map(NodeId) {
            let (part, history) = self.nodes.get(read(packed));
            into.world.put_node(id, part);
            into.history.put_node(id, history);
        }
        into.bag.clear();
        let messages = read(packed);
        into.bag.extend((0..messages).map(|_| *self.messages.get(read(packed))));
    }

    /// Bytes in use.
    pub fn bytes(&self) -> usize {
        self.odds.bytes(|_| 0)
            + self.calls.bytes(|calls| calls.len() * size_of::<Call>())
            + self.servers.bytes(|server| server.provider.ledger.heap_bytes())
            + self.backdrops.bytes(Backdrop::heap_bytes)
            + self.nodes.bytes(|(_, history)| history.heap_bytes())
            + self.messages.bytes(|_| 0)
    }
}

/// Seven bits to a byte, the lowest first; the last byte has the highest bit clear.
#[inline]
fn write(mut number: u32, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes away what [`write`] has written.
fn read(from: &mut &[u8]) -> u32 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = from.split_off_first().expect("a packed state is whole");
        number |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}
