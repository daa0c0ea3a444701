//! The scripts beside the state machine that the simulator runs.

use super::*;
use crate::base::{Dice, Duration, Time};
use crate::oauth::Grant;
use crate::store::Store;

#[path = "../../../../../tests/common/redis.rs"]
mod redis_server;

use redis_server::TestRedis;

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn clock() -> PacedClock {
    PacedClock::start_in(std::time::Duration::ZERO, 1.0)
}

async fn open(redis: &TestRedis, texts: &Arc<Texts>) -> RedisStore {
    RedisStore::open(&redis.url(), clock(), Arc::clone(texts))
        .await
        .unwrap()
}

/// A step that a draw stands for. Leases last long: nothing ends by itself.
fn step(draw: u64, tokens: &[Token], fence: u32) -> (NodeId, StoreOperation) {
    let pick = |shift: u32, of: u64| (draw >> shift) % of;
    let token = tokens[pick(8, tokens.len() as u64) as usize];
    let value = Shared::of(
        Grant {
            token,
            life: Millis::new(5000),
            rank: Some(token.0),
        },
        0,
    );
    let fence = fence.saturating_sub(pick(16, 3) as u32);
    let when = match pick(24, 5) {
        0 => When::Always,
        1 => When::Still(None),
        2 => When::Still(Some(tokens[pick(32, tokens.len() as u64) as usize].0)),
        3 => When::Fence(fence),
        _ => When::NotOlder,
    };
    let long = Millis::new(3_600_000);
    let operation = match pick(40, 9) {
        0 => Operation::Read,
        1 | 2 => Operation::Write { value, when },
        3 if when != When::NotOlder => Operation::Clear { when },
        3 | 4 => Operation::Acquire { ttl: Some(long) },
        5 => Operation::Acquire { ttl: None },
        6 => Operation::Extend { fence, ttl: long },
        7 => Operation::Release { fence },
        _ => Operation::Unlock,
    };
    (NodeId(pick(48, 3) as u32), operation)
}

/// How long something has lain there is each one's own to say.
fn ageless(mut answer: StoreAnswer) -> StoreAnswer {
    if let Answer::Value(Some(entry)) | Answer::Kept(Some(entry)) = &mut answer {
        entry.age = Millis::ZERO;
    }
    answer
}

#[test]
fn a_redis_answers_what_the_simulated_store_answers() {
    let Some(redis) = TestRedis::start() else { return };
    block_on(async {
        let texts = Arc::new(Texts::default());
        let tokens = ["a", "b", "c", "d"].map(|text| texts.number(text, None));
        let kept = open(&redis, &texts).await;
        let mut seen = std::collections::BTreeSet::new();
        for walk in 0..20 {
            let (mut store, mut fence) = (Store::default(), 0);
            for count in 0..100 {
                let (from, operation) = step(Dice::new(walk).draw(1, 2, count), &tokens, fence);
                let simulated = ageless(store.apply(Time::ZERO, from, operation));
                let real = ageless(kept.apply(walk as u32, from, operation).await.unwrap().answer);
                assert_eq!(
                    real, simulated,
                    "walk {walk}, step {count}: {operation:?} from {from:?}"
                );
                if let Answer::Acquired { fence: taken } = real {
                    fence = taken;
                }
                seen.insert(
                    format!("{real:?}")
                        .split([' ', '(', '{'])
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                );
            }
        }
        let all = ["Acquired", "Busy", "Extended", "Kept", "Released", "Value", "Written"];
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
        kept.clear(20).await;
        let mut connection = kept.connection.clone();
        let left: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
        assert_eq!(left, Vec::<String>::new(), "nothing is left behind");
    });
}

