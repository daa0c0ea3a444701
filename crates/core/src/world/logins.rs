//! Logins: where the grants come from that nodes refresh.
//!
//! A user logs in before the run, and the credential is deployed to every node and put into the shared store. Where a grant is
//! found lost, the user may log in again after a while, within the hours in which somebody works, and once more after as long if
//! the token endpoint turns that away.

use std::hash::{Hash, Hasher};

use crate::base::{Delay, Duration, Hours, NodeId, Time, clone_in_place};
use crate::node::{Heard, Memory, Shared, Strategy};
use crate::oauth::Token;
use crate::provider::{GrantType, Requester, RotationMachine, Rule, Server};
use crate::trace::Event;

use super::World;
use super::host::Host;
use super::layout::{Fleet, Layout};
use super::message::Message;
use super::second::choose;

/// Marks the keys of a login's draws: a node's request has another.
const LOGIN: u64 = 1 << 63;

/// Marks the keys of the times until a login.
const WAIT: u64 = 1 << 62;

/// The newest credential of each login.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Logins {
    made: Vec<Login>,
    again: Option<Duration>,
    spread: Duration,
    hours: Option<Hours>,
}

clone_in_place!(Logins {
    made,
    again,
    spread,
    hours
});

/// Without when somebody works, which is the same in all states.
impl Hash for Logins {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.made, self.again).hash(state);
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Login {
    token: Option<Token>,
    /// The user is about to log in again.
    awaited: bool,
    /// The end of its grant has been told.
    reported: bool,
    /// Since when calls fail for want of a grant.
    lacks_since: Option<Time>,
    /// Since when the user is about to log in, where the time is yet to be laid over the hours in which somebody works.
    asked: Option<Time>,
}

/// Without times: a search has none.
impl Hash for Login {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.token, self.awaited, self.reported).hash(state);
    }
}

impl Logins {
    pub fn new(layout: &Layout) -> Self {
        Self {
            made: Vec::new(),
            again: layout.login_again,
            spread: layout.login_spread,
            hours: layout.login_hours,
        }
    }

    /// Renames the tokens.
    pub fn rename(&mut self, name: &mut dyn FnMut(Token) -> Token) {
        for login in &mut self.made {
            login.token = login.token.map(&mut *name);
        }
    }

    /// A call has failed for want of a grant, at a node with this credential: how long until its user has logged in again, where
    /// that has not been asked for yet; and the key of its draw.
    pub fn ask(
        &mut self,
        login: u32,
        credential: Option<Token>,
        rotation: Option<&RotationMachine>,
        now: Time,
    ) -> Option<(Delay, u64)> {
        let rotation = rotation?;
        let again = self.again;
        let it = self.at(login);
        // The user has logged in meanwhile, and this node still tried with what it had before.
        let family = |token: Option<Token>| rotation.family(token?);
        let own = family(credential);
        if own.is_some() && own != family(it.token) || it.awaited {
            return None;
        }
        it.lacks_since.get_or_insert(now);
        again?;
        it.awaited = true;
        self.wait(login, now)
    }

    /// How long until the user has logged in who begins to wait now.
    fn wait(&mut self, login: u32, now: Time) -> Option<(Delay, u64)> {
        let delay = Delay::between(self.again?, self.spread);
        self.at(login).asked = self.hours.map(|_| now);
        Some((delay, WAIT | (u64::from(login) << 40) ^ now.nanos()))
    }

    /// The time has passed that a login takes: how much longer it takes where nobody works at all hours.
    fn rests(&mut self, login: u32, now: Time) -> Option<Duration> {
        let hours = self.hours?;
        let asked = self.at(login).asked.take()?;
        let done = hours.done(asked, now.since(asked));
        Some(done.since(now)).filter(|rest| !rest.is_zero())
    }

    fn at(&mut self, login: u32) -> &mut Login {
        let index = login as usize;
        if self.made.len() <= index {
            self.made.resize(index + 1, Login::default());
        }
        &mut self.made[index]
    }
}

impl<S: Strategy, R: Rule> World<S, R> {
    fn login_of(&self, id: NodeId) -> u32 {
        self.fleets[usize::from(self.nodes[id.index()].fleet)].login_of(id)
    }

    /// A node that starts is given its credential, where there are refresh tokens.
    pub(super) fn deploy(&mut self, id: NodeId, host: &mut impl Host) {
        if self.server_of(id).provider.rotation.is_none() {
            return;
        }
        let login = self.login_of(id);
        if self.logins.at(login).token.is_none() {
            self.log_in(login, host);
        }
        if let Some(token) = self.logins.at(login).token {
            let grant = self.server_of(id).credential(token, host.now());
            self.hear(id, Heard::Login(grant), host);
        }
    }

    /// The provider of which a login has a grant.
    fn server_of_login(&self, login: u32) -> &Server<R, Message> {
        match self.nodes_of(login).next() {
            Some(node) => self.server_of(node),
            None => &self.server,
        }
    }

