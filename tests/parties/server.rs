//! The server alone: requests written by hand, and its answers as HTTP has them.

use tokenstorm::base::{Chance, Duration, NodeId, Time};
use tokenstorm::oauth::{AnswerKind, At, Cause, Grant, Reply, Slot, Token};
use tokenstorm::provider::settings::{Dialect, DialectSettings};
use tokenstorm::provider::{
    Endpoint, Intake, Issuance, OnBadSlot, OnExceed, Provider, Quota, RotationRule, Scope, Server, ServerHost, TokenAsk,
};
use tokenstorm::trace::Event;

/// A host without faults that keeps what happened.
#[derive(Default)]
struct Quiet(Vec<Event>);

impl ServerHost for Quiet {
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }
    fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }
    fn note(&mut self, event: impl FnOnce() -> Event) {
        self.0.push(event());
    }
}

const TTL: Duration = Duration::from_secs(3600);

/// A request that waits is known by a number of its own.
type Latest = Server<Issuance, u32>;

fn server(token_endpoint: Endpoint) -> Latest {
    let provider = Provider::new(Issuance::latest_only(TTL), OnBadSlot::Refuse, vec![1], 1);
    Server::new(provider.with_endpoints(token_endpoint, Endpoint::default()))
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn ask(with: Option<Token>) -> TokenAsk {
    TokenAsk {
        client: 0,
        slot: Slot::Unnamed,
        force: false,
        with,
        no_op: false,
        asker: NodeId(7),
        held: None,
    }
}

/// A whole token request in one instant.
fn request(server: &mut Latest, now: Time, with: Option<Token>, host: &mut Quiet) -> Reply<Grant> {
    match server.token_arrives(now, 0, (0, NodeId(0)), || 0, host) {
        Intake::Now { no_op } => server.token_commits(now, &TokenAsk { no_op, ..ask(with) }, host),
        Intake::Answered(reply) => reply,
        other => panic!("it is served at once, not {other:?}"),
    }
}

fn granted(reply: Reply<Grant>) -> Token {
    match reply {
        Reply::Granted(grant) => grant.token,
        refused => panic!("granted, not {refused:?}"),
    }
}

fn check(server: &mut Latest, now: Time, token: Token, host: &mut Quiet) -> Result<(), Cause> {
    let intake = server.api_arrives(now, 0, || 0, || 0, host);
    assert_eq!(intake, Intake::Now { no_op: false });
    server.api_check(now, token, 0, host)
}

/// A second token kills the first, the event says who did it, and the dialect words the refusal.
#[test]
fn a_new_token_invalidates_the_one_before() {
    let (mut server, mut host) = (server(Endpoint::default()), Quiet::default());
    let first = granted(request(&mut server, at(1), None, &mut host));
    assert_eq!(check(&mut server, at(2), first, &mut host), Ok(()));
    let second = granted(request(&mut server, at(3), None, &mut host));
    assert_eq!(check(&mut server, at(3), first, &mut host), Err(Cause::Superseded));
    assert_eq!(check(&mut server, at(3), second, &mut host), Ok(()));
    assert_eq!(check(&mut server, at(3603), second, &mut host), Err(Cause::Expired));
    assert!(
        host.0.iter().any(|event| matches!(
            event,
            Event::Issued { node: NodeId(7), evicted: Some(token), .. } if *token == first
        )),
        "{:?}",
        host.0
    );

    let Reply::Refused { kind, wait } = Latest::rejection(Cause::Superseded) else {
        unreachable!("a rejection is a refusal")
    };
    let dialect = Dialect::of(&DialectSettings::default());
    let answer = dialect.respond(At::Api, kind, wait, |_| unreachable!("it asks for no wait"));
    assert_eq!((answer.status, &*answer.body), (401, r#"{"error":"invalid_token"}"#));
}

/// One server, one place to wait: the third request is turned away, the second is served when the first is done.
#[test]
fn requests_queue_and_are_turned_away() {
    let endpoint = Endpoint {
        servers: Some(1),
        queue: 1,
        ..Endpoint::default()
    };
    let (mut server, mut host) = (server(endpoint), Quiet::default());
    let mut arrive = |server: &mut Latest, number| server.token_arrives(at(1), 0, (0, NodeId(0)), || number, &mut host);
    assert_eq!(arrive(&mut server, 1), Intake::Serve);
    assert_eq!(arrive(&mut server, 2), Intake::Waits);
    let busy = Reply::refused(AnswerKind::ServerError);
    assert_eq!(arrive(&mut server, 3), Intake::Answered(busy));
    assert_eq!(server.token_served(), Some(2));
    assert_eq!(server.token_served(), None);
}

/// A request beyond the quota is answered at the door, told how long to wait, and ends nothing.
#[test]
fn a_request_beyond_the_quota_ends_no_token() {
    let quota = Quota {
        count: 1,
        window: Duration::from_secs(60),
        scope: Scope::Client,
        on_exceed: OnExceed::RetryAfter,
    };
    let (mut server, mut host) = (server(Endpoint::default().with_quotas([quota])), Quiet::default());
    let first = granted(request(&mut server, at(10), None, &mut host));
    let Reply::Refused { kind, wait } = request(&mut server, at(20), None, &mut host) else {
        panic!("the quota is used up")
    };
    assert_eq!(kind, AnswerKind::Throttled);
    assert_eq!(check(&mut server, at(20), first, &mut host), Ok(()));
    let dialect = Dialect::of(&DialectSettings::default());
    let answer = dialect.respond(At::Token, kind, wait, |_| unreachable!("the standard has seconds"));
    let retry_after = answer.headers.iter().find(|(name, _)| *name == "retry-after");
    let seconds: u64 = retry_after.expect("it says so").1.parse().expect("seconds");
    assert_eq!(answer.status, 429);
    granted(request(&mut server, at(20 + seconds), None, &mut host));
}

/// A refresh token that rotates: the one that was used up is stale.
#[test]
fn a_used_refresh_token_is_stale() {
    let provider = Provider::new(Issuance::latest_only(TTL), OnBadSlot::Refuse, vec![1], 1);
    let mut server: Latest = Server::new(provider.with_rotation(Some(RotationRule::default())));
    let mut host = Quiet::default();
    let login = server.log_in(at(1), 0, false, &mut host).expect("a user may log in");
    let second = granted(request(&mut server, at(2), Some(login.token), &mut host));
    assert_ne!(second, login.token);
    let stale = Reply::refused(AnswerKind::StaleRefresh);
    assert_eq!(request(&mut server, at(3), Some(login.token), &mut host), stale);
    granted(request(&mut server, at(4), Some(second), &mut host));
}
