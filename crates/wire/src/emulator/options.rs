//! What can be chosen about an emulator.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::carry::DoorOptions;
use super::emulated::{Emulated, UnknownProvider, of_profile, of_scenario};
use crate::base::{Duration, PacedClock, Time};
use crate::provider::settings::TokenShape;
use crate::scenario::Scenario;

/// What is emulated, where, and for whom.
#[derive(Clone)]
pub struct EmulatorOptions {
    pub(super) emulated: Emulated,
    pub(super) listen: SocketAddr,
    pub(super) seed: Option<u64>,
    pub(super) frozen_at: Option<Time>,
    pub(super) clock: Option<PacedClock>,
    pub(super) clients: Vec<(String, Option<String>)>,
    pub(super) open: bool,
    pub(super) door: DoorOptions,
    pub(super) workers: usize,
    pub(super) record: Option<PathBuf>,
    #[cfg(feature = "intercept")]
    pub(super) intercept: bool,
}

impl std::fmt::Debug for EmulatorOptions {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets are nobody's business.
        to.debug_struct("EmulatorOptions")
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

impl EmulatorOptions {
    fn of(emulated: Emulated, open: bool) -> Self {
        Self {
            emulated,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: None,
            frozen_at: None,
            clock: None,
            clients: Vec::new(),
            open,
            door: DoorOptions::default(),
            workers: 1,
            record: None,
            #[cfg(feature = "intercept")]
            intercept: false,
        }
    }

    /// A profile: any client may come, and its requests take no time.
    ///
    /// # Errors
    /// When there is no such profile.
    pub fn profile(name: &str) -> Result<Self, UnknownProvider> {
        Ok(Self::of(of_profile(name)?, true))
    }

    /// The provider of a scenario, with its latencies, limits, faults and timeline; its apps are the clients.
    ///
    /// # Errors
    /// When a file that the scenario names cannot be used, or it has no strategy.
    pub fn scenario(scenario: &Scenario) -> Result<Self, UnknownProvider> {
        Ok(Self::of(of_scenario(scenario)?, false))
    }

    /// Listens there; without it, on a free port of the loopback address.
    #[must_use]
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Tokens and chance follow from this seed: whoever knows it can make tokens. Without it they come from the system's secure
    /// generator.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The clock stands still, so long after the beginning of 1970, and moves only as it is told.
    #[must_use]
    pub fn frozen_at(mut self, after: Duration) -> Self {
        self.frozen_at = Some(Time::ZERO + after);
        self
    }

    /// Time goes as this clock shows it, which may be faster than the wall's, and each answer says in `x-tokenstorm-now` what it was
    /// when the request was decided, in nanoseconds, and in `x-tokenstorm-rank` what its token reveals about its issue.
    #[must_use]
    pub const fn paced(mut self, clock: PacedClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// A client with this secret. Those that nobody named are then refused.
    #[must_use]
    pub fn client(mut self, id: &str, secret: &str) -> Self {
        self.clients.push((id.to_owned(), Some(secret.to_owned())));
        self.open = false;
        self
    }

    /// Each client has so many slots at first.
    #[must_use]
    pub fn slots(mut self, slots: u16) -> Self {
        let slots = slots.min(self.emulated.provider.stride);
        self.emulated.provider.slots.fill(slots);
        self
    }

    /// What access tokens look like; without it, what the provider's do.
    #[must_use]
    pub const fn tokens(mut self, shape: TokenShape) -> Self {
        self.emulated.dialect.tokens = shape;
        self
    }

    /// Tokens are handed out in the words of RFC 6749, whatever the provider's own are, for a client that reads no others.
    #[must_use]
    pub fn standard_grants(mut self) -> Self {
        self.emulated.dialect.use_standard_grants();
        self
    }

    /// There is no control plane.
    #[must_use]
    pub const fn without_control(mut self) -> Self {
        self.door.off = true;
        self
    }

    /// Whoever uses the control plane shows this as a bearer token.
    #[must_use]
    pub fn control_secret(mut self, secret: &str) -> Self {
        self.door.secret = Some(secret.to_owned());
        self
    }

    /// Everything that reaches the provider is written into this file, which must not be there yet, so that
    /// [`replay`](super::replay) can have it once more.
    #[must_use]
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.record = Some(path.into());
        self
    }

    /// Callers that do not name themselves are told apart by their address; without it, by their connection.
    #[must_use]
    pub const fn callers_by_address(mut self) -> Self {
        self.door.by_address = true;
        self
    }

    /// It is a proxy too, for clients with hard-coded hosts: it takes the place of whatever host is asked for, also by `CONNECT` and
    /// TLS, and forwards nothing. [`Emulator::proxy_environment`](super::Emulator::proxy_environment) is what clients need.
    #[cfg(feature = "intercept")]
    #[must_use]
    pub const fn intercept(mut self) -> Self {
        self.intercept = true;
        self
    }

    /// Threads that answer; without it, one.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }
}
