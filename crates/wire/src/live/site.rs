//! The provider as a node reaches it: two URLs, and what is sent to them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, Response, header};

use super::connection::{HttpClient, reasons};
use super::hearing::{Answered, token};
use super::texts::Texts;
use super::{LiveError, LiveProvider};
use crate::base::{NodeId, Time};
use crate::oauth::{Grant, Reply, Slot, TokenSlot};
use crate::provider::settings::Dialect;

/// Bytes of an answer that are read.
const LARGEST: usize = 1 << 20;

/// A request could not be sent, or its answer not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Broken(String);

impl Broken {
    pub fn of(error: &dyn std::error::Error) -> Self {
        Self(reasons(error))
    }
}

/// The provider's side as all nodes know it.
pub(super) struct Site {
    provider: LiveProvider,
    pub dialect: Dialect,
    pub texts: Arc<Texts>,
}

impl Site {
    pub fn new(provider: LiveProvider, dialect: Dialect, texts: Arc<Texts>) -> Self {
        Self {
            provider,
            dialect,
            texts,
        }
    }

    /// Where a node finds it: what a node sends is told apart by the path.
    fn base(&self, node: NodeId) -> String {
        match self.provider.emulated {
            true => format!("{}/as/node-{}", self.provider.url, node.0),
            false => self.provider.url.clone(),
        }
    }

    /// A call of the API with this token.
    pub fn call(&self, node: NodeId, token: &str) -> Request<Full<Bytes>> {
        Request::get(format!("{}{}", self.base(node), self.provider.api_path))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Full::default())
            .expect("a token of a provider can stand in a header")
    }

    /// A token request of this client.
    pub fn token_request(
        &self,
        node: NodeId,
        client: u16,
        slot: TokenSlot,
        force: bool,
        refresh: Option<&str>,
    ) -> Request<Full<Bytes>> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        match refresh {
            Some(refresh) => form
                .append_pair("grant_type", "refresh_token")
                .append_pair("refresh_token", refresh),
            None => form.append_pair("grant_type", "client_credentials"),
        };
        let index = match slot.index {
            Slot::Unnamed => None,
            Slot::Index(index) => self.provider.slot_parameter.as_deref().map(|name| (name, index)),
            Slot::Misnamed(index) => Some(("slot_index", index)),
        };
        if let Some((name, index)) = index {
            form.append_pair(name, &index.to_string());
        }
        if force {
            form.append_pair("force_refresh", "true");
        }
        let all = &self.provider.clients;
        let number = usize::from(client + slot.app_copy).min(all.len() - 1);
        let (id, secret) = &all[number];
        let basic = STANDARD.encode(format!("{id}:{secret}"));
        Request::post(format!("{}{}", self.base(node), self.provider.token_path))
            .header(header::AUTHORIZATION, format!("Basic {basic}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form.finish()))
            .expect("a form can be sent")
    }

    /// A user logs in at a client, by tokenstorm's own control plane.
    pub async fn log_in(&self, http: &HttpClient, client: u16) -> Result<Grant, LiveError> {
        let url = format!("{}/_tokenstorm/login", self.provider.url);
        let (id, _) = &self.provider.clients[usize::from(client).min(self.provider.clients.len() - 1)];
        let body = serde_json::json!({"client": id, "caller": "user"}).to_string();
        let request = Request::post(&url).body(Full::from(body)).expect("JSON can be sent");
        let failed = |reason: String| LiveError::Login {
            url: url.clone(),
            reason,
        };
        let answered = exchange(http, request)
            .await
            .map_err(|error| failed(error.to_string()))?;
        match token(&self.dialect, &answered, &self.texts) {
            Reply::Granted(grant) => Ok(grant),
            Reply::Refused { .. } => Err(failed(format!("status {}: {}", answered.status, answered.body.trim()))),
        }
    }
}

/// Sends a request and reads its answer whole.
pub(super) async fn exchange(http: &HttpClient, request: Request<Full<Bytes>>) -> Result<Answered, Broken> {
    let response = http.request(request).await.map_err(|error| Broken::of(&error))?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    let body = body.map_err(|error| Broken(error.to_string()))?.to_bytes();
    let parts = Response::from_parts(parts, ());
    let header = |name: &str| parts.headers().get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| header(name).and_then(|text| text.parse::<u64>().ok());
    Ok(Answered {
        status: parts.status().as_u16(),
        retry_after: header("retry-after").map(str::to_owned),
        decided: number("x-tokenstorm-now").map(Time::from_nanos),
        rank: number("x-tokenstorm-rank")
            .and_then(|rank| u32::try_from(rank).ok())
            .and_then(std::num::NonZeroU32::new),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
