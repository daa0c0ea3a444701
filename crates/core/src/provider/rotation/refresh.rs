//! A refresh token that is used: what it gets, and what it ends.

use super::super::issuance::{Refusal, Request, Rule};
use super::super::ledger::Ledger;
use super::super::settings::{
    DepthSettings, KillsAccess, OnViolationSettings, ReplayAnswer, RetireSettings, RotateSettings, WhichUse,
};
use super::{Refresh, Refreshed, Refused, RotationMachine, Serial};
use crate::base::Time;
use crate::oauth::Ending;
use crate::oauth::Token;

impl RotationMachine {
    pub(super) fn refusal(&self, now: Time, serial: Serial) -> Option<Refused> {
        let refresh = &self.refresh[&serial];
        if self.is_over(now, refresh.family) {
            return Some(Refused::Revoked);
        }
        if self.rule.ttl.is_some_and(|ttl| now >= refresh.issued + ttl) {
            return Some(Refused::Expired);
        }
        let replay = refresh.ended || !self.tolerates(now, refresh);
        replay.then_some(Refused::Replayed {
            revokes: matches!(self.rule.on_violation, OnViolationSettings::RevokeFamily(_))
                && self.families[refresh.family as usize].revoked.is_none(),
        })
    }

    /// Whether a refresh token may be used although it may have been used before.
    pub(super) fn tolerates(&self, now: Time, refresh: &Refresh) -> bool {
        let Some(first_used) = refresh.first_used else {
            return true;
        };
        if refresh.over {
            return false;
        }
        let successor_is_unused = refresh
            .successor
            .and_then(|successor| self.refresh.get(&successor))
            .is_some_and(|successor| successor.first_used.is_none());
        if self.rule.depth == DepthSettings::Previous && !successor_is_unused {
            return false;
        }
        match self.rule.retire {
            RetireSettings::OnIssue => false,
            RetireSettings::Leeway(leeway) => now < first_used + leeway,
            RetireSettings::Reuses(more) => refresh.used <= more,
            RetireSettings::Newer(newer) => {
                self.families[refresh.family as usize].issued - refresh.issued_before < newer
            }
            RetireSettings::SuccessorUsed(rule) => {
                refresh.successor_used.is_none_or(|used| now < used + rule.delay)
                    && rule.cap.is_none_or(|cap| now < first_used + cap)
            }
        }
    }

    /// Answers a refresh with the refresh token that came `with` a token; `held` is what the asking node would send now.
    pub fn refresh(
        &mut self,
        now: Time,
        with: Option<Token>,
        held: Option<Token>,
        ledger: &mut Ledger,
        rule: &mut impl Rule,
    ) -> Result<Refreshed, Refused> {
        let (with, serial) = with
            .and_then(|with| Some((with, *self.pairs.get(&with)?)))
            .ok_or(Refused::Unknown)?;
        let before = self.refresh[&serial];
        if let Some(refused) = self.refusal(now, serial) {
            if let (Refused::Replayed { .. }, OnViolationSettings::RevokeFamily(revocation)) =
                (refused, self.rule.on_violation)
            {
                self.end(before.family, now + revocation.takes, revocation.access, ledger);
            }
            return Err(refused);
        }
        let family = before.family;
        let bucket = self.families[family as usize].bucket;
        if before.first_used.is_some()
            && self.rule.replay_answer == ReplayAnswer::SamePair
            && let Some(token) = before.answer.filter(|&token| ledger.is_live(token, now))
        {
            self.use_once(serial, now, token, before.successor);
            return Ok(Refreshed::same(token));
        }
        let ruling = rule
            .request(now, Request { bucket, force: false }, ledger)
            .map_err(|Refusal::Full| Refused::Full)?;
        if !ruling.new {
            return Ok(Refreshed::same(ruling.token));
        }
        let mut refreshed = Refreshed {
            ruling,
            blast: 0,
            ended: false,
        };
        self.kill_access(now, family, with, held, ledger, &mut refreshed);
        self.grow(now, family, ruling.token, ledger);
        let grown = &self.families[family as usize];
        if let Some(end) = grown.access_ends {
            // The revocation is under way.
            ledger.end_early(ruling.token, end, Ending::Revoked);
        }
        let rotates = match self.rule.rotate {
            RotateSettings::Never => false,
            RotateSettings::Always => true,
            RotateSettings::AfterAge(age) => before.aged || now.since(before.issued) >= age,
        };
        let own = if rotates {
            self.successor_of(serial, now)
        } else {
            serial
        };
        self.pairs.insert(ruling.token, own);
        if rotates {
            self.use_once(serial, now, ruling.token, Some(own));
        }
        self.forget();
        Ok(refreshed)
    }

