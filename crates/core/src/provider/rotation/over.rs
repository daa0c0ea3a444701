//! What is over: tokens that have died, families that have ended, pairs that are forgotten. Each is looked for so seldom that a run
//! pays for every token once or twice, however many there are.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ledger::Ledger;
use super::{RotationMachine, Serial};
use crate::base::Time;
use crate::oauth::{Bucket, Token};

/// Up to so many access tokens of a family are looked through at each refresh.
const FEW: usize = 64;

/// Pairs that are remembered at most; the oldest that were used up are forgotten first, as an issuer deletes old rows.
const REMEMBERED: usize = 1 << 16;

/// So many for each grant at least, however many grants there are.
const REMEMBERED_OF_EACH: usize = 16;

impl RotationMachine {
    /// Notes a new access token of a family. Where many live, those that have died are looked for each time their number has
    /// doubled, and not at each refresh: a dead one among them changes nothing.
    pub(super) fn grow(&mut self, now: Time, family: u32, token: Token, ledger: &Ledger) {
        let grown = &mut self.families[family as usize];
        grown.issued += 1;
        let count = grown.access.len();
        if count >= grown.sweep_at {
            grown.access.retain(|&token| ledger.is_live(token, now));
            let live = grown.access.len();
            grown.sweep_at = if live > FEW { 2 * live } else { 0 };
            self.walk(count);
        }
        self.families[family as usize].access.push(token);
    }

    /// The families of a bucket that are not over, oldest first. Those that are over are not looked at again.
    pub(super) fn live(&mut self, now: Time, bucket: Bucket) -> Vec<u32> {
        let (families, count) = (&self.families, self.grants());
        for family in self.looked_at..count {
            let bucket = families[family as usize].bucket;
            self.open.entry(bucket).or_default().push(family);
        }
        let new = count - self.looked_at;
        self.looked_at = count;
        let open = self.open.entry(bucket).or_default();
        let looked_through = open.len() + new as usize;
        open.retain(|&family| !families[family as usize].is_over(now));
        let open = open.clone();
        self.walk(looked_through);
        open
    }

    /// Notes the length of a search.
    fn walk(&mut self, _entries: usize) {
        #[cfg(test)]
        {
            self.walked += _entries as u64;
        }
    }

    pub(super) fn forget(&mut self) {
        let most = REMEMBERED.max(self.families.len() * REMEMBERED_OF_EACH);
        if self.pairs.len() <= self.forget_at.max(most) {
            return;
        }
        let oldest: Vec<_> = self.pairs.keys().take(self.pairs.len() / 2).copied().collect();
        self.walk(self.pairs.len() + self.refresh.len());
        for token in oldest {
            let serial = self.pairs[&token];
            if self.refresh[&serial].first_used.is_some()
                || self.families[self.refresh[&serial].family as usize].revoked.is_some()
            {
                self.pairs.remove(&token);
            }
        }
        self.forget_refresh();
        // Where few could be forgotten, the next search waits until half as many have come on top.
        self.forget_at = self.pairs.len() / 2 * 3;
    }

    /// For whoever is never done asking: forgets the grants that are over, or whose refresh tokens have all expired, so that a refresh
    /// token of theirs is unknown from now on; where more than `most` are left, the oldest end, and a tenth of `most` beside. They are
    /// looked for each time there are twice as many. Families are numbered anew. Where the
    /// tokens of each lie that was ended.
    pub fn bound(&mut self, now: Time, most: usize, ledger: &mut Ledger) -> Vec<Bucket> {
        if self.families.len() < 2 * most {
            return Vec::new();
        }
        let mut newest = vec![Time::ZERO; self.families.len()];
        for refresh in self.refresh.values() {
            let newest = &mut newest[refresh.family as usize];
            *newest = refresh.issued.max(*newest);
        }
        let expired = |family: usize| self.rule.ttl.is_some_and(|ttl| now >= newest[family] + ttl);
        let open = |family: &u32| !self.is_over(now, *family) && !expired(*family as usize);
        let mut kept: Vec<u32> = (0..self.grants()).filter(open).collect();
        let surplus = match kept.len() > most {
            true => kept.len() - most + most / 10,
            false => 0,
        };
        let mut ended = Vec::with_capacity(surplus);
        for family in kept.drain(..surplus) {
            self.end(family, now, self.rule.evicts_access, ledger);
            ended.push(self.families[family as usize].bucket);
        }
        self.keep(&kept);
        ended
    }

    /// Forgets all families but these, which are in order.
    fn keep(&mut self, kept: &[u32]) {
        let places: BTreeMap<u32, u32> = kept.iter().copied().zip(0..).collect();
        let refresh = &self.refresh;
        self.pairs
            .retain(|_, serial| places.contains_key(&refresh[serial].family));
        self.forget_refresh();
        for refresh in self.refresh.values_mut() {
            refresh.family = places[&refresh.family];
        }
        let mut number = 0;
        self.families.retain(|_| {
            number += 1;
            places.contains_key(&(number - 1))
        });
        self.open.clear();
        self.looked_at = 0;
    }

