//! A tower layer that gives every request a token, and sends one that is refused for it once more.
//!
//! A hundred calls run at once while another program takes a token of its own, which kills ours: one token request serves them all.

use http_body_util::Empty;
use hyper::{Request, StatusCode, body::Bytes};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokenstorm::emulator::Emulator;
use tokenstorm::live::{TokenLayer, TokenSource, TokenSourceOptions};
use tokenstorm::strategy::{CompareFirst, Coordination};
use tower::{Layer as _, ServiceExt as _};

type Failed = Box<dyn std::error::Error + Send + Sync>;

pub fn main() -> Result<(), Failed> {
    // In place of a provider: the latest token is the only live one.
    let provider = Emulator::start("zoom-s2s-2022")?;
    tokio::runtime::Runtime::new()?.block_on(calls(&provider))
}

async fn calls(provider: &Emulator) -> Result<(), Failed> {
    let strategy = Coordination::CompareFirst(CompareFirst {});
    let options = TokenSourceOptions::new(strategy, &provider.token_url(), "app", "secret")?;
    let source = TokenSource::start(options).await?;
    let http = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let service = TokenLayer::new(source).layer(http);
    let url = format!("{}/v2/users/me", provider.url());
    let call = || {
        let (service, url) = (service.clone(), url.clone());
        async move {
            let request = Request::get(url).body(Empty::new())?;
            Ok::<_, Failed>(service.oneshot(request).await?.status())
        }
    };

    assert_eq!(call().await?, StatusCode::OK);
    another_program_takes_a_token(provider).await?;
    let before = provider.count("token_requests");
    let calls: Vec<_> = (0..100).map(|_| tokio::spawn(call())).collect();
    for call in calls {
        assert_eq!(call.await??, StatusCode::OK);
    }
    let asked = provider
        .count("token_requests")
        .zip(before)
        .map(|(after, before)| after - before);
    assert_eq!(asked, Some(1));
    Ok(())
}

async fn another_program_takes_a_token(provider: &Emulator) -> Result<(), Failed> {
    let other = TokenSourceOptions::new(
        Coordination::CompareFirst(CompareFirst {}),
        &provider.token_url(),
        "app",
        "secret",
    )?;
    let token = TokenSource::start(other)
        .await?
        .begin()
        .attempt()
        .await?
        .token()
        .to_owned();
    assert!(!token.is_empty());
    Ok(())
}
