//! How the strategies of the list are checked: with settings that keep the number of states small and lose no behaviour.

use super::Coordination;
use super::offer::{Circumstances, Offers};
use super::shares::Shares;
use crate::base::Duration;
use crate::node::Strategy;

/// Any duration. How long something lasts decides nothing, except how often a node reads the store before it gives up.
pub(super) const SPAN: Duration = Duration::from_millis(100);

/// A strategy with small settings, under the name that the checker knows it by.
#[derive(Clone, Debug)]
pub struct Small<S = Coordination> {
    /// Its name.
    pub name: &'static str,
    /// What is special about it; empty where nothing is.
    pub about: &'static str,
    /// The strategy with these settings.
    pub strategy: S,
    /// It is checked only where there are refresh tokens.
    pub refreshing: bool,
}

impl<S> Small<S> {
    pub(super) const fn of(name: &'static str, about: &'static str, strategy: S) -> Self {
        Self {
            name,
            about,
            strategy,
            refreshing: false,
        }
    }

    pub(super) const fn refreshing(name: &'static str, strategy: S) -> Self {
        Self {
            name,
            about: "",
            strategy,
            refreshing: true,
        }
    }

    pub(super) fn map<T>(self, of: impl Fn(S) -> T) -> Small<T> {
        Small {
            name: self.name,
            about: self.about,
            strategy: of(self.strategy),
            refreshing: self.refreshing,
        }
    }
}

/// What a strategy of the list says for the checker, and to whoever has to choose one.
pub(super) trait Listed: Strategy {
    /// Its small settings among so many nodes: the first under its own name, others under names that begin with it.
    fn small(nodes: u16) -> Vec<Small<Self>>;

    /// The same settings with waits that are as short as may be: one poll, so that a node looks twice before it is stuck.
    #[must_use]
    fn scaled_down(self) -> Self {
        self
    }

    /// Whether nodes believe something else of a token's life than what the answer says.
    fn believes_otherwise(&self) -> bool {
        false
    }

    /// Settings that are worth trying here.
    fn offers(here: &Circumstances) -> Offers<Self>;

    /// What its nodes take the things for that nodes share.
    fn shares(&self) -> Shares {
        Shares::plain(self.needs_store())
    }

    /// Whether nodes send each other notes, and so have to find each other.
    fn talks_to_peers(&self) -> bool {
        false
    }

    /// Whether the shared store is a file that one machine locks.
    fn needs_one_machine(&self) -> bool {
        false
    }
}
