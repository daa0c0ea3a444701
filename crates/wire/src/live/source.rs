//! A token source for a program of one's own: a node of a strategy that obtains, shares and renews, while the program sends its
//! calls itself.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::connection::{reach, reachable};
use super::hearing::{self, Answered};
use super::machine::Told;
use super::mail::{CallStep, Mail};
use super::node::LiveNode;
use super::shelf::Shelf;
use super::site::Site;
use super::surroundings::{Ears, Listener, Surroundings};
use super::texts::{Texts, TokenText};
use super::{LiveError, LiveProvider};
use crate::base::{Dice, Duration, NodeId, PacedClock, Time};
use crate::node::{CallPolicy, Heard, Strategy as _, Ticket};
use crate::oauth::{AnswerKind, Reply, Token};
use crate::plan::{Drivers, Links, Plan, ProviderPlan, Span};
use crate::provider::settings::{Dialect, DialectSettings};
use crate::provider::{Endpoint, Issuance, OnBadSlot, Reveals};
use crate::retry::{Attempts, Immediate, Retry};
use crate::strategy::Coordination;
use crate::trace::{CallOutcome, Event};
use crate::world::Layout;

/// How long a token request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a token source is to do.
#[derive(Clone)]
pub struct TokenSourceOptions {
    coordination: Coordination,
    policy: CallPolicy,
    provider: LiveProvider,
    redis: Option<(String, String)>,
    listener: Option<Listener>,
}

impl std::fmt::Debug for TokenSourceOptions {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets are nobody's business.
        to.debug_struct("TokenSourceOptions")
            .field("coordination", &self.coordination)
            .finish_non_exhaustive()
    }
}

impl TokenSourceOptions {
    /// Follows this strategy with tokens of a client, which it obtains as client credentials (RFC 6749, section 4.4). A refused call
    /// is tried once more.
    ///
    /// # Errors
    /// When the URL is none of HTTP or HTTPS, or is of HTTPS and this system trusts no authority.
    pub fn new(coordination: Coordination, token_url: &str, client: &str, secret: &str) -> Result<Self, LiveError> {
        let url = reachable(token_url).map_err(|reason| LiveError::Unreachable {
            url: token_url.to_owned(),
            reason,
        })?;
        let (scheme, authority) = (url.scheme_str().unwrap_or_default(), url.authority());
        let authority = authority.map_or("", |authority| authority.as_str());
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let retry = Retry::Immediate(Immediate {
            attempts: Attempts::at_most(2),
        });
        Ok(Self {
            coordination,
            policy: CallPolicy {
                timeout: Some(PATIENCE),
                store_timeout: Some(Duration::from_secs(5)),
                ..CallPolicy::plain(retry)
            },
            provider: LiveProvider {
                url: format!("{scheme}://{authority}"),
                token_path: path.to_owned(),
                api_path: "/".to_owned(),
                clients: vec![(client.to_owned(), secret.to_owned())],
                slot_parameter: None,
                emulated: false,
            },
            redis: None,
            listener: None,
        })
    }

    /// Shares its token through this Redis with all sources that use the same key.
    #[must_use]
    pub fn redis(mut self, url: &str, key: &str) -> Self {
        self.redis = Some((url.to_owned(), key.to_owned()));
        self
    }

    /// Retries as this policy says.
    #[must_use]
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Tells every event of the node: calls, attempts, refusals, token requests; for counters and for tracing. It is called on the
    /// runtime's threads, and must not wait.
    #[must_use]
    pub fn listener(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// What a node alone is to know.
    fn plan(&self) -> Plan {
        let never = Time::from_nanos(u64::MAX);
        Plan {
            second: None,
            mix: None,
            fleets_apart: Vec::new(),
            shares: Vec::new(),
            usable_tokens: false,
            coordination: self.coordination.clone(),
            policy: self.policy.clone(),
            layout: Layout::plain(1, false),
            // The provider is elsewhere, and its rule is its own.
            provider: ProviderPlan {
                rule: Issuance::latest_only(Duration::SECOND),
                rotation: None,
                reveals: Reveals::Nothing,
                on_bad_slot: OnBadSlot::Refuse,
                slots: vec![1],
                stride: 1,
                tenants: 1,
                token_endpoint: Endpoint::default(),
                api_endpoint: Endpoint::default(),
                pool: Vec::new(),
                addresses: Vec::new(),
            },
            links: Links::perfect(),
            workloads: vec![Vec::new()],
            drivers: Drivers::default(),
            timeline: Vec::new(),
            groups: vec![("source".to_owned(), "call".to_owned())],
            span: Span {
                warmup: Time::ZERO,
                horizon: never,
                end: never,
            },
            trigger: None,
        }
    }
}

/// Why a call was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no token for the call: {0:?}")]
pub struct NoToken(pub CallOutcome);

/// A node of a strategy in this program. Cheap to clone; it ends with its last clone.
///
/// Token requests and renewals are the node's own: a call that is given up ends none of them, and many calls that meet a refused
/// token wait for one renewal, as the strategy has it. No lock is held while anything is waited for.
#[derive(Clone, Debug)]
pub struct TokenSource(Arc<Running>);

#[derive(Debug)]
struct Running {
    inbox: UnboundedSender<Mail>,
    node: AbortHandle,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.node.abort();
    }
}

