//! What a scenario says of its provider, over sockets: latencies, losses, throttling, capacity, errors and lags.

use std::path::Path;
use std::time::{Duration as Patience, Instant};

use tokenstorm::base::Duration;
use tokenstorm::emulator::{Emulator, EmulatorOptions};
use tokenstorm::scenario::Scenario;

use crate::client::{Client, Got};

const OWN: &str = "grant_type=client_credentials";

/// An emulator whose provider is as these lines of a scenario say, with a clock that stands still.
fn provider(lines: &str) -> Emulator {
    let text = format!(
        r#"name = "conditions"
        summary = "One provider under conditions"
        source = "a test"
        run = {{ duration = "1h" }}
        app = [{{ name = "app" }}]
        [provider]
        token_ttl = "1h"
        rule = {{ latest_only = {{}} }}
        {lines}
        [[fleet]]
        name = "callers"
        nodes = 1
        app = "app"
        workload = [{{ kind = "call", arrivals = {{ poisson = "1/min" }} }}]
        [[strategy]]
        name = "naive"
        coordination = "naive""#
    );
    let scenario = Scenario::parse("conditions", &text, Path::new(".")).unwrap_or_else(|error| panic!("{error:?}"));
    let options = EmulatorOptions::scenario(&scenario).unwrap().seed(1);
    Emulator::start_with(options.frozen_at(Duration::from_secs(1_700_049_600))).unwrap()
}

fn at_once(more: &str) -> String {
    let legs = ["token_request", "token_response", "api_request", "api_response"];
    let legs: String = legs.map(|leg| format!("{leg} = {{ constant = \"0s\" }}\n")).concat();
    legs + more
}

/// A token by the control plane, whatever the way to the token endpoint is like.
fn given(client: &mut Client) -> String {
    client.control("POST", "/login", "{}").text("access_token")
}

fn timed(ask: impl FnOnce() -> Got) -> (Got, Patience) {
    let begun = Instant::now();
    let got = ask();
    (got, begun.elapsed())
}

/// Waits until the emulator has counted so many.
fn until(emulator: &Emulator, name: &str, count: u64) {
    let begun = Instant::now();
    while emulator.count(name).unwrap() < count {
        assert!(begun.elapsed() < Patience::from_secs(20), "{count} {name}");
        std::thread::sleep(Patience::from_millis(1));
    }
}

/// A request takes its way there and its way back, and not less: what happens, happens in between.
#[test]
fn messages_take_their_time() {
    let emulator = provider(
        r#"token_request = { constant = "120ms" }
        token_response = { constant = "80ms" }
        api_request = { constant = "70ms" }
        api_response = { constant = "40ms" }"#,
    );
    let mut client = Client::of(&emulator);
    let (got, took) = timed(|| client.token(OWN));
    assert!(got.status == 200 && took >= Patience::from_millis(200), "{took:?}");
    let token = got.text("access_token");
    let (got, took) = timed(|| client.call(&token));
    assert!(got.status == 200 && took >= Patience::from_millis(110), "{took:?}");
    // The commit lies 120 ms after the request: whoever asks for nothing but the state sees no token before.
    let mut other = Client::of(&emulator);
    other.post(
        "POST",
        "/oauth/token",
        &[("authorization", "Basic YXBwOnNlY3JldA==")],
        OWN,
    );
    assert_eq!(
        client.call(&token).status,
        200,
        "the new token has not been issued at 70 ms"
    );
    assert_eq!(other.answer().unwrap().status, 200);
    assert_eq!(client.call(&token).status, 401);
}

/// A request that is lost on its way has done nothing; one whose answer is lost has done everything.
#[test]
fn what_is_lost_before_the_commit_did_not_happen_and_after_it_did() {
    for (fault, issued, still) in [("lost_before", 1, 200), ("lost_after", 2, 401)] {
        let emulator = provider(&at_once(&format!("faults = {{ token = {{ {fault} = 1.0 }} }}")));
        let mut client = Client::of(&emulator);
        let token = given(&mut client);
        let mut loser = Client::named(&emulator, "loser");
        loser.post(
            "POST",
            "/oauth/token",
            &[("authorization", "Basic YXBwOnNlY3JldA==")],
            OWN,
        );
        until(&emulator, "lost", 1);
        loser.patience(Patience::from_millis(200));
        assert!(loser.answer().is_none(), "{fault}: nobody answers");
        assert_eq!(emulator.count("issuances"), Some(issued), "{fault}");
        assert_eq!(client.call(&token).status, still, "{fault}");
        let events = emulator.events();
        let lost = events.iter().find(|event| event["event"] == "lost").unwrap();
        assert_eq!(
            (lost["caller"].as_str(), lost["request"].as_u64()),
            (Some("loser"), Some(2))
        );
    }
}

