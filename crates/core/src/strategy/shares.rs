//! What nodes of two strategies can share: one store has one entry and one lease, and neighbours have to understand each other.

use std::borrow::Cow;

/// What a strategy takes the things for that nodes share, in words; none where it has no use for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// What it keeps in the entry of the shared store.
    pub entry: Option<Cow<'static, str>>,
    /// What it uses the lease of the shared store for.
    pub lease: Option<&'static str>,
    /// What its nodes tell each other.
    pub notes: Option<&'static str>,
}

/// Something that two strategies take for different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misunderstanding {
    /// What it is.
    pub what: &'static str,
    /// What the one takes it for.
    pub one: Cow<'static, str>,
    /// What the other takes it for.
    pub other: Cow<'static, str>,
}

impl Shares {
    /// The token alone, where there is a store.
    pub(super) fn plain(store: bool) -> Self {
        Self {
            entry: store.then_some(Cow::Borrowed("the token and when it expires")),
            ..Self::default()
        }
    }

    /// What keeps nodes of two strategies from sharing a store and a network; none where nothing does.
    pub fn misunderstanding(&self, other: &Self) -> Option<Misunderstanding> {
        let words = |word: Option<&'static str>| word.map(Cow::Borrowed);
        let things = [
            ("the entry of the store", self.entry.clone(), other.entry.clone()),
            ("the lease of the store", words(self.lease), words(other.lease)),
            ("what nodes tell each other", words(self.notes), words(other.notes)),
        ];
        things.into_iter().find_map(|(what, one, other)| {
            let (one, other) = (one?, other?);
            (one != other).then_some(Misunderstanding { what, one, other })
        })
    }
}
