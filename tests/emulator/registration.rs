//! Clients that register themselves, and what is kept of what was asked for.

use tokenstorm::emulator::{Emulator, EmulatorOptions};

use crate::client::Client;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const BASIC: (&str, &str) = ("authorization", "Basic YXBwOnNlY3JldA==");

/// Scope and audience of a token, as introspection tells them.
fn told(client: &mut Client, token: &str) -> (String, String) {
    let got = client.send("POST", "/oauth/introspect", &[FORM, BASIC], &format!("token={token}"));
    assert_eq!(got.json()["active"], true, "{}", got.body);
    (got.text("scope"), got.text("aud"))
}

/// RFC 6749, section 6: a refresh that names no scope gets that of the grant. RFC 8707: so with the resource.
#[test]
fn a_grant_keeps_what_was_asked_for_at_its_login() {
    let emulator = Emulator::start("okta").unwrap();
    let mut client = Client::of(&emulator);
    let wanted = ("api:write".to_owned(), "urn:here".to_owned());
    let login = client.token("grant_type=password&username=u&password=p&scope=api:write&resource=urn:here");
    assert_eq!(told(&mut client, &login.text("access_token")), wanted);
    let again = client.token(&format!(
        "grant_type=refresh_token&refresh_token={}",
        login.text("refresh_token")
    ));
    assert_eq!(told(&mut client, &again.text("access_token")), wanted, "refreshed");
    let ask = "scope=api:write&resource=urn:here";
    let device = client
        .send("POST", "/oauth/device_authorization", &[FORM, BASIC], ask)
        .json();
    let code = format!("user_code={}", device["user_code"].as_str().unwrap());
    assert_eq!(client.send("POST", "/oauth/device", &[FORM], &code).status, 200);
    let code = device["device_code"].as_str().unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let let_in = client.token(&format!("grant_type={grant}&device_code={code}"));
    assert_eq!(told(&mut client, &let_in.text("access_token")), wanted, "by a device");
    let plain = client.token("grant_type=password&username=u&password=p");
    let plain = told(&mut client, &plain.text("access_token"));
    assert_eq!(plain, ("api".to_owned(), "http://provider.test".to_owned()));
}

/// RFC 7591: a client that registers gets an id and a secret of its own, and is bound to them.
#[test]
fn clients_register_themselves() {
    let emulator = Emulator::start("zoom-s2s-2022").unwrap();
    let mut client = Client::of(&emulator);
    let told = client
        .send("GET", "/.well-known/oauth-authorization-server", &[], "")
        .json();
    assert_eq!(told["registration_endpoint"], "http://provider.test/oauth/register");
    let asked = r#"{"client_name":"x","redirect_uris":["http://127.0.0.1:9/cb"],"token_endpoint_auth_method":"client_secret_post"}"#;
    let got = client.send("POST", "/oauth/register", &[JSON], asked);
    assert_eq!((got.status, got.header("cache-control")), (201, Some("no-store")));
    let own = got.json();
    assert_eq!(
        (&own["client_name"], &own["client_secret_expires_at"]),
        (&"x".into(), &0.into())
    );
    assert_eq!(own["redirect_uris"][0], "http://127.0.0.1:9/cb");
    let mut ask = |id: &str, secret: &str| {
        let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        client.send("POST", "/oauth/token", &[FORM], &body).status
    };
    let (id, secret) = (got.text("client_id"), got.text("client_secret"));
    assert_eq!((ask(&id, &secret), ask(&id, "guessed"), ask(&id, "")), (200, 401, 401));
    let got = client.send("POST", "/register", &[JSON], r#"{"token_endpoint_auth_method":"none"}"#);
    let public = got.json();
    assert!(
        public["client_secret"].is_null() && public["client_id"] != own["client_id"],
        "{public}"
    );
    let body = format!("grant_type=client_credentials&client_id={}", got.text("client_id"));
    assert_eq!(client.send("POST", "/oauth/token", &[FORM], &body).status, 200);
    for (body, error) in [
        ("[]", "invalid_client_metadata"),
        (
            r#"{"token_endpoint_auth_method":"private_key_jwt"}"#,
            "invalid_client_metadata",
        ),
        (r#"{"redirect_uris":"http://x"}"#, "invalid_redirect_uri"),
    ] {
        let got = client.send("POST", "/register", &[JSON], body);
        assert_eq!((got.status, &*got.text("error")), (400, error), "{body}");
    }
}

#[test]
fn nobody_registers_where_clients_are_given() {
    let options = EmulatorOptions::profile("zoom-s2s-2022").unwrap();
    let emulator = Emulator::start_with(options.client("app", "secret")).unwrap();
    let mut client = Client::of(&emulator);
    let told = client
        .send("GET", "/.well-known/oauth-authorization-server", &[], "")
        .json();
    assert!(told["registration_endpoint"].is_null());
    let got = client.send("POST", "/register", &[JSON], "{}");
    assert_eq!((got.status, &*got.text("error")), (403, "access_denied"));
}