    /// Forgets refresh tokens that no pair names, but for those next to one that does.
    pub(super) fn forget_refresh(&mut self) {
        let mut needed: BTreeSet<Serial> = self.pairs.values().copied().collect();
        for serial in needed.clone() {
            needed.extend(
                [self.refresh[&serial].parent, self.refresh[&serial].successor]
                    .iter()
                    .flatten(),
            );
        }
        self.refresh.retain(|serial, _| needed.contains(serial));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Duration;
    use crate::oauth::Bucket;
    use crate::provider::settings::{KillsAccess, ReplayAnswer, RetireSettings, RotateSettings};
    use crate::provider::{Issuance, RotationRule};

    const BUCKET: Bucket = Bucket(0);

    fn at(ms: u32) -> Time {
        Time::ZERO + Duration::from_millis(ms.into())
    }

    /// So many refreshes, a millisecond apart, with the pair that came last, of a grant whose access tokens all outlive the run; every
    /// seventh pair is presented twice. Returns what was looked through, for each refresh.
    fn refreshes(rule: RotationRule, count: u32) -> f64 {
        let (mut machine, mut ledger) = (RotationMachine::new(rule), Ledger::new(1));
        let mut issuance = Issuance::independent(Duration::from_secs(86_400));
        let (first, _) = machine.login(at(0), BUCKET, &mut ledger, &mut issuance).unwrap();
        let mut held = first.token;
        for number in 1..=count {
            let mut refresh = |with| machine.refresh(at(number), Some(with), Some(with), &mut ledger, &mut issuance);
            let mut answer = refresh(held).unwrap();
            if number % 7 == 0
                && let Ok(again) = refresh(held)
            {
                answer = again;
            }
            held = answer.ruling.token;
        }
        machine.walked as f64 / f64::from(count)
    }

    /// What each looks through does not grow with their number, so a million cost ten times what a hundred thousand do.
    #[test]
    fn a_refresh_costs_the_same_however_many_there_are() {
        let rotations = [RotateSettings::Never, RotateSettings::Always];
        let answers = [ReplayAnswer::NewPair, ReplayAnswer::LastWins, ReplayAnswer::SamePair];
        let kills = [KillsAccess::None, KillsAccess::Paired, KillsAccess::All];
        for (rotate, (replay_answer, kills_access)) in rotations
            .into_iter()
            .flat_map(|rotate| answers.into_iter().zip(kills).map(move |rest| (rotate, rest)))
        {
            let rule = RotationRule {
                rotate,
                replay_answer,
                kills_access,
                retire: RetireSettings::Leeway(Duration::from_secs(10)),
                ..RotationRule::default()
            };
            let each = refreshes(rule, 100_000);
            assert!(each < 20.0, "{rule:?}: {each} for each");
        }
    }

    /// Families that were evicted are not looked at again by each login, nor those that were revoked.
    #[test]
    fn a_login_costs_the_same_however_many_there_were() {
        for capacity in [Some(3), None] {
            let rule = RotationRule {
                capacity,
                ..RotationRule::default()
            };
            let (mut machine, mut ledger) = (RotationMachine::new(rule), Ledger::new(1));
            let mut issuance = Issuance::independent(Duration::SECOND);
            let count = 20_000;
            for number in 0..count {
                let login = machine.login(at(number), BUCKET, &mut ledger, &mut issuance);
                let (_, evicted) = login.unwrap();
                assert_eq!(
                    evicted,
                    u32::from(capacity.is_some() && number >= 3),
                    "one goes for one that comes"
                );
                if capacity.is_none() {
                    assert_eq!(machine.revoke(at(number), BUCKET, &mut ledger), 1);
                }
            }
            assert!(
                machine.walked < 10 * u64::from(count),
                "{capacity:?}: {}",
                machine.walked
            );
        }
    }

    /// Grants that are over or have expired are forgotten; of those that are not, the oldest go where there are too many, and all that
    /// stay are as they were.
    #[test]
    fn grants_are_bounded_however_many_begin() {
        const MOST: usize = 100;
        let rule = RotationRule {
            ttl: Some(Duration::from_millis(1_000_000)),
            ..RotationRule::default()
        };
        let (mut machine, mut ledger) = (RotationMachine::new(rule), Ledger::new(1));
        let mut issuance = Issuance::independent(Duration::SECOND);
        let mut begin = |machine: &mut RotationMachine, ledger: &mut Ledger, number: u32| {
            let (ruling, _) = machine.login(at(number), BUCKET, ledger, &mut issuance).unwrap();
            (ruling.token, machine.bound(at(number), MOST, ledger))
        };
        let mut all = Vec::new();
        let mut ended = 0;
        for number in 0..1000 {
            let (token, surplus) = begin(&mut machine, &mut ledger, number);
            all.push(token);
            ended += surplus.len();
            assert!(machine.grants() < 2 * MOST as u32 && machine.pairs.len() < 2 * MOST);
        }
        let accepted: Vec<_> = all.iter().filter(|&&token| machine.accepts(at(1000), token)).collect();
        assert_eq!(accepted.len(), 1000 - ended, "who was not ended is accepted");
        assert_eq!(accepted, all[ended..].iter().collect::<Vec<_>>(), "the youngest");
        // All but fifteen are over: it is those that are forgotten, and nobody has to go.
        let (kept, revoked) = accepted.split_at(15);
        for &&token in revoked {
            assert!(machine.revoke_grant(at(1000), token, &mut ledger));
        }
        let before = machine.grants();
        let mut number = 1000;
        while machine.grants() >= before {
            number += 1;
            let (token, surplus) = begin(&mut machine, &mut ledger, number);
            assert!(surplus.is_empty());
            assert!(machine.accepts(at(number), token));
        }
        assert!(kept.iter().all(|token| machine.accepts(at(number), **token)));
        assert!(
            revoked.iter().all(|token| machine.family(**token).is_none()),
            "forgotten"
        );
        // Their time is over, and they are forgotten without having been ended.
        let mut machine = RotationMachine::new(rule);
        for number in (0..150).chain(1_000_200..1_000_250) {
            assert!(begin(&mut machine, &mut ledger, number).1.is_empty());
        }
        assert_eq!(machine.grants(), 50);
    }
}
