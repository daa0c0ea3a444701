//! The rotation machine: what happens to a grant when its refresh token is used, or used once more.
//!
//! A grant (a *family* of refresh tokens) begins with a login. Each refresh answers with a pair; the pair is named by its
//! access token, so that "the refresh token that came with t" is what a node presents. One machine with parameters covers
//! every rule that was found in the wild.

mod over;
mod periods;
mod refresh;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use super::issuance::{Refusal, Request, Rule, Ruling};
use super::ledger::Ledger;
use super::settings::{
    DepthSettings, KillsAccess, OnViolationSettings, RefreshSettings, ReplayAnswer, RetireSettings, RotateSettings,
};
use crate::base::{Duration, Time};
use crate::oauth::Token;
use crate::oauth::{Bucket, Ending};

/// The parameters, resolved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RotationRule {
    /// When a refresh gives a new refresh token.
    pub rotate: RotateSettings,
    /// When a refresh token that was used ends.
    pub retire: RetireSettings,
    /// How old a refresh token may be.
    pub depth: DepthSettings,
    /// What one gets that is used once more.
    pub replay_answer: ReplayAnswer,
    /// Access tokens that a refresh ends.
    pub kills_access: KillsAccess,
    /// Grants of one client, and of one tenant of it, that live at once; the oldest is evicted.
    pub capacity: Option<u32>,
    /// An evicted grant takes its access tokens with it.
    pub evicts_access: bool,
    /// What follows when one is used that has ended.
    pub on_violation: OnViolationSettings,
    /// Life of a refresh token.
    pub ttl: Option<Duration>,
}

impl RotationRule {
    /// What a profile or a scenario writes, with the defaults that its comments name.
    pub fn of(written: &RefreshSettings) -> Self {
        Self {
            rotate: written.rotate.unwrap_or_default(),
            retire: written.retire.unwrap_or_default(),
            depth: written.depth.unwrap_or_default(),
            replay_answer: written.replay_answer.unwrap_or_default(),
            kills_access: written.kills_access.unwrap_or_default(),
            capacity: written.capacity,
            evicts_access: written.evicts_access.unwrap_or_default(),
            on_violation: written.on_violation.unwrap_or_default(),
            ttl: written.ttl,
        }
    }
}

/// One grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Family {
    /// Where its access tokens lie: all grants of one client and tenant have one.
    bucket: Bucket,
    /// From when on none of its refresh tokens is accepted.
    revoked: Option<Time>,
    /// From when on none of its access tokens is live.
    access_ends: Option<Time>,
    /// Access tokens issued so far.
    issued: u32,
    /// Its access tokens that may still live, oldest first.
    access: Vec<Token>,
    /// So many of them are kept before those that have died are looked for.
    sweep_at: usize,
}

/// A refresh token, by its place in the order of issue.
type Serial = u32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Refresh {
    family: u32,
    parent: Option<Serial>,
    issued: Time,
    /// Access tokens of the family when it was issued, its own included.
    issued_before: u32,
    /// How often it was used, and when first.
    used: u32,
    first_used: Option<Time>,
    /// The pair that its latest use got, and the refresh token of that pair.
    answer: Option<Token>,
    successor: Option<Serial>,
    /// When a successor was first used, in the way that the rule looks at.
    successor_used: Option<Time>,
    /// Ended by the rule itself: a later answer to the same refresh token counts instead.
    ended: bool,
    /// It is as old as the rule asks for before it rotates, whatever the clock says.
    aged: bool,
    /// The time in which it was accepted once more is over, whatever the clock says.
    over: bool,
}

/// Why a refresh token was refused. The provider tells none of them apart: `invalid_grant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody knows it, or not any more.
    Unknown,
    /// Its family was revoked before.
    Revoked,
    /// It has reached the end of its life.
    Expired,
    /// It was used before and is no longer accepted; `revokes` when the whole family falls for it, and did not fall before.
    Replayed {
        /// The whole family falls.
        revokes: bool,
    },
    /// The rule for access tokens refuses another one.
    Full,
}

