//! What becomes of a scenario's trigger in a plan.

/// What becomes of a scenario's trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanCase {
    /// As written.
    Triggered,
    /// The events that disturb are left out.
    Untouched,
    /// In their place every node is put into its retry loop in one instant.
    HotStart,
}
