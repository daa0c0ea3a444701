//! The machine beside an oracle that looks everything up in the whole history.

use std::collections::BTreeMap;

use tokenstorm::base::Time;
use tokenstorm::oauth::Token;
use tokenstorm::provider::settings::{DepthSettings, RetireSettings, WhichUse};
use tokenstorm::provider::{Bucket, Issuance, Ledger, Refused, RotationMachine, RotationRule};

use crate::rules::secs;

pub(super) const BUCKET: Bucket = Bucket(0);

/// The machine with its ledger, and every token that it has given out, oldest first.
pub(super) struct Provider {
    pub(super) rotation: RotationMachine,
    pub(super) ledger: Ledger,
    rule: Issuance,
    pub(super) tokens: Vec<Token>,
}

impl Provider {
    pub(super) fn new(rule: RotationRule) -> Self {
        Self {
            rotation: RotationMachine::new(rule),
            ledger: Ledger::new(1),
            rule: Issuance::independent(secs(50)),
            tokens: Vec::new(),
        }
    }

    pub(super) fn log_in(&mut self, now: Time) -> u32 {
        self.settle(now);
        let (ruling, evicted) = self
            .rotation
            .login(now, BUCKET, &mut self.ledger, &mut self.rule)
            .unwrap();
        self.tokens.push(ruling.token);
        evicted
    }

    pub(super) fn settle(&mut self, now: Time) {
        self.ledger.settle(BUCKET, now, &mut |_| {});
    }

    pub(super) fn refresh(&mut self, now: Time, with: Token) -> Result<(Token, bool), Refused> {
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
    pub(super) fn pick(&self, back: usize) -> Option<Token> {
        self.tokens.iter().rev().nth(back).copied()
    }
}

/// A refresh token as the oracle keeps it: with everything that ever happened to it.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) family: usize,
    pub(super) parent: Option<usize>,
    pub(super) issued: Time,
    pub(super) uses: Vec<Time>,
    pub(super) children: Vec<usize>,
    pub(super) access_used: Option<Time>,
    pub(super) cut: bool,
}

#[derive(Default)]
pub(super) struct Oracle {
    pub(super) known: Vec<Known>,
    pub(super) of: BTreeMap<Token, usize>,
    /// When each family ended, and its access tokens in order of issue, with the refresh token of each.
    pub(super) families: Vec<(Option<Time>, Vec<usize>)>,
}

impl Oracle {
    pub(super) fn born(&mut self, now: Time, token: Token, family: usize, parent: Option<usize>) -> usize {
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

    pub(super) fn log_in(&mut self, now: Time, token: Token, capacity: Option<u32>) {
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

    pub(super) fn accepts(&self, now: Time, token: Token, rule: &RotationRule) -> bool {
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

    pub(super) fn cut(&mut self, at: usize) {
        self.known[at].cut = true;
        for child in self.known[at].children.clone() {
            self.cut(child);
        }
    }
}

pub(super) fn start() -> Time {
    Time::ZERO + secs(1)
}
