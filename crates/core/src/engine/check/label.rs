//! Fairness labels, one per (party, kind of message): a label that is enabled in every state of a cycle must be taken in it (weak
//! fairness).
//!
//! Messages of one kind stand for each other, messages of different kinds do not: an answer that would end a wait is not delivered by
//! delivering another answer on the same channel again and again. That takes no run from the livelocks that a network could have: where each
//! message under way is delivered at some time, so is one of each kind that is always under way.

use crate::base::{NodeId, Permutation};
use crate::node::{Note, StoreAnswer, Strategy, TIMERS};
use crate::oauth::Reply;
use crate::provider::Rule;
use crate::store::Answer;
use crate::world::Message;

use super::action::Action;
use super::enabled::DeliveryBounds;
use super::state::State;

/// Label of a fault, which no run has to take.
pub const FAULT: u8 = u8::MAX;

/// Labels that fairness is about lie below this.
pub const LABELS: u8 = 250;

/// Label of a step by which time passes: it does so for nobody in particular.
const TIME: u8 = LABELS - 1;

/// Label of a login, which is no node's.
const LOGIN: u8 = LABELS - 2;

/// A set of labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LabelSet([u128; 2]);

impl LabelSet {
    /// No label.
    pub const NONE: Self = Self([0; 2]);
    /// Every label.
    pub const ALL: Self = Self([u128::MAX; 2]);

    /// The set with one label more.
    #[must_use]
    pub const fn with(mut self, label: u8) -> Self {
        self.0[label as usize / 128] |= 1 << (label % 128);
        self
    }

    /// Whether a label is in it.
    pub const fn contains(self, label: u8) -> bool {
        self.0[label as usize / 128] & 1 << (label % 128) != 0
    }

    /// Labels that are in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }

    /// Labels that are in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }

    /// Whether all its labels are in the other.
    pub const fn is_within(self, other: Self) -> bool {
        self.0[0] & !other.0[0] == 0 && self.0[1] & !other.0[1] == 0
    }

    /// Whether there is no label in it.
    pub const fn is_empty(self) -> bool {
        self.0[0] | self.0[1] == 0
    }

    /// Its labels, the lowest first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..LABELS).filter(move |&label| self.contains(label))
    }

    /// The set after the nodes have changed places.
    pub(super) fn moved(self, places: Permutation) -> Self {
        if places == Permutation::IDENTITY {
            return self;
        }
        let mut all = Self::NONE;
        for (word, first) in self.0.into_iter().zip([0, 128]) {
            let mut rest = word;
            while rest != 0 {
                all = all.with(moved(first + rest.trailing_zeros() as u8, places));
                rest &= rest - 1;
            }
        }
        all
    }
}

impl FromIterator<u8> for LabelSet {
    fn from_iter<I: IntoIterator<Item = u8>>(labels: I) -> Self {
        labels.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The label of a step.
pub fn label<S: Strategy, R: Rule>(state: &State<S, R>, action: Action) -> u8 {
    match action {
        Action::Deliver(place) | Action::Begin(place, _) => label_of(state, &state.bag[usize::from(place)]),
        Action::Reclaim(store) => store * KINDS + RECLAIM,
        Action::Pass => TIME,
        Action::LogIn(_) => LOGIN,
        _ => FAULT,
    }
}

/// The label of the delivery of a message.
fn label_of<S: Strategy, R: Rule>(state: &State<S, R>, message: &Message) -> u8 {
    let party = state.actor(message).0 as u8;
    assert!(party < LABELS / KINDS, "a small system has fewer parties");
    party * KINDS + kind(message, state.world.awaits_result(message))
}

/// The labels of deliveries that only the delivery bounds hold back: fairness counts them as enabled.
pub fn withheld<S: Strategy, R: Rule>(state: &State<S, R>, bounds: &DeliveryBounds) -> LabelSet {
    let messages = state.suppressed(bounds);
    messages.map(|message| label_of(state, message)).collect()
}

/// Kinds of what reaches a party.
const KINDS: u8 = 49;

/// Kind of the end of a lease that nobody acts on; it is its store's.
const RECLAIM: u8 = KINDS - 1;

/// A label after the nodes have changed places.
pub fn moved(label: u8, places: Permutation) -> u8 {
    let (party, kind) = (label / KINDS, label % KINDS);
    if [FAULT, TIME, LOGIN].contains(&label) || kind == RECLAIM {
        return label;
    }
    places.of(NodeId(party.into())).0 as u8 * KINDS + kind
}

/// The kind of a message; requests of which nobody waits for the result are another kind than those of the present.
fn kind(message: &Message, is_awaited: bool) -> u8 {
    let forsaken = u8::from(!is_awaited);
    match message {
        Message::Arrival { .. } => 0,
        Message::ApiRequest { .. } => 1,
        Message::ApiResponse { reply, .. } => 2 + u8::from(matches!(reply, Reply::Refused { .. })),
        Message::TokenRequest { .. } | Message::TokenServed { .. } => 4 + forsaken,
        Message::TokenResponse { reply, .. } => match reply {
            Reply::Granted(_) => 6 + forsaken,
            Reply::Refused { .. } => 8,
        },
        Message::Note { note, .. } => match note {
            Note::Token(_) => 9,
            Note::Wanted(_) => 10,
            Note::Failed(_) => 11,
        },
        Message::LoginAgain { .. } => 12,
        Message::Forward { .. } => 13,
        Message::Answered { succeeded, .. } => 14 + u8::from(*succeeded),
        Message::BackoffOver { .. } => 16,
        // Only so many messages are lost in a run: none of these can keep another waiting for ever.
        Message::AttemptTimedOut { .. } | Message::TokenTimedOut { .. } | Message::StoreTimedOut { .. } => 17,
        Message::TimerRang { timer, .. } => 18 + timer.place() as u8,
        Message::StoreRequest { operation, .. } => STORE_REQUESTS + 2 * operation.asked() as u8 + forsaken,
        Message::StoreResponse { answer, .. } => STORE_ANSWERS + answer_kind(answer),
    }
}

const STORE_REQUESTS: u8 = 18 + TIMERS as u8;
const STORE_ANSWERS: u8 = STORE_REQUESTS + 10;

fn answer_kind(answer: &StoreAnswer) -> u8 {
    match answer {
        Answer::Value(None) => 0,
        Answer::Value(Some(_)) => 1,
        Answer::Written => 2,
        Answer::Kept(None) => 3,
        Answer::Kept(Some(_)) => 4,
        Answer::Acquired { .. } => 5,
        Answer::Busy => 6,
        Answer::Extended { held } => 7 + u8::from(*held),
        Answer::Released { held } => 9 + u8::from(*held),
        Answer::Failed(_) => 11,
    }
}

const _: () = assert!(STORE_ANSWERS + 12 == RECLAIM && LABELS / KINDS == 5 && LABELS > 5 * KINDS);
