//! What a strategy offers to whoever has to choose one: settings that are worth trying where they would be used.

use super::Coordination;
use crate::base::Duration;

/// Where a strategy would be used, as far as its settings depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// How long a token lives.
    pub token_ttl: Duration,
    /// The longest that a token request takes with its answer, but for one in a million.
    pub renewal: Duration,
    /// Nodes that there are at most.
    pub nodes: u32,
    /// Slots that have been granted; 1 where the provider knows none.
    pub slots: u16,
    /// Registered copies of the app that there may be, the first included.
    pub apps: u16,
}

impl Circumstances {
    /// How long before its end a token is replaced: five minutes, or a tenth of a short life.
    pub(super) fn margin(&self) -> Duration {
        whole(self.token_ttl.ratio(1, 10).min(Duration::from_secs(300)))
    }

    /// How far planned renewals are spread: a tenth of a token's life.
    pub(super) fn spread(&self) -> Duration {
        whole(self.token_ttl.ratio(1, 10))
    }

    /// How long a node waits for another's renewal: 12 s, or twice the longest one.
    pub(super) fn patience(&self) -> Duration {
        whole(self.renewal.saturating_mul(2).max(Duration::from_secs(12)))
    }

    /// How long a lease lasts that is not extended: 10 s, or twice the longest renewal.
    pub(super) fn lease(&self) -> Duration {
        whole(self.renewal.saturating_mul(2).max(Duration::from_secs(10)))
    }

    /// How often a lease is extended: at each third of it.
    pub(super) fn extension(&self) -> Duration {
        whole(self.lease().ratio(1, 3))
    }

    /// How far renewals under a lease are spread, where one node is to come first.
    pub(super) fn stagger(&self) -> Duration {
        whole(self.token_ttl.ratio(1, 50))
    }
}

/// In whole milliseconds, at least one: nobody would write anything finer.
fn whole(span: Duration) -> Duration {
    Duration::from_millis((span.nanos() / 1_000_000).max(1))
}

/// A strategy with settings worth trying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer<S = Coordination> {
    /// What is special about the settings; empty for the plain ones.
    pub about: &'static str,
    /// The strategy with these settings.
    pub strategy: S,
}

/// What a strategy offers; or why it offers nothing here.
pub type Offers<S = Coordination> = Result<Vec<Offer<S>>, &'static str>;

impl<S> Offer<S> {
    pub(super) const fn of(about: &'static str, strategy: S) -> Self {
        Self { about, strategy }
    }

    pub(super) fn map<T>(self, of: impl Fn(S) -> T) -> Offer<T> {
        Offer {
            about: self.about,
            strategy: of(self.strategy),
        }
    }
}

/// The only settings, or the plain ones.
pub(super) fn plain<S>(strategy: S) -> Offers<S> {
    Ok(vec![Offer::of("", strategy)])
}
