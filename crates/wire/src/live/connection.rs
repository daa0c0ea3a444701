//! Connections to a provider: HTTP, and HTTPS with the authorities that the system trusts.

use std::error::Error;

use http_body_util::Full;
use hyper::Uri;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service as _;

use super::LiveError;

#[cfg(feature = "https")]
type Connector = hyper_rustls::HttpsConnector<HttpConnector>;

#[cfg(not(feature = "https"))]
type Connector = HttpConnector;

/// Connections of one party, kept open.
pub(crate) type HttpClient = Client<Connector, Full<Bytes>>;

/// A client with connections of its own.
pub(crate) fn http_client() -> HttpClient {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(connector(plain()))
}

/// Whether somebody listens there who speaks what the URL says. No request is sent: it would be one in the provider's books.
///
/// # Errors
/// What is wrong with the URL, or why no connection comes about.
pub(super) async fn reach(url: &str) -> Result<(), LiveError> {
    let failed = |reason| LiveError::Unreachable {
        url: url.to_owned(),
        reason,
    };
    let uri = reachable(url).map_err(failed)?;
    match connector(plain()).call(uri).await {
        Ok(_connection) => Ok(()),
        Err(error) => Err(failed(broken(error))),
    }
}

/// Why no connection came about; the two kinds of connector have an error each.
fn broken(error: impl Into<Box<dyn Error + Send + Sync>>) -> String {
    reasons(&*error.into())
}

/// An error with what caused it, and what to do where no authority is known that vouches for the other side.
pub(crate) fn reasons(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        // Some errors are told by those that they caused.
        let deeper_text = deeper.to_string();
        if !text.contains(&deeper_text) {
            text = format!("{text}: {deeper_text}");
        }
        cause = deeper.source();
    }
    if text.contains("UnknownIssuer") {
        text.push_str("; to trust an authority of your own, name the file of its certificate in SSL_CERT_FILE");
    }
    text
}

fn plain() -> HttpConnector {
    let mut plain = HttpConnector::new();
    plain.set_nodelay(true);
    plain
}

#[cfg(not(feature = "https"))]
fn connector(plain: HttpConnector) -> Connector {
    plain
}

#[cfg(feature = "https")]
fn connector(mut plain: HttpConnector) -> Connector {
    plain.enforce_http(false);
    hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(trust::settings())
        .https_or_http()
        .enable_http1()
        .wrap_connector(plain)
}

/// The URL, if a client here can follow it.
///
/// # Errors
/// What is wrong with it, and what to write in its place.
pub(crate) fn reachable(url: &str) -> Result<Uri, String> {
    let uri = url.parse::<Uri>().ok();
    match uri.as_ref().and_then(|uri| uri.scheme_str().zip(uri.host())) {
        Some(("http", _)) => {}
        Some(("https", _)) => trusted()?,
        _ => return Err("that is no URL; write https://HOST/PATH or http://HOST:PORT/PATH".to_owned()),
    }
    Ok(uri.unwrap_or_default())
}

#[cfg(not(feature = "https"))]
fn trusted() -> Result<(), String> {
    Err("this build speaks no HTTPS; build with the feature `https`, or put a proxy before it".to_owned())
}

#[cfg(feature = "https")]
fn trusted() -> Result<(), String> {
    match trust::any() {
        true => Ok(()),
        false => Err(
            "this system has no certificates of authorities that it trusts; install them (Debian's package is ca-certificates), or \
             name a file of them in SSL_CERT_FILE"
                .to_owned(),
        ),
    }
}

/// What a client trusts. Read once: many nodes have a client each, and a system has hundreds of authorities.
#[cfg(feature = "https")]
mod trust {
    use std::sync::OnceLock;

    use hyper_rustls::ConfigBuilderExt as _;
    use tokio_rustls::rustls::crypto::ring::default_provider;
    use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

    static NATIVE: OnceLock<Option<ClientConfig>> = OnceLock::new();

    fn native() -> Option<&'static ClientConfig> {
        let read = || Some(builder().with_native_roots().ok()?.with_no_client_auth());
        NATIVE.get_or_init(read).as_ref()
    }

    fn builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
        ClientConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("ring has the versions that are asked for")
    }

    /// Whether the system trusts anybody.
    pub fn any() -> bool {
        native().is_some()
    }

    /// Nobody is trusted where the system trusts nobody: plain HTTP is spoken all the same.
    pub fn settings() -> ClientConfig {
        let nobody = || {
            builder()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth()
        };
        native().cloned().unwrap_or_else(nobody)
    }
}
