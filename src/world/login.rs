//! Logins: where the grants come from that nodes refresh.
//!
//! A user logs in before the first node starts, and the credential is deployed to every node and put into the shared store.
//! Where a grant is found lost, the user may log in again after a while.

use crate::base::{Delay, Duration, NodeId, Time, clone_in_place};
use crate::node::{Input, Shared, Strategy};
use crate::oauth::{Grant, Token};
use crate::provider::Rule;
use crate::trace::Event;

use super::World;
use super::host::Host;
use super::message::Message;

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
        let fleet = &self.fleets[usize::from(self.nodes[id.index()].fleet)];
        match fleet.login_each {
            true => fleet.first_login + (id.0 - fleet.nodes.start),
            false => fleet.first_login,
        }
    }

    /// A node that starts is given its credential, where there are refresh tokens.
    pub(super) fn deploy(&mut self, id: NodeId, host: &mut impl Host) {
        if self.provider.rotation.is_none() {
            return;
        }
        let login = self.login_of(id);
        if self.logins.at(login).token.is_none() {
            self.log_in(login, host);
        }
        if let Some(token) = self.logins.at(login).token {
            let grant = self.credential(token, host.now());
            self.hear(id, Input::Login { grant }, host);
        }
    }

    fn credential(&self, token: Token, now: Time) -> Grant {
        let left = self
            .provider
            .ledger
            .get(token)
            .map_or(Duration::ZERO, |life| life.remaining(now));
        Grant {
            token,
            life: left.into(),
            rank: self.provider.ledger.get(token).and_then(|life| self.revealed(life)),
        }
    }

    fn nodes_of(&self, login: u32) -> Vec<NodeId> {
        (0..self.nodes.len() as u32)
            .map(NodeId)
            .filter(|&id| self.login_of(id) == login)
            .collect()
    }

    /// A user logs in: a new grant, put into the store of its domain.
    fn log_in(&mut self, login: u32, host: &mut impl Host) {
        let now = host.now();
        let Some(first) = self.nodes_of(login).first().copied() else {
            return;
        };
        let fleet = &self.fleets[usize::from(self.nodes[first.index()].fleet)];
        let (client, store) = (fleet.client, fleet.store);
        let bucket = self
            .provider
            .bucket(client, crate::oauth::Slot::Unnamed)
            .expect("every client has a default slot");
        let Some(rotation) = &mut self.provider.rotation else {
            return;
        };
        let ledger = &mut self.provider.ledger;
        ledger.settle(bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
        let Ok((ruling, evicted)) = rotation.login(now, client, bucket, ledger, &mut self.provider.rule) else {
            return;
        };
        ledger.settle(bucket, now, &mut |life| host.note(|| Event::TokenEnded(*life)));
        let again = self.logins.at(login).token.is_some();
        host.note(|| Event::LoggedIn { again });
        for _ in 0..evicted {
            host.note(|| Event::GrantLost);
        }
        let grant = self.credential(ruling.token, now);
        self.stores[usize::from(store)].put(now, Shared::of(grant, 0));
        *self.logins.at(login) = Login {
            token: Some(grant.token),
            awaited: false,
            reported: false,
        };
    }

    /// A call of this node has failed for want of a grant: its user learns of it.
    pub(super) fn ask_for_login(&mut self, id: NodeId, host: &mut impl Host) {
        let (Some(again), true) = (self.logins.again, self.provider.rotation.is_some()) else {
            return;
        };
        let login = self.login_of(id);
        let it = *self.logins.at(login);
        // The user has logged in meanwhile, and this node still tried with what it had before.
        let rotation = self.provider.rotation.as_ref();
        let family = |token: Option<Token>| rotation?.family(token?);
        let own = family(S::credential(&self.nodes[id.index()].memory));
        if own.is_some() && own != family(it.token) {
            return;
        }
        let it = self.logins.at(login);
        if !it.awaited {
            it.awaited = true;
            host.wake(Delay::exactly(again), login.into(), Message::LoginAgain { login });
        }
    }

    pub(super) fn log_in_again(&mut self, login: u32, host: &mut impl Host) {
        self.report_lost_grant(login, host);
        self.log_in(login, host);
        let Some(token) = self.logins.at(login).token else {
            return;
        };
        let grant = self.credential(token, host.now());
        for id in self.nodes_of(login) {
            if self.nodes[id.index()].up {
                self.hear(id, Input::Login { grant }, host);
            }
        }
    }

    /// Tells once that a login's grant has ended without having been revoked: nobody holds a refresh token of it that would be
    /// accepted.
    fn report_lost_grant(&mut self, login: u32, host: &mut impl Host) {
        let now = host.now();
        let Some(rotation) = &self.provider.rotation else {
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
        let known = self.nodes.iter().filter_map(|node| S::credential(&node.memory));
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
