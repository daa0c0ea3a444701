//! What is kept for all nodes, by node.

use std::sync::Arc;

use crate::base::{Duration, Group, clone_in_place};
use crate::workload::Job;

use super::{CallPolicy, GuardState, Pending, RetryState};

/// What is kept for all nodes that share an address space, and that few inputs touch.
#[derive(Debug)]
pub struct NodeTables {
    /// How many nodes there are.
    pub nodes: usize,
    /// How long the callers of each group wait.
    pub patience: Arc<[Option<Duration>]>,
    /// The job that a call of each group begins; empty where none does.
    pub jobs: Arc<[Option<Job>]>,
    /// Whether each call of a group needs both providers; empty where none does.
    pub need_both: Arc<[bool]>,
    /// What each node remembers of its retries; empty where the policy asks for no memory.
    pub retries: Vec<RetryState>,
    /// What each node remembers of its token requests; empty where no policy guards the token endpoint.
    pub guards: Vec<GuardState>,
    /// Each node's store operations and timers.
    pub pending: Pending,
}

clone_in_place!(NodeTables {
    nodes,
    patience,
    jobs,
    need_both,
    retries,
    guards,
    pending
});

impl NodeTables {
    /// Nothing is pending at so many nodes, each of which retries by one of these policies.
    pub fn new<'a>(
        nodes: usize,
        patience: Arc<[Option<Duration>]>,
        policies: impl IntoIterator<Item = &'a CallPolicy>,
    ) -> Self {
        let (mut remembering, mut guarded) = (0, 0);
        for policy in policies {
            remembering = if policy.remembers() { nodes } else { remembering };
            guarded = if policy.guard.is_some() { nodes } else { guarded };
        }
        Self {
            nodes,
            patience,
            jobs: Arc::default(),
            need_both: Arc::default(),
            retries: vec![RetryState::default(); remembering],
            guards: vec![GuardState::default(); guarded],
            pending: Pending::default(),
        }
    }

    /// The same where a call of a group begins the job that `jobs` has for it; an empty list for none at all.
    #[must_use]
    pub fn with_jobs(self, jobs: &[Option<Job>]) -> Self {
        let jobs = jobs.into();
        Self { jobs, ..self }
    }

    /// The same where each call of a group needs both providers that `need_both` names; an empty list for none at all.
    #[must_use]
    pub fn with_both(self, need_both: &[bool]) -> Self {
        let need_both = need_both.into();
        Self { need_both, ..self }
    }

    /// Whether a call of a group goes on at the other provider before it has succeeded.
    pub fn needs_both(&self, group: Group) -> bool {
        self.need_both.get(usize::from(group.0)).is_some_and(|&both| both)
    }

    /// How many calls at one provider a job of this group is, where it begins one.
    pub fn calls_of(&self, group: Group) -> Option<u32> {
        let both = u32::from(self.needs_both(group));
        Some(self.job_of(group)?.calls << both)
    }

    /// The job that a call of a group begins; none for a single one.
    pub fn job_of(&self, group: Group) -> Option<Job> {
        self.jobs.get(usize::from(group.0)).copied().flatten()
    }
}
