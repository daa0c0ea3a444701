//! The shared store in a Redis, with the commands that people deploy: `SET NX PX`, and scripts that compare before they write.
//!
//! | key | what lies there |
//! |---|---|
//! | `…:value` | a hash: `name` (the access token), `rank`, `data` (all of it as JSON), `at` (when, by Redis's clock) |
//! | `…:lease` | who holds the lease, with its fence; gone when its time is over |
//! | `…:fence` | how often the lease was taken |
//! | `…:written` | the highest fence with which a fenced write was made |

mod failover;

use std::sync::Arc;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Script, Value};

use failover::Replica;

pub use failover::follow;

use super::LiveError;
use super::applied::Applied;
use super::texts::{Texts, Written};
use crate::base::{Millis, NodeId, PacedClock};
use crate::node::{Shared, StoreAnswer, StoreOperation};
use crate::oauth::Token;
use crate::store::{Answer, Entry, Operation, When};

/// How long a connection may take to come about, and an answer to come.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// The stores of one run in a Redis.
pub(super) struct RedisStore {
    /// Comes back by itself when the Redis does.
    connection: ConnectionManager,
    /// The Redis that takes over.
    replica: Option<Replica>,
    prefix: String,
    /// Tells the nodes of one process from those of another.
    process: String,
    clock: PacedClock,
    texts: Arc<Texts>,
    scripts: Scripts,
}

struct Scripts {
    read: Script,
    write: Script,
    clear: Script,
    acquire: Script,
    lock: Script,
    extend: Script,
    release: Script,
    unlock: Script,
    free: Script,
}

/// What lies there, and how many microseconds it has: by Redis's own clock.
const READ: &str = "
local value = redis.call('HMGET', KEYS[1], 'data', 'at')
if not value[1] then return false end
local now = redis.call('TIME')
return {value[1], tostring(now[1] * 1000000 + now[2] - tonumber(value[2]))}
";

/// `ARGV[1]` is the condition: always, still, fence or not_older; `ARGV[2]` is what it compares with.
const ALLOWS: &str = "
local lies = redis.call('HMGET', KEYS[1], 'name', 'rank')
local function allows()
  if ARGV[1] == 'still' then return (lies[1] or '') == ARGV[2] end
  if ARGV[1] == 'fence' then return tonumber(ARGV[2]) >= tonumber(redis.call('GET', KEYS[2]) or '0') end
  if ARGV[1] == 'not_older' then return not lies[1] or tonumber(ARGV[2]) >= tonumber(lies[2]) end
  return true
end
";

/// Says what it has replaced.
const WRITE: &str = "
if not allows() then return {0, ''} end
if ARGV[1] == 'fence' then redis.call('SET', KEYS[2], ARGV[2]) end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'name', ARGV[3], 'rank', ARGV[4], 'data', ARGV[5], 'at', string.format('%.0f', now[1] * 1000000 + now[2]))
return {1, lies[1] or ''}
";

const CLEAR: &str = "
if not allows() then return 0 end
redis.call('DEL', KEYS[1])
return 1
";

/// The lease for a while, or until it is given back: `SET NX PX`, with a counter beside it.
const ACQUIRE: &str = "
local fence = tonumber(redis.call('GET', KEYS[2]) or '0') + 1
local owner = ARGV[1] .. ':' .. fence
local taken
if ARGV[2] == '' then taken = redis.call('SET', KEYS[1], owner, 'NX')
else taken = redis.call('SET', KEYS[1], owner, 'NX', 'PX', ARGV[2]) end
if not taken then return 0 end
redis.call('SET', KEYS[2], fence)
return fence
";

/// A lock that its owner may take again.
const LOCK: &str = "
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then return 0 end
local fence = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. fence)
return fence
";

const EXTEND: &str = "
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
";

