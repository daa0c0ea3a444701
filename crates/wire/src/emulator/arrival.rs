//! By which way a request came: what its connection says of it, and of whose it is.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::header::PROXY_AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::parameters::basic;
use super::paths::is_caller;

/// What every request of a connection has in common.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// Its place in the order of connections.
    pub connection: u64,
    pub peer: IpAddr,
    /// Who it was when the tunnel was asked for.
    pub caller: Option<Arc<str>>,
    /// It came through a tunnel to a host of its own choice.
    pub tunnel: Option<Tunnel>,
}

/// What a client takes us for.
#[derive(Clone, Debug)]
pub(super) struct Tunnel {
    pub scheme: &'static str,
    pub host: Arc<str>,
}

/// Why proxy credentials name nobody.
pub(super) const UNNAMED: &str = "proxy credentials are `Basic` of a caller's name, a colon and anything, as in http://pod-3:x@127.0.0.1:8080; a name has 1 to 64 letters, digits, dots, dashes and underscores";

impl Arrival {
    /// The same, by a tunnel.
    #[cfg(feature = "intercept")]
    pub fn through(self, scheme: &'static str, host: &str) -> Self {
        let host = host.into();
        Self {
            tunnel: Some(Tunnel { scheme, host }),
            ..self
        }
    }

    /// What a client calls us, where it says so: scheme and authority of its URL.
    pub fn called(&self, uri: &Uri, headers: &HeaderMap) -> Option<(&'static str, String)> {
        let named = uri.authority().map(|authority| authority.as_str());
        let scheme = self.tunnel.as_ref().map_or("http", |tunnel| tunnel.scheme);
        let host = named.or_else(|| headers.get("host").and_then(|value| value.to_str().ok()));
        let host = host.filter(|host| host.len() <= 255).map(str::to_owned);
        let host = host.or_else(|| self.tunnel.as_ref().map(|tunnel| tunnel.host.to_string()));
        host.map(|host| (scheme, host))
    }

    /// Whether it was meant for a host of the client's choice.
    pub fn is_intercepted(&self, uri: &Uri) -> bool {
        self.tunnel.is_some() || uri.authority().is_some()
    }
}

/// The caller that proxy credentials name, if there are some.
///
/// # Errors
/// When they name nobody.
pub(super) fn proxy_caller(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    named(headers.get(PROXY_AUTHORIZATION))
}

/// The caller that a header of its own names, if one does.
pub(super) fn header_caller(headers: &HeaderMap) -> Option<&str> {
    const NAME: HeaderName = HeaderName::from_static("x-tokenstorm-caller");
    let name = headers.get(NAME)?.to_str().ok()?;
    is_caller(name).then_some(name)
}

fn named(credentials: Option<&HeaderValue>) -> Result<Option<String>, &'static str> {
    let Some(credentials) = credentials else {
        return Ok(None);
    };
    let text = credentials.to_str().map_err(|_| UNNAMED)?;
    match basic(text) {
        Some(Ok(shown)) if is_caller(&shown.id) => Ok(Some(shown.id)),
        _ => Err(UNNAMED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_credentials_name_the_caller() {
        // `pod-3:x`, `pod 3:x`
        for (text, name) in [
            ("Basic cG9kLTM6eA==", Some("pod-3")),
            ("basic cG9kLTM6eA==", Some("pod-3")),
            ("Basic cG9kIDM6eA==", None),
            ("Basic !", None),
            ("Bearer cG9kLTM6eA==", None),
        ] {
            let value = HeaderValue::from_static(text);
            assert_eq!(named(Some(&value)).ok().flatten().as_deref(), name, "{text}");
        }
        assert_eq!(named(None), Ok(None));
    }
}
