#![doc = include_str!("pages/file_lock.md")]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lease::{Covers, Lease, Memory, Ttl, WhenStuck};
use super::offer::{self, Circumstances, Offers};
use super::{Listed, SPAN, Shares, Small};
use crate::base::Duration;
use crate::node::{Input, Me, Outbox, Strategy};

/// A lock file, or a file lock, around what is shared by the processes of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileLock {
    /// How the lock is kept.
    #[serde(default)]
    pub kind: LockKind,
    /// What is done under the lock.
    #[serde(default)]
    pub covers: Covers,
    /// How often a waiter tries again.
    #[serde(default = "default_poll")]
    pub poll: Duration,
    /// How long a waiter tries in all.
    #[serde(default = "default_wait")]
    pub wait: Duration,
    /// What a process does that has waited too long.
    #[serde(default)]
    pub when_stuck: WhenStuck,
}

/// How the lock is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockKind {
    /// The operating system's (`flock`, `LockFileEx`): it ends with the process that holds it.
    #[default]
    Flock,
    /// A file whose existence is the lock: it stays when its process dies.
    LockFile,
    /// The same, but one that is older than this counts as left behind.
    StaleAfter(Duration),
}

fn default_poll() -> Duration {
    Duration::from_millis(100)
}

fn default_wait() -> Duration {
    Duration::from_secs(12)
}

impl FileLock {
    fn lease(&self) -> Lease {
        Lease {
            ttl: match self.kind {
                LockKind::Flock => Ttl::WhileAlive,
                LockKind::LockFile => Ttl::Never,
                LockKind::StaleAfter(age) => Ttl::After(age),
            },
            covers: self.covers,
            poll: self.poll,
            wait: self.wait,
            when_stuck: self.when_stuck,
            ..Lease::default()
        }
    }
}

impl Strategy for FileLock {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        Memory::PHASES
    }

    fn boot(&self, me: Me) -> Memory {
        self.lease().boot(me)
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        self.lease().on(me, node, input, out);
    }

    fn skips(&self, phase: &str) -> bool {
        self.lease().skips(phase)
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Listed for FileLock {
    fn small(_: u16) -> Vec<Small<Self>> {
        let once = Self {
            kind: LockKind::Flock,
            covers: Covers::default(),
            poll: SPAN,
            wait: SPAN,
            when_stuck: WhenStuck::Fail,
        };
        vec![Small::of("file_lock", "an operating system's lock", once)]
    }

    fn scaled_down(self) -> Self {
        Self {
            wait: self.poll,
            ..self
        }
    }

    fn shares(&self) -> Shares {
        Shares {
            entry: Some("the token in a file of one machine".into()),
            lease: Some("a lock that ends with its process"),
            notes: None,
        }
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let lock = Self {
            kind: LockKind::Flock,
            covers: Covers::default(),
            poll: default_poll(),
            wait: here.patience(),
            when_stuck: WhenStuck::Fail,
        };
        offer::plain(lock)
    }

    fn needs_one_machine(&self) -> bool {
        true
    }
}