/// A refresh that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// The new access token.
    pub ruling: Ruling,
    /// Nodes other than the asking one whose token it ended, beside those that the ruling names.
    pub blast: u32,
    /// It ended an access token beside the one that the ruling names.
    pub ended: bool,
}

/// All grants, and the refresh tokens behind them.
#[derive(Clone, Debug, Default)]
pub struct RotationMachine {
    /// The parameters.
    pub rule: RotationRule,
    families: Vec<Family>,
    refresh: BTreeMap<Serial, Refresh>,
    pairs: BTreeMap<Token, Serial>,
    last: Serial,
    /// Pairs that are kept before those to forget are looked for, where fewer could not be forgotten.
    forget_at: usize,
    /// Of the first `looked_at` families, those of each bucket that were not over when it was last looked at, oldest first.
    open: BTreeMap<Bucket, Vec<u32>>,
    looked_at: u32,
    /// Entries that were looked through in search of what is over.
    #[cfg(test)]
    walked: u64,
}

impl PartialEq for RotationMachine {
    fn eq(&self, other: &Self) -> bool {
        self.families == other.families && self.refresh == other.refresh && self.pairs == other.pairs
    }
}

impl Eq for RotationMachine {}

impl Hash for RotationMachine {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.families.hash(state);
        self.refresh.hash(state);
        self.pairs.hash(state);
    }
}

impl RotationMachine {
    /// Without grants.
    pub fn new(rule: RotationRule) -> Self {
        Self {
            rule,
            ..Self::default()
        }
    }

    /// A user logs in: a new family with its first pair. The oldest family of the same client and tenant makes room where there are
    /// too many; the answer says how many did.
    ///
    /// Errors when the rule for access tokens refuses another one.
    pub fn login(
        &mut self,
        now: Time,
        bucket: Bucket,
        ledger: &mut Ledger,
        rule: &mut impl Rule,
    ) -> Result<(Ruling, u32), Refusal> {
        let ruling = rule.request(now, Request { bucket, force: true }, ledger)?;
        let mut evicted = 0;
        if let Some(capacity) = self.rule.capacity {
            let live = self.live(now, bucket);
            let surplus = (live.len() + 1).saturating_sub(capacity.max(1) as usize);
            for &oldest in &live[..surplus] {
                self.end(oldest, now, self.rule.evicts_access, ledger);
                evicted += 1;
            }
        }
        let family = self.families.len() as u32;
        self.families.push(Family {
            bucket,
            revoked: None,
            access_ends: None,
            issued: 1,
            access: vec![ruling.token],
            sweep_at: 0,
        });
        let serial = self.issue(now, family, None);
        self.pairs.insert(ruling.token, serial);
        Ok((ruling, evicted))
    }

    fn issue(&mut self, now: Time, family: u32, parent: Option<Serial>) -> Serial {
        self.last += 1;
        self.refresh.insert(
            self.last,
            Refresh {
                family,
                parent,
                issued: now,
                issued_before: self.families[family as usize].issued,
                used: 0,
                first_used: None,
                answer: None,
                successor: None,
                successor_used: None,
                ended: false,
                aged: false,
                over: false,
            },
        );
        self.last
    }

    /// Ends a family from this time on, and its access tokens too where asked.
    fn end(&mut self, family: u32, at: Time, access: bool, ledger: &mut Ledger) {
        let family = &mut self.families[family as usize];
        family.revoked = Some(family.revoked.map_or(at, |before| before.min(at)));
        if access {
            family.access_ends = Some(family.access_ends.map_or(at, |before| before.min(at)));
            for &token in &family.access {
                ledger.end_early(token, at, Ending::Revoked);
            }
        }
    }

    /// Ends all families of a client now, or of one tenant of it, as a changed password does. `bucket` is where their tokens lie.
    pub fn revoke(&mut self, now: Time, bucket: Bucket, ledger: &mut Ledger) -> u32 {
        let all = self.live(now, bucket);
        for &family in &all {
            self.end(family, now, true, ledger);
        }
        all.len() as u32
    }

