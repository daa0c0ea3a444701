//! The book. Each chapter is a page of its own.
//!
//! 1. [`tour`]: a scenario from the first line to the comparison
//! 2. [`model`]: what is simulated, exactly; the code cites its sections by number
//! 3. [`architecture`]: rooms, and who may know whom
//! 4. [`defaults`]: what a scenario that says nothing gets, and why
//! 5. [`providers`]: how a provider is written down, what its numbers rest on, and how a scenario changes it
//! 6. [`strategies`]: a page for each, what it does, who does so, what breaks it; [`clients`]: libraries as strategies, with sources, beside the libraries themselves
//! 7. [`fleets`]: nodes that do not all follow the same, and a version that is rolled out meanwhile
//! 8. [`questions`]: how many slots, how much overlap and leeway, how long a lease: curves for what is argued about
//! 9. [`sweeping`]: very many points of a scenario, which can be ended and begun again, and shared out over machines
//! 10. [`precision`]: how many replications it takes, how often intervals cover, and when one is not to be trusted
//! 11. [`rare`]: one failure in a hundred million, and mean times to a livelock that no run waits for
//! 12. [`findings`]: what the simulations showed that theory did not, with the scenario that shows it
//! 13. [`storms`]: how storms are measured, whether a system comes back, and what was found
//! 14. [`incidents`]: a museum of what went wrong in public, each exhibit with what the simulation shows
//! 15. [`explaining`]: what led to the failure of one call: whose token request killed whose token
//! 16. [`checking`]: whether something can ever happen: every order of events of a small system
//! 17. [`fuzzing`]: the smallest thing that breaks a property, how it is kept and run again; and how [a strategy of your own](crate::testing) is held to
//!     account
//! 18. [`single_flight_cell`]: one token for the threads and tasks of a process, and its proof
//! 19. [`serve`]: a provider over HTTP for real clients: what it speaks, its clock, who ended which token
//! 20. [`live`]: strategies by the wall clock, over HTTP and Redis, with the prediction beside the measurement
//! 21. [`probe`]: which rule a provider follows, found out from outside
//! 22. [`studio`]: a page in the browser where a scenario is changed, and its figures follow
//! 23. [`advice`]: which strategy for a scenario, by which rule, and how sure that is
//! 24. [`gates`]: thresholds and changes in CI, and the exit codes
//! 25. [`glossary`]: one meaning for each word
//! 26. [`speed`]: how fast the simulator is, what made it so, and what limits it
//! 27. [`limits`]: what is not modelled, and what the numbers cannot say

#[doc(inline)]
pub use crate::strategy::pages as strategies;

#[doc = include_str!("tour.md")]
pub mod tour {}

#[doc = include_str!("model.md")]
pub mod model {}

#[doc = include_str!("architecture.md")]
pub mod architecture {}

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("providers.md")]
pub mod providers {}

#[doc = include_str!("clients.md")]
pub mod clients {}

#[doc = include_str!("fleets.md")]
pub mod fleets {}

#[doc = include_str!("questions.md")]
pub mod questions {}

#[doc = include_str!("sweeping.md")]
pub mod sweeping {}

#[doc = include_str!("precision.md")]
pub mod precision {}

#[doc = include_str!("rare.md")]
pub mod rare {}

#[doc = include_str!("findings.md")]
pub mod findings {}

#[doc = include_str!("storms.md")]
pub mod storms {}

#[doc = include_str!("incidents.md")]
pub mod incidents {}

#[doc = include_str!("explaining.md")]
pub mod explaining {}

#[doc = include_str!("checking.md")]
pub mod checking {}

#[doc = include_str!("fuzzing.md")]
pub mod fuzzing {}

#[doc = include_str!("serve.md")]
pub mod serve {}

#[doc = include_str!("live.md")]
pub mod live {}

#[doc = include_str!("probe.md")]
pub mod probe {}

#[doc = include_str!("studio.md")]
pub mod studio {}

#[doc = include_str!("advice.md")]
pub mod advice {}

#[doc = include_str!("gates.md")]
#[doc = "```text"]
#[doc = include_str!("../cli/exit_codes.txt")]
#[doc = "```"]
pub mod gates {}

#[doc = include_str!("glossary.md")]
pub mod glossary {}

#[doc = include_str!("single_flight_cell.md")]
pub mod single_flight_cell {}

#[doc = include_str!("speed.md")]
pub mod speed {}

#[doc = include_str!("limits.md")]
pub mod limits {}
