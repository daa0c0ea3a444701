//! What a provider of a given rule would answer: [`Server`] itself, under a clock that costs nothing.

use std::collections::BTreeMap;

use super::subject::{ApiAnswered, AskBy, Halt, HandedOut, NOBODYS, Question, Seen, Subject, TokenAnswered};
use crate::base::{Chance, Duration, NodeId, Time};
use crate::net::Distribution;
use crate::oauth::{AnswerKind, Grant, Reply, Slot, Token};
use crate::provider::settings::{EndpointLimits, Settings};
use crate::provider::{
    Endpoint, GrantType, Intake, Issuance, Provider, Requester, RotationRule, Server, ServerHost, TokenAsk,
};
use crate::trace::Event;

/// Slots that a client may name beyond those that it has.
const STRIDE: u16 = 64;

/// No chance, and lags that are always the same.
#[derive(Clone)]
struct Steady {
    visible_after: Duration,
    invalidation: Duration,
}

impl ServerHost for Steady {
    fn hit(&mut self, _: Chance, _: u64) -> bool {
        false
    }

    fn lags(&mut self, _: Token, _: u64) -> (Duration, Duration) {
        (self.visible_after, self.invalidation)
    }

    fn note(&mut self, _: impl FnOnce() -> Event) {}
}

/// A provider of this rule.
#[derive(Clone)]
pub(super) struct Simulated {
    server: Server<Issuance, u64>,
    host: Steady,
    now: Time,
    /// The pair that each refresh token came with last.
    pairs: BTreeMap<u32, Token>,
    grants: bool,
    /// It heeds the parameter that names a slot.
    slots: bool,
}

fn steady(lag: Option<&Distribution>) -> Duration {
    match lag {
        Some(Distribution::Constant(span)) => *span,
        Some(Distribution::Uniform([_, longest])) => *longest,
        _ => Duration::ZERO,
    }
}

fn endpoint(limits: &EndpointLimits) -> Endpoint {
    Endpoint::default().with_quotas(limits.quotas.clone().unwrap_or_default())
}

impl Simulated {
    /// The provider that these settings describe; it begins at this time, with so many slots for the client.
    pub fn new(settings: &Settings, slots: u16, now: Time) -> Self {
        let rotation = settings.refresh_tokens().map(|written| RotationRule::of(&written));
        let grants = rotation.is_some();
        let slots = vec![slots.clamp(1, STRIDE)];
        let provider = Provider::new(settings.issuance(), settings.bad_slot(), slots, STRIDE)
            .with_rotation(rotation)
            .with_endpoints(endpoint(&settings.limits.token), endpoint(&settings.limits.api))
            .with_pool(settings.limits.pool.clone().unwrap_or_default());
        Self {
            server: Server::new(provider),
            host: Steady {
                visible_after: steady(settings.lags.visible_after.as_ref()),
                invalidation: steady(settings.lags.invalidation.as_ref()),
            },
            now,
            pairs: BTreeMap::new(),
            grants,
            slots: settings.slot_parameter.is_some(),
        }
    }

    fn hand_out(&mut self, grant: Grant) -> HandedOut {
        let rotation = self.server.provider.rotation.as_ref();
        let refresh = rotation.and_then(|rotation| rotation.refresh_token(grant.token));
        if let Some(serial) = refresh {
            self.pairs.insert(serial, grant.token);
        }
        let life = Duration::from(grant.life).nanos() / 1_000_000_000;
        HandedOut {
            access: grant.token.sequence(),
            refresh,
            life: Some(Duration::from_secs(life)),
        }
    }
}

fn refused<T>(reply: Reply<T>) -> TokenAnswered {
    match reply {
        Reply::Refused {
            kind: AnswerKind::Throttled | AnswerKind::ThrottledInBody,
            wait,
        } => TokenAnswered::Throttled(Some(Duration::from(wait)).filter(|wait| !wait.is_zero())),
        _ => TokenAnswered::Refused,
    }
}

impl Subject for Simulated {
    fn twin(&self) -> Option<Box<dyn Subject>> {
        Some(Box::new(self.clone()))
    }

    fn now(&self) -> Time {
        self.now
    }

    fn pass(&mut self, span: Duration) -> Result<(), Halt> {
        self.now = self.now + span;
        Ok(())
    }

    fn ask(&mut self, question: Question) -> Result<TokenAnswered, Halt> {
        let with = match question.by {
            AskBy::Client if self.grants => return Ok(TokenAnswered::Unsupported),
            AskBy::Refresh(_) if !self.grants => return Ok(TokenAnswered::Unsupported),
            AskBy::Refresh(refresh) => self.pairs.get(&refresh).copied(),
            AskBy::Client | AskBy::Login => None,
        };
        let whose = Requester {
            client: 0,
            tenant: 0,
            address: 0,
            token: with,
            grant_type: Some(match question.by {
                AskBy::Client => GrantType::ClientCredentials,
                AskBy::Login => GrantType::AuthorizationCode,
                AskBy::Refresh(_) => GrantType::RefreshToken,
            }),
        };
        let no_op = match self
            .server
            .token_arrives(self.now, 0, NodeId(0), |_| whose, || 0, &mut self.host)
        {
            Intake::Answered(reply) => return Ok(refused(reply)),
            Intake::Now { no_op } => no_op,
            Intake::Silent | Intake::Serve | Intake::Waits => return Ok(TokenAnswered::Refused),
        };
        let reply = match question.by {
            AskBy::Login if self.grants && !no_op => self.server.login_commits(self.now, &whose, false, &mut self.host),
            _ => {
                let ask = TokenAsk {
                    client: 0,
                    tenant: 0,
                    slot: question.slot.filter(|_| self.slots).map_or(Slot::Unnamed, Slot::Index),
                    force: question.force,
                    with,
                    no_op,
                    asker: NodeId(0),
                    held: None,
                };
                self.server.token_commits(self.now, &ask, &mut self.host)
            }
        };
        match reply {
            Reply::Granted(grant) => Ok(TokenAnswered::Granted(self.hand_out(grant))),
            reply => Ok(refused(reply)),
        }
    }

    fn call(&mut self, token: Seen) -> Result<ApiAnswered, Halt> {
        let known = (token != NOBODYS).then(|| Token::numbered(token));
        let whose = |_: &Provider<Issuance>| Requester::caller(0, 0, known);
        match self.server.api_arrives(self.now, 0, whose, || 0, &mut self.host) {
            Intake::Answered(reply) => match refused(reply) {
                TokenAnswered::Throttled(hint) => return Ok(ApiAnswered::Throttled(hint)),
                _ => return Ok(ApiAnswered::Rejected),
            },
            Intake::Now { .. } => {}
            Intake::Silent | Intake::Serve | Intake::Waits => return Ok(ApiAnswered::Rejected),
        }
        if token == NOBODYS {
            return Ok(ApiAnswered::Rejected);
        }
        let checked = self
            .server
            .api_check(self.now, Token::numbered(token), 0, &mut self.host);
        Ok(match checked {
            Ok(()) => ApiAnswered::Accepted,
            Err(_) => ApiAnswered::Rejected,
        })
    }
}
