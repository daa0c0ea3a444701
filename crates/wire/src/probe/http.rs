//! A provider behind two URLs, spoken to over HTTP. The texts of tokens stay here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as Real, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, header};
use tokio::runtime::Runtime;

use super::addresses::{checked, without_query};
use super::reading::{Came, GrantedTexts, jwt};
use super::subject::{About, ApiAnswered, AskBy, Halt, HandedOut, NOBODYS, Question, Seen, Subject, TokenAnswered};
use super::target::{ClientAuth, Logins, ProbeTarget, TokenPlace};
use super::wording::{HeardWords, Worded};
use crate::base::{Duration, Time};
use crate::live::{HttpClient, http_client, reasons, retry_after};

/// Bytes of an answer that are read.
const LARGEST: usize = 1 << 20;
/// How long an answer may take.
const SLOWEST: Real = Real::from_secs(30);
/// How often it is looked whether somebody interrupted a wait.
const GLANCE: Real = Real::from_millis(50);
/// The text of a token that nobody issued.
const NOBODYS_TEXT: &str = "tokenstorm-probe-a-token-that-nobody-issued";

/// A provider over HTTP.
pub struct HttpSubject {
    runtime: Runtime,
    http: HttpClient,
    target: ProbeTarget,
    stop: Arc<AtomicBool>,
    /// Texts by number; the first is nobody's.
    texts: Vec<String>,
    numbers: BTreeMap<String, Seen>,
    about: About,
    heard: HeardWords,
    /// Refresh tokens that were used as logins.
    logged_in: usize,
    /// What an emulator's clock shows, which stands still; or the time by which waits are reckoned.
    clock: Clock,
}