/// A quota refuses what is beyond it, in each of the ways in which a provider may name the wait, until its window is over.
#[test]
fn quotas_throttle_with_and_without_a_wait() {
    for (form, named) in [("seconds", Some(true)), ("date", Some(false)), ("absent", None)] {
        let emulator = provider(&at_once(&format!(
            r#"dialect = {{ retry_after = "{form}", throttled = {{ status = 429, body = '{{"error":"slow_down"}}' }} }}
            limits = {{ token = {{ quotas = [{{ count = 2, window = "30s", on_exceed = "retry_after" }}] }}, api = {{ quotas = [{{ count = 1, window = "1min", on_exceed = "throttle" }}] }} }}"#
        )));
        let mut client = Client::of(&emulator);
        let token = [client.token(OWN), client.token(OWN)].map(|got| got.text("access_token"))[1].clone();
        let beyond = client.token(OWN);
        assert_eq!(
            (beyond.status, beyond.body.as_str()),
            (429, r#"{"error":"slow_down"}"#),
            "{form}"
        );
        let wait = beyond.header("retry-after");
        assert_eq!(
            wait.map(|wait| wait.parse::<u32>().is_ok_and(|wait| (1..=30).contains(&wait))),
            named,
            "{wait:?}"
        );
        assert_eq!(
            [client.call(&token).status, client.call(&token).status],
            [200, 429],
            "{form}"
        );
        emulator.advance(Duration::from_secs(30));
        assert_eq!(client.token(OWN).status, 200, "{form}: a new window");
        assert_eq!(emulator.count("throttled"), Some(2));
    }
}

/// Each grant has a bucket of its own, and says how long until it holds a permit again; a login is not counted among refreshes.
#[test]
fn a_quota_tells_grants_and_grant_types_apart() {
    let emulator = provider(&at_once(
        r#"refresh = { rotate = "never" }
        limits = { token = { quotas = [{ count = 1, window = "20s", kind = { token_bucket = { burst = 2 } }, scope = "grant", grant_type = "refresh_token" }] } }"#,
    ));
    let mut client = Client::of(&emulator);
    let [one, other] = [(); 2].map(|()| client.control("POST", "/login", "{}").text("refresh_token"));
    let mut refresh = |token: &str| client.token(&format!("grant_type=refresh_token&refresh_token={token}"));
    assert_eq!([(); 3].map(|()| refresh(&one).status), [200, 200, 429]);
    assert_eq!(refresh(&other).status, 200, "another grant");
    emulator.advance(Duration::from_secs(5));
    assert_eq!(refresh(&one).header("retry-after"), Some("15"));
    emulator.advance(Duration::from_secs(15));
    assert_eq!([(); 2].map(|()| refresh(&one).status), [200, 429]);
    assert_eq!(emulator.count("throttled"), Some(3));
}

/// One pool for both endpoints; a call is of the app that its token was issued to.
#[test]
fn calls_and_token_requests_share_a_pool() {
    let emulator = provider(&at_once(
        r#"limits = { pool = [{ count = 3, window = "1min", kind = "sliding_log" }] }"#,
    ));
    let mut client = Client::of(&emulator);
    let token = client.token(OWN).text("access_token");
    assert_eq!([(); 3].map(|()| client.call(&token).status), [200, 200, 429]);
    let refused = client.token(OWN);
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    emulator.advance(Duration::from_secs(60));
    assert_eq!(client.token(OWN).status, 200);
}

/// A second refresh of a grant is told that one is under way, and may come when that one has been served.
#[test]
fn a_second_refresh_under_way_is_a_conflict() {
    let emulator = provider(&at_once(
        r#"refresh = { rotate = "never" }
        [provider.limits.token]
        servers = 9
        service = { constant = "1500ms" }
        quotas = [{ count = 1, kind = "concurrency", scope = "grant", grant_type = "refresh_token", on_exceed = "conflict" }]"#,
    ));
    let mut client = Client::of(&emulator);
    let [one, other] = [(); 2].map(|()| client.control("POST", "/login", "{}").text("refresh_token"));
    let form = |token: &str| format!("grant_type=refresh_token&refresh_token={token}");
    let start = |token: &str, number| {
        let mut client = Client::of(&emulator);
        let basic = [("authorization", "Basic YXBwOnNlY3JldA==")];
        client.post("POST", "/oauth/token", &basic, &form(token));
        until(&emulator, "token_requests", number);
        client
    };
    let mut first = start(&one, 1);
    let refused = client.token(&form(&one));
    assert_eq!((refused.status, refused.text("error")), (409, "conflict".to_owned()));
    let mut third = start(&other, 3);
    assert_eq!(
        [first.answer(), third.answer()].map(|got| got.unwrap().status),
        [200, 200]
    );
    assert_eq!(client.token(&form(&one)).status, 200);
}

/// One server and one place in the queue: the first is served, the second waits for it, and the third is turned away at once.
#[test]
fn capacity_is_limited() {
    let emulator = provider(&at_once(
        r#"limits = { token = { servers = 1, queue = 1, service = { constant = "1500ms" } } }"#,
    ));
    let begun = Instant::now();
    let ask = |number: u64| {
        let mut client = Client::of(&emulator);
        client.post(
            "POST",
            "/oauth/token",
            &[("authorization", "Basic YXBwOnNlY3JldA==")],
            OWN,
        );
        until(&emulator, "token_requests", number);
        client
    };
    let [mut first, mut second, mut third] = [1, 2, 3].map(ask);
    assert_eq!(third.answer().unwrap().status, 503);
    assert_eq!(first.answer().unwrap().status, 200);
    assert!(begun.elapsed() >= Patience::from_millis(1500));
    assert_eq!(second.answer().unwrap().status, 200);
    assert!(begun.elapsed() >= Patience::from_millis(3000), "one after the other");
    assert_eq!(emulator.count("issuances"), Some(2));
}

#[test]
fn a_share_of_requests_fails() {
    let emulator = provider(&at_once(
        "faults = { token = { error_rate = 0.5 }, api = { error_rate = 1.0 } }",
    ));
    let mut client = Client::of(&emulator);
    let statuses: Vec<u16> = (0..200).map(|_| client.token(OWN).status).collect();
    let failed = statuses.iter().filter(|status| **status == 503).count();
    assert_eq!(failed + statuses.iter().filter(|status| **status == 200).count(), 200);
    // Five standard deviations of a binomial distribution, for a fixed seed.
    assert!((65..=135).contains(&failed), "{failed}");
    let token = given(&mut client);
    assert_eq!(client.call(&token).status, 503);
}

/// Resource servers hear of a new token late, and late of one that is dead.
#[test]
fn resource_servers_lag_behind() {
    let emulator = provider(&at_once(
        r#"lags = { visible_after = { constant = "5s" }, invalidation = { constant = "20s" } }"#,
    ));
    let mut client = Client::of(&emulator);
    let first = client.token(OWN).text("access_token");
    assert_eq!(client.call(&first).status, 401, "nobody has heard of it yet");
    emulator.advance(Duration::from_secs(5));
    assert_eq!(client.call(&first).status, 200);
    let second = client.token(OWN).text("access_token");
    emulator.advance(Duration::from_secs(19));
    assert_eq!(
        [&first, &second].map(|token| client.call(token).status),
        [200, 200],
        "both for a while"
    );
    emulator.advance(Duration::from_secs(1));
    assert_eq!([&first, &second].map(|token| client.call(token).status), [401, 200]);
    let events = emulator.events();
    let causes: Vec<_> = events.iter().filter_map(|event| event["cause"].as_str()).collect();
    assert_eq!(causes, ["not_yet_active", "superseded"]);
}

/// The timeline's outages begin and end at their time, by the clock that is moved.
#[test]
fn the_timeline_happens_at_its_time() {
    let lines = at_once("");
    let emulator = provider(&format!(
        "{lines}\n[[event]]\nat = \"10min\"\nwhat = {{ fail = {{ endpoint = \"token\", for = \"5min\" }} }}\n"
    ));
    let mut client = Client::of(&emulator);
    for (wait, status) in [(0, 200), (599, 200), (1, 503), (299, 503), (1, 200)] {
        emulator.advance(Duration::from_secs(wait));
        assert_eq!(client.token(OWN).status, status);
    }
}
