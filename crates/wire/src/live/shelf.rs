//! The shared store of a live run: a Redis, or the simulator's own state machine in this process where there is none.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::applied::Applied;
use super::process::words::SharedRedis;
use super::redis_store::RedisStore;
use super::{LiveError, texts::Texts};
use crate::base::{Duration, NodeId, PacedClock, Time};
use crate::node::{Shared, StoreOperation};
use crate::plan::Plan;
use crate::provider::Outage;
use crate::store::{Answer, Operation, Store};

/// All shared stores of a run: one for each domain.
pub(super) struct Shelf {
    kept: Kept,
    stores: u32,
    replica_lag: Option<Duration>,
    /// 0 works, 1 answers with errors, 2 is silent.
    outage: AtomicU8,
}

enum Kept {
    Embedded(Mutex<Vec<Store<Shared>>>),
    Redis(Box<RedisStore>),
}

impl Shelf {
    /// In this process.
    pub fn embedded(plan: &Plan) -> Self {
        let stores = vec![Store::remembering(plan.layout.store.remembers); plan.layout.stores as usize];
        Self {
            kept: Kept::Embedded(Mutex::new(stores)),
            stores: plan.layout.stores,
            replica_lag: plan.layout.store.replica_lag,
            outage: AtomicU8::new(0),
        }
    }

    fn of(redis: RedisStore, plan: &Plan) -> Self {
        Self {
            kept: Kept::Redis(Box::new(redis)),
            stores: plan.layout.stores,
            replica_lag: None,
            outage: AtomicU8::new(0),
        }
    }

    /// In a Redis, and in a second one that takes over when the store fails over, where there is one.
    ///
    /// # Errors
    /// When nobody answers there, or something that is no Redis.
    pub async fn in_redis(
        (url, replica): (&str, Option<&str>),
        plan: &Plan,
        clock: PacedClock,
        texts: Arc<Texts>,
    ) -> Result<Self, LiveError> {
        let store = RedisStore::open(url, clock, texts).await?;
        Ok(Self::of(store.followed_by(replica, url).await?, plan))
    }

    /// As another process of the same run has it.
    ///
    /// # Errors
    /// When nobody answers there, or something that is no Redis.
    pub async fn joined(
        redis: &SharedRedis,
        plan: &Plan,
        clock: PacedClock,
        texts: Arc<Texts>,
    ) -> Result<Self, LiveError> {
        let store = RedisStore::open(&redis.url, clock, texts).await?;
        let store = store.joining(&redis.key, redis.replica.as_deref()).await?;
        Ok(Self::of(store, plan))
    }

    /// In a Redis, under a key that other processes use too.
    ///
    /// # Errors
    /// When nobody answers there, or something that is no Redis.
    pub async fn shared(
        url: &str,
        key: &str,
        plan: &Plan,
        clock: PacedClock,
        texts: Arc<Texts>,
    ) -> Result<Self, LiveError> {
        let store = RedisStore::open(url, clock, texts).await?;
        Ok(Self::of(store.sharing(key), plan))
    }

    /// Under which key a run's stores lie in a Redis.
    pub fn key(&self) -> Option<&str> {
        match &self.kept {
            Kept::Redis(redis) => Some(redis.key_of_run()),
            Kept::Embedded(_) => None,
        }
    }

    /// Fails from now on, or works again.
    pub fn set_outage(&self, outage: Option<Outage>) {
        let number = match outage {
            None => 0,
            Some(Outage::Silent) => 2,
            Some(_) => 1,
        };
        self.outage.store(number, Ordering::Relaxed);
    }

    /// Carries out one operation; none where nobody ever answers.
    pub async fn apply(&self, now: Time, store: u32, from: NodeId, operation: StoreOperation) -> Option<Applied> {
        match self.outage.load(Ordering::Relaxed) {
            1 => return Some(Applied::failed(operation)),
            2 => return None,
            _ => {}
        }
        match &self.kept {
            Kept::Embedded(stores) => {
                let mut stores = stores.lock().unwrap_or_else(PoisonError::into_inner);
                let store = &mut stores[store as usize];
                let before = store.value().map(|shared| shared.token);
                let answer = match (operation, self.replica_lag) {
                    (Operation::Read, Some(lag)) => store.read_replica(now, lag),
                    _ => store.apply(now, from, operation),
                };
                let writes = matches!(operation, Operation::Write { .. }) && answer == Answer::Written;
                Some(Applied {
                    answer,
                    replaced: before.filter(|_| writes),
                })
            }
            // A Redis that cannot be reached is a store that fails: its node hears of it as it would in the field.
            Kept::Redis(redis) => Some(match redis.apply(store, from, operation).await {
                Ok(applied) => applied,
                Err(_gone) => Applied::failed(operation),
            }),
        }
    }

    /// Puts a value there that no node has written.
    pub async fn put(&self, now: Time, store: u32, value: Shared) {
        match &self.kept {
            Kept::Embedded(stores) => {
                let mut stores = stores.lock().unwrap_or_else(PoisonError::into_inner);
                stores[store as usize].put(now, value);
            }
            Kept::Redis(redis) => {
                let write = Operation::Write {
                    value,
                    when: crate::store::When::Always,
                };
                let _gone = redis.apply(store, NodeId(u32::MAX), write).await;
            }
        }
    }

    /// A node has died: a lock that lasts as long as its owner is free.
    pub async fn release_locks_of(&self, store: u32, owner: NodeId) {
        match &self.kept {
            Kept::Embedded(stores) => {
                let mut stores = stores.lock().unwrap_or_else(PoisonError::into_inner);
                stores[store as usize].release_locks_of(owner);
            }
            Kept::Redis(redis) => redis.release_locks_of(store, owner).await,
        }
    }

    /// The primaries die, and replicas take over that had not heard of the last writes; here where there is no Redis.
    pub fn fail_over(&self, now: Time, lost: Duration) {
        if let Kept::Embedded(stores) = &self.kept {
            let mut stores = stores.lock().unwrap_or_else(PoisonError::into_inner);
            stores.iter_mut().for_each(|store| store.fail_over(now, lost));
        }
    }

    /// The second Redis hears of no write any more: what comes from now on is lost when it takes over.
    pub async fn unfollow(&self) {
        if let Kept::Redis(redis) = &self.kept {
            redis.unfollow().await;
        }
    }

    /// The second Redis is the store from now on.
    pub fn switch_over(&self) {
        if let Kept::Redis(redis) = &self.kept {
            redis.switch_over();
        }
    }

    /// Takes away what this run has left in a Redis.
    pub async fn clear(&self) {
        if let Kept::Redis(redis) = &self.kept {
            redis.clear(self.stores).await;
        }
    }
}
