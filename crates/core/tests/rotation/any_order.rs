//! Laws for any rule and any order of uses.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tokenstorm::base::Time;
use tokenstorm::oauth::Token;
use tokenstorm::provider::settings::{OnViolationSettings, ReplayAnswer, RetireSettings, RotateSettings};
use tokenstorm::provider::{Issuance, Ledger, Refused, Request, RotationRule, Rule};

use crate::oracle::{BUCKET, Oracle, Provider, start};
use crate::rules::{Act, acts, rule, secs};

/// The oracle hears what the machine has answered, which must be what the rule says of such a use.
fn follow(
    oracle: &mut Oracle,
    now: Time,
    with: Token,
    answer: Result<(Token, bool), Refused>,
    rule: &RotationRule,
) -> Result<(), TestCaseError> {
    let at = oracle.of[&with];
    let replay = !oracle.known[at].uses.is_empty();
    let family = oracle.known[at].family;
    match answer {
        Err(refused) => {
            let over = oracle.families[family].0.is_some_and(|end| end <= now);
            let expired = rule.ttl.is_some_and(|ttl| now.since(oracle.known[at].issued) >= ttl);
            prop_assert_eq!(refused == Refused::Revoked, over);
            if let (false, false, OnViolationSettings::RevokeFamily(revocation)) = (over, expired, rule.on_violation) {
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
                return Ok(());
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
    Ok(())
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
                    let may = oracle.accepts(now, with, &rule);
                    let answer = provider.refresh(now, with);
                    prop_assert_eq!(answer.is_ok(), may);
                    follow(&mut oracle, now, with, answer, &rule)?;
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
                        Ok(_) | Err(Refused::Replayed { revokes: true }) => {}
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
