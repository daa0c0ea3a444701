//! What a token request presents, by its grant type.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::answer::Answer;
use super::backend::Meant;
use super::carry::Shared;
use super::codes::BadCode;
use super::entrance::client;
use super::history::Doer;
use super::inspect::{DEVICE_CODE, JWT_BEARER};
use super::parameters::{Credentials, Parameters, Wanted};
use super::step::How;

/// What is presented, and by whom.
pub(super) struct Presented {
    pub client: u16,
    pub grant_type: &'static str,
    pub how: How,
    /// The code that was exchanged.
    pub code: Option<u32>,
    /// What was asked for before: at the login, or of the token that is refreshed.
    pub wanted: Wanted,
    pub refreshable: bool,
}

fn invalid(wrong: &str) -> Answer {
    Answer::oauth_error(400, "invalid_request", wrong)
}

fn invalid_grant(wrong: &str) -> Answer {
    Answer::oauth_error(400, "invalid_grant", wrong)
}

/// Reads it, and uses up what can be used once.
pub(super) fn presented(
    shared: &Shared,
    headers: &HeaderMap,
    parameters: &Parameters,
    path: &str,
) -> Result<Presented, Answer> {
    let rotates = shared.backend().machine.provider().rotation.is_some();
    let known = match parameters.get("grant_type") {
        Some(known) => known,
        // Some providers have one kind of grant, and a path of its own for it.
        None if path != "/token" && !path.starts_with("/oauth") => "client_credentials",
        None => {
            client(shared, headers, parameters)?;
            return Err(invalid("grant_type is missing"));
        }
    };
    if known == JWT_BEARER {
        return bearer(shared, headers, parameters);
    }
    let client = client(shared, headers, parameters)?;
    let by = |grant_type, how| Presented {
        client,
        grant_type,
        how,
        code: None,
        wanted: Wanted::default(),
        refreshable: true,
    };
    let own = |name| match rotates {
        false => Ok(by(name, How::Client)),
        true => Err(Answer::oauth_error(
            400,
            "unauthorized_client",
            "this provider hands out tokens at a login, with refresh tokens: POST /_tokenstorm/login begins a grant",
        )),
    };
    let unsupported = |what| Err(Answer::oauth_error(400, "unsupported_grant_type", what));
    match known {
        "client_credentials" => own("client_credentials"),
        "client_credential" => own("client_credential"),
        "account_credentials" if parameters.get("account_id").is_none() => Err(invalid("account_id is missing")),
        "account_credentials" => own("account_credentials"),
        "password" => Ok(by("password", How::Login)),
        "authorization_code" => {
            let (code, wanted) = exchange(shared, client, parameters, rotates)?;
            Ok(Presented {
                code: Some(code),
                wanted,
                ..by("authorization_code", How::Login)
            })
        }
        DEVICE_CODE => Ok(Presented {
            wanted: let_in(shared, client, parameters)?,
            ..by("device_code", How::Login)
        }),
        "refresh_token" if !rotates => unsupported("this provider has no refresh tokens"),
        "refresh_token" => {
            let (serial, wanted) = refreshed(shared, parameters)?;
            Ok(Presented {
                wanted,
                ..by("refresh_token", How::Refresh(serial))
            })
        }
        _ => unsupported(
            "there are: client_credentials, account_credentials, authorization_code, password, refresh_token, jwt-bearer, device_code",
        ),
    }
}

/// The refresh token, and what was asked for its grant: it holds on (RFC 6749, section 6).
fn refreshed(shared: &Shared, parameters: &Parameters) -> Result<(Option<u32>, Wanted), Answer> {
    let text = parameters
        .get("refresh_token")
        .ok_or_else(|| invalid("refresh_token is missing"))?;
    let backend = shared.backend();
    let serial = backend.refresh_token(text);
    let wanted = serial.map_or_else(Wanted::default, |serial| backend.wanted_of(serial));
    Ok((serial, wanted))
}

/// What a device asked for, if its user has let it in.
fn let_in(shared: &Shared, client: u16, parameters: &Parameters) -> Result<Wanted, Answer> {
    let text = parameters
        .get("device_code")
        .ok_or_else(|| invalid("device_code is missing"))?;
    let mut backend = shared.backend();
    let (now, number) = (backend.now(), backend.device_code(text));
    backend.devices.ask(now, number, client).map_err(|not_yet| {
        let (error, wrong) = not_yet.error();
        Answer::oauth_error(400, error, wrong)
    })
}

/// A code for what it stands for. One that comes a second time takes with it what came of the first (RFC 6749, section 4.1.2).
fn exchange(shared: &Shared, client: u16, parameters: &Parameters, rotates: bool) -> Result<(u32, Wanted), Answer> {
    let text = parameters.get("code").ok_or_else(|| invalid("code is missing"))?;
    let mut backend = shared.backend();
    let now = backend.now();
    let number = backend
        .code(text)
        .ok_or_else(|| invalid_grant(BadCode::Unknown.says()))?;
    let id = backend.clients.id(client);
    match backend.codes.spend(now, number, &id, parameters) {
        Ok(grant) => Ok((number, grant.wanted)),
        Err(bad) => {
            if let BadCode::Spent(Some(token)) = bad {
                let meant = if rotates {
                    Meant::Grant(token)
                } else {
                    Meant::Token(token)
                };
                let by = Doer {
                    caller: "(a code used twice)".into(),
                    request: None,
                    at: now,
                };
                backend.end(&meant, false, by, None);
            }
            Err(invalid_grant(bad.says()))
        }
    }
}

/// An assertion in place of credentials (RFC 7523): its issuer is the client. Nobody here has the key of its signature.
fn bearer(shared: &Shared, headers: &HeaderMap, parameters: &Parameters) -> Result<Presented, Answer> {
    let assertion = parameters
        .get("assertion")
        .ok_or_else(|| invalid("assertion is missing"))?;
    let claims = claims(assertion).ok_or_else(|| invalid_grant("the assertion is no JWT"))?;
    let client = match Credentials::of(headers, parameters).map_err(invalid)? {
        Some(_) => client(shared, headers, parameters)?,
        None => {
            let issuer = claims["iss"].as_str().filter(|issuer| issuer.len() <= 1024);
            let issuer = issuer.ok_or_else(|| invalid_grant("the assertion has no issuer"))?;
            let mut backend = shared.backend();
            let known = backend.clients.find(issuer);
            let known = known.or_else(|| backend.register_by_name(issuer));
            known.ok_or_else(|| invalid_grant("no client of the issuer's name"))?
        }
    };
    let now = shared.backend().now().nanos() / 1_000_000_000;
    if claims["exp"].as_u64().is_some_and(|end| end <= now) {
        return Err(invalid_grant("the assertion has expired"));
    }
    Ok(Presented {
        client,
        grant_type: "jwt-bearer",
        how: How::Login,
        code: None,
        wanted: Wanted {
            scope: claims["scope"].as_str().map(str::to_owned),
            audience: None,
        },
        refreshable: false,
    })
}

/// What a JWT says, whoever signed it.
fn claims(text: &str) -> Option<serde_json::Value> {
    let [_, claims, _] = text.split('.').collect::<Vec<_>>()[..] else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&claims).ok()
}
