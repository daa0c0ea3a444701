//! Logins: where the grants come from that nodes refresh.
//!
//! A user logs in before the run, and the credential is deployed to every node and put into the shared store. Where a grant is
//! found lost, the user may log in again after a while, and once more after as long if the token endpoint turns that away.

use crate::base::{Delay, Duration, NodeId, clone_in_place};
use crate::node::{Heard, Memory, Shared, Strategy};
use crate::oauth::Token;
use crate::provider::{GrantType, Requester, RotationMachine, Rule};
use crate::trace::Event;

use super::World;
use super::host::Host;
use super::message::Message;

/// Marks the keys of a login's draws: a node's request has another.
const LOGIN: u64 = 1 << 63;

/// The newest credential of each login.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Logins {
    made: Vec<Login>,
    again: Option<Duration>,
}

clone_in_place!(Logins { made, again });

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Login {
    token: Option<Token>,
    /// The user is about to log in again.
    awaited: bool,
    /// The end of its grant has been told.
    reported: bool,
}

impl Logins {
    pub fn new(again: Option<Duration>) -> Self {
        Self {
            made: Vec::new(),
            again,
        }
    }

    /// Renames the tokens.
    pub fn rename(&mut self, name: &mut dyn FnMut(Token) -> Token) {
        for login in &mut self.made {
            login.token = login.token.map(&mut *name);
        }
    }

    /// A call has failed for want of a grant, at a node with this credential: how long until its user has logged in again, where
    /// that has not been asked for yet.
    pub fn ask(
        &mut self,
        login: u32,
        credential: Option<Token>,
        rotation: Option<&RotationMachine>,
    ) -> Option<Duration> {
        let (again, rotation) = (self.again?, rotation?);
        let it = self.at(login);
        // The user has logged in meanwhile, and this node still tried with what it had before.
        let family = |token: Option<Token>| rotation.family(token?);
        let own = family(credential);
        if own.is_some() && own != family(it.token) || it.awaited {
            return None;
        }
        it.awaited = true;
        Some(again)
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
        if self.server.provider.rotation.is_none() {
            return;
        }
        let login = self.login_of(id);
        if self.logins.at(login).token.is_none() {
            self.log_in(login, host);
        }
        if let Some(token) = self.logins.at(login).token {
            let grant = self.server.credential(token, host.now());
            self.hear(id, Heard::Login(grant), host);
        }
    }

    fn nodes_of(&self, login: u32) -> Vec<NodeId> {
        (0..self.nodes.len() as u32)
            .map(NodeId)
            .filter(|&id| self.login_of(id) == login)
            .collect()
    }

    /// A user logs in: a new grant, put into the store of its domain. Says whether that went well.
    fn log_in(&mut self, login: u32, host: &mut impl Host) -> bool {
        let Some(first) = self.nodes_of(login).first().copied() else {
            return false;
        };
        let fleet = &self.fleets[usize::from(self.nodes[first.index()].fleet)];
        let (client, store, now) = (fleet.client, fleet.store, host.now());
        let again = self.logins.at(login).token.is_some();
        // The first was before the run, whenever the node starts that it is deployed to.
        let key = LOGIN | (u64::from(login) << 40) ^ now.nanos();
        let granted = match again {
            false => self.server.log_in(now, client, again, host),
            true => {
                let whose = Requester {
                    client,
                    address: first.0,
                    token: None,
                    grant_type: Some(GrantType::AuthorizationCode),
                };
                if !self.server.admits_login(now, &whose, key, host) {
                    return false;
                }
                self.server.login_commits(now, &whose, again, host).granted()
            }
        };
        let Some(grant) = granted else { return false };
        self.stores[usize::from(store)].put(now, Shared::of(grant, 0));
        *self.logins.at(login) = Login {
            token: Some(grant.token),
            awaited: false,
            reported: false,
        };
        true
    }

    pub(super) fn log_in_again(&mut self, login: u32, host: &mut impl Host) {
        self.report_lost_grant(login, host);
        if !self.log_in(login, host) {
            if let Some(again) = self.logins.again {
                host.wake(Delay::exactly(again), login.into(), Message::LoginAgain { login });
            }
            return;
        }
        let Some(token) = self.logins.at(login).token else {
            return;
        };
        let grant = self.server.credential(token, host.now());
        for id in self.nodes_of(login) {
            if self.nodes[id.index()].up {
                self.hear(id, Heard::Login(grant), host);
            }
        }
    }

    /// Tells once that a login's grant has ended without having been revoked: nobody holds a refresh token of it that would be
    /// accepted.
    fn report_lost_grant(&mut self, login: u32, host: &mut impl Host) {
        let now = host.now();
        let Some(rotation) = &self.server.provider.rotation else {
            return;
        };
        let it = *self.logins.at(login);
        let Some(family) = it.token.and_then(|token| rotation.family(token)) else {
            return;
        };
        if it.reported || rotation.is_over(now, family) {
            return;
        }
        let good = |token: Token| rotation.family(token) == Some(family) && rotation.accepts(now, token);
        let known = self.nodes.iter().filter_map(|node| node.memory.credential());
        let stored = self
            .stores
            .iter()
            .filter_map(|store| store.value().map(|shared| shared.token));
        if !known.chain(stored).any(good) {
            self.logins.at(login).reported = true;
            host.note(|| Event::GrantLost);
        }
    }

    /// At the end of a run: the grants that nobody can use any more.
    pub(super) fn note_stranded(&mut self, host: &mut impl Host) {
        for login in 0..self.logins.made.len() as u32 {
            self.report_lost_grant(login, host);
        }
    }
}
