//! The studio: a local page over the library. A scenario is opened, changed by controls and as a text, and run again while the hand is
//! still on the slider.
//!
//! It runs nothing of its own: what it shows is what [`campaign::run`](crate::campaign::run) finds for the text beside it, drawn by
//! [`report`](crate::report). Only this machine reaches it. [`studio`](crate::manual::studio) is the page about it.

mod controls;
mod edit;
mod effort;
mod ever;
mod examples;
mod guard;
mod look;
mod page;
mod play;
mod routes;
mod told;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::scenario::Scenario;
use routes::Shared;

/// Where a studio listens, and what it opens with.
#[derive(Clone, Debug)]
pub struct StudioOptions {
    listen: SocketAddr,
    opened: Option<Opened>,
}

/// The scenario that the studio opens with.
#[derive(Clone, Debug)]
struct Opened {
    name: String,
    text: String,
    folder: PathBuf,
}

impl Default for StudioOptions {
    /// Any free port of the loopback address, and the first example.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            opened: None,
        }
    }
}

impl StudioOptions {
    /// Listens there; port 0 is any that is free.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Opens with this scenario, and looks up files that a text names where the scenario's lie.
    #[must_use]
    pub fn scenario(mut self, scenario: &Scenario) -> Self {
        self.opened = Some(Opened {
            name: scenario.origin.clone(),
            text: scenario.as_written().to_owned(),
            folder: scenario.folder.clone(),
        });
        self
    }
}

/// Why a studio does not start.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// Other machines could reach it.
    #[error(
        "{0} can be reached from other machines, and whoever reaches the studio can use this machine: listen on 127.0.0.1 or [::1], \
         and let `ssh -L` bring it elsewhere"
    )]
    NotLoopback(SocketAddr),
    /// Nobody can listen there.
    #[error("cannot listen on {address}: {source}; port 0 stands for any that is free")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gives no threads.
    #[error("the system does not give what is needed: {0}")]
    System(#[from] std::io::Error),
}

/// A studio, until it is dropped.
///
/// ```
/// use tokenstorm::studio::{Studio, StudioOptions};
///
/// let studio = Studio::start(StudioOptions::default())?;
/// assert!(studio.url().starts_with("http://127.0.0.1:"));
/// # Ok::<(), tokenstorm::studio::StudioError>(())
/// ```
#[derive(Debug)]
pub struct Studio {
    url: String,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

impl Studio {
    /// Starts it.
    ///
    /// # Errors
    /// When the address is not this machine's alone, is taken, or the system gives no threads.
    pub fn start(options: StudioOptions) -> Result<Self, StudioError> {
        let address = options.listen;
        if !address.ip().to_canonical().is_loopback() {
            return Err(StudioError::NotLoopback(address));
        }
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(2)
            .thread_name("tokenstorm-ui")
            .enable_all()
            .build()?;
        let listening = |source| StudioError::Listen { address, source };
        let listener = std::net::TcpListener::bind(address).map_err(listening)?;
        listener.set_nonblocking(true).map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let (stop, mut told) = watch::channel(false);
        let shared = Arc::new(Shared::new(address, options.opened));
        let routes = routes::routes(&shared);
        let inside = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).map_err(listening)?;
        drop(inside);
        runtime.spawn(async move {
            let served = axum::serve(listener, routes).with_graceful_shutdown(async move {
                drop(told.wait_for(|stop| *stop).await);
            });
            let _until_stopped = served.await;
        });
        Ok(Self {
            url: format!("http://{address}/"),
            shared,
            stop,
            runtime: Some(runtime),
        })
    }

    /// Where a browser finds it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs something beside the studio, on its threads, until it is done.
    ///
    /// # Panics
    /// Never: it runs until it is dropped.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime
            .as_ref()
            .expect("it runs until it is dropped")
            .block_on(future)
    }
}

/// Ends at once: runs that are under way are given up.
impl Drop for Studio {
    fn drop(&mut self) {
        let _nobody_listens = self.stop.send(true);
        self.shared.give_up();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
