//! A token source with reqwest: the call is sent with the token that there is, and once more with another one where it is refused.

use tokenstorm::emulator::Emulator;
use tokenstorm::live::{TokenSource, TokenSourceOptions};
use tokenstorm::strategy::{CompareFirst, Coordination};

type Failed = Box<dyn std::error::Error + Send + Sync>;

pub fn main() -> Result<(), Failed> {
    let provider = Emulator::start("zoom-s2s-2022")?;
    tokio::runtime::Runtime::new()?.block_on(calls(&provider))
}

async fn calls(provider: &Emulator) -> Result<(), Failed> {
    let strategy = Coordination::CompareFirst(CompareFirst {});
    let options = TokenSourceOptions::new(strategy, &provider.token_url(), "app", "secret")?;
    let source = TokenSource::start(options).await?;
    let (http, url) = (reqwest::Client::new(), format!("{}/v2/users/me", provider.url()));
    for _ in 0..3 {
        let answer = source
            .call(
                |token| http.get(&url).bearer_auth(token).send(),
                |answer| (answer.status().as_u16(), None),
            )
            .await??;
        assert_eq!(answer.status(), 200);
        // An hour later the token has expired.
        provider.advance(tokenstorm::base::Duration::from_secs(3600));
    }
    assert_eq!(provider.count("token_requests"), Some(3));
    Ok(())
}
