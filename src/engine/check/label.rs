//! Fairness labels, one per (party, channel): a label that is enabled in every state of a cycle must be taken in it (weak
//! fairness).

use crate::base::{NodeId, Permutation};
use crate::node::Strategy;
use crate::provider::Rule;
use crate::world::Message;

use super::action::Action;
use super::enabled::DeliveryBounds;
use super::state::State;

/// Label of a fault, which no run has to take.
pub const FAULT: u8 = u8::MAX;

/// Labels that fairness is about lie below this.
pub const LABELS: u8 = 128;

/// Label of a step by which time passes: it does so for nobody in particular.
const TIME: u8 = LABELS - 1;

/// The label of a step.
pub fn label<S: Strategy, R: Rule>(state: &State<S, R>, action: Action) -> u8 {
    match action {
        Action::Deliver(place) => label_of(state, &state.bag[usize::from(place)]),
        Action::Reclaim(store) => store * CHANNELS + RECLAIM,
        Action::Pass => TIME,
        _ => FAULT,
    }
}

/// The label of the delivery of a message.
pub fn label_of<S: Strategy, R: Rule>(state: &State<S, R>, message: &Message) -> u8 {
    let party = state.actor(message).0 as u8;
    assert!(party < LABELS / CHANNELS, "a small system has fewer parties");
    party * CHANNELS + channel(message)
}

/// The labels of deliveries that only the delivery bounds hold back: fairness counts them as enabled.
pub fn withheld<S: Strategy, R: Rule>(state: &State<S, R>, bounds: &DeliveryBounds) -> u128 {
    let messages = state.suppressed(bounds);
    messages.fold(0, |labels, message| labels | 1 << label_of(state, message))
}

/// Channels by which something reaches a party.
const CHANNELS: u8 = 24;

/// Channel of a lease that nobody acts on; it is its store's.
const RECLAIM: u8 = CHANNELS - 1;

/// A set of labels after the nodes have changed places.
pub fn moved_all(labels: u128, places: Permutation) -> u128 {
    if places == Permutation::IDENTITY {
        return labels;
    }
    let (mut rest, mut all) = (labels, 0);
    while rest != 0 {
        all |= 1 << moved(rest.trailing_zeros() as u8, places);
        rest &= rest - 1;
    }
    all
}

/// A label after the nodes have changed places.
pub fn moved(label: u8, places: Permutation) -> u8 {
    let (party, channel) = (label / CHANNELS, label % CHANNELS);
    if label == FAULT || label == TIME || channel == RECLAIM {
        return label;
    }
    places.of(NodeId(party.into())).0 as u8 * CHANNELS + channel
}

fn channel(message: &Message) -> u8 {
    match message {
        Message::Arrival { .. } => 0,
        Message::ApiRequest { .. } => 1,
        Message::ApiResponse { .. } => 2,
        Message::TokenRequest { .. } | Message::TokenServed { .. } => 3,
        Message::TokenResponse { .. } => 4,
        Message::Note { .. } | Message::LoginAgain { .. } => 5,
        Message::Forward { .. } => 6,
        Message::Answered { .. } => 7,
        Message::BackoffOver { .. } => 8,
        // Only so many messages are lost in a run: none of these can keep another waiting for ever.
        Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } => 9,
        Message::TimerRang { timer, .. } => 10 + *timer as u8,
        // A release must not starve behind the reads of its own node, nor an answer behind that to an extension.
        Message::StoreRequest { operation, .. } => 13 + operation.asked() as u8,
        Message::StoreResponse { answer, .. } => 18 + answer.asked() as u8,
    }
}
