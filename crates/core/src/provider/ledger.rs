//! The issuer's book: every token that is live or died a short while ago, by sequence number. It knows no rule, and keeps what one decides.

mod end;
mod find;

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};

use crate::base::{Duration, Time, clone_in_place};
use crate::oauth::{Bucket, Ending, Life, Token};

/// A token that had to make room for a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Superseded {
    /// The token that ended.
    pub token: Token,
    /// Nodes that would send it now.
    pub holders: u32,
}

impl Superseded {
    /// Nodes that lost it, without the one that asked and held this token.
    ///
    /// # Panics
    /// When the node that asked holds the token and the ledger counts no holder: see [`Ledger::hold`].
    #[inline]
    pub fn blast(self, held: Option<Token>) -> u32 {
        let own = u32::from(held == Some(self.token));
        self.holders.checked_sub(own).expect(UNPAIRED)
    }
}

/// Tokens of one bucket in the order of issue: superseded ones that still live on, then the current ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Line {
    oldest: Option<Token>,
    newest: Option<Token>,
    /// First that no later issuance has superseded.
    first_current: Option<Token>,
    current: u32,
    lingering: u32,
    /// The superseded ones may end in another order than that of issue.
    jumbled: bool,
}

/// Dead tokens whose end is still told apart in rejections, unless somebody asks for more; older ones are [`Cause::LongDead`](crate::oauth::Cause::LongDead).
const REMEMBERED: usize = 256;

/// Every end of a hold is paired with its beginning.
const UNPAIRED: &str = "more nodes let a token go than held it; does `Strategy::rename` leave a token out?";

/// All lines, and the lives behind them.
///
/// Lives lie in an open-addressed table whose hash is the sequence number itself: neighbours in time are neighbours in
/// memory, and a token that outlives thousands of others is simply probed past.
#[derive(Debug)]
pub struct Ledger {
    lives: Vec<Option<Life>>,
    count: usize,
    /// No life lies further than this beyond its home: neighbours in time fill the table without gaps, and no search may
    /// walk through all of them.
    reach: usize,
    lines: Vec<Line>,
    dead: VecDeque<Token>,
    last: u32,
    issued: u64,
    /// How long dead tokens are remembered at least.
    remember_for: Duration,
    /// How long tokens were last superseded to live on. As long as that stays the same, those superseded first end first.
    overlap: Duration,
    /// Tokens whose life was made shorter since they were last asked for; none unless somebody wants to know.
    shortened: Option<Vec<Token>>,
    /// How many dead tokens are remembered at least.
    remember_dead: usize,
}

clone_in_place!(Ledger {
    lives,
    count,
    reach,
    lines,
    dead,
    last,
    issued,
    remember_for,
    overlap,
    shortened,
    remember_dead
});

impl Ledger {
    /// A ledger without tokens, for this many buckets.
    pub fn new(buckets: usize) -> Self {
        Self {
            // Small at first: a checker holds thousands of ledgers.
            lives: vec![None; 4],
            count: 0,
            reach: 0,
            lines: vec![Line::default(); buckets],
            remember_for: Duration::ZERO,
            overlap: Duration::ZERO,
            shortened: None,
            remember_dead: REMEMBERED,
            dead: VecDeque::with_capacity(REMEMBERED + 1),
            last: 0,
            issued: 0,
        }
    }

    /// A ledger with room for so many more buckets.
    pub fn add_buckets(&mut self, buckets: usize) {
        self.lines.resize(self.lines.len() + buckets, Line::default());
    }

