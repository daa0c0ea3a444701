//! What happens at the server without a request of a node: users log in, somebody revokes, the run ends.

use super::window::Requester;
use super::{Provider, Rule, Server, ServerHost};
use crate::base::Time;
use crate::oauth::{AnswerKind, At, Ending, Grant, Life, Reply, Slot, Token};
use crate::trace::Event;

impl<R: Rule, Q> Server<R, Q> {
    /// Whether the token endpoint lets a login in, which ends with a request to it as any other: an outage, an error by chance and a
    /// quota turn it away. `key` names the draw.
    pub fn admits_login(&mut self, now: Time, whose: &Requester, key: u64, host: &mut impl ServerHost) -> bool {
        let endpoint = &mut self.provider.token_endpoint;
        if endpoint.outage.is_some() || host.hit(endpoint.errors, key) {
            return false;
        }
        match self.provider.count(now, At::Token, whose) {
            // A login is counted only where there are quotas.
            Ok(used) if self.provider.token_endpoint.is_counted() => Self::note_used(At::Token, used, host),
            Ok(_) => {}
            Err(exceeded) => {
                Self::note_exhausted(At::Token, &exceeded, host);
                return false;
            }
        }
        // It waits for no server.
        self.provider.leaves(At::Token, whose);
        true
    }

    /// A user logs in by a request that the token endpoint has let in; as [`log_in`](Self::log_in).
    pub fn login_commits(
        &mut self,
        now: Time,
        whose: &Requester,
        again: bool,
        host: &mut impl ServerHost,
    ) -> Reply<Grant> {
        if let Err(exceeded) = self.provider.may_issue(now, whose) {
            Self::note_exhausted(At::Token, &exceeded, host);
            return exceeded.reply();
        }
        let Some(grant) = self.log_in(now, whose.client, whose.tenant, again, host) else {
            return Reply::refused(AnswerKind::Full);
        };
        let used = self.provider.has_issued(now, grant.token, whose);
        if self.provider.token_endpoint.is_counted() {
            Self::note_used(At::Token, used, host);
        }
        Reply::Granted(grant)
    }

    /// A user of this tenant logs in at this client, for the first time or `again`: a new grant, where the provider has refresh tokens and the rule
    /// allows another token.
    pub fn log_in(
        &mut self,
        now: Time,
        client: u16,
        tenant: u32,
        again: bool,
        host: &mut impl ServerHost,
    ) -> Option<Grant> {
        self.provider.rotation.as_ref()?;
        let bucket = self.provider.bucket(client, tenant, Slot::Unnamed);
        let bucket = bucket.expect("every client has a default slot");
        self.settle(bucket, now, host);
        let Provider {
            rotation, ledger, rule, ..
        } = &mut self.provider;
        let login = rotation.as_mut()?.login(now, bucket, ledger, rule);
        let (ruling, evicted) = login.ok()?;
        self.settle(bucket, now, host);
        host.note(|| Event::LoggedIn { again });
        for _ in 0..evicted {
            host.note(|| Event::GrantLost { bucket });
        }
        Some(self.credential(ruling.token, now))
    }

    /// Ends the live tokens of a client's slot, or of all its slots, and its grants: one tenant's, or all of them.
    pub fn revoke(
        &mut self,
        now: Time,
        client: u16,
        tenant: Option<u32>,
        slot: Option<u16>,
        host: &mut impl ServerHost,
    ) {
        let tenants = tenant.map_or(0..self.provider.tenants(), |tenant| tenant..tenant + 1);
        for tenant in tenants {
            let login = self.provider.bucket(client, tenant, Slot::Unnamed);
            let Provider { rotation, ledger, .. } = &mut self.provider;
            if let (Some(rotation), Some(login)) = (rotation, login) {
                for _ in 0..rotation.revoke(now, login, ledger) {
                    host.note(|| Event::GrantLost { bucket: login });
                }
            }
            for (index, bucket) in self.provider.buckets(client, tenant).enumerate() {
                if slot.is_none_or(|slot| usize::from(slot) == index) {
                    let ended = &mut |life: &Life| host.note(|| Event::TokenEnded(*life));
                    self.provider.ledger.revoke(bucket, now, ended);
                }
            }
        }
    }

