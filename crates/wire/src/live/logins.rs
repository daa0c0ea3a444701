//! Logins of a live run: an operator's act, through the provider's own door.

use super::LiveError;
use super::connection::{HttpClient, http_client};
use super::surroundings::Surroundings;
use super::texts::Texts;
use crate::base::{Duration, Millis, NodeId, Time};
use crate::node::Shared;
use crate::oauth::{Grant, Token};
use crate::plan::Plan;
use crate::trace::Event;

/// The newest credential of each login.
pub(super) struct Logins {
    made: Vec<Login>,
    again: Option<Duration>,
    http: HttpClient,
}

#[derive(Clone, Copy, Default)]
struct Login {
    /// What was granted, and when.
    grant: Option<(Grant, Time)>,
    /// The user is about to log in again.
    awaited: bool,
}

impl Logins {
    pub fn new(plan: &Plan) -> Self {
        Self {
            made: Vec::new(),
            again: plan.layout.login_again,
            http: http_client(),
        }
    }

    fn at(&mut self, login: u32) -> &mut Login {
        let index = login as usize;
        if self.made.len() <= index {
            self.made.resize(index + 1, Login::default());
        }
        &mut self.made[index]
    }

    /// Which login a node has its credential from.
    pub fn of(&self, plan: &Plan, node: NodeId) -> u32 {
        let number = plan.layout.fleets.partition_point(|fleet| fleet.nodes.end <= node.0);
        plan.layout.fleets[number].login_of(node)
    }

    /// The nodes that have their credential from a login.
    pub fn nodes(&self, login: u32, plan: &Plan) -> Vec<NodeId> {
        let all = (0..plan.nodes() as u32).map(NodeId);
        all.filter(|&node| self.of(plan, node) == login).collect()
    }

    /// What a login was granted, with the life that is left of it.
    pub fn known(&mut self, login: u32, now: Time) -> Option<Grant> {
        let (grant, at) = self.at(login).grant?;
        let left = Duration::from(grant.life).saturating_sub(now.since(at));
        Some(Grant {
            life: Millis::from(left),
            ..grant
        })
    }

    /// How long until the user has logged in again who is missed at a node with this credential, where that has not been asked
    /// for yet.
    pub fn ask(&mut self, login: u32, credential: Option<Token>, texts: &Texts) -> Option<Duration> {
        let again = self.again?;
        let it = *self.at(login);
        // The user has logged in meanwhile, and this node still tried with what it had before.
        let own = credential.and_then(|token| texts.family(token));
        let newest = it.grant.and_then(|(grant, _)| texts.family(grant.token));
        if own.is_some() && own != newest || it.awaited {
            return None;
        }
        self.at(login).awaited = true;
        Some(again)
    }

    /// A user logs in: a new grant, put into the store of its domain.
    ///
    /// # Errors
    /// When the provider refuses that.
    pub async fn log_in(&mut self, login: u32, plan: &Plan, around: &Surroundings) -> Result<Grant, LiveError> {
        let first = self.nodes(login, plan).first().copied().unwrap_or_default();
        let number = plan.layout.fleets.partition_point(|fleet| fleet.nodes.end <= first.0);
        let fleet = &plan.layout.fleets[number];
        let grant = around.site.log_in(&self.http, fleet.client).await?;
        around.site.texts.begins_family(grant.token);
        let now = around.clock.now();
        let again = self.at(login).grant.is_some();
        around.note(now, &Event::LoggedIn { again });
        around.shelf.put(now, fleet.store, Shared::of(grant, 0)).await;
        *self.at(login) = Login {
            grant: Some((grant, now)),
            awaited: false,
        };
        Ok(grant)
    }
}
