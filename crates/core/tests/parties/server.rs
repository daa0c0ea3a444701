//! The server alone: requests written by hand, and its answers as HTTP has them.

use tokenstorm::base::{Chance, Duration, NodeId, Time};
use tokenstorm::oauth::{AnswerKind, At, Cause, Grant, Reply, Slot, Token};
use tokenstorm::provider::settings::{Dialect, DialectSettings, RotateSettings};
use tokenstorm::provider::{
    Counts, Endpoint, GrantType, Intake, Issuance, OnBadSlot, OnExceed, Provider, Quota, QuotaKind, Requester,
    RotationRule, Scope, Server, ServerHost, TokenAsk,
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
        tenant: 0,
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
    let whose = |it: &Provider<Issuance>| it.token_requester(&ask(with));
    match server.token_arrives(now, 0, NodeId(0), whose, || 0, host) {
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
    let intake = server.api_arrives(now, 0, |_| Requester::caller(0, 0, Some(token)), || 0, host);
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
    let mut arrive = |server: &mut Latest, number| {
        let whose = |it: &Provider<Issuance>| it.token_requester(&ask(None));
        server.token_arrives(at(1), 0, NodeId(0), whose, || number, &mut host)
    };
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
    let quota = Quota::fixed(1, Duration::from_secs(60));
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
    let login = server.log_in(at(1), 0, 0, false, &mut host).expect("a user may log in");
    let second = granted(request(&mut server, at(2), Some(login.token), &mut host));
    assert_ne!(second, login.token);
    let stale = Reply::refused(AnswerKind::StaleRefresh);
    assert_eq!(request(&mut server, at(3), Some(login.token), &mut host), stale);
    granted(request(&mut server, at(4), Some(second), &mut host));
}

/// A provider with refresh tokens that stay, and this quota at its token endpoint; and two logins.
fn two_grants(endpoint: Endpoint) -> (Latest, Quiet, [Token; 2]) {
    let provider = Provider::new(Issuance::independent(TTL), OnBadSlot::Refuse, vec![1], 1);
    let rule = RotationRule {
        rotate: RotateSettings::Never,
        ..RotationRule::default()
    };
    let provider = provider
        .with_rotation(Some(rule))
        .with_endpoints(endpoint, Endpoint::default());
    let (mut server, mut host) = (Server::new(provider), Quiet::default());
    let logins = [(); 2].map(|()| server.log_in(at(0), 0, 0, false, &mut host).expect("a user may log in"));
    (server, host, logins.map(|login| login.token))
}

/// A least time between issuances of a grant: refused requests and other grants do not count.
#[test]
fn a_grant_is_issued_a_token_once_in_a_while() {
    let quota = Quota {
        kind: QuotaKind::SlidingLog,
        counts: Counts::Issuances,
        scope: Scope::Grant,
        ..Quota::fixed(1, Duration::from_secs(60))
    };
    let (mut server, mut host, [one, other]) = two_grants(Endpoint::default().with_quotas([quota]));
    granted(request(&mut server, at(10), Some(one), &mut host));
    let soon = |seconds| Reply::refused_for(AnswerKind::Throttled, Duration::from_secs(seconds));
    assert_eq!(request(&mut server, at(40), Some(one), &mut host), soon(30));
    granted(request(&mut server, at(40), Some(other), &mut host));
    assert_eq!(request(&mut server, at(69), Some(one), &mut host), soon(1));
    granted(request(&mut server, at(70), Some(one), &mut host));
    // What is refused for another reason is no issuance.
    let unknown = Token::numbered(999);
    for second in [71, 72] {
        let stale = Reply::refused(AnswerKind::StaleRefresh);
        assert_eq!(request(&mut server, at(second), Some(unknown), &mut host), stale);
    }
    let told = host
        .0
        .iter()
        .filter(|event| matches!(event, Event::QuotaExhausted { .. }));
    assert_eq!(told.count(), 1, "told once, and not again while it lasts");
}

/// A login that the token endpoint serves begins the time of its own grant.
#[test]
fn a_login_is_an_issuance_of_its_own_grant() {
    let quota = Quota {
        kind: QuotaKind::SlidingLog,
        counts: Counts::Issuances,
        scope: Scope::Grant,
        ..Quota::fixed(1, Duration::from_secs(60))
    };
    let (mut server, mut host, _) = two_grants(Endpoint::default().with_quotas([quota]));
    let whose = Requester {
        client: 0,
        tenant: 0,
        address: 0,
        token: None,
        grant_type: Some(GrantType::AuthorizationCode),
    };
    let [first, second] = [5, 6].map(|second| granted(server.login_commits(at(second), &whose, true, &mut host)));
    let soon = Reply::refused_for(AnswerKind::Throttled, Duration::from_secs(45));
    assert_eq!(request(&mut server, at(20), Some(first), &mut host), soon);
    granted(request(&mut server, at(65), Some(first), &mut host));
    granted(request(&mut server, at(66), Some(second), &mut host));
}

/// While one refresh of a grant is under way a second is refused, in the words that the quota has; that of another grant is not.
#[test]
fn a_second_refresh_of_a_grant_is_refused_while_one_is_under_way() {
    for (on_exceed, kind) in [
        (OnExceed::Conflict, AnswerKind::Conflict),
        (OnExceed::InvalidGrant, AnswerKind::StaleRefresh),
        (OnExceed::RetryAfter, AnswerKind::Throttled),
    ] {
        let quota = Quota {
            count: 1,
            kind: QuotaKind::Concurrency,
            scope: Scope::Grant,
            grant_type: Some(GrantType::RefreshToken),
            on_exceed,
            ..Quota::default()
        };
        let endpoint = Endpoint {
            servers: Some(2),
            queue: 1,
            ..Endpoint::default()
        };
        let (mut server, mut host, [one, other]) = two_grants(endpoint.with_quotas([quota]));
        let mut arrive = |server: &mut Latest, with| {
            let whose = |it: &Provider<Issuance>| it.token_requester(&ask(Some(with)));
            server.token_arrives(at(1), 0, NodeId(0), whose, || 0, &mut host)
        };
        assert_eq!(arrive(&mut server, one), Intake::Serve);
        let refused = Intake::Answered(Reply::refused(kind));
        assert_eq!(arrive(&mut server, one), refused);
        assert_eq!(arrive(&mut server, other), Intake::Serve);
        assert!(server.provider.counts_under_way(At::Token) && !server.provider.counts_under_way(At::Api));
        let whose = server.provider.token_requester(&ask(Some(one)));
        server.provider.leaves(At::Token, &whose);
        assert_eq!(server.token_served(), None);
        assert_eq!(arrive(&mut server, one), Intake::Serve);
    }
}

/// Whoever is turned away by a full queue is not under way.
#[test]
fn a_request_without_a_place_is_not_under_way() {
    let quota = Quota {
        count: 5,
        kind: QuotaKind::Concurrency,
        ..Quota::default()
    };
    let endpoint = Endpoint {
        servers: Some(1),
        queue: 0,
        ..Endpoint::default()
    };
    let (mut server, mut host) = (server(endpoint.with_quotas([quota])), Quiet::default());
    let mut arrive = |server: &mut Latest| {
        let whose = |it: &Provider<Issuance>| it.token_requester(&ask(None));
        server.token_arrives(at(1), 0, NodeId(0), whose, || 0, &mut host)
    };
    assert_eq!(arrive(&mut server), Intake::Serve);
    for _ in 0..20 {
        let busy = Reply::refused(AnswerKind::ServerError);
        assert_eq!(arrive(&mut server), Intake::Answered(busy));
    }
}

/// A pool counts the requests of both endpoints.
#[test]
fn both_endpoints_draw_on_one_pool() {
    let provider = Provider::new(Issuance::latest_only(TTL), OnBadSlot::Refuse, vec![1], 1);
    let provider = provider.with_pool([Quota::fixed(2, Duration::from_secs(60))]);
    let (mut server, mut host): (Latest, _) = (Server::new(provider), Quiet::default());
    let token = granted(request(&mut server, at(1), None, &mut host));
    assert_eq!(check(&mut server, at(2), token, &mut host), Ok(()));
    let whose = |_: &Provider<Issuance>| Requester::caller(0, 0, Some(token));
    let soon = Intake::Answered(Reply::refused_for(AnswerKind::Throttled, Duration::from_secs(57)));
    assert_eq!(server.api_arrives(at(3), 0, whose, || 0, &mut host), soon);
    assert!(!request(&mut server, at(4), None, &mut host).is_granted());
    granted(request(&mut server, at(60), None, &mut host));
}
