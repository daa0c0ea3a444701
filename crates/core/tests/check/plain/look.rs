//! What an explorer asks of messages and nodes.

use tokenstorm::base::NodeId;
use tokenstorm::node::Memory as _;
use tokenstorm::oauth::Reply;
use tokenstorm::store::{Answer, Operation};
use tokenstorm::world::Message;

use super::net::{NOW, Net};
use super::situation::World;

/// Whether a message keeps the lease of a holder from ending by itself.
pub fn concerns(message: &Message, holder: NodeId, fence: u32) -> bool {
    match *message {
        Message::StoreResponse {
            answer: Answer::Acquired { fence: its },
            ..
        }
        | Message::StoreRequest {
            operation: Operation::Release { fence: its },
            ..
        } => its == fence,
        Message::StoreRequest {
            node,
            operation: Operation::Unlock,
            ..
        } => node == holder,
        _ => false,
    }
}

/// Whether a node would send a live token now.
pub fn holds_live(world: &World, node: NodeId) -> bool {
    let token = world.memory(node).view().token;
    token.is_some_and(|token| world.server.provider.ledger.is_live(token, NOW))
}

/// Whether it changes nothing that this arrives, now or later. A token, a note or a timer that is ignored now may not be so later.
pub fn is_pointless(world: &World, message: Message) -> bool {
    let may_matter = match message {
        Message::TokenResponse { reply, .. } => matches!(reply, Reply::Granted(_)),
        Message::Arrival { .. }
        | Message::TimerRang { .. }
        | Message::Note { .. }
        | Message::LoginAgain { .. }
        | Message::TokenRequest { .. }
        | Message::TokenServed { .. } => true,
        _ => false,
    };
    if may_matter {
        return false;
    }
    let (mut after, mut net) = (world.clone(), Net::default());
    after.deliver(message, &mut net);
    after == *world && net.sent.into_iter().all(|sent| is_pointless(&after, sent))
}
