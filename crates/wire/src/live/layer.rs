//! A token source as a layer of tower: every request gets a token, and one that is refused for it is sent once more.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response};
use tower::{Layer, Service};

use super::source::{NoToken, TokenSource};

/// Puts a source's token into every request.
#[derive(Clone, Debug)]
pub struct TokenLayer(TokenSource);

impl TokenLayer {
    /// Of this source.
    pub const fn new(source: TokenSource) -> Self {
        Self(source)
    }
}

impl<S> Layer<S> for TokenLayer {
    type Service = WithToken<S>;

    fn layer(&self, inner: S) -> WithToken<S> {
        WithToken {
            source: self.0.clone(),
            inner,
        }
    }
}

/// A service whose requests carry a token.
#[derive(Clone, Debug)]
pub struct WithToken<S> {
    source: TokenSource,
    inner: S,
}

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub enum WithTokenError<E> {
    /// There was no token.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// The service below failed.
    #[error("{0}")]
    Service(E),
}

impl<S, B, R> Service<Request<B>> for WithToken<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Clone + Send + Sync + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = WithTokenError<S::Error>;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(WithTokenError::Service)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was polled ready is the one that is called.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let source = self.source.clone();
        Box::pin(async move {
            let send = |token: Arc<str>| {
                let mut request = request.clone();
                // What cannot stand in a header is no token; the provider then says what it makes of its absence.
                if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {token}")) {
                    value.set_sensitive(true);
                    request.headers_mut().insert(AUTHORIZATION, value);
                }
                inner.call(request)
            };
            let status = |response: &Response<R>| {
                let retry_after = response
                    .headers()
                    .get(RETRY_AFTER)
                    .and_then(|value| value.to_str().ok());
                (response.status().as_u16(), retry_after.map(str::to_owned))
            };
            source.call(send, status).await?.map_err(WithTokenError::Service)
        })
    }
}