    /// Ends the family of a pair now, with its access tokens. Whether it was alive.
    pub fn revoke_grant(&mut self, now: Time, of: Token, ledger: &mut Ledger) -> bool {
        let family = self.family(of).filter(|&family| !self.is_over(now, family));
        if let Some(family) = family {
            self.end(family, now, true, ledger);
        }
        family.is_some()
    }

    /// Whether the refresh token that came with this token would be accepted now.
    pub fn accepts(&self, now: Time, with: Token) -> bool {
        self.pairs
            .get(&with)
            .is_some_and(|&serial| self.refusal(now, serial).is_none())
    }

    /// Where the access tokens of a pair's family lie.
    pub fn bucket(&self, of: Token) -> Option<Bucket> {
        self.family(of).map(|family| self.families[family as usize].bucket)
    }

    /// The family of a pair that is still remembered.
    pub fn family(&self, of: Token) -> Option<u32> {
        self.pairs.get(&of).map(|serial| self.refresh[serial].family)
    }

    /// Which refresh token came with a token that is still remembered: a number of its own, in the order of issue.
    pub fn refresh_token(&self, of: Token) -> Option<u32> {
        self.pairs.get(&of).copied()
    }

    /// Whether the family has been revoked or evicted.
    pub fn is_over(&self, now: Time, family: u32) -> bool {
        self.families[family as usize].is_over(now)
    }

    /// Families so far.
    pub fn grants(&self) -> u32 {
        self.families.len() as u32
    }

    /// Renames all tokens by a monotone map, numbers refresh tokens and families by age, and forgets what is not `named` and
    /// decides nothing any more, so that equal states become equal.
    pub fn rename(&mut self, named: impl Fn(Token) -> bool, name: &mut dyn FnMut(Token) -> Token) {
        self.pairs.retain(|&token, _| named(token));
        let families = &mut self.families;
        for family in families.iter_mut() {
            family.access.retain(|&token| named(token));
        }
        self.forget_refresh();
        let serials: BTreeMap<Serial, Serial> = self.refresh.keys().copied().zip(1..).collect();
        let kept: BTreeSet<u32> = self.refresh.values().map(|refresh| refresh.family).collect();
        let places: BTreeMap<u32, u32> = kept.iter().copied().zip(0..).collect();
        self.families = kept
            .iter()
            .map(|&family| self.families[family as usize].clone())
            .collect();
        for family in &mut self.families {
            for token in &mut family.access {
                *token = name(*token);
            }
        }
        let issued: Vec<u32> = self.families.iter().map(|family| family.issued).collect();
        self.refresh = std::mem::take(&mut self.refresh)
            .into_iter()
            .map(|(serial, refresh)| {
                let family = places[&refresh.family];
                let newer = issued[family as usize] - refresh.issued_before;
                let renamed = Refresh {
                    family,
                    parent: refresh.parent.and_then(|parent| serials.get(&parent).copied()),
                    successor: refresh.successor.and_then(|successor| serials.get(&successor).copied()),
                    // Counted back from the family's newest, whose count begins anew.
                    issued_before: u32::MAX / 2 - newer,
                    answer: refresh.answer.filter(|&token| named(token)).map(&mut *name),
                    ..refresh
                };
                (serials[&serial], renamed)
            })
            .collect();
        for family in &mut self.families {
            family.issued = u32::MAX / 2;
        }
        self.pairs = std::mem::take(&mut self.pairs)
            .into_iter()
            .map(|(token, serial)| (name(token), serials[&serial]))
            .collect();
        self.last = serials.len() as u32;
        self.open.clear();
        self.looked_at = 0;
    }
}

impl Family {
    fn is_over(&self, now: Time) -> bool {
        self.revoked.is_some_and(|at| at <= now)
    }
}

impl Refreshed {
    /// A pair that was issued before.
    fn same(token: Token) -> Self {
        Self {
            ruling: Ruling {
                token,
                new: false,
                superseded: None,
            },
            blast: 0,
            ended: false,
        }
    }
}
