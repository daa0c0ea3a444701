//! A provider that really invalidates, as an HTTP server: the machines of [`provider`](crate::provider) with sockets, a clock that
//! can be moved, and the memory of who ended whose token.
//!
//! It decides nothing: what a request gets is decided by [`provider::Server`](crate::provider::Server), the very one that the simulator
//! and the checker run. `manual::serve` is the page about it. For a test of a client in Rust:
//!
//! ```
//! # mod tokenstorm { pub use tokenstorm_core::base; pub use tokenstorm_wire::emulator; }
//! use tokenstorm::base::Duration;
//! use tokenstorm::emulator::Emulator;
//!
//! let provider = Emulator::start("zoom-s2s-2022")?;
//! // Give `provider.token_url()` and `provider.url()` to the client under test, let it work, and look:
//! provider.advance(Duration::from_secs(3600));
//! assert!(provider.count("token_requests").unwrap() <= 1);
//! # Ok::<(), tokenstorm::emulator::EmulatorError>(())
//! ```

mod answer;
mod arrival;
mod asked;
mod assertion;
mod authorize;
mod backend;
mod carry;
mod clock;
mod codes;
mod control;
mod conversation;
mod devices;
mod dispatch;
mod emulated;
mod entrance;
mod grants;
mod history;
mod hold;
mod inspect;
#[cfg(feature = "intercept")]
mod intercept;
mod jwt;
mod killings;
mod listen;
mod log;
mod machine;
mod metrics;
mod openapi;
mod options;
mod parameters;
mod paths;
mod recording;
mod registration;
mod registry;
mod replay;
mod step;
mod stream;
mod texts;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::base::Duration;
use backend::Backend;
use carry::Shared;
use clock::SimClock;
#[cfg(feature = "intercept")]
use intercept::{Authority, CaFiles};
use listen::Listening;
use log::COUNTS;
use recording::{Head, Recorder};
use registry::Clients;
use texts::TokenTexts;

pub use assertion::{AssertionError, CountAssertion};
pub use emulated::UnknownProvider;
pub use options::EmulatorOptions;
pub use replay::{ReplayError, replay};

