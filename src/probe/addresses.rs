//! URLs that are given by hand, and what is told of those that cannot be used.

use hyper::Uri;

use super::subject::Halt;

/// Refuses what cannot be reached, with the flag that it came from.
pub(super) fn checked(flag: &str, url: &str) -> Result<(), Halt> {
    let wrong = |why: &str| Err(Halt::Broken(format!("{flag} {url}: {why}")));
    let Ok(uri) = url.parse::<Uri>() else {
        return wrong("that is no URL; write http://HOST:PORT/PATH");
    };
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(_)) => Ok(()),
        (Some("https"), _) => wrong("HTTPS is not spoken here; put a proxy before it that speaks HTTP on this machine"),
        _ => wrong("that is no URL; write http://HOST:PORT/PATH"),
    }
}

/// An error with what caused it.
pub(super) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

/// A query may hold what is secret.
pub(super) fn without_query(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}
