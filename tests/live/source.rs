//! The token source of a program of one's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokenstorm::emulator::Emulator;
use tokenstorm::live::{TokenSource, TokenSourceOptions};
use tokenstorm::strategy::Coordination;
use tokenstorm::trace::Event;

use crate::redis_server::TestRedis;

#[path = "../../examples/token_layer.rs"]
mod token_layer;
#[path = "../../examples/token_source.rs"]
mod token_source;

#[test]
fn the_examples_run() {
    token_layer::main().unwrap();
    token_source::main().unwrap();
}

fn options(provider: &Emulator, strategy: &str) -> TokenSourceOptions {
    let strategy: Coordination = serde_json::from_str(strategy).unwrap();
    TokenSourceOptions::new(strategy, &provider.token_url(), "app", "secret").unwrap()
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

/// An attempt, and what the provider made of it.
async fn call(source: TokenSource, provider: Arc<Emulator>) -> bool {
    let mut call = source.begin();
    while let Ok(attempt) = call.attempt().await {
        let url = format!("{}/v2", provider.url());
        let answer = reqwest::Client::new()
            .get(url)
            .bearer_auth(attempt.token())
            .send()
            .await;
        match answer {
            Ok(answer) if attempt.answered(answer.status().as_u16(), None) => return true,
            Ok(_) => {}
            Err(_) => panic!("the emulator answers"),
        }
    }
    false
}

/// Calls that are given up at any point, while they wait for a token and while they are under way, take nobody's token with them.
#[test]
fn calls_that_are_given_up_take_nothing_with_them() {
    block_on(async {
        for strategy in [
            r#"{ "compare_first": {} }"#,
            r#"{ "single_flight": {} }"#,
            r#"{ "lease": {} }"#,
            r#"{ "token_per_call": {} }"#,
        ] {
            let provider = Arc::new(Emulator::start("zoom-s2s-2022").unwrap());
            let source = TokenSource::start(options(&provider, strategy)).await.unwrap();
            for round in 0..20 {
                provider.advance(tokenstorm::base::Duration::from_secs(3600));
                let calls: Vec<_> = (0..20)
                    .map(|_| tokio::spawn(call(source.clone(), Arc::clone(&provider))))
                    .collect();
                for given_up in calls.iter().step_by(2) {
                    given_up.abort();
                    tokio::time::sleep(Duration::from_micros(round * 50)).await;
                }
                let mut served = 0;
                for call in calls {
                    served += usize::from(call.await.unwrap_or(false));
                }
                // Where a late refusal renews once more, calls fight each other for the only live token.
                let fights = strategy.contains("per_call") || strategy.contains("single_flight");
                let least = if fights { 0 } else { 10 };
                assert!(served >= least, "{strategy}, round {round}: {served}");
            }
            assert!(call(source.clone(), Arc::clone(&provider)).await, "{strategy}");
        }
    });
}

/// Two programs that share a key in a Redis share a token.
#[test]
fn programs_share_a_token_through_a_redis() {
    let Some(redis) = TestRedis::start() else { return };
    block_on(async {
        let provider = Arc::new(Emulator::start("zoom-s2s-2022").unwrap());
        let shared = || options(&provider, r#"{ "lease": {} }"#).redis(&redis.url(), "a-test:main");
        let one = TokenSource::start(shared()).await.unwrap();
        let other = TokenSource::start(shared()).await.unwrap();
        for source in [&one, &other, &one, &other] {
            assert!(call(source.clone(), Arc::clone(&provider)).await);
        }
        assert_eq!(provider.count("token_requests"), Some(1));
        assert_eq!(provider.count("rejected"), Some(0));
    });
}

#[test]
fn whoever_listens_hears_what_happens() {
    block_on(async {
        let provider = Arc::new(Emulator::start("zoom-s2s-2022").unwrap());
        let heard: Arc<[AtomicU64; 2]> = Arc::default();
        let counts = Arc::clone(&heard);
        let listening = options(&provider, r#"{ "compare_first": {} }"#).listener(move |event| match event {
            Event::TokenRequested { .. } => _ = counts[0].fetch_add(1, Ordering::Relaxed),
            Event::CallEnded { .. } => _ = counts[1].fetch_add(1, Ordering::Relaxed),
            _ => {}
        });
        let source = TokenSource::start(listening).await.unwrap();
        for _ in 0..3 {
            assert!(call(source.clone(), Arc::clone(&provider)).await);
        }
        // The last word is on its way to the node when its caller goes on: one more call comes after it.
        assert!(call(source.clone(), Arc::clone(&provider)).await);
        assert_eq!(heard[0].load(Ordering::Relaxed), 1);
        assert!((3..=4).contains(&heard[1].load(Ordering::Relaxed)));
    });
}

#[test]
fn what_cannot_be_a_source_is_told() {
    block_on(async {
        let provider = Emulator::start("zoom-s2s-2022").unwrap();
        let alone = TokenSource::start(options(&provider, r#"{ "gateway": {} }"#))
            .await
            .unwrap_err();
        assert!(alone.to_string().contains("gateway"), "{alone}");
        let strategy = || serde_json::from_str::<Coordination>(r#"{ "compare_first": {} }"#).unwrap();
        let no_url = TokenSourceOptions::new(strategy(), "nonsense", "app", "secret").unwrap_err();
        assert!(no_url.to_string().contains("no URL"), "{no_url}");
        let nobody = TokenSourceOptions::new(strategy(), "http://127.0.0.1:1/token", "app", "secret").unwrap();
        let nobody = TokenSource::start(nobody).await.unwrap_err();
        assert!(nobody.to_string().contains("cannot be reached"), "{nobody}");
    });
}
