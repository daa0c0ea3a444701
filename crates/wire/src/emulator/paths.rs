//! Which request is for which endpoint: the token endpoint is known by the last step of its path, whatever the provider calls it,
//! and whatever is nothing else is the API.

/// Everything of the emulator itself lies below this path.
pub(super) const CONTROL_PATH: &str = "/_tokenstorm";

/// Where the metadata of the authorization server is.
const METADATA: &str = "/.well-known/oauth-authorization-server";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Token,
    Authorization,
    Revocation,
    Introspection,
    DeviceAuthorization,
    Device,
    Registration,
    Metadata,
    Keys,
    Control,
    Api,
}

/// What token endpoints of the known providers end with.
const TOKEN_ENDINGS: [&str; 9] = [
    "token",
    "access_token",
    "token.do",
    "gettoken",
    "getAccessToken",
    "stable_token",
    "oauth.v2.access",
    "oauth2",
    "tenant_access_token",
];

/// Where a path leads; `rest` is the path without what names the caller.
pub(super) fn route(rest: &str) -> Route {
    if rest == CONTROL_PATH
        || rest
            .strip_prefix(CONTROL_PATH)
            .is_some_and(|rest| rest.starts_with('/'))
    {
        return Route::Control;
    }
    if rest.starts_with(METADATA) || rest.ends_with("/.well-known/openid-configuration") {
        return Route::Metadata;
    }
    let trimmed = rest.trim_end_matches('/');
    let last = trimmed.rsplit('/').next().unwrap_or_default();
    match last {
        "authorize" => Route::Authorization,
        "revoke" => Route::Revocation,
        "introspect" => Route::Introspection,
        "device_authorization" | "devicecode" => Route::DeviceAuthorization,
        "code" if trimmed.ends_with("/device/code") => Route::DeviceAuthorization,
        "device" => Route::Device,
        "register" => Route::Registration,
        "jwks.json" | "jwks" | "certs" => Route::Keys,
        _ if TOKEN_ENDINGS.contains(&last) || trimmed.contains("/tenant_access_token/") => Route::Token,
        _ => Route::Api,
    }
}

/// Token endpoints of this path are asked by GET too.
pub(super) fn is_asked_by_get(rest: &str) -> bool {
    rest.starts_with("/cgi-bin/")
        || rest.ends_with("/gettoken")
        || rest.ends_with("/getAccessToken")
        || rest == "/identity/oauth/token"
}

/// The caller that a path names, and what is left of the path: `/as/pod-3/oauth/token`.
///
/// # Errors
/// When the name has letters that a log could not be read with.
pub(super) fn split_caller(path: &str) -> Result<(Option<&str>, &str), &'static str> {
    // RFC 8414, section 3.1, puts what it adds before the path of the issuer.
    if let Some(issuer) = path.strip_prefix(METADATA).filter(|issuer| issuer.starts_with("/as/")) {
        return split_caller(issuer).map(|(name, _)| (name, METADATA));
    }
    let Some(named) = path.strip_prefix("/as/") else {
        return Ok((None, path));
    };
    let end = named.find('/').unwrap_or(named.len());
    let (name, rest) = named.split_at(end);
    match is_caller(name) {
        true => Ok((Some(name), if rest.is_empty() { "/" } else { rest })),
        false => {
            Err("a caller is named by 1 to 64 letters, digits, dots, dashes and underscores: /as/pod-3/oauth/token")
        }
    }
}

/// Whether a caller may be named so.
pub(super) fn is_caller(name: &str) -> bool {
    /// Bytes of a name.
    const LONGEST: usize = 64;
    is_name(name) && name.len() <= LONGEST
}

pub(super) fn is_name(name: &str) -> bool {
    let good = |letter: u8| letter.is_ascii_alphanumeric() || b"._-".contains(&letter);
    !name.is_empty() && name.bytes().all(good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_known_by_their_paths() {
        for path in [
            "/oauth/token",
            "/token",
            "/oauth2/v1/token",
            "/login/oauth/access_token",
            "/cgi-bin/token",
            "/cgi-bin/stable_token",
            "/cgi-bin/gettoken",
            "/oauth/v2/token/",
            "/open-apis/auth/v3/tenant_access_token/internal",
            "/api/oauth.v2.access",
            "/v2/oauth2",
        ] {
            assert_eq!(route(path), Route::Token, "{path}");
        }
        assert_eq!(route("/oauth/authorize"), Route::Authorization);
        assert_eq!(route("/oauth/revoke"), Route::Revocation);
        assert_eq!(route("/oauth2/introspect"), Route::Introspection);
        assert_eq!(route("/.well-known/oauth-authorization-server"), Route::Metadata);
        assert_eq!(route("/.well-known/jwks.json"), Route::Keys);
        for path in [
            "/oauth/device_authorization",
            "/device/code",
            "/t/oauth2/v2.0/devicecode",
        ] {
            assert_eq!(route(path), Route::DeviceAuthorization, "{path}");
        }
        assert_eq!(route("/oauth/device"), Route::Device);
        assert_eq!(route("/register"), Route::Registration);
        assert_eq!(route("/_tokenstorm/state"), Route::Control);
        for path in ["/", "/v2/users/me", "/tokens", "/_tokenstormy", "/v1/token/list"] {
            assert_eq!(route(path), Route::Api, "{path}");
        }
    }

    #[test]
    fn a_path_may_name_the_caller() {
        assert_eq!(
            split_caller("/as/pod-3/oauth/token"),
            Ok((Some("pod-3"), "/oauth/token"))
        );
        assert_eq!(split_caller("/as/pod-3"), Ok((Some("pod-3"), "/")));
        assert_eq!(split_caller("/v2/users"), Ok((None, "/v2/users")));
        assert_eq!(
            split_caller("/.well-known/oauth-authorization-server/as/pod-3"),
            Ok((Some("pod-3"), METADATA))
        );
        for path in ["/as//x", "/as/a%20b/x", &format!("/as/{}/x", "a".repeat(65))] {
            assert!(split_caller(path).is_err(), "{path}");
        }
    }
}