/// Names and values of a form.
type Parameters = Vec<(&'static str, String)>;

enum Clock {
    Moved(Time),
    Wall { started: Instant, at: Time },
}

impl std::fmt::Debug for HttpSubject {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("HttpSubject")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl HttpSubject {
    /// Begins; the clock of an emulator stands still from now on.
    ///
    /// # Errors
    /// When a URL cannot be used, or the clock cannot be reached.
    pub fn new(target: ProbeTarget, stop: Arc<AtomicBool>) -> Result<Self, Halt> {
        checked("--token-url", &target.token_url)?;
        checked("--api-url", &target.api_url)?;
        if let Some(url) = &target.clock_url {
            checked("--clock", url)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Halt::Broken(format!("the system gives no runtime: {error}")))?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        let mut subject = Self {
            runtime,
            http: http_client(),
            heard: HeardWords::default(),
            texts: vec![NOBODYS_TEXT.to_owned()],
            numbers: BTreeMap::new(),
            about: About::Unknown,
            logged_in: 0,
            clock: Clock::Wall {
                started: Instant::now(),
                at: Time::from_nanos(nanos),
            },
            target,
            stop,
        };
        if subject.target.clock_url.is_some() {
            let shown = subject.move_clock(r#"{"frozen":true}"#)?;
            subject.clock = Clock::Moved(shown);
        }
        Ok(subject)
    }

    /// What was heard of the provider's own words.
    pub fn heard(&self) -> &HeardWords {
        &self.heard
    }

    /// The clock of an emulator goes on.
    pub fn let_go(&mut self) {
        if self.target.clock_url.is_some() {
            // It is the emulator's own business if it is gone.
            let _gone = self.move_clock(r#"{"frozen":false}"#);
        }
    }

    /// Tells the emulator's clock what to do; what it shows then.
    fn move_clock(&self, body: &str) -> Result<Time, Halt> {
        let url = self.target.clock_url.as_deref().unwrap_or_default();
        let wrong = |why: &str| {
            Halt::Broken(format!(
                "--clock {url}: {why}; it is the path /_tokenstorm/clock of `tokenstorm serve`, with \
                 TOKENSTORM_CONTROL_SECRET where it asks for one"
            ))
        };
        let mut request = Request::post(url).header(header::CONTENT_TYPE, "application/json");
        if let Some(secret) = &self.target.clock_secret {
            request = request.header(header::AUTHORIZATION, format!("Bearer {secret}"));
        }
        let request = request.body(Full::from(body.to_owned()));
        let came = self.send(url, request.map_err(|error| wrong(&error.to_string()))?)?;
        let json: serde_json::Value = serde_json::from_str(&came.body).unwrap_or_default();
        let shown = json["now"]
            .as_str()
            .and_then(|text| humantime::parse_rfc3339(text).ok());
        let shown = shown.filter(|_| came.status == 200);
        let shown = shown.ok_or_else(|| wrong(&format!("it answers with status {} and no time", came.status)))?;
        let since = shown.duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Time::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)))
    }

    fn interrupted(&self) -> Result<(), Halt> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(Halt::Interrupted),
            false => Ok(()),
        }
    }

    /// Sends a request and reads its answer whole.
    fn send(&self, url: &str, request: Request<Full<Bytes>>) -> Result<Came, Halt> {
        self.interrupted()?;
        let broken = |why: String| {
            Halt::Broken(format!(
                "{} does not answer: {why}; is the URL right, and does the provider listen there?",
                without_query(url)
            ))
        };
        let exchange = async {
            let response = self
                .http
                .request(request)
                .await
                .map_err(|error| broken(reasons(&error)))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, LARGEST).collect().await;
            let body = body.map_err(|error| broken(error.to_string()))?.to_bytes();
            Ok((parts, body))
        };
        let answered = self
            .runtime
            .block_on(async { tokio::time::timeout(SLOWEST, exchange).await });
        let (parts, body) = answered.map_err(|_| broken(format!("nothing came within {} s", SLOWEST.as_secs())))??;
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Came {
            status: parts.status.as_u16(),
            media_type: text("content-type").unwrap_or_default().to_owned(),
            authenticate: text("www-authenticate").map(str::to_owned),
            retry_after: text("retry-after").and_then(retry_after).map(Duration::from),
            body: String::from_utf8_lossy(&body).into_owned(),
            limits: parts
                .headers
                .iter()
                .filter(|(name, _)| name.as_str().contains("ratelimit") || name.as_str().contains("rate-limit"))
                .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
                .collect(),
        })
    }

    fn number(&mut self, text: String) -> Seen {
        if let Some(number) = self.numbers.get(&text) {
            return *number;
        }
        let number = self.texts.len() as Seen;
        self.texts.push(text.clone());
        self.numbers.insert(text, number);
        number
    }

    fn text(&self, seen: Seen) -> String {
        self.texts.get(seen as usize).cloned().unwrap_or_default()
    }

    /// An answer's words, without anything that is secret.
    fn worded(&self, came: &Came) -> Worded {
        let secrets = self.target.secrets().into_iter();
        let hidden: Vec<&str> = secrets.chain(self.texts.iter().map(String::as_str)).collect();
        Worded::of(came, &hidden)
    }

    fn token_request(&self, parameters: &[(&str, &str)]) -> Result<Came, Halt> {
        let target = &self.target;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(parameters);
        form.extend_pairs(target.parameters.iter());
        let mut request = Request::post(&target.token_url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        match target.client_auth {
            ClientAuth::Basic => {
                let basic = STANDARD.encode(format!("{}:{}", target.client_id, target.client_secret));
                request = request.header(header::AUTHORIZATION, format!("Basic {basic}"));
            }
            ClientAuth::Body => {
                form.append_pair("client_id", &target.client_id);
                form.append_pair("client_secret", &target.client_secret);
            }
        }
        let request = request.body(Full::from(form.finish()));
        let request = request.map_err(|error| Halt::Broken(format!("--token-url cannot be asked: {error}")))?;
        self.send(&target.token_url, request)
    }

    /// The parameters of a question, where it can be asked here; and the refresh token that stands for a login.
    fn parameters(&mut self, question: Question) -> Option<(Parameters, Option<Seen>)> {
        let refresh = |token| vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token)];
        match (question.by, &self.target.logins) {
            (AskBy::Refresh(seen), _) => Some((refresh(self.text(seen)), None)),
            (AskBy::Client, Logins::RefreshTokens(_)) => None,
            (AskBy::Client, _) => Some((vec![("grant_type", self.target.grant_type.clone())], None)),
            (AskBy::Login, Logins::Nobody) => None,
            (AskBy::Login, Logins::Password { user, password }) => {
                let who = [("username", user.clone()), ("password", password.clone())];
                let grant = std::iter::once(("grant_type", "password".to_owned()));
                Some((grant.chain(who).collect(), None))
            }
            (AskBy::Login, Logins::RefreshTokens(tokens)) => {
                let token = tokens.get(self.logged_in)?.clone();
                self.logged_in += 1;
                let seen = self.number(token.clone());
                Some((refresh(token), Some(seen)))
            }
        }
    }

    fn granted(&mut self, granted: GrantedTexts, given: Option<Seen>) -> TokenAnswered {
        self.heard.jwt = self.heard.jwt.or(jwt(&granted.access));
        let access = self.number(granted.access);
        let refresh = granted.refresh.map(|text| self.number(text));
        TokenAnswered::Granted(HandedOut {
            access,
            refresh: refresh.or(given),
            life: granted.life,
        })
    }

    /// What an answer without a token means.
    fn not_granted(&mut self, question: Question, came: &Came) -> Result<TokenAnswered, Halt> {
        let worded = self.worded(came);
        let told = worded.told();
        self.heard.last = Some(told.clone());
        if came.is_throttled() {
            self.heard.throttled.get_or_insert(worded);
            return Ok(TokenAnswered::Throttled(came.retry_after));
        }
        let code = came.code().unwrap_or_default();
        let refreshes =
            matches!(question.by, AskBy::Refresh(_)) || matches!(self.target.logins, Logins::RefreshTokens(_));
        let broken = |why: &str| Err(Halt::Broken(format!("the token endpoint answers {told}: {why}")));
        match (code.as_str(), came.status) {
            ("unsupported_grant_type" | "unauthorized_client", _) => return Ok(TokenAnswered::Unsupported),
            ("invalid_client", _) => return broken(WRONG_CLIENT),
            ("", 401) if !refreshes => return broken(WRONG_CLIENT),
            ("", 404 | 405) => return broken("is --token-url the token endpoint?"),
            (_, 500..) => return broken("the provider fails; try again later"),
            _ if came.is_page() => return broken("a page came, and no JSON; is --token-url the token endpoint?"),
            _ => {}
        }
        if question.by == AskBy::Login {
            return broken(match self.target.logins {
                Logins::RefreshTokens(_) => "is the refresh token one that was not used yet?",
                _ => "are --username and TOKENSTORM_PASSWORD right?",
            });
        }
        if (200..300).contains(&came.status) && code.is_empty() {
            return broken("there is no access token in it; is --token-url the token endpoint?");
        }
        self.heard.refused.entry(self.about).or_insert(worded);
        Ok(TokenAnswered::Refused)
    }
}