    /// Ends one token now, before its time: expired where `ending` says so, or revoked. Whether it was live.
    pub fn end_token(&mut self, now: Time, token: Token, ending: Ending, host: &mut impl ServerHost) -> bool {
        let Some(life) = self.provider.ledger.end_early(token, now, ending) else {
            return false;
        };
        self.settle(life.bucket, now, host);
        true
    }

    /// Ends the grant that a refresh token belongs to, with its access tokens (RFC 7009, section 2.1); `of` names a pair of the
    /// grant. Whether it was alive.
    pub fn revoke_grant(&mut self, now: Time, of: Token, host: &mut impl ServerHost) -> bool {
        let Provider { rotation, ledger, .. } = &mut self.provider;
        let Some(rotation) = rotation else { return false };
        let bucket = rotation.bucket(of);
        let revoked = rotation.revoke_grant(now, of, ledger);
        if let Some(bucket) = bucket {
            if revoked {
                host.note(|| Event::GrantLost { bucket });
            }
            self.settle(bucket, now, host);
        }
        revoked
    }

    /// For whoever is never done asking: keeps the books of a bounded size after a token has been handed out. Where more than `tokens`
    /// are remembered, the oldest of the same slot ends; where more than `grants` live, the oldest of them do.
    pub fn bound(&mut self, now: Time, granted: Token, tokens: usize, grants: usize, host: &mut impl ServerHost) {
        let Provider { rotation, ledger, .. } = &mut self.provider;
        let evicted = rotation
            .as_mut()
            .map_or(Vec::new(), |rotation| rotation.bound(now, grants, ledger));
        for bucket in evicted {
            host.note(|| Event::GrantLost { bucket });
        }
        if ledger.known() > tokens
            && let Some(life) = ledger.get(granted)
        {
            let bucket = life.bucket;
            ledger.end_oldest(bucket, now);
            self.settle(bucket, now, host);
        }
    }

    /// Ends the run: tokens whose end has come, and those that still live, are told.
    pub fn close(&mut self, now: Time, host: &mut impl ServerHost) {
        for bucket in self.provider.ledger.buckets() {
            self.settle(bucket, now, host);
        }
        for life in self.provider.ledger.remembered() {
            if life.is_live(now) {
                host.note(|| Event::TokenEnded(life));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Chance, Duration, NodeId};
    use crate::oauth::Bucket;
    use crate::provider::{Issuance, OnBadSlot, TokenAsk};

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

    /// Tokens that all outlive the load: the books stay of one size, and the youngest stay alive.
    #[test]
    fn an_endless_load_does_not_fill_the_ledger() {
        let issuance = Issuance::independent(Duration::from_secs(86_400));
        let mut provider = Provider::new(issuance, OnBadSlot::Ignore, vec![1, 1], 1);
        provider.ledger.remember_dead(100);
        let mut server: Server<_, ()> = Server::new(provider);
        let mut granted = Vec::new();
        for number in 0..10_000 {
            let now = Time::ZERO + Duration::from_millis(number);
            let ask = TokenAsk {
                client: u16::from(number < 10),
                tenant: 0,
                slot: Slot::Unnamed,
                force: false,
                with: None,
                no_op: false,
                asker: NodeId(0),
                held: None,
            };
            let Reply::Granted(grant) = server.token_commits(now, &ask, &mut Calm) else {
                panic!("it is granted");
            };
            server.bound(now, grant.token, 500, 500, &mut Calm);
            granted.push(grant.token);
            assert!(server.provider.ledger.known() <= 601);
        }
        let (ledger, now) = (&server.provider.ledger, Time::ZERO + Duration::from_secs(10));
        let live = granted.iter().filter(|token| ledger.is_live(**token, now));
        let live: Vec<_> = live.map(|token| token.sequence()).collect();
        assert_eq!(&live[..10], &(1..=10).collect::<Vec<_>>(), "another's are not touched");
        assert_eq!(
            live[10..],
            (10_001 - (live.len() as u32 - 10)..=10_000).collect::<Vec<_>>()
        );
        assert!(live.len() >= 400, "{}", live.len());
        assert_eq!(ledger.current(Bucket(1)), 10);
    }
}
