//! Bounds of what a file may ask for: whatever multiplies has one here, with a name. What lies below them can still be large, and
//! [`effort`](super::Scenario::effort) says how large.

/// A scenario is written by hand: a file beyond this many bytes is something else.
pub const LARGEST_FILE: u64 = 4 << 20;
/// Points of a sweep; each is a run of its own.
pub const MOST_POINTS: usize = 1000;
/// Nodes of all fleets together, each as large as its events ever make it.
pub const MOST_NODES: u32 = 10_000_000;
/// Replications of one run.
pub const MOST_REPLICATIONS: u32 = 100_000;
/// Entries of one list and keys of one table: fleets, events, strategies, values of a sweep, conditions.
pub(super) const MOST_ENTRIES: usize = 10_000;
/// Steps of a key that a sweep or `--set` names; the deepest key of a scenario has eight.
pub(super) const MOST_STEPS: usize = 16;
/// Bytes of all points of a sweep: each of them is a whole scenario.
pub(super) const LARGEST_SWEEP: usize = 256 << 20;
/// Characters of a name; it is written into every row of the results.
pub(super) const LONGEST_NAME: usize = 200;
/// Bytes of the label of a sweep point, which every row of the results has too.
pub(super) const LONGEST_LABEL: usize = 4096;
/// Slots of all registered copies of all apps together.
pub(super) const MOST_SLOTS: u64 = 10_000_000;
/// Streams of arrivals: one for each node and workload.
pub(super) const MOST_STREAMS: u64 = 1 << 27;
/// Users of all closed loops at all nodes: each has an event pending.
pub(super) const MOST_USERS: u64 = 10_000_000;
/// Single acts of the timeline: a rolling restart has two for each node, a wave of a redeployment two.
pub(super) const MOST_ACTS: u64 = 20_000_000;
/// Mistakes of one file that are shown; the others are counted.
pub(super) const MOST_SHOWN: usize = 20;
