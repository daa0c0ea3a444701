//! Token requests, from their arrival to the answer in the provider's words.

use std::sync::Arc;

use super::{Asked, Backend, Turn, turn};
use crate::base::{Duration, Millis, Time};
use crate::emulator::answer::Answer;
use crate::emulator::history::{Sayings, TokenStory};
use crate::emulator::jwt::Claims;
use crate::emulator::log::{Count, Ended, Happening};
use crate::emulator::parameters::DEFAULT_SCOPE;
use crate::emulator::step::{Commit, Granted, How, Outcome, Sender, Step};
use crate::emulator::texts::{TextKind, fingerprint};
use crate::oauth::{AnswerKind, At};
use crate::provider::GrantType;
use crate::provider::settings::{TokenShape, TokenWords};
use crate::trace::Event;

/// Whose tokens those of a login are.
const TEST_USER: &str = "test-user";

impl Backend {
    fn refuse_token(&mut self, now: Time, asked: &Asked, kind: AnswerKind, wait: Millis, kills: Vec<Ended>) -> Answer {
        let answer = self.words(At::Token, kind, wait);
        self.log.count(asked.from.caller, Count::TokenRefusals, 1);
        match kind {
            AnswerKind::Throttled | AnswerKind::ThrottledInBody | AnswerKind::Conflict => {
                self.log.count(asked.from.caller, Count::Throttled, 1);
            }
            AnswerKind::StaleRefresh => self.log.count(asked.from.caller, Count::StaleRefreshes, 1),
            _ => {}
        }
        let what = Happening::TokenRefused {
            grant_type: asked.grant_type,
            status: answer.status,
            why: kind.name(),
            kills,
        };
        self.note(now, asked.from, Some(asked.client), what);
        answer
    }

    /// Who sends a token request, where that matters.
    pub fn token_sender(&self, asked: &Asked) -> Option<Sender> {
        let matters = self.machine.provider().tells_senders_apart(At::Token);
        matters.then(|| Sender {
            address: asked.from.caller,
            token: match asked.how {
                How::Refresh(serial) => serial.and_then(|serial| self.pairs.get(&serial).copied()),
                How::Client | How::Login => None,
            },
            grant_type: Some(match asked.how {
                How::Client => GrantType::ClientCredentials,
                How::Login => GrantType::AuthorizationCode,
                How::Refresh(_) => GrantType::RefreshToken,
            }),
        })
    }

    /// A token request reaches the endpoint.
    pub fn token_arrives(&mut self, asked: &Asked) -> Turn {
        let now = self.now();
        self.log.count(asked.from.caller, Count::TokenRequests, 1);
        let (request, client) = (asked.from.request, asked.client);
        let from = self.token_sender(asked);
        let outcome = self.machine.take(now, &Step::TokenArrives { request, client, from });
        self.machine.take_notes();
        match outcome {
            Outcome::Refused(kind, wait) => Turn::Answered(self.refuse_token(now, asked, kind, wait, Vec::new())),
            other => turn(&other),
        }
    }

    /// Its turn has come.
    pub fn token_commits(&mut self, asked: &Asked, no_op: bool) -> Answer {
        let now = self.now();
        let held = self.callers.get(asked.from.caller).holds;
        let commit = Commit {
            client: asked.client,
            how: match asked.how {
                How::Refresh(serial) => How::Refresh(serial.and_then(|serial| self.pairs.get(&serial).copied())),
                other => other,
            },
            slot: asked.slot,
            force: asked.force,
            no_op,
            asker: asked.from.caller,
            held,
        };
        if matches!(commit.how, How::Refresh(_)) {
            self.log.count(asked.from.caller, Count::Refreshes, 1);
        }
        let outcome = self.machine.take(now, &Step::TokenCommits(commit));
        let (notes, ended) = self.machine.take_notes();
        let doer = self.doer(asked.from, now);
        let how = match (&outcome, asked.how) {
            (Outcome::Refused(..), How::Refresh(_)) => "replay",
            (_, How::Refresh(_)) => "refresh",
            (_, How::Login) => "login",
            (_, How::Client) => "token_request",
        };
        let kills = self.kill(&ended, &doer, how);
        self.log
            .count(asked.from.caller, Count::TokensKilled, kills.len() as u64);
        let lost = notes
            .iter()
            .filter(|event| matches!(event, Event::GrantLost { .. }))
            .count();
        self.log.count(asked.from.caller, Count::GrantsLost, lost as u64);
        match outcome {
            Outcome::Refused(kind, wait) => self.refuse_token(now, asked, kind, wait, kills),
            Outcome::Granted(granted) => self.hand_out(now, asked, &granted, &notes, kills),
            other => unreachable!("a commit is granted or refused, not {other:?}"),
        }
    }