    fn nodes_of(&self, login: u32) -> impl Iterator<Item = NodeId> + use<'_, S, R> {
        self.fleets.iter().flat_map(move |fleet| fleet.with_login(login))
    }

    /// A user logs in: a new grant, put into the store of its domain. Says whether that went well.
    fn log_in(&mut self, login: u32, host: &mut impl Host) -> bool {
        let Some(first) = self.nodes_of(login).next() else {
            return false;
        };
        let fleet = &self.fleets[usize::from(self.nodes[first.index()].fleet)];
        let (client, tenant, store, now) = (fleet.client, fleet.tenant_of(first), fleet.store_of(first), host.now());
        let again = self.logins.at(login).token.is_some();
        // The first was before the run, whenever the node starts that it is deployed to.
        let key = LOGIN | (u64::from(login) << 40) ^ now.nanos();
        let at_second = self.is_at_second_of(first, host);
        let server = choose(&mut self.server, &mut self.second, at_second);
        let granted = match again {
            false => server.log_in(now, client, tenant, again, host),
            true => {
                let whose = Requester {
                    client,
                    tenant,
                    address: server.provider.address(first),
                    token: None,
                    grant_type: Some(GrantType::AuthorizationCode),
                };
                if !server.admits_login(now, &whose, key, host) {
                    return false;
                }
                server.login_commits(now, &whose, again, host).granted()
            }
        };
        let Some(grant) = granted else { return false };
        self.stores[store].put(now, Shared::of(grant, 0));
        if let Some(since) = self.logins.at(login).lacks_since {
            host.note(|| Event::LackedGrant { since });
        }
        *self.logins.at(login) = Login {
            token: Some(grant.token),
            ..Login::default()
        };
        true
    }

    pub(super) fn log_in_again(&mut self, login: u32, host: &mut impl Host) {
        let now = host.now();
        if let Some(rest) = self.logins.rests(login, now) {
            host.wake(Delay::exactly(rest), login.into(), Message::LoginAgain { login });
            return;
        }
        self.report_lost_grant(login, host);
        if !self.log_in(login, host) {
            if let Some((delay, key)) = self.logins.wait(login, now) {
                host.wake(delay, key, Message::LoginAgain { login });
            }
            return;
        }
        let Some(token) = self.logins.at(login).token else {
            return;
        };
        let grant = self.server_of_login(login).credential(token, host.now());
        let nodes: Vec<NodeId> = self.nodes_of(login).collect();
        for id in nodes {
            if self.nodes[id.index()].up {
                self.hear(id, Heard::Login(grant), host);
            }
        }
    }

    /// Tells once that a login's grant has ended without having been revoked: nobody holds a refresh token of it that would be
    /// accepted.
    fn report_lost_grant(&mut self, login: u32, host: &mut impl Host) {
        let (now, it) = (host.now(), *self.logins.at(login));
        let Some(rotation) = &self.server_of_login(login).provider.rotation else {
            return;
        };
        let Some(family) = it.token.and_then(|token| rotation.family(token)) else {
            return;
        };
        if it.reported || rotation.is_over(now, family) {
            return;
        }
        let good = |token: Token| rotation.family(token) == Some(family) && rotation.accepts(now, token);
        if !self.known_of(login).any(good)
            && let Some(bucket) = it.token.and_then(|token| rotation.bucket(token))
        {
            self.logins.at(login).reported = true;
            host.note(|| Event::GrantLost { bucket });
        }
    }

    /// Every token that a node or a store holds which may be of this login: all, but for those of other credentials of a process.
    fn known_of(&self, login: u32) -> impl Iterator<Item = Token> + '_ {
        let whose = self.fleets.iter().find_map(|fleet| {
            let first = fleet.with_login(login).next()?;
            Some(fleet.credential_of(first))
        });
        let credential = whose.unwrap_or(0);
        let has = move |fleet: &&Fleet| credential < fleet.each();
        let alike = move |fleet: &Fleet| fleet.with_credential(credential);
        let nodes = self.fleets.iter().filter(has).flat_map(alike);
        let known = nodes.filter_map(|id| self.nodes[id.index()].memory.credential());
        let stores = self
            .fleets
            .iter()
            .filter(has)
            .map(move |fleet| (fleet.store + credential) as usize);
        let stored = stores.filter_map(|store| self.stores[store].value());
        known.chain(stored.map(|shared| shared.token))
    }

    /// Since when calls of a login fail for want of a grant: its user is waited for, or it has ended and nobody comes.
    fn lacks_grant(&mut self, login: u32, now: Time) -> Option<Time> {
        let it = *self.logins.at(login);
        let rotation = self.server_of_login(login).provider.rotation.as_ref()?;
        let family = rotation.family(it.token?);
        let is_lost = it.awaited || it.reported || family.is_none_or(|family| rotation.is_over(now, family));
        it.lacks_since.filter(|_| is_lost)
    }

    /// At the end of a run: the grants that nobody can use any more.
    pub(super) fn note_stranded(&mut self, host: &mut impl Host) {
        for login in 0..self.logins.made.len() as u32 {
            self.report_lost_grant(login, host);
            if let Some(since) = self.lacks_grant(login, host.now()) {
                host.note(|| Event::LackedGrant { since });
            }
        }
    }
}
