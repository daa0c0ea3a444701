//! Who is let in: pages of the studio's own in a browser of this machine. A page from elsewhere reaches loopback addresses too, by its
//! own name for them (DNS rebinding) or by a request across origins; neither gets an answer.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Names by which the studio may be called.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    hosts: Vec<String>,
}

/// What every answer says about itself.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; \
         form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

impl Guard {
    pub fn of(address: SocketAddr) -> Self {
        let port = address.port();
        let mut hosts: Vec<String> = ["127.0.0.1", "localhost", "[::1]"]
            .map(|name| format!("{name}:{port}"))
            .into();
        hosts.push(address.to_string());
        Self { hosts }
    }

    /// Why a request gets no answer.
    pub fn refuses(&self, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
        let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        let own = |host: &str| self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
        if !text(header::HOST).is_some_and(own) {
            let why = "the studio answers to 127.0.0.1, localhost and [::1] with its port, and to no other name\n";
            return Some((StatusCode::MISDIRECTED_REQUEST, why));
        }
        let foreign = |origin: &str| !origin.strip_prefix("http://").is_some_and(own);
        let elsewhere = |site: &str| !matches!(site, "same-origin" | "none");
        if text(header::ORIGIN).is_some_and(foreign)
            || text(HeaderName::from_static("sec-fetch-site")).is_some_and(elsewhere)
        {
            return Some((StatusCode::FORBIDDEN, "the studio is not for pages from elsewhere\n"));
        }
        None
    }

    /// Puts down what every answer says.
    pub fn seal(headers: &mut HeaderMap) {
        for (name, value) in HEADERS {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pairs: &[(&'static str, &str)]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let guard = Guard::of(SocketAddr::from(([127, 0, 0, 1], 8080)));
        guard.refuses(&headers).map(|(status, _)| status.as_u16())
    }

    #[test]
    fn only_pages_of_its_own_are_let_in() {
        for host in ["127.0.0.1:8080", "LOCALHOST:8080", "[::1]:8080"] {
            assert_eq!(refused(&[("host", host)]), None, "{host}");
            let own = format!("http://{host}");
            assert_eq!(
                refused(&[("host", host), ("origin", &own), ("sec-fetch-site", "same-origin")]),
                None
            );
        }
        for host in [
            "evil.example:8080",
            "127.0.0.1",
            "127.0.0.1:8081",
            "localhost.evil.example:8080",
            "",
        ] {
            assert_eq!(refused(&[("host", host)]), Some(421), "{host}");
        }
        assert_eq!(refused(&[]), Some(421));
        for origin in [
            "http://evil.example",
            "null",
            "https://127.0.0.1:8080",
            "http://127.0.0.1:1",
        ] {
            assert_eq!(
                refused(&[("host", "127.0.0.1:8080"), ("origin", origin)]),
                Some(403),
                "{origin}"
            );
        }
        assert_eq!(
            refused(&[("host", "127.0.0.1:8080"), ("sec-fetch-site", "cross-site")]),
            Some(403)
        );
    }
}
