//! An answer before it is sent: the provider's own words, or the standard's where no profile has any.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use crate::provider::settings::HttpAnswer;

/// Status, headers and body, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl From<HttpAnswer<'_>> for Answer {
    fn from(answer: HttpAnswer<'_>) -> Self {
        Self {
            status: answer.status,
            headers: answer.headers,
            body: answer.body.into_owned(),
        }
    }
}

impl Answer {
    /// JSON as it is.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    pub fn text(status: u16, media_type: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type", media_type.to_owned())],
            body,
        }
    }

    /// An error of the token endpoint (RFC 6749, section 5.2).
    pub fn oauth_error(status: u16, error: &str, description: &str) -> Self {
        let mut answer = Self::json(status, &json!({"error": error, "error_description": description}));
        answer.headers.push(("cache-control", "no-store".to_owned()));
        answer
    }

    /// The client is not let in; it is asked for `Basic` where it tried that.
    pub fn invalid_client(basic: bool, description: &str) -> Self {
        let mut answer = Self::oauth_error(401, "invalid_client", description);
        if basic {
            let challenge = r#"Basic realm="tokenstorm", charset="UTF-8""#;
            answer.headers.push(("www-authenticate", challenge.to_owned()));
        }
        answer
    }
}

/// As it goes out.
impl IntoResponse for Answer {
    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