/// Why an emulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// There is nothing to emulate.
    #[error(transparent)]
    Provider(#[from] UnknownProvider),
    /// Nobody can listen there.
    #[error("cannot listen on {address}: {source}; port 0 stands for any that is free")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file of the recording cannot be written.
    #[error("cannot record into {}: {source}", path.display())]
    Record {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The system gives no threads, or no secure random numbers.
    #[error("the system does not give what is needed: {0}")]
    System(String),
}

/// A provider over HTTP, until it is dropped.
pub struct Emulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    url: String,
    stop: watch::Sender<bool>,
    #[cfg(feature = "intercept")]
    ca: Option<CaFiles>,
    accepting: Option<JoinHandle<()>>,
    runtime: Option<Runtime>,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Emulator")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Emulator {
    /// The provider of this profile on a free port of the loopback address, whose tokens nobody can guess.
    ///
    /// # Errors
    /// When there is no such profile, or the system gives no socket, threads or random numbers.
    pub fn start(profile: &str) -> Result<Self, EmulatorError> {
        Self::start_with(EmulatorOptions::profile(profile)?)
    }

    /// [`start`](Self::start) for whatever the options say.
    ///
    /// # Errors
    /// When the system gives no socket, threads or random numbers.
    pub fn start_with(options: EmulatorOptions) -> Result<Self, EmulatorError> {
        let system = |error: &dyn std::fmt::Display| EmulatorError::System(error.to_string());
        let texts = match options.seed {
            Some(seed) => TokenTexts::seeded(seed),
            None => TokenTexts::secret().map_err(|error| system(&error))?,
        };
        let seed = match options.seed {
            Some(seed) => seed,
            None => getrandom::u64().map_err(|error| system(&error))?,
        };
        let clock = match (options.clock, options.frozen_at) {
            (Some(clock), _) => SimClock::paced(&clock),
            (None, Some(at)) => SimClock::frozen(at),
            (None, None) => SimClock::wall(),
        };
        let known = options.emulated.clients.iter().map(|id| (id.clone(), None));
        let clients = Clients::new(known.chain(options.clients), options.open);
        let head = Head {
            tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            slots: options.emulated.provider.slots.clone(),
            emulates: options.emulated.source.clone(),
        };
        let recorder = options
            .record
            .map(|path| Recorder::create(&path, &head).map_err(|source| EmulatorError::Record { path, source }));
        let backend = Backend::new(options.emulated, clients, texts, clock, seed, recorder.transpose()?);
        let shared = Arc::new(Shared::new(backend, options.door));
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let builder = builder
            .worker_threads(options.workers)
            .thread_name("tokenstorm-serve")
            .enable_all();
        let runtime = builder.build().map_err(|error| system(&error))?;
        let (stop, told) = watch::channel(false);
        let address = options.listen;
        let listening = |source| EmulatorError::Listen { address, source };
        let inside = runtime.enter();
        let listener = listen::bind(address).map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        drop(inside);
        let url = format!("http://{address}");
        shared.base.get_or_init(|| url.clone());
        #[allow(unused_mut, reason = "without `intercept` there is nothing to choose")]
        let mut listening = Listening::default();
        #[cfg(feature = "intercept")]
        let ca = match options.intercept {
            true => {
                let authority = Arc::new(Authority::new().map_err(|error| system(&error))?);
                let files = CaFiles::write(&authority).map_err(|error| system(&error))?;
                listening.authority = Some(authority);
                Some(files)
            }
            false => None,
        };
        let accepting = runtime.spawn(listen::serve(listener, listening, Arc::clone(&shared), told));
        Ok(Self {
            #[cfg(feature = "intercept")]
            ca,
            shared,
            address,
            url,
            stop,
            accepting: Some(accepting),
            runtime: Some(runtime),
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the API is: `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The base URL of one of several callers, who are told apart by it: `/oauth/token` and all other paths lie below it too.
    pub fn url_of(&self, caller: &str) -> String {
        format!("{}/as/{caller}", self.url)
    }

    /// Where the token endpoint is.
    pub fn token_url(&self) -> String {
        format!("{}/oauth/token", self.url)
    }

    /// The certificate of the authority that signs for intercepted hosts, in a file (PEM) that goes with the emulator; none unless
    /// it was started with [`intercept`](EmulatorOptions::intercept).
    #[cfg(feature = "intercept")]
    pub fn ca_certificate(&self) -> Option<PathBuf> {
        self.ca.as_ref().map(CaFiles::pem)
    }

    /// Variables by which clients find the proxy and trust its certificates, by the kind of client that reads them; none unless it
    /// was started with [`intercept`](EmulatorOptions::intercept).
    #[cfg(feature = "intercept")]
    pub fn proxy_environment(&self) -> Vec<(&'static str, Vec<(&'static str, String)>)> {
        let ca = self.ca.as_ref();
        ca.map(|ca| ca.environment(self.address)).unwrap_or_default()
    }

    /// Moves the clock of the provider ahead: tokens, windows and grace are at once so much older.
    pub fn advance(&self, by: Duration) {
        self.shared.backend().advance(by);
    }

    /// All tokens, counts and faults are as at the start.
    pub fn reset(&self) {
        self.shared.backend().reset();
        self.shared.look_again();
    }

    /// Ids of the clients that are there from the start, in the order of the scenario's apps, each with its copies.
    pub fn clients(&self) -> Vec<String> {
        self.shared.backend().emulated.clients.clone()
    }

    /// What was counted under this name; the manual lists them.
    pub fn count(&self, name: &str) -> Option<u64> {
        let place = COUNTS.iter().position(|(known, _)| *known == name)?;
        Some(self.shared.backend().log.counts(None)[place])
    }

    /// Whether something holds that must, and what its count is.
    pub fn judge(&self, assertion: &CountAssertion) -> (bool, u64) {
        self.shared.backend().judge(assertion)
    }

    /// Who killed whose tokens so that calls were refused, in words, those that happened most first; ten at most.
    pub fn killings(&self) -> Vec<String> {
        killings::told(&self.events())
    }

    /// The event log so far, a JSON object each.
    pub fn events(&self) -> Vec<serde_json::Value> {
        let backend = self.shared.backend();
        let entries = backend.log.since(0, usize::MAX);
        entries.filter_map(|entry| serde_json::to_value(entry).ok()).collect()
    }

    /// Stops taking requests, and waits a while until those that are under way have been answered.
    pub fn stop(mut self) {
        let _nobody_listens = self.stop.send(true);
        if let (Some(runtime), Some(accepting)) = (&self.runtime, self.accepting.take()) {
            let _ended = runtime.block_on(accepting);
        }
        self.flush();
    }

    /// What has been recorded so far is in its file.
    pub fn flush(&self) {
        if let Some(recorder) = &mut self.shared.backend().machine.recorder {
            recorder.flush();
        }
    }

    /// Why the recording ended before its time, if it did.
    pub fn recording_ended(&self) -> Option<String> {
        let backend = self.shared.backend();
        backend
            .machine
            .recorder
            .as_ref()
            .and_then(|recorder| recorder.broken.clone())
    }

    /// Runs something beside the server, on its threads, until it is done.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let runtime = self.runtime.as_ref().expect("it runs until it is dropped");
        runtime.block_on(future)
    }
}

/// Ends at once: connections that are open are closed.
impl Drop for Emulator {
    fn drop(&mut self) {
        let _nobody_listens = self.stop.send(true);
        self.flush();
        if let Some(runtime) = self.runtime.take() {
            // A test may drop it where waiting is not allowed.
            runtime.shutdown_background();
        }
    }
}
