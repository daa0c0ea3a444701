//! All profiles, spoken over sockets from the first token to the end of the quota: every answer is the one that `provider::Server`
//! gives to the same requests, in the words of the profile.

use std::collections::BTreeMap;

use serde_json::Value;
use tokenstorm::base::{Duration, Time};
use tokenstorm::emulator::{Emulator, EmulatorOptions};
use tokenstorm::oauth::{At, Reply, Token};
use tokenstorm::provider::profiles::{self, PROFILES};
use tokenstorm::provider::settings::{RetryAfter, RuleSettings, Settings, TokenWords};

use crate::client::{Client, Got};
use crate::shadow::Shadow;

/// Some Wednesday at noon.
const START: Duration = Duration::from_secs(1_700_049_600);
/// Requests of the longest quota that is tried out.
const LONGEST_QUOTA: u32 = 10_000;

/// A text under one of these keys, however deep.
fn found(json: &Value, keys: &[&str]) -> Option<String> {
    let Value::Object(all) = json else { return None };
    let here = keys.iter().find_map(|key| all.get(*key)?.as_str());
    let deeper = || all.values().find_map(|value| found(value, keys));
    here.map(str::to_owned).or_else(deeper)
}

struct Talk {
    name: &'static str,
    emulator: Emulator,
    client: Client,
    shadow: Shadow,
    /// Texts of access and refresh tokens, by what the shadow calls them.
    texts: BTreeMap<Token, String>,
    refresh: BTreeMap<u32, String>,
    /// What was seen on the way.
    seen: Vec<&'static str>,
}

impl Talk {
    fn new(name: &'static str, settings: &Settings) -> Self {
        let options = EmulatorOptions::profile(name).unwrap().seed(1).frozen_at(START);
        let emulator = Emulator::start_with(options).unwrap();
        Self {
            name,
            client: Client::of(&emulator),
            emulator,
            shadow: Shadow::of(settings, Time::ZERO + START),
            texts: BTreeMap::new(),
            refresh: BTreeMap::new(),
            seen: Vec::new(),
        }
    }

    fn advance(&mut self, by: Duration) {
        self.emulator.advance(by);
        self.shadow.now = self.shadow.now + by;
    }

    /// The text that a token has is always the same, and of no other token.
    fn learn(&mut self, token: Token, got: &Got) {
        let text = found(&got.json(), &["access_token", "tenant_access_token"]).expect("a token");
        let known = self.texts.entry(token).or_insert_with(|| text.clone());
        assert_eq!(*known, text, "{}: one token, one text", self.name);
        let owners = self.texts.values().filter(|other| **other == text).count();
        assert_eq!(owners, 1, "{}: a new token has a text of its own", self.name);
        match self.shadow.refresh_token(token) {
            None => assert_eq!(
                found(&got.json(), &["refresh_token"]),
                None,
                "{}: {}",
                self.name,
                got.body
            ),
            Some(serial) => {
                let text = found(&got.json(), &["refresh_token"]).expect("a refresh token");
                let known = self.refresh.entry(serial).or_insert_with(|| text.clone());
                assert_eq!(*known, text, "{}: one refresh token, one text", self.name);
            }
        }
    }

