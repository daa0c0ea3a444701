//! Liveness: bounds on what one run may do, what must stay possible in every run, and whether the runs show anything at all.
//!
//! Properties of all runs at once: the engine that knows all runs judges them. Each entry says what breaks the property.

use super::{Counted, Judge, Property, Runs};

/// B1: attempts are bounded. Broken by everything that can livelock.
pub(super) const ATTEMPTS_BOUNDED: Property = Property {
    name: "B1",
    title: "attempts bounded",
    about: "No run has infinitely many attempts, though every call may be tried for ever.",
    judge: Judge::Runs(Runs::Bounded(Counted::Attempts)),
};

/// B2: issuances are bounded. Broken by everything that can livelock.
pub(super) const ISSUANCES_BOUNDED: Property = Property {
    name: "B2",
    title: "issuances bounded",
    about: "No run has infinitely many issuances.",
    judge: Judge::Runs(Runs::Bounded(Counted::Issuances)),
};

/// L1: no deadlock. Broken by a lock without expiry, under a crash.
pub(super) const NO_DEADLOCK: Property = Property {
    name: "L1",
    title: "no deadlock",
    about: "No state is without a next step while a call is pending.",
    judge: Judge::Runs(Runs::NoDeadlock),
};

/// L2: no livelock. Broken by everything unlocked unless there are as many slots as nodes.
pub(super) const NO_LIVELOCK: Property = Property {
    name: "L2",
    title: "no livelock",
    about: "No weakly fair infinite run has a call pending for ever.",
    judge: Judge::Runs(Runs::NoLivelock),
};

/// L3: never trapped. Broken by a strategy that gives up for ever.
pub(super) const NEVER_TRAPPED: Property = Property {
    name: "L3",
    title: "never trapped",
    about: "From every state some run completes all calls.",
    judge: Judge::Runs(Runs::NeverTrapped),
};

/// L4: grants end. Broken by a lock without a time to live.
pub(super) const GRANTS_END: Property = Property {
    name: "L4",
    title: "grants end",
    about: "From every state in which a lease is held, some run ends it.",
    judge: Judge::Runs(Runs::GrantsEnd),
};

/// R1: recovery. How much a calm call costs after whatever has happened.
pub(super) const RECOVERY: Property = Property {
    name: "R1",
    title: "recovery",
    about: "Once all is quiet, the next call on any node costs at most 1 token request and 2 attempts.",
    judge: Judge::Runs(Runs::Recovery {
        token_requests: 1,
        attempts: 2,
    }),
};

/// V: not vacuous. What never happens proves nothing.
pub(super) const NOT_VACUOUS: Property = Property {
    name: "V",
    title: "not vacuous",
    about: "In some run a call succeeds, in some run each kind of fault that is allowed happens, and in some run a node is in each \
            phase of its strategy.",
    judge: Judge::Runs(Runs::NotVacuous),
};
