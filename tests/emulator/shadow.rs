//! The same provider without HTTP: `provider::Server` driven by hand through the same requests at the same instants.

use tokenstorm::base::{Chance, Duration, NodeId, Time};
use tokenstorm::oauth::{Cause, Grant, Reply, Slot, Token};
use tokenstorm::provider::settings::{Dialect, Settings};
use tokenstorm::provider::{
    Endpoint, Intake, Issuance, Provider, Requester, RotationRule, Server, ServerHost, TokenAsk,
};
use tokenstorm::trace::Event;

struct Calm;

impl ServerHost for Calm {
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }
    fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
        (Duration::ZERO, Duration::ZERO)
    }
    fn note(&mut self, _: impl FnOnce() -> Event) {}
}

pub struct Shadow {
    pub server: Server<Issuance, ()>,
    pub dialect: Dialect,
    pub now: Time,
}

impl Shadow {
    pub fn of(settings: &Settings, now: Time) -> Self {
        let endpoint = |limits: &Option<Vec<_>>| Endpoint::default().with_quotas(limits.clone().unwrap_or_default());
        let provider = Provider::new(settings.issuance(), settings.bad_slot(), vec![1], 1)
            .with_endpoints(
                endpoint(&settings.limits.token.quotas),
                endpoint(&settings.limits.api.quotas),
            )
            .with_rotation(settings.refresh_tokens().as_ref().map(RotationRule::of));
        Self {
            server: Server::new(provider),
            dialect: Dialect::of(&settings.dialect),
            now,
        }
    }

    pub const fn rotates(&self) -> bool {
        self.server.provider.rotation.is_some()
    }

    /// A user logs in.
    pub fn log_in(&mut self) -> Token {
        self.server
            .log_in(self.now, 0, 0, false, &mut Calm)
            .expect("a user may log in")
            .token
    }

    /// A token request with what came with this token, or with the client's own credentials.
    pub fn token(&mut self, with: Option<Token>) -> Reply<Grant> {
        let asker = NodeId(0);
        let ask = |no_op| TokenAsk {
            client: 0,
            tenant: 0,
            slot: Slot::Unnamed,
            force: false,
            with,
            no_op,
            asker,
            held: None,
        };
        match self.server.token_arrives(
            self.now,
            0,
            asker,
            |it| it.token_requester(&ask(false)),
            || (),
            &mut Calm,
        ) {
            Intake::Now { no_op } => self.server.token_commits(self.now, &ask(no_op), &mut Calm),
            Intake::Answered(reply) => reply,
            other => panic!("it is answered at once, not {other:?}"),
        }
    }

    pub fn call(&mut self, token: Token) -> Result<(), Reply<()>> {
        match self
            .server
            .api_arrives(self.now, 0, |_| Requester::caller(0, 0, Some(token)), || (), &mut Calm)
        {
            Intake::Now { .. } => {}
            Intake::Answered(reply) => return Err(reply),
            other => panic!("it is answered at once, not {other:?}"),
        }
        let checked: Result<(), Cause> = self.server.api_check(self.now, token, 0, &mut Calm);
        checked.map_err(Server::<Issuance, ()>::rejection)
    }

    /// The refresh token of a pair, by its number.
    pub fn refresh_token(&self, of: Token) -> Option<u32> {
        self.server.provider.rotation.as_ref()?.refresh_token(of)
    }
}
