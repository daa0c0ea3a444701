//! The provider's state machine behind one door: a step at an instant goes in, what came of it comes out.
//!
//! Everything that decides an answer lies here, and nothing that does not: the same steps at the same instants under the same
//! seed give the same outcomes. No clock, no socket, no text of a token.

use super::history::MOST_STORIES;
use super::recording::Recorder;
use super::step::{Commit, Down, Granted, How, Outcome, Place, Sender, SlotName, Step};
use crate::base::{Chance, Dice, Duration, NodeId, Time};
use crate::oauth::{Cause, Ending, Life, Reply, Slot, Token};
use crate::plan::{Act, Links, Propagation, ProviderPlan};
use crate::provider::{
    Endpoint, GrantType, Intake, Issuance, Outage, Provider, Requester, Server, ServerHost, TokenAsk,
};
use crate::trace::Event;
use crate::world::{LEGS, Leg};

/// Tokens that are remembered, beside the latest of the dead; of more, the oldest of the same slot makes room.
const MOST_TOKENS: usize = 500_000;
/// Grants that live at once; of more, the oldest make room.
const MOST_GRANTS: usize = 50_000;

/// Chance and lags as the plan has them, and what was noted.
struct Surroundings {
    dice: Dice,
    links: Links,
    notes: Vec<Event>,
}

/// What the emulator's draws are for.
mod purpose {
    pub const HIT: u64 = 100;
    pub const REPLICA: u64 = 101;
    pub const LAG: u64 = 102;
    pub const LATENCY: u64 = 110;
    pub const LOSS: u64 = 130;
}

impl ServerHost for Surroundings {
    fn hit(&mut self, chance: Chance, key: u64) -> bool {
        !chance.is_never() && chance.hit(self.dice.draw(purpose::HIT, key, 0))
    }

    fn lags(&mut self, token: Token, key: u64) -> (Duration, Duration) {
        let Propagation {
            visible_after,
            invalidation,
            replicas,
        } = &self.links.lags;
        let replica = (u128::from(self.dice.draw(purpose::REPLICA, key, 0)) * u128::from(*replicas)) >> 64;
        let party = (u64::from(token.sequence()) << 16) | replica as u64;
        (
            visible_after.sample(self.dice.draw(purpose::LAG, party, 0)),
            invalidation.sample(self.dice.draw(purpose::LAG, party, 1)),
        )
    }

    fn note(&mut self, event: impl FnOnce() -> Event) {
        self.notes.push(event());
    }
}

pub(super) struct Machine {
    server: Server<Issuance, u64>,
    around: Surroundings,
    /// Latencies are multiplied by this many thousandths, by leg.
    slowness: [u64; LEGS],
    /// As it was at the start.
    plan: ProviderPlan,
    /// Hears of every step.
    pub recorder: Option<Recorder>,
}

impl Machine {
    pub fn new(plan: &ProviderPlan, links: Links, seed: u64) -> Self {
        Self {
            server: server(plan, &links),
            around: Surroundings {
                dice: Dice::new(seed),
                links,
                notes: Vec::new(),
            },
            slowness: [1000; LEGS],
            plan: plan.clone(),
            recorder: None,
        }
    }

    pub const fn provider(&self) -> &Provider<Issuance> {
        &self.server.provider
    }

    /// What is still known of a token.
    pub fn life(&self, token: u32) -> Option<Life> {
        self.server.provider.ledger.get(number(token)?).copied()
    }

    /// What happened since this was last asked: events, and tokens whose life was made shorter.
    pub fn take_notes(&mut self) -> (Vec<Event>, Vec<Life>) {
        (
            std::mem::take(&mut self.around.notes),
            self.server.provider.ledger.take_shortened(),
        )
    }

    /// How long a message takes on this leg; none where it is lost.
    pub fn way(&self, leg: Leg, request: u64) -> Option<Duration> {
        let (link, at) = (self.around.links.leg(leg), leg as u64);
        let dice = self.around.dice;
        if !link.loss.is_never() && link.loss.hit(dice.draw(purpose::LOSS + at, request, 0)) {
            return None;
        }
        let latency = link.latency.sample(dice.draw(purpose::LATENCY + at, request, 0));
        Some(latency.ratio(self.slowness[leg as usize], 1000))
    }