    /// All its buckets.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + use<> {
        (0..self.lines.len() as u32).map(Bucket)
    }

    /// Bytes of its tables.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.lives) + size_of_val(&*self.lines)
    }

    /// Whether a token is live at this instant.
    #[inline]
    pub fn is_live(&self, token: Token, now: Time) -> bool {
        self.get(token).is_some_and(|life| life.is_live(now))
    }

    /// Tokens issued so far.
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// Every life that the ledger still remembers, in the order of issue.
    pub fn remembered(&self) -> Vec<Life> {
        let mut lives: Vec<_> = self.lives.iter().flatten().copied().collect();
        lives.sort_unstable_by_key(|life| life.token);
        lives
    }

    /// Tokens that are live, in no order that means anything.
    pub fn live(&self, now: Time) -> impl Iterator<Item = Token> + '_ {
        let lives = self.lives.iter().flatten();
        lives.filter(move |life| life.is_live(now)).map(|life| life.token)
    }

    /// A node has begun (or ceased) to hold this token as the one it would send.
    ///
    /// # Panics
    /// When more nodes cease to hold it than have begun to: a bug in the world, or in a strategy whose `rename` leaves it out.
    #[inline]
    pub fn hold(&mut self, token: Token, held: bool) {
        if let Some(life) = self.get_mut(token) {
            life.holders = match held {
                true => life.holders + 1,
                // A count that wraps would pass for four thousand million nodes.
                false => life.holders.checked_sub(1).expect(UNPAIRED),
            };
        }
    }

    /// The newest token of a bucket that nothing has superseded.
    pub fn newest(&self, bucket: Bucket) -> Option<&Life> {
        let line = &self.lines[bucket.0 as usize];
        line.first_current.and(line.newest).and_then(|token| self.get(token))
    }

    /// Tokens of a bucket that no later issuance has superseded, expired ones included until [`Ledger::settle`].
    #[inline]
    pub fn current(&self, bucket: Bucket) -> u32 {
        self.lines[bucket.0 as usize].current
    }

    /// Superseded tokens of a bucket that live on for their overlap.
    pub fn lingering(&self, bucket: Bucket) -> u32 {
        self.lines[bucket.0 as usize].lingering
    }

    /// Writes a new token into a bucket.
    ///
    /// # Panics
    /// After 2^32 - 1 issuances in one run.
    #[inline(always)] // Called in one place of a rule.
    pub fn issue(&mut self, bucket: Bucket, now: Time, ttl: Duration) -> Token {
        if (self.count + 1) * 2 > self.lives.len() {
            self.grow();
        }
        self.last = self.last.checked_add(1).expect("a run issues fewer than 2^32 tokens");
        self.issued += 1;
        let token = Token::numbered(self.last);
        self.insert(Life {
            token,
            bucket,
            issued: now,
            end: now + ttl,
            expires: now + ttl,
            ending: None,
            last_use: None,
            holders: 0,
            newer: None,
        });
        let line = &mut self.lines[bucket.0 as usize];
        let before = line.newest.replace(token);
        line.oldest.get_or_insert(token);
        line.first_current.get_or_insert(token);
        line.current += 1;
        if let Some(before) = before {
            self.get_mut(before).expect("a line names lives of the table").newer = Some(token);
        }
        token
    }

    /// Renews the life of a token from now.
    pub fn extend(&mut self, token: Token, now: Time, ttl: Duration) {
        if let Some(life) = self.get_mut(token) {
            life.end = now + ttl;
            life.expires = now + ttl;
            // One that was superseded then outlives younger ones.
            let (bucket, lingers) = (life.bucket, life.ending.is_some());
            self.lines[bucket.0 as usize].jumbled |= lingers;
        }
    }

    /// Renames all tokens by a monotone map and forgets the dead, so that equal states become equal ledgers. The next token
    /// is issued after `last`.
    pub fn rename(&mut self, now: Time, last: u32, name: &mut dyn FnMut(Token) -> Token) {
        let mut lives = self.remembered();
        lives.retain(|life| life.is_live(now));
        self.lives.fill(None);
        (self.count, self.reach) = (0, 0);
        self.lines.fill(Line::default());
        self.dead.clear();
        let issued = self.issued;
        for life in lives {
            let token = name(life.token);
            self.last = token.sequence() - 1;
            let renamed = self.issue(life.bucket, life.issued, Duration::ZERO);
            let entry = self.get_mut(renamed).expect("just written");
            *entry = Life {
                token,
                newer: entry.newer,
                // It decides nothing that is to come.
                last_use: None,
                ..life
            };
            if life.ending.is_some() {
                let line = &mut self.lines[life.bucket.0 as usize];
                line.first_current = line.first_current.filter(|&first| first != token);
                line.current -= 1;
                line.lingering += 1;
                line.jumbled = true;
            }
        }
        self.last = last;
        self.issued = issued;
    }
}

/// Two ledgers are equal when they hold the same lives in the same lines; what they have forgotten does not count.
impl PartialEq for Ledger {
    fn eq(&self, other: &Self) -> bool {
        self.last == other.last && self.lines == other.lines && self.remembered() == other.remembered()
    }
}

impl Eq for Ledger {}