const WRONG_CLIENT: &str = "the provider does not let the client in; are --client-id and TOKENSTORM_CLIENT_SECRET (or \
                            --client-secret-file) right, and does it want them by --client-auth body?";

const NO_LOGIN: &str = "this client is not given tokens of its own, so a user has to log in; give --username with \
                        TOKENSTORM_PASSWORD, or --refresh-tokens FILE";

impl Subject for HttpSubject {
    fn now(&self) -> Time {
        match self.clock {
            Clock::Moved(now) => now,
            Clock::Wall { started, at } => {
                let nanos = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
                at + Duration::from_nanos(nanos)
            }
        }
    }

    fn about(&mut self, about: About) {
        self.about = about;
    }

    fn pass(&mut self, span: Duration) -> Result<(), Halt> {
        if let Clock::Moved(now) = self.clock {
            self.move_clock(&format!(r#"{{"advance":"{span}"}}"#))?;
            self.clock = Clock::Moved(now + span);
            return Ok(());
        }
        let until = Instant::now() + Real::from_nanos(span.nanos());
        loop {
            self.interrupted()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(GLANCE));
        }
    }

    fn ask(&mut self, question: Question) -> Result<TokenAnswered, Halt> {
        let Some((own, given)) = self.parameters(question) else {
            return match (question.by, &self.target.logins) {
                (AskBy::Login, Logins::Nobody) => Err(Halt::Broken(NO_LOGIN.to_owned())),
                (AskBy::Login, _) => Err(Halt::Grants),
                _ => Ok(TokenAnswered::Unsupported),
            };
        };
        let slot = self.target.slot_parameter.clone().zip(question.slot);
        let slot = slot.map(|(name, slot)| (name, slot.to_string()));
        let force = question.force.then(|| self.target.force_parameter.clone());
        let more: Vec<_> = slot.into_iter().chain(force).collect();
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        let all: Vec<_> = own
            .chain(more.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            .collect();
        let came = self.token_request(&all)?;
        self.heard.hear_limits(&came, true);
        match came.granted() {
            Some(granted) => Ok(self.granted(granted, given)),
            None => self.not_granted(question, &came),
        }
    }

    fn call(&mut self, token: Seen) -> Result<ApiAnswered, Halt> {
        let (url, text) = (self.target.api_url.clone(), self.text(token));
        let request = match self.target.token_place {
            TokenPlace::Header => Request::get(&url).header(header::AUTHORIZATION, format!("Bearer {text}")),
            TokenPlace::Query => {
                let pair = form_urlencoded::Serializer::new(String::new())
                    .append_pair("access_token", &text)
                    .finish();
                Request::get(format!("{url}{}{pair}", if url.contains('?') { '&' } else { '?' }))
            }
        };
        let request = request.body(Full::default());
        let request = request.map_err(|error| Halt::Broken(format!("--api-url cannot be called: {error}")))?;
        let came = self.send(&url, request)?;
        self.heard.hear_limits(&came, false);
        if came.is_served() {
            return Ok(ApiAnswered::Accepted);
        }
        let worded = self.worded(&came);
        if came.is_throttled() {
            self.heard.throttled.get_or_insert(worded);
            return Ok(ApiAnswered::Throttled(came.retry_after));
        }
        if came.status >= 500 {
            let told = worded.told();
            return Err(Halt::Broken(format!(
                "the API answers {told}: the provider fails; try again later"
            )));
        }
        if came.status == 404 && token != NOBODYS {
            return Err(Halt::Broken(
                "the API answers 404 to a good token; is --api-url right?".to_owned(),
            ));
        }
        self.heard.refused.entry(self.about).or_insert(worded);
        Ok(ApiAnswered::Rejected)
    }
}
