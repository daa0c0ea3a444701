//! How tokens end before their time, and when they are forgotten.

use super::{Bucket, Ending, Ledger, Life, Superseded};
use crate::base::{Duration, Time};
use crate::oauth::Token;

impl Ledger {
    /// From now on, or no longer, notes whose life is made shorter.
    pub fn watch_ends(&mut self, watch: bool) {
        self.shortened = watch.then(Vec::new);
    }

    /// Tokens whose life was made shorter since this was last asked, in the order in which it was, with their ends as they are now.
    pub fn take_shortened(&mut self) -> Vec<Life> {
        let taken = self.shortened.as_mut().map(std::mem::take).unwrap_or_default();
        taken.into_iter().filter_map(|token| self.get(token).copied()).collect()
    }

    #[inline]
    fn shortens(&mut self, token: Token) {
        if let Some(shortened) = &mut self.shortened {
            shortened.push(token);
        }
    }

    /// Strikes out the tokens of a bucket whose end has come, and tells each.
    #[inline(always)]
    pub fn settle(&mut self, bucket: Bucket, now: Time, told: &mut impl FnMut(&Life)) {
        let line = &self.lines[bucket.0 as usize];
        // Tokens end in the order of issue, so one that is live and the oldest has none after it to strike out; but for those that
        // were ended out of their turn.
        if !line.jumbled
            && let Some(oldest) = line.oldest
            && self.is_live(oldest, now)
        {
            return;
        }
        self.strike(bucket, now, told);
    }

    /// The same, where something has probably ended.
    #[inline(never)] // Once for all that look.
    pub fn strike(&mut self, bucket: Bucket, now: Time, told: &mut impl FnMut(&Life)) {
        let mut line = self.lines[bucket.0 as usize];
        // Superseded tokens lie before the current ones; one that was ended early may lie among them.
        let mut lingering = line.lingering;
        let mut before: Option<Token> = None;
        let mut next = line.oldest;
        while let Some(token) = next {
            let at = self.find(token).expect("a line names lives of the table");
            let life = self.lives[at].as_mut().expect("just found");
            let newer = life.newer;
            next = newer;
            let lingers = life.ending.is_some();
            lingering -= u32::from(lingers);
            if now < life.end {
                // The rest of the line lives: it ends in the order of issue, and those that do not are behind.
                if !line.jumbled || !lingers && lingering == 0 {
                    break;
                }
                before = Some(token);
                continue;
            }
            life.ending.get_or_insert(Ending::Expired);
            told(life);
            if let Some(before) = before {
                self.get_mut(before).expect("still in the line").newer = newer;
            }
            if line.oldest == Some(token) {
                line.oldest = newer;
            }
            if line.newest == Some(token) {
                line.newest = before;
            }
            if lingers {
                line.lingering -= 1;
            } else {
                line.current -= 1;
                line.first_current = self.first_current_from(newer);
            }
            self.retire(token, now);
        }
        line.jumbled &= line.lingering > 0;
        self.lines[bucket.0 as usize] = line;
    }

    /// The first token from this one on that nothing has ended.
    #[inline]
    fn first_current_from(&self, mut next: Option<Token>) -> Option<Token> {
        while let Some(life) = next.and_then(|token| self.get(token))
            && life.ending.is_some()
        {
            next = life.newer;
        }
        next
    }

    #[inline(always)] // Called in one place.
    fn retire(&mut self, token: Token, now: Time) {
        self.dead.push_back(token);
        while self.dead.len() > self.remember_dead
            && let Some(&oldest) = self.dead.front()
        {
            let at = self.find(oldest).expect("remembered until now");
            // A lagging replica may still accept a token that is dead.
            if self.lives[at].is_some_and(|life| now < life.end + self.remember_for) {
                return;
            }
            self.dead.pop_front();
            self.forget(at);
        }
    }

    /// From now on a dead token is remembered for at least this long.
    pub fn remember_for(&mut self, span: Duration) {
        self.remember_for = span;
    }

    /// From now on at least so many dead tokens are remembered.
    pub fn remember_dead(&mut self, count: usize) {
        self.remember_dead = count;
    }