impl TokenSource {
    /// Begins, within a tokio runtime.
    ///
    /// # Errors
    /// When the provider or the Redis cannot be reached, or the strategy needs other nodes to talk to.
    pub async fn start(options: TokenSourceOptions) -> Result<Self, LiveError> {
        if options.coordination.needs_gateway() {
            return Err(LiveError::Alone);
        }
        reach(&options.provider.url).await?;
        let seed = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let clock = PacedClock::start_in(std::time::Duration::ZERO, 1.0);
        let (plan, texts) = (options.plan(), Arc::new(Texts::default()));
        let shelf = match &options.redis {
            Some((url, key)) => Shelf::shared(url, key, &plan, clock, Arc::clone(&texts)).await?,
            None => Shelf::embedded(&plan),
        };
        let (report, _nobody) = unbounded_channel();
        let around = Surroundings::new(
            Arc::new(plan),
            (clock, Dice::new(seed.as_nanos() as u64)),
            Site::new(options.provider, Dialect::of(&DialectSettings::default()), texts),
            shelf,
            Ears::Listener(options.listener),
            Vec::new(),
            report,
        );
        let (own, inbox) = unbounded_channel();
        let node = LiveNode::new(NodeId(0), Arc::new(around), (own.clone(), inbox), false);
        let node = tokio::spawn(node.live()).abort_handle();
        let _it_is_there = own.send(Mail::Told(Told::Start));
        Ok(Self(Arc::new(Running { inbox: own, node })))
    }

    /// A call begins.
    pub fn begin(&self) -> SourcedCall {
        let (waits, next) = oneshot::channel();
        let inbox = self.0.inbox.clone();
        let _gone = inbox.send(Mail::Begins { waits });
        SourcedCall { inbox, next }
    }

    /// Sends a call, as often as the policy allows and the answers ask for: `send` is given the token and says what came, `status` is
    /// the HTTP status of that and its `Retry-After`. Returns what came last.
    ///
    /// # Errors
    /// When there is no token and nothing has come.
    pub async fn call<T, E, Sending>(
        &self,
        mut send: impl FnMut(Arc<str>) -> Sending,
        status: impl Fn(&T) -> (u16, Option<String>),
    ) -> Result<Result<T, E>, NoToken>
    where
        Sending: Future<Output = Result<T, E>>,
    {
        let mut call = self.begin();
        let mut last = None;
        loop {
            let attempt = match (call.attempt().await, last.take()) {
                (Ok(attempt), _) => attempt,
                (Err(_), Some(last)) => return Ok(last),
                (Err(none), None) => return Err(none),
            };
            let came = send(attempt.token().into()).await;
            match &came {
                Ok(answer) => {
                    let (status, retry_after) = status(answer);
                    if attempt.answered(status, retry_after.as_deref()) {
                        return Ok(came);
                    }
                }
                Err(_) => attempt.failed(),
            }
            last = Some(came);
        }
    }
}

/// A call that its caller sends.
#[derive(Debug)]
pub struct SourcedCall {
    inbox: UnboundedSender<Mail>,
    next: oneshot::Receiver<CallStep>,
}

impl SourcedCall {
    /// The next attempt, as soon as there is a token for it. Whoever gives up waiting may ask again.
    ///
    /// # Errors
    /// When the call is over.
    pub async fn attempt(&mut self) -> Result<SourcedAttempt<'_>, NoToken> {
        match (&mut self.next).await {
            Ok(CallStep::Attempt { ticket, token, text }) => Ok(SourcedAttempt {
                call: self,
                ticket,
                token,
                text,
                told: false,
            }),
            Ok(CallStep::Over(outcome)) => Err(NoToken(outcome)),
            Err(_ended) => Err(NoToken(CallOutcome::Lost)),
        }
    }
}

/// One attempt of a call. Dropped without a word, the call is given up.
#[derive(Debug)]
pub struct SourcedAttempt<'a> {
    call: &'a mut SourcedCall,
    ticket: Ticket,
    token: Token,
    text: Arc<TokenText>,
    told: bool,
}

impl SourcedAttempt<'_> {
    /// The token to send.
    pub fn token(&self) -> &str {
        &self.text.access
    }

    /// An answer of this status came; whether it ends the call.
    pub fn answered(mut self, status: u16, retry_after: Option<&str>) -> bool {
        let answered = Answered {
            status,
            retry_after: retry_after.map(str::to_owned),
            ..Answered::default()
        };
        let reply = hearing::api(&Dialect::of(&DialectSettings::default()), &answered);
        // What is neither about the token nor about the server is the caller's own matter.
        let own = matches!(
            reply,
            Reply::Refused {
                kind: AnswerKind::BadSlot,
                ..
            }
        );
        let reply = if own { Reply::Granted(()) } else { reply };
        self.tell(reply);
        reply.is_granted()
    }

    /// No answer came.
    pub fn failed(mut self) {
        self.tell(Reply::refused(AnswerKind::ServerError));
    }

    fn tell(&mut self, reply: Reply<()>) {
        self.told = true;
        let (waits, next) = oneshot::channel();
        self.call.next = next;
        let (ticket, token) = (self.ticket, self.token);
        let _gone = self.call.inbox.send(Mail::Tells {
            ticket,
            told: Told::Hear(Heard::Api { ticket, token, reply }),
            waits: (!reply.is_granted()).then_some(waits),
        });
    }
}

impl Drop for SourcedAttempt<'_> {
    fn drop(&mut self) {
        if !self.told {
            let _gone = self.call.inbox.send(Mail::Leaves { ticket: self.ticket });
        }
    }
}
