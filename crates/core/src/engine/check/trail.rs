//! Along a run: which message is which from one state to the next, as a step renames and sorts what is under way, and what could happen
//! in each step of a cycle.

use super::action::Action;
use super::host::NOW;
use super::label::{FAULT, LabelSet, label, withheld};
use super::state::{State, falls_due};
use crate::node::Strategy;
use crate::provider::Rule;
use crate::world::Renamed;

/// The place of the bag that a step empties.
pub fn taken_from(action: Action) -> Option<usize> {
    match action {
        Action::Deliver(place)
        | Action::Begin(place, _)
        | Action::Renew(place)
        | Action::Late(place)
        | Action::Lose(place)
        | Action::LogIn(place)
        | Action::Throttle(place) => Some(place.into()),
        Action::Crash(_)
        | Action::Lapse(_)
        | Action::Reclaim(_)
        | Action::Expire(_)
        | Action::Pass
        | Action::Elapse
        | Action::Arrive(_) => None,
    }
}

/// Tags of the messages of a state that has only [stepped](State::step), in the order of the bag of the `next` state.
///
/// # Panics
/// When `next` is not the state after this step, among nodes with names.
pub fn carried<T: Copy + Ord, S: Strategy, R: Rule>(
    mut raw: State<S, R>,
    tags: &[T],
    next: &State<S, R>,
    renamed: &mut Renamed,
) -> Vec<T> {
    let due = raw.renewals();
    let stay = raw
        .bag
        .iter()
        .map(|message| falls_due(message, due) && !raw.world.is_void(message));
    let stay: Vec<_> = stay.collect();
    let tags: Vec<_> = tags
        .iter()
        .zip(&stay)
        .filter_map(|(&tag, &stays)| stays.then_some(tag))
        .collect();
    raw.bag.retain(|message| falls_due(message, due));
    let mut bag = std::mem::take(&mut raw.bag);
    raw.world.canonical(NOW, &mut bag, renamed);
    let mut pairs: Vec<_> = bag.into_iter().zip(tags).collect();
    pairs.sort_unstable();
    let (bag, tags): (Vec<_>, _) = pairs.into_iter().unzip();
    assert_eq!(bag, next.bag, "a state has the messages of its step");
    tags
}

/// What could happen in each step of a cycle, and what did.
#[derive(Default)]
pub struct Cycle {
    always: Option<LabelSet>,
    taken: Vec<(usize, u8)>,
}

impl Cycle {
    /// A step of it.
    pub fn pass<S: Strategy, R: Rule>(&mut self, state: &State<S, R>, step: usize, action: Action) {
        let mut actions = Vec::new();
        state.actions(&mut actions);
        let labels = actions.iter().map(|&action| label(state, action));
        let enabled: LabelSet = labels.filter(|&label| label != FAULT).collect();
        let enabled = enabled.or(withheld(state, &state.delivery_bounds()));
        self.always = Some(self.always.map_or(enabled, |always| always.and(enabled)));
        self.taken.push((step, label(state, action)));
    }

    /// Steps that bring what could have come in each of them.
    pub fn owed(self) -> Vec<usize> {
        let always = self.always.unwrap_or_default();
        let taken = self.taken.into_iter().filter(|(_, label)| always.contains(*label));
        taken.map(|(step, _)| step).collect()
    }
}