    fn hand_out(&mut self, now: Time, asked: &Asked, granted: &Granted, notes: &[Event], kills: Vec<Ended>) -> Answer {
        let (grant, caller) = (granted.grant, asked.from.caller);
        let token = grant.token.sequence();
        let says = self.says(asked, token);
        let text = self.access_text(token, says.as_deref());
        let issued = notes.iter().find_map(|event| match event {
            Event::Issued { left, blast, .. } => Some((!left.is_zero(), *blast)),
            Event::LoggedIn { .. } => Some((false, 0)),
            _ => None,
        });
        if let Some(serial) = granted.refresh {
            self.remember_pair(serial, token);
        }
        let expires_in = Duration::from(grant.life).nanos() / 1_000_000_000;
        let grant_type = asked.grant_type;
        let what = match issued {
            None => {
                self.log.count(caller, Count::Returns, 1);
                Happening::TokenReturned { grant_type, token }
            }
            Some((unnecessary, blast)) => {
                let fingerprint = fingerprint(&text);
                let slot = self.owner(token).map_or(0, |(_, slot)| slot);
                self.stories.issued(TokenStory {
                    number: token,
                    fingerprint: fingerprint.clone(),
                    client: asked.client,
                    slot,
                    issued: self.doer(asked.from, now),
                    killed: None,
                    says,
                });
                self.log.count(caller, Count::Issuances, 1);
                self.log
                    .count(caller, Count::UnnecessaryIssuances, u64::from(unnecessary));
                self.log.count(caller, Count::Blast, u64::from(blast));
                if asked.how == How::Login {
                    self.log.count(caller, Count::Logins, 1);
                }
                Happening::TokenIssued {
                    grant_type,
                    token,
                    fingerprint,
                    slot,
                    expires_in_s: expires_in,
                    unnecessary,
                    blast,
                    kills,
                }
            }
        };
        self.note(now, asked.from, Some(asked.client), what);
        if let Some(code) = asked.code {
            self.codes.spent_for(code, token);
        }
        self.hold(now, caller, token);
        let refresh = granted.refresh.filter(|_| asked.refreshable);
        let refresh = refresh.map(|serial| self.texts.write(TextKind::Refresh, serial));
        let words = TokenWords {
            access_token: &text,
            token_type: "bearer",
            expires_in,
            scope: &asked.scope,
            refresh_token: refresh.as_deref(),
            api_url: Some(&asked.api_url),
        };
        let answer = self.emulated.dialect.grant(&words).into();
        self.ranked(answer, grant)
    }

    /// What a token is to say where it is a JWT or introspected: what was asked when it was issued, also where it is handed out once
    /// more. Nothing where an opaque token would say nothing of its own.
    fn says(&self, asked: &Asked, token: u32) -> Option<Arc<Sayings>> {
        let opaque = self.emulated.dialect.tokens == TokenShape::Opaque;
        if opaque && asked.scope == DEFAULT_SCOPE && asked.audience.is_none() {
            return None;
        }
        let known = self.stories.get(token).and_then(|story| story.says.clone());
        known.or_else(|| {
            Some(Arc::new(Sayings {
                issuer: asked.api_url.clone(),
                subject: match asked.how {
                    How::Client => self.clients.id(asked.client),
                    How::Login | How::Refresh(_) => TEST_USER.into(),
                },
                audience: asked.audience.clone().unwrap_or_else(|| asked.api_url.clone()),
                scope: asked.scope.clone(),
            }))
        })
    }

    /// A token as its holder sees it.
    fn access_text(&self, token: u32, says: Option<&Sayings>) -> String {
        let text = self.texts.write(TextKind::Access, token);
        if self.emulated.dialect.tokens == TokenShape::Opaque {
            return text;
        }
        let (Some(says), Some(life)) = (says, self.machine.life(token)) else {
            return text;
        };
        let (client, _) = self.machine.provider().owner(life.bucket);
        let seconds = |at: Time| at.nanos() / 1_000_000_000;
        self.texts.jwt.sign(&Claims {
            iss: &says.issuer,
            sub: &says.subject,
            aud: &says.audience,
            client_id: &self.clients.id(client),
            scope: &says.scope,
            iat: seconds(life.issued),
            exp: seconds(life.expires),
            jti: &text,
        })
    }

    /// The number of an access token by its text.
    pub fn access_token(&self, text: &str) -> Option<u32> {
        match self.emulated.dialect.tokens {
            TokenShape::Opaque => self.texts.read(TextKind::Access, text),
            TokenShape::Jwt => self.texts.read(TextKind::Access, &self.texts.jwt.verified(text)?),
        }
    }
}