    /// What is given for a refresh token that is rotated: a new one, or the same again.
    fn successor_of(&mut self, serial: Serial, now: Time) -> Serial {
        let before = self.refresh[&serial];
        let same_again = before.first_used.is_some() && self.rule.replay_answer == ReplayAnswer::SamePair;
        if let (true, Some(successor)) = (same_again, before.successor) {
            // The successor's access token has died meanwhile; the refresh token is still the same.
            return successor;
        }
        if self.rule.replay_answer == ReplayAnswer::LastWins
            && let Some(sibling) = before.successor
        {
            self.end_branch(sibling);
        }
        self.issue(now, before.family, Some(serial))
    }

    fn kill_access(
        &self,
        now: Time,
        family: u32,
        with: Token,
        held: Option<Token>,
        ledger: &mut Ledger,
        refreshed: &mut Refreshed,
    ) {
        let mut kill = |token: Token| {
            if let Some(life) = ledger.end_early(token, now, Ending::Superseded) {
                refreshed.blast += life.holders - u32::from(held == Some(token)).min(life.holders);
                refreshed.ended = true;
            }
        };
        match self.rule.kills_access {
            KillsAccess::None => {}
            KillsAccess::Paired => kill(with),
            KillsAccess::All => self.families[family as usize].access.iter().copied().for_each(kill),
        }
    }

    /// Notes a use that rotates, and that the token's own predecessor has been succeeded in use.
    fn use_once(&mut self, serial: Serial, now: Time, answer: Token, successor: Option<Serial>) {
        let refresh = self.refresh.get_mut(&serial).expect("just looked up");
        refresh.used += 1;
        refresh.first_used.get_or_insert(now);
        refresh.answer = Some(answer);
        refresh.successor = successor;
        self.note_successor(serial, now, |which| which != WhichUse::Access);
    }

    fn note_successor(&mut self, serial: Serial, now: Time, counts: impl Fn(WhichUse) -> bool) {
        let RetireSettings::SuccessorUsed(rule) = self.rule.retire else {
            return;
        };
        if counts(rule.which)
            && let Some(parent) = self.refresh[&serial].parent
            && let Some(parent) = self.refresh.get_mut(&parent)
        {
            parent.successor_used.get_or_insert(now);
        }
    }

    /// The API has accepted an access token.
    pub fn accepted(&mut self, now: Time, token: Token) {
        if matches!(self.rule.retire, RetireSettings::SuccessorUsed(rule) if rule.which != WhichUse::Refresh)
            && let Some(&serial) = self.pairs.get(&token)
        {
            self.note_successor(serial, now, |which| which != WhichUse::Refresh);
        }
    }

    /// Ends a refresh token and all that came of it. Where the last answer counts, all earlier ones have ended when it was given, so
    /// that one successor is left at most.
    fn end_branch(&mut self, root: Serial) {
        let mut next = Some(root);
        while let Some(refresh) = next.and_then(|serial| self.refresh.get_mut(&serial))
            && !refresh.ended
        {
            refresh.ended = true;
            next = refresh.successor;
        }
    }
}