    /// Whether every request is answered in the instant in which it comes.
    pub fn is_instant(&self) -> bool {
        let legs = [Leg::TokenRequest, Leg::TokenResponse, Leg::ApiRequest, Leg::ApiResponse];
        let instant = |leg: &Leg| {
            let link = self.around.links.leg(*leg);
            link.loss.is_never() && link.latency.as_constant().is_some_and(Duration::is_zero)
        };
        let Provider {
            token_endpoint,
            api_endpoint,
            ..
        } = &self.server.provider;
        legs.iter().all(instant) && token_endpoint.servers.is_none() && api_endpoint.servers.is_none()
    }

    /// One step.
    pub fn take(&mut self, now: Time, step: &Step) -> Outcome {
        let outcome = self.outcome(now, step);
        if let Some(recorder) = &mut self.recorder {
            recorder.write(now, step, format!("{outcome:?}"));
        }
        outcome
    }

    fn outcome(&mut self, now: Time, step: &Step) -> Outcome {
        let Self { server, around, .. } = self;
        match *step {
            Step::AddClient { slots } => Outcome::Client(server.provider.add_client(slots)),
            Step::TokenArrives { request, client, from } => {
                // Which of a client's processes asks is told in the trace when it commits.
                let whose = requester(client, from);
                intake(server.token_arrives(now, request, NodeId(0), |_| whose, || request, around))
            }
            Step::TokenServed => Outcome::Next(server.token_served()),
            Step::TokenCommits(ref commit) => self.commit(now, commit),
            Step::ApiArrives { request, client, from } => {
                let whose = |_: &Provider<Issuance>| requester(client, from);
                intake(server.api_arrives(now, request, whose, || request, around))
            }
            Step::Leaves { at, client, from } => {
                server.provider.leaves(at.into(), &requester(client, from));
                Outcome::Done
            }
            Step::ApiServed => Outcome::Next(server.api_served()),
            Step::ApiChecks { request, token } => match number(token) {
                None => Outcome::Rejected(Cause::LongDead),
                Some(token) => match server.api_check(now, token, request, around) {
                    Ok(()) => Outcome::Accepted,
                    Err(cause) => Outcome::Rejected(cause),
                },
            },
            Step::Holds { token, held } => {
                if let Some(token) = number(token) {
                    server.provider.ledger.hold(token, held);
                }
                Outcome::Done
            }
            Step::EndToken { token, expired } => {
                let ending = if expired { Ending::Expired } else { Ending::Revoked };
                done(number(token).is_some_and(|token| server.end_token(now, token, ending, around)))
            }
            Step::RevokeGrant { of } => done(number(of).is_some_and(|of| server.revoke_grant(now, of, around))),
            Step::Revoke { client, slot } => {
                server.revoke(now, client, None, slot, around);
                Outcome::Done
            }
            Step::GrantSlots { client, slots } => {
                server.provider.grant_slots(client, slots);
                Outcome::Done
            }
            Step::Reset => {
                self.server = self::server(&self.plan, &self.around.links);
                self.slowness = [1000; LEGS];
                Outcome::Done
            }
            Step::Fails { at, outage, error_rate } => {
                let endpoint = self.endpoint(at);
                endpoint.outage = outage.map(Outage::from);
                if let Some(millionths) = error_rate {
                    endpoint.errors = Chance::ratio(millionths, 1_000_000);
                }
                Outcome::Done
            }
        }
    }

    fn endpoint(&mut self, at: Place) -> &mut Endpoint {
        match at {
            Place::Token => &mut self.server.provider.token_endpoint,
            Place::Api => &mut self.server.provider.api_endpoint,
        }
    }

