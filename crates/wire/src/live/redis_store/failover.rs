//! A second Redis that takes over, and has not heard of the last writes.
//!
//! It follows the first one as a replica does, until the run says that the writes from then on are to be lost; when the store fails
//! over, it is the store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use redis::aio::ConnectionManager;

use super::{LiveError, RedisStore, connect, unusable};

/// How long a replica may take to catch up.
const CATCH_UP: Duration = Duration::from_secs(30);

/// The Redis that takes over.
pub(super) struct Replica {
    connection: ConnectionManager,
    /// It follows the first one.
    follows: AtomicBool,
    /// It has taken over.
    serves: AtomicBool,
}

impl Replica {
    fn of(connection: ConnectionManager, follows: bool) -> Self {
        Self {
            connection,
            follows: AtomicBool::new(follows),
            serves: AtomicBool::new(false),
        }
    }
}

impl RedisStore {
    /// With a second Redis, if one is named, that is or becomes a replica of this one.
    ///
    /// # Errors
    /// When it cannot be reached, holds anything that replication would erase, or does not catch up.
    pub async fn followed_by(self, replica: Option<&str>, primary: &str) -> Result<Self, LiveError> {
        let Some(url) = replica else {
            return Ok(self);
        };
        Ok(Self {
            replica: Some(Replica::of(following(primary, url).await?, true)),
            ..self
        })
    }

    /// As another process of this machine has it, under its key; who follows whom is that one's business.
    ///
    /// # Errors
    /// When the second Redis cannot be reached.
    pub async fn joining(self, key: &str, replica: Option<&str>) -> Result<Self, LiveError> {
        let replica = match replica {
            Some(url) => Some(Replica::of(connect(url).await?, false)),
            None => None,
        };
        Ok(Self {
            prefix: key.to_owned(),
            replica,
            ..self
        })
    }

    /// Under which key everything lies.
    pub fn key_of_run(&self) -> &str {
        &self.prefix
    }

    /// To the Redis that is the store now.
    pub(super) fn connection(&self) -> ConnectionManager {
        let replica = self.replica.as_ref();
        let serves = replica.filter(|replica| replica.serves.load(Ordering::Relaxed));
        serves.map_or(&self.connection, |replica| &replica.connection).clone()
    }

    /// The second one follows no more.
    pub async fn unfollow(&self) {
        if let Some(replica) = &self.replica
            && replica.follows.swap(false, Ordering::Relaxed)
        {
            let _ok: Result<String, _> = no_one().query_async(&mut replica.connection.clone()).await;
        }
    }

    /// The second one is the store from now on.
    pub fn switch_over(&self) {
        if let Some(replica) = &self.replica {
            replica.serves.store(true, Ordering::Relaxed);
        }
    }

    /// Both, so that nothing of a run is left in either.
    pub(super) async fn all(&self) -> Vec<ConnectionManager> {
        self.unfollow().await;
        let replica = self.replica.as_ref().map(|replica| replica.connection.clone());
        std::iter::once(self.connection.clone()).chain(replica).collect()
    }
}

/// Makes a second, empty Redis follow the first one, and waits until it has caught up. By default a Redis lets five seconds pass before
/// it sends a new replica anything: whoever starts a clock does that first.
///
/// # Errors
/// When one of them cannot be reached, or the second holds anything that replication would erase, or does not catch up.
pub fn follow(primary: &str, replica: &str) -> Result<(), LiveError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| LiveError::System(error.to_string()))?;
    runtime.block_on(following(primary, replica)).map(drop)
}

/// A connection to a Redis that follows the first one.
async fn following(primary: &str, url: &str) -> Result<ConnectionManager, LiveError> {
    let failed = |error: redis::RedisError| unusable(url, error.to_string());
    let mut connection = connect(url).await?;
    let client = redis::Client::open(primary).map_err(failed)?;
    let redis::ConnectionAddr::Tcp(host, port) = client.get_connection_info().addr() else {
        return Err(unusable(primary, "a replica follows only redis://host:port".to_owned()));
    };
    let master = [format!("master_host:{host}\r"), format!("master_port:{port}\r")];
    let follows =
        |told: &str| told.contains("master_link_status:up") && master.iter().all(|line| told.contains(line.as_str()));
    if follows(&replication(&mut connection).await.map_err(failed)?) {
        return Ok(connection);
    }
    let keys: u64 = redis::cmd("DBSIZE")
        .query_async(&mut connection)
        .await
        .map_err(failed)?;
    if keys > 0 {
        let reason = format!("it holds {keys} keys, which it would lose as a replica; name an empty one");
        return Err(unusable(url, reason));
    }
    let mut command = redis::cmd("REPLICAOF");
    command.arg(host).arg(*port);
    let _ok: String = command.query_async(&mut connection).await.map_err(failed)?;
    let until = Instant::now() + CATCH_UP;
    while !follows(&replication(&mut connection).await.map_err(failed)?) {
        if Instant::now() > until {
            let _ok: Result<String, _> = no_one().query_async(&mut connection).await;
            let reason = format!(
                "it does not catch up with the first Redis within {} s",
                CATCH_UP.as_secs()
            );
            return Err(unusable(url, reason));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(connection)
}

async fn replication(connection: &mut ConnectionManager) -> Result<String, redis::RedisError> {
    redis::cmd("INFO").arg("replication").query_async(connection).await
}

fn no_one() -> redis::Cmd {
    let mut command = redis::cmd("REPLICAOF");
    command.arg("NO").arg("ONE");
    command
}