/// As the lease or the lock that it was taken as.
const RELEASE: &str = "
local held = redis.call('GET', KEYS[1])
if not held or (held ~= ARGV[1] and held ~= ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
return 1
";

/// `DEL` without a look at whose it is; says whether it was the asker's.
const UNLOCK: &str = "
local held = redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
for _, owner in ipairs(ARGV) do
  if held and string.sub(held, 1, #owner + 1) == owner .. ':' then return 1 end
end
return 0
";

const FREE: &str = "
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #ARGV[1] + 1) == ARGV[1] .. ':' then redis.call('DEL', KEYS[1]) end
return 1
";

impl RedisStore {
    /// Connects, and begins with nothing there.
    ///
    /// # Errors
    /// When nobody answers there, or something that is no Redis.
    pub async fn open(url: &str, clock: PacedClock, texts: Arc<Texts>) -> Result<Self, LiveError> {
        let connection = connect(url).await?;
        let nonce = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let conditional = |body: &str| Script::new(&format!("{ALLOWS}{body}"));
        Ok(Self {
            connection,
            replica: None,
            process: String::new(),
            prefix: format!("tokenstorm:{}:{:x}", std::process::id(), nonce.as_nanos()),
            clock,
            texts,
            scripts: Scripts {
                read: Script::new(READ),
                write: conditional(WRITE),
                clear: conditional(CLEAR),
                acquire: Script::new(ACQUIRE),
                lock: Script::new(LOCK),
                extend: Script::new(EXTEND),
                release: Script::new(RELEASE),
                unlock: Script::new(UNLOCK),
                free: Script::new(FREE),
            },
        })
    }

    /// The same under a key that other processes use too.
    #[must_use]
    pub fn sharing(self, key: &str) -> Self {
        Self {
            process: self.prefix,
            prefix: key.to_owned(),
            ..self
        }
    }

    /// Whose a lease is.
    fn owner(&self, node: NodeId) -> String {
        format!("{}n{}", self.process, node.0)
    }

    /// Whose a lock is that lasts as long as its owner.
    fn tied(&self, node: NodeId) -> String {
        format!("{}t{}", self.process, node.0)
    }

    fn key(&self, store: u32, what: &str) -> String {
        format!("{}:{store}:{what}", self.prefix)
    }

    /// A span as `PX` has it: whole milliseconds of the wall clock, at least one.
    fn real_ms(&self, span: Millis) -> u64 {
        u64::try_from(self.clock.real(span.into()).as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// Carries out one operation.
    pub async fn apply(
        &self,
        store: u32,
        from: NodeId,
        operation: StoreOperation,
    ) -> Result<Applied, redis::RedisError> {
        if let Operation::Write { value, when } = operation {
            return self.write(store, value, when).await;
        }
        let answer = self.answer(store, from, operation).await?;
        Ok(Applied { answer, replaced: None })
    }

    async fn answer(
        &self,
        store: u32,
        from: NodeId,
        operation: StoreOperation,
    ) -> Result<StoreAnswer, redis::RedisError> {
        let mut connection = self.connection();
        let lease = self.key(store, "lease");
        let fences = self.key(store, "fence");
        let scripts = &self.scripts;
        let (owner, tied) = (self.owner(from), self.tied(from));
        Ok(match operation {
            Operation::Read => Answer::Value(self.read(store).await?),
            Operation::Write { value, when } => self.write(store, value, when).await?.answer,
            Operation::Clear { when } => {
                let (condition, with) = self.condition(when, 0);
                let mut call = scripts.clear.prepare_invoke();
                call.key(self.key(store, "value"))
                    .key(self.key(store, "written"))
                    .arg(condition)
                    .arg(with);
                let done: u8 = call.invoke_async(&mut connection).await?;
                self.kept_unless(done == 1, store).await?
            }
            Operation::Acquire { ttl } => {
                let ttl = ttl.map_or(String::new(), |ttl| self.real_ms(ttl).to_string());
                let mut call = scripts.acquire.prepare_invoke();
                call.key(lease).key(fences).arg(owner).arg(ttl);
                taken(call.invoke_async(&mut connection).await?)
            }
            Operation::Lock => {
                let mut call = scripts.lock.prepare_invoke();
                call.key(lease).key(fences).arg(tied);
                taken(call.invoke_async(&mut connection).await?)
            }
            Operation::Extend { fence, ttl } => {
                let mut call = scripts.extend.prepare_invoke();
                call.key(lease).arg(format!("{owner}:{fence}")).arg(self.real_ms(ttl));
                let held: u8 = call.invoke_async(&mut connection).await?;
                Answer::Extended { held: held == 1 }
            }
            Operation::Release { fence } => {
                let mut call = scripts.release.prepare_invoke();
                call.key(lease)
                    .arg(format!("{owner}:{fence}"))
                    .arg(format!("{}:{fence}", tied));
                let held: u8 = call.invoke_async(&mut connection).await?;
                Answer::Released { held: held == 1 }
            }
            Operation::Unlock => {
                let mut call = scripts.unlock.prepare_invoke();
                call.key(lease).arg(owner).arg(tied);
                let held: u8 = call.invoke_async(&mut connection).await?;
                Answer::Released { held: held == 1 }
            }
        })
    }

    async fn read(&self, store: u32) -> Result<Option<Entry<Shared>>, redis::RedisError> {
        let mut connection = self.connection();
        let mut call = self.scripts.read.prepare_invoke();
        call.key(self.key(store, "value"));
        let lies: Option<(String, String)> = match call.invoke_async(&mut connection).await? {
            Value::Nil => None,
            value => redis::from_redis_value(value)?,
        };
        Ok(lies.and_then(|(data, micros)| {
            let written: Written = serde_json::from_str(&data).ok()?;
            let micros: f64 = micros.parse().ok()?;
            let age = std::time::Duration::from_micros(micros.max(0.0) as u64);
            Some(Entry {
                value: self.texts.read(&written),
                age: self.clock.shown(age).into(),
            })
        }))
    }

    async fn write(&self, store: u32, value: Shared, when: When) -> Result<Applied, redis::RedisError> {
        let mut connection = self.connection();
        let written = self.texts.written(value);
        let (condition, with) = self.condition(when, written.rank);
        let mut call = self.scripts.write.prepare_invoke();
        call.key(self.key(store, "value"))
            .key(self.key(store, "written"))
            .arg(condition)
            .arg(with)
            .arg(&written.access_token)
            .arg(written.rank)
            .arg(serde_json::to_string(&written).expect("plain data is JSON"));
        let (done, before): (u8, String) = call.invoke_async(&mut connection).await?;
        let replaced = (done == 1 && !before.is_empty()).then(|| self.texts.number(&before, None));
        let answer = self.kept_unless(done == 1, store).await?;
        Ok(Applied { answer, replaced })
    }

    async fn kept_unless(&self, written: bool, store: u32) -> Result<StoreAnswer, redis::RedisError> {
        match written {
            true => Ok(Answer::Written),
            false => Ok(Answer::Kept(self.read(store).await?)),
        }
    }

    /// A condition in the words of the scripts.
    fn condition(&self, when: When, rank: u32) -> (&'static str, String) {
        match when {
            When::Always => ("always", String::new()),
            When::Still(None) => ("still", String::new()),
            When::Still(Some(name)) => ("still", self.texts.text(Token(name)).access.clone()),
            When::Fence(fence) => ("fence", fence.to_string()),
            When::NotOlder => ("not_older", rank.to_string()),
        }
    }

    /// A node has died: a lock that lasts as long as its owner is free.
    pub async fn release_locks_of(&self, store: u32, owner: NodeId) {
        let mut connection = self.connection();
        let mut call = self.scripts.free.prepare_invoke();
        call.key(self.key(store, "lease")).arg(self.tied(owner));
        let _gone: Result<u8, _> = call.invoke_async(&mut connection).await;
    }

    /// Takes away what so many stores have put there.
    pub async fn clear(&self, stores: u32) {
        for mut connection in self.all().await {
            for store in 0..stores {
                let keys = ["value", "lease", "fence", "written"].map(|what| self.key(store, what));
                let _gone: Result<u8, _> = redis::cmd("DEL").arg(&keys).query_async(&mut connection).await;
            }
        }
    }
}

fn taken(fence: u32) -> StoreAnswer {
    match fence {
        0 => Answer::Busy,
        fence => Answer::Acquired { fence },
    }
}

/// A connection that comes back by itself.
///
/// # Errors
/// When nobody answers there, or something that is no Redis.
async fn connect(url: &str) -> Result<ConnectionManager, LiveError> {
    let failed = |error: redis::RedisError| unusable(url, error.to_string());
    let client = redis::Client::open(url).map_err(failed)?;
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_number_of_retries(1);
    let mut connection = client
        .get_connection_manager_with_config(config)
        .await
        .map_err(failed)?;
    let answer: String = redis::cmd("PING").query_async(&mut connection).await.map_err(failed)?;
    match &*answer {
        "PONG" => Ok(connection),
        _ => Err(unusable(url, format!("it answers {answer:?} to PING"))),
    }
}

fn unusable(url: &str, reason: String) -> LiveError {
    LiveError::Redis {
        url: without_password(url),
        reason,
    }
}

/// A URL that can be shown.
fn without_password(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