    /// What a timeline does to the provider; what it does to nodes is theirs.
    pub fn act(&mut self, now: Time, act: &Act) {
        let fails = |at, outage: Option<Outage>| Step::Fails {
            at,
            outage: outage.map(Down::from),
            error_rate: None,
        };
        let steps: Vec<Step> = match act {
            Act::TokenOutage(outage) => vec![fails(Place::Token, *outage)],
            Act::ApiOutage(outage) => vec![fails(Place::Api, *outage)],
            Act::GrantSlots { clients, slots } => {
                let slots = *slots;
                clients
                    .clone()
                    .map(|client| Step::GrantSlots { client, slots })
                    .collect()
            }
            // Its users are those who log in; it knows no tenants that are numbered.
            Act::Revoke { tenant: Some(_), .. } => Vec::new(),
            Act::Revoke { clients, slot, .. } => {
                let slot = *slot;
                clients.clone().map(|client| Step::Revoke { client, slot }).collect()
            }
            Act::Slow { legs, thousandths } => {
                for &leg in legs {
                    self.slowness[leg as usize] = *thousandths;
                }
                Vec::new()
            }
            _ => Vec::new(),
        };
        for step in &steps {
            self.take(now, step);
        }
    }

    fn commit(&mut self, now: Time, commit: &Commit) -> Outcome {
        let Self { server, around, .. } = self;
        let with = match commit.how {
            How::Refresh(with) => with.and_then(number),
            How::Client | How::Login => None,
        };
        let ask = TokenAsk {
            client: commit.client,
            tenant: 0,
            slot: match commit.slot {
                SlotName::Unnamed => Slot::Unnamed,
                SlotName::Index(index) => Slot::Index(index),
            },
            force: commit.force,
            with,
            no_op: commit.no_op,
            asker: NodeId(commit.asker),
            held: commit.held.and_then(number),
        };
        let logs_in = commit.how == How::Login && server.provider.rotation.is_some() && !commit.no_op;
        let reply = if logs_in {
            let whose = Requester {
                client: commit.client,
                tenant: 0,
                address: commit.asker,
                token: None,
                grant_type: Some(GrantType::AuthorizationCode),
            };
            server.login_commits(now, &whose, false, around)
        } else {
            server.token_commits(now, &ask, around)
        };
        match reply {
            Reply::Refused { kind, wait } => Outcome::Refused(kind, wait),
            Reply::Granted(grant) => {
                server.bound(now, grant.token, MOST_TOKENS, MOST_GRANTS, around);
                Outcome::Granted(Granted {
                    grant,
                    refresh: self.refresh_token(grant.token),
                })
            }
        }
    }

    fn refresh_token(&self, of: Token) -> Option<u32> {
        self.server.provider.rotation.as_ref()?.refresh_token(of)
    }

    /// Whether the refresh token of a pair would be accepted.
    pub fn accepts(&self, now: Time, of: u32) -> bool {
        let rotation = self.server.provider.rotation.as_ref();
        rotation
            .zip(number(of))
            .is_some_and(|(rotation, of)| rotation.accepts(now, of))
    }

    /// Whether a pair is still remembered under the number of this refresh token.
    pub fn knows_refresh(&self, pair: u32, refresh: u32) -> bool {
        number(pair).and_then(|pair| self.refresh_token(pair)) == Some(refresh)
    }
}

/// The provider at its start.
fn server(plan: &ProviderPlan, links: &Links) -> Server<Issuance, u64> {
    let mut provider = plan.build(plan.rule.clone(), &links.lags);
    provider.ledger.watch_ends(true);
    provider.ledger.remember_dead(MOST_STORIES);
    Server::new(provider)
}

fn requester(client: u16, from: Option<Sender>) -> Requester {
    Requester {
        client,
        tenant: 0,
        address: from.map_or(0, |from| from.address),
        token: from.and_then(|from| number(from.token?)),
        grant_type: from.and_then(|from| from.grant_type),
    }
}

const fn number(token: u32) -> Option<Token> {
    match std::num::NonZeroU32::new(token) {
        Some(number) => Some(Token(number)),
        None => None,
    }
}

const fn done(it: bool) -> Outcome {
    if it { Outcome::Done } else { Outcome::Nothing }
}

fn intake<T>(intake: Intake<T>) -> Outcome {
    match intake {
        Intake::Silent => Outcome::Silent,
        Intake::Answered(Reply::Refused { kind, wait }) => Outcome::Refused(kind, wait),
        Intake::Answered(Reply::Granted(_)) => unreachable!("nothing is granted at the door"),
        Intake::Now { no_op } => Outcome::Now { no_op },
        Intake::Serve => Outcome::Serve,
        Intake::Waits => Outcome::Waits,
    }
}
