//! Laws of the rotation machine, for any rule and any order of uses; and the machine beside an oracle that looks everything up in
//! the whole history.

mod common;

use std::collections::BTreeMap;

use proptest::prelude::*;
use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::oauth::Token;
use tokenstorm::provider::settings::{
    DepthSettings, KillsAccess, OnViolationSettings, ReplayAnswer, RetireSettings, RevokeFamilySettings,
    RotateSettings, SuccessorUsedSettings, WhichUse,
};
use tokenstorm::provider::{
    Bucket, Denied, Ending, Endpoint, Issuance, Ledger, OnExceed, Quota, Request, RotationMachine, RotationRule, Rule,
    Scope,
};
use tokenstorm::retry::{Attempts, Immediate, Retry};
use tokenstorm::strategy::{CompareFirst, Coordination};
use tokenstorm::trace::Event;

const BUCKET: Bucket = Bucket(0);

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Presents the refresh token that came with the n-th token so far, counted back from the newest.
    Refresh(usize),
    /// Calls the API with it.
    Use(usize),
    LogIn,
}

fn secs(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn retire() -> impl Strategy<Value = RetireSettings> {
    let which = prop_oneof![Just(WhichUse::Access), Just(WhichUse::Refresh), Just(WhichUse::Either)];
    prop_oneof![
        Just(RetireSettings::OnIssue),
        (0u64..40).prop_map(|s| RetireSettings::Leeway(secs(s))),
        (0u32..4).prop_map(RetireSettings::Reuses),
        (0u32..4).prop_map(RetireSettings::Newer),
        (which, 0u64..10, prop::option::of(0u64..60)).prop_map(|(which, delay, cap)| {
            RetireSettings::SuccessorUsed(SuccessorUsedSettings {
                which,
                delay: secs(delay),
                cap: cap.map(secs),
            })
        }),
    ]
}

fn rule() -> impl Strategy<Value = RotationRule> {
    let rotate = prop_oneof![
        1 => Just(RotateSettings::Never),
        4 => Just(RotateSettings::Always),
        1 => (0u64..30).prop_map(|s| RotateSettings::AfterAge(secs(s))),
    ];
    let depth = prop_oneof![Just(DepthSettings::Previous), Just(DepthSettings::AnyAncestor)];
    let answer = prop_oneof![
        Just(ReplayAnswer::SamePair),
        Just(ReplayAnswer::NewPair),
        Just(ReplayAnswer::LastWins)
    ];
    let kills = prop_oneof![
        Just(KillsAccess::None),
        Just(KillsAccess::Paired),
        Just(KillsAccess::All)
    ];
    let violation = prop_oneof![
        Just(OnViolationSettings::Refuse),
        (any::<bool>(), 0u64..10).prop_map(|(access, takes)| {
            OnViolationSettings::RevokeFamily(RevokeFamilySettings {
                access,
                takes: secs(takes),
            })
        }),
    ];
    let more = (prop::option::of(1u32..4), any::<bool>(), prop::option::of(5u64..200));
    (rotate, retire(), depth, answer, kills, violation, more).prop_map(
        |(rotate, retire, depth, replay_answer, kills_access, on_violation, (capacity, evicts_access, ttl))| {
            RotationRule {
                rotate,
                retire,
                depth,
                replay_answer,
                kills_access,
                capacity,
                evicts_access,
                on_violation,
                ttl: ttl.map(secs),
            }
        },
    )
}

fn acts() -> impl Strategy<Value = Vec<(u64, Act)>> {
    let act = prop_oneof![
        6 => (0usize..6).prop_map(Act::Refresh),
        2 => (0usize..4).prop_map(Act::Use),
        1 => Just(Act::LogIn),
    ];
    prop::collection::vec((0u64..12, act), 1..60)
}

/// The machine with its ledger, and every token that it has given out, oldest first.
struct Provider {
    rotation: RotationMachine,
    ledger: Ledger,
    rule: Issuance,
    tokens: Vec<Token>,
}

impl Provider {
    fn new(rule: RotationRule) -> Self {
        Self {
            rotation: RotationMachine::new(rule),
            ledger: Ledger::new(1),
            rule: Issuance::independent(secs(50)),
            tokens: Vec::new(),
        }
    }

    fn log_in(&mut self, now: Time) -> u32 {
        self.settle(now);
        let (ruling, evicted) = self
            .rotation
            .login(now, 0, BUCKET, &mut self.ledger, &mut self.rule)
            .unwrap();
        self.tokens.push(ruling.token);
        evicted
    }

    fn settle(&mut self, now: Time) {
        self.ledger.settle(BUCKET, now, &mut |_| {});
    }

    fn refresh(&mut self, now: Time, with: Token) -> Result<(Token, bool), Denied> {
        self.settle(now);
        let refreshed = self
            .rotation
            .refresh(now, Some(with), None, &mut self.ledger, &mut self.rule)?;
        if refreshed.ruling.new {
            self.tokens.push(refreshed.ruling.token);
        }
        Ok((refreshed.ruling.token, refreshed.ruling.new))
    }

    /// The n-th newest token.
    fn pick(&self, back: usize) -> Option<Token> {
        self.tokens.iter().rev().nth(back).copied()
    }
}

/// A refresh token as the oracle keeps it: with everything that ever happened to it.
#[derive(Clone, Debug)]
struct Known {
    family: usize,
    parent: Option<usize>,
    issued: Time,
    uses: Vec<Time>,
    children: Vec<usize>,
    access_used: Option<Time>,
    cut: bool,
}

#[derive(Default)]
struct Oracle {
    known: Vec<Known>,
    of: BTreeMap<Token, usize>,
    /// When each family ended, and its access tokens in order of issue, with the refresh token of each.
    families: Vec<(Option<Time>, Vec<usize>)>,
}

impl Oracle {
    fn born(&mut self, now: Time, token: Token, family: usize, parent: Option<usize>) -> usize {
        let at = self.known.len();
        self.known.push(Known {
            family,
            parent,
            issued: now,
            uses: Vec::new(),
            children: Vec::new(),
            access_used: None,
            cut: false,
        });
        self.of.insert(token, at);
        self.families[family].1.push(at);
        if let Some(parent) = parent {
            self.known[parent].children.push(at);
        }
        at
    }

    fn log_in(&mut self, now: Time, token: Token, capacity: Option<u32>) {
        let live: Vec<_> = (0..self.families.len())
            .filter(|&family| self.families[family].0.is_none_or(|end| now < end))
            .collect();
        let surplus = capacity.map_or(0, |capacity| (live.len() + 1).saturating_sub(capacity as usize));
        for &family in &live[..surplus] {
            self.families[family].0 = Some(now);
        }
        self.families.push((None, Vec::new()));
        let family = self.families.len() - 1;
        self.born(now, token, family, None);
    }

    fn accepts(&self, now: Time, token: Token, rule: &RotationRule) -> bool {
        let at = self.of[&token];
        let it = &self.known[at];
        if self.families[it.family].0.is_some_and(|end| end <= now) || it.cut {
            return false;
        }
        if rule.ttl.is_some_and(|ttl| now.since(it.issued) >= ttl) {
            return false;
        }
        let (Some(&first), Some(&newest)) = (it.uses.first(), it.children.last()) else {
            return true;
        };
        if rule.depth == DepthSettings::Previous && !self.known[newest].uses.is_empty() {
            return false;
        }
        match rule.retire {
            RetireSettings::OnIssue => false,
            RetireSettings::Leeway(leeway) => now.since(first) < leeway,
            RetireSettings::Reuses(more) => it.uses.len() as u32 <= more,
            RetireSettings::Newer(most) => {
                let all = &self.families[it.family].1;
                let own = all.iter().position(|&one| one == at).unwrap();
                ((all.len() - 1 - own) as u32) < most
            }
            RetireSettings::SuccessorUsed(by) => {
                let used = it.children.iter().flat_map(|&child| {
                    let child = &self.known[child];
                    let access = child.access_used.filter(|_| by.which != WhichUse::Refresh);
                    let refresh = child.uses.first().copied().filter(|_| by.which != WhichUse::Access);
                    [access, refresh]
                });
                let used = used.flatten().min();
                used.is_none_or(|used| now.since(used) < by.delay) && by.cap.is_none_or(|cap| now.since(first) < cap)
            }
        }
    }

    fn cut(&mut self, at: usize) {
        self.known[at].cut = true;
        for child in self.known[at].children.clone() {
            self.cut(child);
        }
    }
}

fn start() -> Time {
    Time::ZERO + secs(1)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// The machine accepts exactly what the oracle accepts, whatever was done before.
    #[test]
    fn it_accepts_what_the_whole_history_says(rule in rule(), acts in acts()) {
        let mut provider = Provider::new(rule);
        let mut oracle = Oracle::default();
        let mut now = start();
        provider.log_in(now);
        oracle.log_in(now, provider.tokens[0], rule.capacity);
        for (gap, act) in acts {
            now = now + secs(gap);
            for &token in &provider.tokens {
                prop_assert_eq!(
                    provider.rotation.accepts(now, token), oracle.accepts(now, token, &rule),
                    "token {} at {:?}", token.sequence(), now
                );
            }
            match act {
                Act::LogIn => {
                    provider.log_in(now);
                    oracle.log_in(now, *provider.tokens.last().unwrap(), rule.capacity);
                }
                Act::Use(back) => {
                    if let Some(token) = provider.pick(back) {
                        provider.rotation.accepted(now, token);
                        let at = oracle.of[&token];
                        oracle.known[at].access_used.get_or_insert(now);
                    }
                }
                Act::Refresh(back) => {
                    let Some(with) = provider.pick(back) else { continue };
                    let at = oracle.of[&with];
                    let may = oracle.accepts(now, with, &rule);
                    let replay = !oracle.known[at].uses.is_empty();
                    let answer = provider.refresh(now, with);
                    prop_assert_eq!(answer.is_ok(), may);
                    let family = oracle.known[at].family;
                    match answer {
                        Err(denied) => {
                            let over = oracle.families[family].0.is_some_and(|end| end <= now);
                            let expired = rule.ttl.is_some_and(|ttl| now.since(oracle.known[at].issued) >= ttl);
                            prop_assert_eq!(denied == Denied::Revoked, over);
                            if let (false, false, OnViolationSettings::RevokeFamily(revocation)) =
                                (over, expired, rule.on_violation)
                            {
                                let end = now + revocation.takes;
                                let family = &mut oracle.families[family].0;
                                *family = Some(family.map_or(end, |before| before.min(end)));
                            }
                        }
                        Ok((_, false)) => {
                            prop_assert!(replay && rule.replay_answer == ReplayAnswer::SamePair);
                            oracle.known[at].uses.push(now);
                        }
                        Ok((token, true)) => {
                            let age = now.since(oracle.known[at].issued);
                            let rotates = match rule.rotate {
                                RotateSettings::Never => false,
                                RotateSettings::Always => true,
                                RotateSettings::AfterAge(least) => age >= least,
                            };
                            if !rotates {
                                oracle.of.insert(token, at);
                                oracle.families[family].1.push(usize::MAX);
                                continue;
                            }
                            oracle.known[at].uses.push(now);
                            match (replay, rule.replay_answer, oracle.known[at].children.last().copied()) {
                                (true, ReplayAnswer::SamePair, Some(same)) => {
                                    oracle.of.insert(token, same);
                                    oracle.families[family].1.push(usize::MAX);
                                }
                                (true, ReplayAnswer::LastWins, Some(sibling)) => {
                                    oracle.cut(sibling);
                                    oracle.born(now, token, family, Some(at));
                                }
                                _ => {
                                    oracle.born(now, token, family, Some(at));
                                }
                            }
                        }
                    }
                }
            }
        }
        let parents = oracle.known.iter().filter(|known| known.parent.is_some()).count();
        let children: usize = oracle.known.iter().map(|known| known.children.len()).sum();
        prop_assert_eq!(parents, children);
    }

    /// Unless the rule lets a family branch, at most one refresh token of it is accepted that nobody has used yet.
    #[test]
    fn one_chain_unless_branches_are_allowed(rule in rule(), acts in acts()) {
        let branches = rule.replay_answer == ReplayAnswer::NewPair && rule.retire != RetireSettings::OnIssue;
        prop_assume!(!branches);
        let mut provider = Provider::new(rule);
        let mut now = start();
        provider.log_in(now);
        let mut used = std::collections::BTreeSet::new();
        for (gap, act) in acts {
            now = now + secs(gap);
            match act {
                Act::LogIn => { provider.log_in(now); }
                Act::Use(_) => {}
                Act::Refresh(back) => {
                    let Some(with) = provider.pick(back) else { continue };
                    if provider.refresh(now, with).is_ok() && rule.rotate == RotateSettings::Always {
                        used.extend(provider.rotation.refresh_token(with));
                    }
                }
            }
            let mut chains = BTreeMap::<u32, std::collections::BTreeSet<u32>>::new();
            for &token in &provider.tokens {
                let Some(refresh) = provider.rotation.refresh_token(token) else { continue };
                if provider.rotation.accepts(now, token) && !used.contains(&refresh) {
                    chains.entry(provider.rotation.family(token).unwrap()).or_default().insert(refresh);
                }
            }
            if rule.rotate == RotateSettings::Always {
                prop_assert!(chains.values().all(|leaves| leaves.len() <= 1), "{:?}", chains);
            }
        }
    }

    /// A family that was revoked never serves again, and where its access tokens go with it none of them is live.
    #[test]
    fn a_revoked_family_never_serves_again(rule in rule(), acts in acts()) {
        let mut provider = Provider::new(rule);
        let mut now = start();
        provider.log_in(now);
        let mut over: Vec<u32> = Vec::new();
        for (gap, act) in acts {
            now = now + secs(gap);
            match act {
                Act::LogIn => { provider.log_in(now); }
                Act::Use(_) => {}
                Act::Refresh(back) => {
                    let Some(with) = provider.pick(back) else { continue };
                    let family = provider.rotation.family(with);
                    let answer = provider.refresh(now, with);
                    prop_assert!(answer.is_err() || !over.contains(&family.unwrap()));
                }
            }
            for family in 0..provider.rotation.grants() {
                if provider.rotation.is_over(now, family) && !over.contains(&family) {
                    over.push(family);
                }
            }
            let takes_access = matches!(rule.on_violation, OnViolationSettings::RevokeFamily(revocation) if revocation.access);
            for &token in &provider.tokens {
                let family = provider.rotation.family(token).unwrap();
                if over.contains(&family) {
                    prop_assert!(!provider.rotation.accepts(now, token));
                    if takes_access && (rule.evicts_access || rule.capacity.is_none()) {
                        prop_assert!(!provider.ledger.is_live(token, now));
                    }
                }
            }
        }
    }

    /// A rule without rotation, killing, capacity and expiry issues as if there were no refresh tokens at all.
    #[test]
    fn a_neutral_rule_is_no_rule(acts in acts()) {
        let mut provider = Provider::new(RotationRule { rotate: RotateSettings::Never, ..RotationRule::default() });
        let (mut plain, mut ledger) = (Issuance::independent(secs(50)), Ledger::new(1));
        let mut now = start();
        for (gap, act) in acts {
            now = now + secs(gap);
            ledger.settle(BUCKET, now, &mut |_| {});
            match act {
                Act::LogIn => { provider.log_in(now); }
                Act::Use(_) => continue,
                Act::Refresh(back) => {
                    let Some(with) = provider.pick(back) else { continue };
                    let (_, new) = provider.refresh(now, with).expect("a refresh token that never rotates is always good");
                    prop_assert!(new);
                }
            }
            plain.request(now, Request { bucket: BUCKET, force: false }, &mut ledger).unwrap();
            prop_assert_eq!(&provider.ledger, &ledger);
        }
    }

    /// What is refused ends no token and issues none, unless it is a violation that revokes.
    #[test]
    fn a_refusal_changes_nothing(rule in rule(), acts in acts()) {
        let mut provider = Provider::new(rule);
        let mut now = start();
        provider.log_in(now);
        for (gap, act) in acts {
            now = now + secs(gap);
            match act {
                Act::LogIn => { provider.log_in(now); }
                Act::Use(_) => {}
                Act::Refresh(back) => {
                    let Some(with) = provider.pick(back) else { continue };
                    provider.settle(now);
                    let before = (provider.rotation.clone(), provider.ledger.clone());
                    match provider.refresh(now, with) {
                        Ok(_) | Err(Denied::Replayed { revokes: true }) => {}
                        Err(_) => {
                            prop_assert_eq!(&provider.rotation, &before.0);
                            prop_assert_eq!(&provider.ledger, &before.1);
                        }
                    }
                }
            }
        }
    }
}

/// A token is superseded in an instant in which another is issued, and never by a request that was beyond a quota.
#[test]
fn a_request_beyond_the_quota_ends_nothing() {
    for (on_exceed, refreshes) in [
        (OnExceed::RetryAfter, false),
        (OnExceed::Throttle, false),
        (OnExceed::ErrorBody, false),
        (OnExceed::NoOp, false),
        (OnExceed::RetryAfter, true),
    ] {
        let fleets = [common::Nodes {
            count: 6,
            per_second: 1.0,
        }];
        let strategy = Coordination::CompareFirst(CompareFirst {});
        let mut plan = common::m0(strategy, Issuance::latest_only(secs(40)), &fleets, 600);
        plan.policy.retry = Retry::Immediate(Immediate {
            attempts: Attempts::at_most(3),
        });
        plan.provider.rotation = refreshes.then(|| RotationRule {
            rotate: RotateSettings::Never,
            ..RotationRule::default()
        });
        plan.provider.token_endpoint = Endpoint::default().with_quotas([Quota {
            count: 20,
            window: secs(60),
            scope: Scope::Client,
            on_exceed,
        }]);
        let trace = common::record(&plan, Dice::new(7));
        let issued: std::collections::BTreeSet<_> = trace
            .iter()
            .filter(|(_, event)| matches!(event, Event::Issued { .. }))
            .map(|(at, _)| *at)
            .collect();
        let superseded = trace.iter().filter_map(|(_, event)| match event {
            Event::TokenEnded(life) if life.ending == Some(Ending::Superseded) => Some(life.end),
            _ => None,
        });
        let superseded: Vec<_> = superseded.collect();
        let exhausted = trace
            .iter()
            .any(|(_, event)| matches!(event, Event::QuotaExhausted { .. }));
        assert!(exhausted, "{on_exceed:?}");
        assert!(!superseded.is_empty(), "{on_exceed:?}");
        assert!(superseded.iter().all(|end| issued.contains(end)), "{on_exceed:?}");
        // At most 20 a minute, and the logins, which no quota counts.
        assert!(issued.len() <= 20 * 11 + 6, "{} issued", issued.len());
    }
}