    fn log_in(&mut self) -> Token {
        let token = self.shadow.log_in();
        let got = self.client.control("POST", "/login", r#"{"client":"app"}"#);
        assert_eq!(got.status, 200, "{}: {}", self.name, got.body);
        self.learn(token, &got);
        token
    }

    /// The refusal that the shadow gives is the one that came.
    fn refused<T>(&self, at: At, reply: Reply<T>, got: &Got) {
        let Reply::Refused { kind, wait } = reply else {
            panic!("{}: only the emulator refuses: {} {}", self.name, got.status, got.body);
        };
        let worded = self.shadow.dialect.respond(at, kind, wait, |_| "a date".to_owned());
        assert_eq!(
            (got.status, got.body.as_str()),
            (worded.status, &*worded.body),
            "{}: {kind:?}",
            self.name
        );
        for (name, value) in &worded.headers {
            let came = got.header(name);
            if *name == "retry-after" && self.shadow.dialect.retry_after() == RetryAfter::Date {
                assert!(
                    came.is_some_and(|date| date.ends_with(" GMT")),
                    "{}: {came:?}",
                    self.name
                );
            } else {
                assert_eq!(came, Some(value.as_str()), "{}: {name} of {kind:?}", self.name);
            }
        }
        assert_eq!(
            got.header("retry-after").is_some(),
            worded.headers.iter().any(|(name, _)| *name == "retry-after")
        );
    }

    /// A token request, with the refresh token that came with a token where there are refresh tokens.
    fn token(&mut self, with: Option<Token>) -> Option<Token> {
        let reply = self.shadow.token(with);
        let got = match with.and_then(|with| self.shadow.refresh_token(with).or_else(|| self.known_refresh(with))) {
            None => self.client.token("grant_type=client_credentials"),
            Some(serial) => {
                let text = self.refresh[&serial].clone();
                self.client
                    .token(&format!("grant_type=refresh_token&refresh_token={text}"))
            }
        };
        match reply {
            Reply::Granted(grant) => {
                assert_eq!(got.status, 200, "{}: {}", self.name, got.body);
                let expires_in = Duration::from(grant.life).nanos() / 1_000_000_000;
                self.learn(grant.token, &got);
                let refresh = self.shadow.refresh_token(grant.token);
                let words = TokenWords {
                    access_token: &self.texts[&grant.token],
                    token_type: "bearer",
                    expires_in,
                    scope: "api",
                    refresh_token: refresh.map(|serial| self.refresh[&serial].as_str()),
                    api_url: Some("http://provider.test"),
                };
                assert_eq!(got.body, self.shadow.dialect.grant(&words).body, "{}", self.name);
                self.seen.push("granted");
                Some(grant.token)
            }
            refused => {
                self.refused(At::Token, refused, &got);
                self.seen.push("refused");
                None
            }
        }
    }

    /// Pairs that the shadow has forgotten would be looked up here; these talks are too short for that.
    const fn known_refresh(&self, _: Token) -> Option<u32> {
        None
    }

    fn call(&mut self, token: Token) -> bool {
        let got = self.client.call(&self.texts[&token]);
        match self.shadow.call(token) {
            Ok(()) => {
                assert_eq!(got.status, 200, "{}: {}", self.name, got.body);
                assert_eq!(got.text("path"), "/v2/users/me", "{}: the API echoes", self.name);
                true
            }
            Err(refused) => {
                self.refused(At::Api, refused, &got);
                self.seen.push("rejected");
                false
            }
        }
    }
}

/// Issue, use, supersede or rotate, replay, expire.
fn talk(name: &'static str, settings: &Settings) -> Talk {
    let ttl = settings.token_ttl.unwrap_or(Duration::from_secs(3600));
    let mut talk = Talk::new(name, settings);
    let first = match talk.shadow.rotates() {
        true => talk.log_in(),
        false => talk.token(None).expect("nobody has asked before"),
    };
    assert!(talk.call(first), "{name}: a new token is good");
    talk.advance(Duration::from_secs(2));
    let with = |token| talk_with(settings, token);
    let second = talk.token(with(first));
    let after = talk.call(first);
    if let Some(second) = second {
        assert!(talk.call(second), "{name}: the newest token is good");
        if let Some(RuleSettings::LatestOnly(rule)) = settings.rule
            && rule.overlap.is_zero()
        {
            assert!(!after, "{name}: the first was superseded");
        }
        talk.advance(Duration::from_secs(3));
        talk.token(with(second));
        talk.call(second);
    }
    // Once more with what was used first: a replay where tokens rotate.
    talk.token(with(first));
    talk.call(first);
    if let Some(second) = second {
        talk.call(second);
        talk.token(with(second));
    }
    // Up to the last instant, and from then on.
    let rest = ttl.saturating_sub(Duration::from_secs(6));
    talk.advance(rest);
    let known: Vec<_> = talk.texts.keys().copied().collect();
    for token in &known {
        talk.call(*token);
    }
    talk.advance(Duration::from_secs(7));
    for token in &known {
        assert!(!talk.call(*token), "{name}: a token of its full age has expired");
    }
    talk
}

/// What is presented to get another token.
fn talk_with(settings: &Settings, token: Token) -> Option<Token> {
    settings.refresh_tokens().map(|_| token)
}

/// Requests up to the end of the quota, the first beyond it, and the first of the next window.
fn exhaust(talk: &mut Talk, settings: &Settings) -> bool {
    let quotas = settings.limits.token.quotas.clone().unwrap_or_default();
    let Some(quota) = quotas
        .iter()
        .filter(|quota| quota.count <= LONGEST_QUOTA)
        .min_by_key(|quota| quota.count)
    else {
        return false;
    };
    talk.advance(quota.window);
    let with = talk.shadow.rotates().then(|| talk.log_in());
    let before = talk.seen.iter().filter(|seen| **seen == "refused").count();
    let mut last = with;
    for _ in 0..quota.count + 2 {
        let token = talk.token(last);
        if settings.refresh_tokens().is_some() {
            last = token.or(last);
        }
    }
    let refused = talk.seen.iter().filter(|seen| **seen == "refused").count() - before;
    assert!(refused >= 2, "{}: two requests are beyond the quota", talk.name);
    talk.advance(quota.window);
    talk.token(last);
    true
}

#[test]
fn every_answer_is_the_profiles() {
    let (mut quotas, mut rejected, mut stale) = (0, 0, 0);
    for (name, _) in PROFILES {
        let settings = profiles::find(name).unwrap().provider;
        let mut talk = talk(name, &settings);
        rejected += usize::from(talk.seen.contains(&"rejected"));
        stale += usize::from(talk.shadow.rotates() && talk.seen.contains(&"refused"));
        quotas += usize::from(exhaust(&mut talk, &settings));
    }
    assert_eq!(rejected, PROFILES.len());
    assert!(quotas >= 7, "only {quotas} profiles have a quota");
    assert!(stale >= 15, "only {stale} profiles refuse a replay");
}
