//! Tokens in the shape of a JWT. That others can verify them is shown by `jose` and PyJWT (`tests/clients`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use tokenstorm::base::Duration;
use tokenstorm::emulator::{Emulator, EmulatorOptions};
use tokenstorm::provider::settings::TokenShape;

use crate::client::Client;

const OWN: &str = "grant_type=client_credentials&scope=mail";
const START: u64 = 1_700_049_600;

fn started(profile: &str, shape: Option<TokenShape>) -> (Emulator, Client) {
    let mut options = EmulatorOptions::profile(profile).unwrap().seed(1);
    if let Some(shape) = shape {
        options = options.tokens(shape);
    }
    let emulator = Emulator::start_with(options.frozen_at(Duration::from_secs(START))).unwrap();
    let client = Client::of(&emulator);
    (emulator, client)
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn a_token_tells_whose_it_is_and_how_long() {
    let (_emulator, mut client) = started("zoom-s2s-2022", Some(TokenShape::Jwt));
    let token = client.token(OWN).text("access_token");
    let (head, claims) = (part(&token, 0), part(&token, 1));
    let base = "http://provider.test";
    for (name, value) in [
        ("iss", base),
        ("aud", base),
        ("sub", "app"),
        ("client_id", "app"),
        ("scope", "mail"),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
    assert_eq!(
        (claims["iat"].as_u64(), claims["exp"].as_u64()),
        (Some(START), Some(START + 3600))
    );
    assert_eq!(
        (head["alg"].as_str(), head["typ"].as_str()),
        (Some("ES256"), Some("at+jwt"))
    );
    let metadata = client.send("GET", "/.well-known/openid-configuration", &[], "").json();
    assert_eq!(metadata["issuer"], base);
    let path = metadata["jwks_uri"]
        .as_str()
        .unwrap()
        .strip_prefix(base)
        .unwrap()
        .to_owned();
    let keys = client.send("GET", &path, &[], "").json();
    assert_eq!(keys["keys"][0]["kid"], head["kid"]);
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    let other = client
        .token(&format!("{OWN}&audience=https%3A%2F%2Fapi.example"))
        .text("access_token");
    assert_eq!(part(&other, 1)["aud"], "https://api.example");
    let long = client.token(&format!("{OWN}&audience={}", "a".repeat(1025)));
    assert_eq!((long.status, long.text("error").as_str()), (400, "invalid_request"));
}

/// The signature and the times stay as they are: only the provider knows that the token is dead.
#[test]
fn the_provider_ends_what_its_signature_does_not() {
    let (emulator, mut client) = started("zoom-s2s-2022", Some(TokenShape::Jwt));
    let first = client.token(OWN).text("access_token");
    assert_eq!(client.call(&first).status, 200);
    client.token(OWN);
    assert!(part(&first, 1)["exp"].as_u64().unwrap() > START);
    assert_eq!(client.call(&first).json()["code"], 124);
    let told = client.control("GET", &format!("/tokens/{first}"), "").json();
    assert_eq!(told["killed"]["how"], "token_request");
    let events = emulator.events().iter().map(Value::to_string).collect::<String>();
    assert!(!events.contains(&first) && !events.contains(first.rsplit('.').next().unwrap()));
}

#[test]
fn what_was_changed_or_taken_out_is_nobodys() {
    let (_emulator, mut client) = started("zoom-s2s-2022", Some(TokenShape::Jwt));
    let token = client.token(OWN).text("access_token");
    let jti = part(&token, 1)["jti"].as_str().unwrap().to_owned();
    let [head, claims, signature] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts");
    };
    let mut longer = part(&token, 1);
    longer["exp"] = Value::from(START + 7200);
    let longer = URL_SAFE_NO_PAD.encode(longer.to_string());
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for forged in [
        jti,
        format!("{head}.{longer}.{signature}"),
        format!("{none}.{claims}."),
        format!("{head}.{claims}."),
    ] {
        assert_eq!(client.call(&forged).json()["code"], 124, "{forged}");
    }
    assert_eq!(client.call(&token).status, 200);
}

/// A token that is handed out once more is the same to the letter, whoever asks and by whichever URL.
#[test]
fn a_token_that_is_returned_is_the_same() {
    let (emulator, mut client) = started("wecom", Some(TokenShape::Jwt));
    let ask = |client: &mut Client| client.token("grant_type=client_credentials").text("access_token");
    let first = ask(&mut client);
    assert_eq!(first, ask(&mut Client::named(&emulator, "pod-2")));
    let (_another, mut client) = started("wecom", Some(TokenShape::Jwt));
    assert_eq!(first, ask(&mut client), "the seed says all of it");
}

/// Profiles that are known for it hand out JWTs by themselves, and others do not.
#[test]
fn profiles_say_what_their_tokens_look_like() {
    for (profile, shape, jwt) in [
        ("keycloak", None, true),
        ("auth0", None, true),
        ("keycloak", Some(TokenShape::Opaque), false),
        ("github-app-user", None, false),
    ] {
        let (_emulator, mut client) = started(profile, shape);
        let got = client.control("POST", "/login", r#"{"client":"app"}"#);
        let token = got.text("access_token");
        assert_eq!(token.split('.').count() == 3, jwt, "{profile} {shape:?}");
        if jwt {
            assert_eq!(part(&token, 1)["sub"], "test-user");
        }
        assert_eq!(client.call(&token).status, 200);
        assert_eq!(
            got.text("refresh_token").split('.').count(),
            1,
            "a refresh token is opaque"
        );
    }
}