    /// Takes a life out of the table, and closes the gap so that no probe breaks off early.
    #[inline(always)] // Called in one place.
    fn forget(&mut self, mut gap: usize) {
        let mask = self.mask();
        self.lives[gap] = None;
        self.count -= 1;
        let mut at = gap;
        // What lies further on than the reach has its home beyond the gap.
        while (at.wrapping_sub(gap) & mask) < self.reach {
            at = (at + 1) & mask;
            let Some(life) = self.lives[at] else { return };
            let home = life.token.sequence() as usize & mask;
            // Movable when its home does not lie between the gap (exclusive) and its place.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.lives[gap] = Some(life);
                self.lives[at] = None;
                gap = at;
            }
        }
    }

    /// Supersedes the oldest current token of a bucket: it lives on for `overlap` at most.
    #[inline(always)] // Called in one place of a rule.
    pub fn supersede_oldest(&mut self, bucket: Bucket, now: Time, overlap: Duration) -> Option<Superseded> {
        if overlap != self.overlap {
            self.overlap = overlap;
            self.lines
                .iter_mut()
                .for_each(|line| line.jumbled |= line.lingering > 0);
        }
        self.supersede_first(bucket, now + overlap)
    }

    /// The oldest current token of a bucket is superseded, and lives on until then at most.
    #[inline(always)] // An issuance comes by here once.
    fn supersede_first(&mut self, bucket: Bucket, until: Time) -> Option<Superseded> {
        let token = self.lines[bucket.0 as usize].first_current?;
        let life = self.get_mut(token).expect("a line names lives of the table");
        life.end = life.end.min(until);
        life.ending = Some(Ending::Superseded);
        let (newer, holders) = (life.newer, life.holders);
        let next = self.first_current_from(newer);
        let line = &mut self.lines[bucket.0 as usize];
        line.first_current = next;
        line.current -= 1;
        line.lingering += 1;
        self.shortens(token);
        Some(Superseded { token, holders })
    }

    /// Ends one token at this time, wherever in its line it is. Returns its life as it was, if that is shorter for it.
    pub fn end_early(&mut self, token: Token, at: Time, ending: Ending) -> Option<Life> {
        let life = self.get_mut(token)?;
        let before = *life;
        if life.end <= at {
            return None;
        }
        life.end = at;
        life.ending = Some(ending);
        self.lines[before.bucket.0 as usize].jumbled = true;
        self.shortens(token);
        if before.ending.is_none() {
            let line = self.lines[before.bucket.0 as usize];
            let next = match line.first_current == Some(token) {
                true => self.first_current_from(before.newer),
                false => line.first_current,
            };
            let line = &mut self.lines[before.bucket.0 as usize];
            line.first_current = next;
            line.current -= 1;
            line.lingering += 1;
        }
        Some(before)
    }

    /// No token of a bucket lives longer than until then, as if that much of each life had passed.
    pub fn shorten(&mut self, bucket: Bucket, until: Time) {
        let mut next = self.lines[bucket.0 as usize].oldest;
        while let Some(token) = next {
            let life = self.get_mut(token).expect("a line names lives of the table");
            next = life.newer;
            let shorter = until < life.end;
            life.end = life.end.min(until);
            life.expires = life.expires.min(until);
            if shorter {
                self.shortens(token);
            }
        }
    }

    /// Whether a token that has been ended is still accepted for a while.
    pub fn has_overlap(&self, now: Time) -> bool {
        let lingers = |life: &&Life| life.ending.is_some() && life.is_live(now);
        self.lines.iter().any(|line| line.lingering > 0) && self.lives.iter().flatten().any(|life| lingers(&life))
    }

    /// Ends now what has been ended and is still accepted for a while, and tells each.
    pub fn end_overlaps(&mut self, now: Time, told: &mut impl FnMut(&Life)) {
        for bucket in self.buckets() {
            self.trim_lingering(bucket, now, 0);
            let line = &mut self.lines[bucket.0 as usize];
            line.jumbled |= line.lingering > 0;
            self.settle(bucket, now, told);
        }
    }

    /// Ends the oldest lingering tokens of a bucket now, until `depth` are left.
    pub fn trim_lingering(&mut self, bucket: Bucket, now: Time, depth: u32) {
        let line = self.lines[bucket.0 as usize];
        let mut surplus = line.lingering.saturating_sub(depth);
        let mut next = line.oldest;
        while let (Some(token), 1..) = (next, surplus) {
            let life = self.get_mut(token).expect("a line names lives of the table");
            next = life.newer;
            if life.ending.is_some() {
                let shorter = now < life.end;
                life.end = life.end.min(now);
                surplus -= 1;
                if shorter {
                    self.shortens(token);
                }
            }
        }
    }

    /// The oldest token of a bucket ends now for want of room, unless it is the only one.
    pub fn end_oldest(&mut self, bucket: Bucket, now: Time) {
        let line = self.lines[bucket.0 as usize];
        if line.lingering > 0 {
            self.trim_lingering(bucket, now, line.lingering - 1);
        } else if line.current > 1 {
            self.supersede_first(bucket, now);
        }
    }

    /// Ends every token of a bucket now, and tells each.
    pub fn revoke(&mut self, bucket: Bucket, now: Time, told: &mut impl FnMut(&Life)) {
        let line = &mut self.lines[bucket.0 as usize];
        line.lingering += line.current;
        line.jumbled = true;
        line.current = 0;
        line.first_current = None;
        let mut next = line.oldest;
        while let Some(token) = next {
            let life = self.get_mut(token).expect("a line names lives of the table");
            next = life.newer;
            if now < life.end {
                life.end = now;
                life.ending = Some(Ending::Revoked);
                self.shortens(token);
            } else {
                life.ending.get_or_insert(Ending::Expired);
            }
        }
        self.settle(bucket, now, told);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUCKET: Bucket = Bucket(0);

    fn at(ms: u64) -> Time {
        Time::ZERO + Duration::from_millis(ms)
    }

    /// Whoever watches learns of every life that is made shorter, and of no other.
    #[test]
    fn lives_that_are_made_shorter_are_told() {
        let mut ledger = Ledger::new(1);
        ledger.issue(BUCKET, at(0), Duration::SECOND);
        ledger.supersede_oldest(BUCKET, at(1), Duration::SECOND);
        assert_eq!(ledger.take_shortened(), [], "nobody watches");
        ledger.watch_ends(true);
        ledger.issue(BUCKET, at(2), Duration::SECOND);
        ledger.supersede_oldest(BUCKET, at(3), Duration::from_millis(5));
        ledger.issue(BUCKET, at(4), Duration::SECOND);
        let told = |ledger: &mut Ledger| -> Vec<_> {
            let taken = ledger.take_shortened().into_iter();
            taken.map(|life| (life.token.sequence(), life.end)).collect()
        };
        assert_eq!(told(&mut ledger), [(2, at(8))]);
        ledger.trim_lingering(BUCKET, at(5), 0);
        assert_eq!(told(&mut ledger), [(1, at(5)), (2, at(5))]);
        ledger.end_early(Token::numbered(3), at(2000), Ending::Revoked);
        assert_eq!(told(&mut ledger), [], "it would have ended before");
        ledger.revoke(BUCKET, at(6), &mut |_| {});
        assert_eq!(told(&mut ledger), [(3, at(6))], "the others are over");
    }

    /// Those that linger go first, then current ones from the oldest on, and the last one stays.
    #[test]
    fn the_oldest_makes_room() {
        let mut ledger = Ledger::new(2);
        for i in 0..4 {
            ledger.issue(BUCKET, at(i), Duration::SECOND);
        }
        ledger.issue(Bucket(1), at(4), Duration::SECOND);
        ledger.supersede_oldest(BUCKET, at(5), Duration::from_millis(100));
        ledger.supersede_oldest(BUCKET, at(5), Duration::from_millis(100));
        let live = |ledger: &Ledger| {
            let mut live: Vec<_> = ledger.live(at(6)).map(|token| token.sequence()).collect();
            live.sort_unstable();
            live
        };
        for left in [&[2, 3, 4, 5][..], &[3, 4, 5], &[4, 5], &[4, 5]] {
            ledger.end_oldest(BUCKET, at(6));
            ledger.settle(BUCKET, at(6), &mut |_| {});
            assert_eq!(live(&ledger), left);
        }
        assert_eq!((ledger.current(BUCKET), ledger.lingering(BUCKET)), (1, 0));
    }

    #[test]
    fn more_of_the_dead_are_remembered_where_somebody_asks() {
        let mut ledger = Ledger::new(1);
        ledger.remember_dead(1000);
        for i in 0..2000 {
            ledger.issue(BUCKET, at(i), Duration::SECOND);
            ledger.supersede_oldest(BUCKET, at(i), Duration::ZERO);
            ledger.settle(BUCKET, at(i), &mut |_| {});
        }
        assert_eq!(ledger.remembered().len(), 1000);
    }
}
