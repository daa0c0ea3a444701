//! Mistakes that are easily made in such a cell. Only its model has them: a search that finds none of them would prove nothing.

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The end of a flight wakes one of those who wait.
    WakesOne,
    /// A refusal costs whatever token is cached, without a look at which one was refused.
    ForgetsToCompare,
    /// A leader that gives up leaves the flight as it is.
    KeepsFlying,
    /// Between the look at the book and the wait for the flight, the lock is let go.
    LooksThenWaits,
}