impl Hash for Ledger {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.last.hash(state);
        self.lines.hash(state);
        let lives = || self.lives.iter().flatten();
        self.count.hash(state);
        // Few tokens lie in the order of issue, which saves a copy of them.
        if lives().is_sorted_by_key(|life| life.token) {
            lives().for_each(|life| life.hash(state));
        } else {
            self.remembered().iter().for_each(|life| life.hash(state));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const BUCKET: Bucket = Bucket(0);

    fn at(ms: u64) -> Time {
        Time::ZERO + Duration::from_millis(ms)
    }

    #[test]
    fn a_long_lived_token_is_found_among_many_short_ones() {
        let mut ledger = Ledger::new(2);
        let old = ledger.issue(Bucket(1), at(0), Duration::from_secs(3600));
        for i in 0..10_000 {
            ledger.supersede_oldest(BUCKET, at(i), Duration::ZERO);
            ledger.issue(BUCKET, at(i), Duration::SECOND);
            ledger.settle(BUCKET, at(i), &mut |_| {});
        }
        assert!(ledger.is_live(old, at(10_000)));
        assert_eq!(ledger.lives.len(), 1024, "the dead do not pile up");
        assert_eq!(ledger.current(BUCKET), 1);
    }

    /// Tokens that live on for an hour by the hundred thousand are not looked through at each request.
    #[test]
    fn many_that_live_on_cost_what_one_does() {
        let mut ledger = Ledger::new(1);
        let (mut died, count) = (0, 200_000);
        for i in 0..count {
            ledger.settle(BUCKET, at(i), &mut |_| died += 1);
            ledger.supersede_oldest(BUCKET, at(i), Duration::from_secs(100));
            ledger.issue(BUCKET, at(i), Duration::from_secs(3600));
        }
        // All but those of the last hundred seconds, of which the oldest has its end now.
        assert_eq!((died, ledger.lingering(BUCKET)), (count - 100_001, 100_000));
        ledger.settle(BUCKET, at(count + 100_000), &mut |_| died += 1);
        assert_eq!(
            (died, ledger.lingering(BUCKET), ledger.current(BUCKET)),
            (count - 1, 0, 1)
        );
    }

    #[test]
    #[should_panic(expected = "more nodes let a token go than held it")]
    fn a_hold_ends_once() {
        let mut ledger = Ledger::new(1);
        let token = ledger.issue(BUCKET, at(0), Duration::SECOND);
        for held in [true, false, false] {
            ledger.hold(token, held);
        }
    }

    #[test]
    fn renamed_ledgers_forget_the_dead_and_keep_who_lingers() {
        let build = |earlier: u64| {
            let mut ledger = Ledger::new(1);
            for _ in 0..earlier {
                ledger.issue(BUCKET, at(0), Duration::SECOND);
                ledger.supersede_oldest(BUCKET, at(0), Duration::ZERO);
                ledger.settle(BUCKET, at(0), &mut |_| {});
            }
            ledger.issue(BUCKET, at(0), Duration::SECOND);
            ledger.supersede_oldest(BUCKET, at(0), Duration::from_millis(5));
            ledger.issue(BUCKET, at(0), Duration::SECOND);
            let live: Vec<_> = ledger
                .remembered()
                .iter()
                .filter(|life| life.is_live(at(0)))
                .map(|life| life.token)
                .collect();
            ledger.rename(at(0), 2, &mut |token| {
                Token::numbered(live.iter().position(|other| *other == token).unwrap() as u32 + 1)
            });
            ledger
        };
        let ledger = build(3);
        assert!(ledger == build(0), "what has been forgotten does not count");
        assert_eq!((ledger.lingering(BUCKET), ledger.current(BUCKET)), (1, 1));
        assert_eq!(ledger.newest(BUCKET).unwrap().token, Token::numbered(2));
    }

    proptest! {
        /// The table agrees with a map under random issues, supersessions and settlements of three buckets.
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((0u32..3, 0u8..4, 1u64..50), 1..400)) {
            let mut ledger = Ledger::new(3);
            let mut model: BTreeMap<Token, (u32, Time)> = BTreeMap::new();
            let mut now = at(0);
            for (bucket, action, gap) in steps {
                now = now + Duration::from_millis(gap);
                let bucket = Bucket(bucket);
                match action {
                    0 | 1 => {
                        let token = ledger.issue(bucket, now, Duration::from_millis(100));
                        model.insert(token, (bucket.0, now + Duration::from_millis(100)));
                    }
                    2 => {
                        if let Some(life) = ledger.supersede_oldest(bucket, now, Duration::from_millis(5)) {
                            let entry = model.get_mut(&life.token).unwrap();
                            entry.1 = entry.1.min(now + Duration::from_millis(5));
                        }
                    }
                    _ => ledger.settle(bucket, now, &mut |life| assert!(life.end <= now)),
                }
                for (&token, &(_, end)) in &model {
                    prop_assert_eq!(ledger.is_live(token, now), now < end);
                }
            }
        }
    }
}