/// A lease ends whether its holder knows or not, and then belongs to whoever takes it.
#[test]
fn a_lease_lapses_by_redis_own_clock() {
    let Some(redis) = TestRedis::start() else { return };
    block_on(async {
        let texts = Arc::new(Texts::default());
        let kept = open(&redis, &texts).await;
        let (slow, quick) = (NodeId(0), NodeId(1));
        let acquire = |ms| Operation::Acquire {
            ttl: Some(Millis::new(ms)),
        };
        let answers = |from, operation| kept.answer(0, from, operation);
        assert_eq!(answers(slow, acquire(40)).await.unwrap(), Answer::Acquired { fence: 1 });
        tokio::time::sleep(std::time::Duration::from_millis(120)).await;
        assert_eq!(
            answers(quick, acquire(60_000)).await.unwrap(),
            Answer::Acquired { fence: 2 }
        );
        let ttl = Millis::new(60_000);
        for (operation, answer) in [
            (Operation::Extend { fence: 1, ttl }, Answer::Extended { held: false }),
            (Operation::Release { fence: 1 }, Answer::Released { held: false }),
            (acquire(60_000), Answer::Busy),
        ] {
            assert_eq!(answers(slow, operation).await.unwrap(), answer);
        }
        // A lock that is tied to its owner is its owner's again, and free when that one has died.
        assert_eq!(
            answers(quick, Operation::Release { fence: 2 }).await.unwrap(),
            Answer::Released { held: true }
        );
        assert_eq!(
            answers(slow, Operation::Lock).await.unwrap(),
            Answer::Acquired { fence: 3 }
        );
        assert_eq!(
            answers(slow, Operation::Lock).await.unwrap(),
            Answer::Acquired { fence: 4 }
        );
        assert_eq!(answers(quick, Operation::Lock).await.unwrap(), Answer::Busy);
        kept.release_locks_of(0, slow).await;
        assert_eq!(
            answers(quick, Operation::Lock).await.unwrap(),
            Answer::Acquired { fence: 5 }
        );
    });
}

#[test]
fn what_lies_there_grows_older() {
    let Some(redis) = TestRedis::start() else { return };
    block_on(async {
        let texts = Arc::new(Texts::default());
        let (url, clock) = (redis.url(), PacedClock::start_in(std::time::Duration::ZERO, 100.0));
        let kept = RedisStore::open(&url, clock, Arc::clone(&texts)).await.unwrap();
        let grant = Grant {
            token: texts.number("a", Some("r")),
            life: Millis::new(5000),
            rank: None,
        };
        let write = Operation::Write {
            value: Shared::of(grant, 3),
            when: When::Always,
        };
        assert_eq!(kept.answer(0, NodeId(0), write).await.unwrap(), Answer::Written);
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let Answer::Value(Some(entry)) = kept.answer(0, NodeId(1), Operation::Read).await.unwrap() else {
            panic!("it lies there")
        };
        assert_eq!(entry.value, Shared::of(grant, 3));
        assert!(
            Duration::from(entry.age) >= Duration::from_secs(3),
            "at a hundredfold pace: {:?}",
            entry.age
        );
    });
}

#[test]
fn what_is_no_redis_is_told() {
    block_on(async {
        let error = RedisStore::open("redis://127.0.0.1:1/", clock(), Arc::default())
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("the Redis at redis://127.0.0.1:1/ cannot be used"),
            "{error}"
        );
        let error = RedisStore::open("redis://user:secret@127.0.0.1:1/", clock(), Arc::default())
            .await
            .err()
            .unwrap();
        assert!(!error.to_string().contains("secret"), "{error}");
        let error = RedisStore::open("nonsense", clock(), Arc::default())
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("nonsense") && error.contains("--redis"), "{error}");
    });
}

/// A Redis that was killed fails its nodes as long as it is away, and serves them when it is back, with nothing of what it held.
#[test]
fn a_redis_that_comes_back_is_used_again() {
    let Some(mut redis) = TestRedis::start() else { return };
    block_on(async {
        let texts = Arc::new(Texts::default());
        let kept = open(&redis, &texts).await;
        let acquire = || {
            kept.answer(
                0,
                NodeId(0),
                Operation::Acquire {
                    ttl: Some(Millis::new(60_000)),
                },
            )
        };
        assert_eq!(acquire().await.unwrap(), Answer::Acquired { fence: 1 });
        redis.kill();
        assert!(acquire().await.is_err());
        redis.start_again();
        let mut tries = 0;
        let answer = loop {
            match acquire().await {
                Ok(answer) => break answer,
                Err(error) => assert!(tries < 200, "{error}"),
            }
            tries += 1;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        };
        assert_eq!(answer, Answer::Acquired { fence: 1 }, "its counter is gone too");
    });
}
