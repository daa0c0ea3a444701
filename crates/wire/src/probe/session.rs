//! A conversation with a provider: what has been seen so far, what it has cost, and how long may still be waited.

use std::collections::BTreeMap;

use super::bounds::{ProbeBounds, Throttling};
use super::finding::{Findings, ProbeFinding};
use super::pivots::Pivots;
use super::subject::{About, ApiAnswered, AskBy, Halt, HandedOut, Question, Seen, Subject, TokenAnswered};
use crate::base::{Duration, Time};

/// The pair that a grant has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub access: Seen,
    pub refresh: Seen,
}

/// Waits for a provider that names none, one after another.
const BACKOFF: [Duration; 9] = {
    const fn min(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }
    [
        min(1),
        min(2),
        min(4),
        min(8),
        min(15),
        min(30),
        min(60),
        min(360),
        min(1440),
    ]
};

/// One conversation.
pub(super) struct Session<'a> {
    subject: &'a mut dyn Subject,
    pub bounds: ProbeBounds,
    pub found: Findings,
    pub pivots: Pivots,
    /// Requests so far: to the token endpoint, and to the API.
    pub requests: [u32; 2],
    counted: [u32; 2],
    pub throttlings: Vec<Throttling>,
    /// When each access token was first handed out, and until when it lives as the provider said.
    tokens: BTreeMap<Seen, (Time, Option<Duration>)>,
    /// How long a new token is refused at first, at most.
    pub lag: Duration,
    /// How the client obtains its tokens, where there are no refresh tokens.
    pub own: AskBy,
    /// The client's newest token, where it obtains them for itself.
    pub newest: Option<Seen>,
    /// What the token endpoint handed out last.
    pub given: Option<HandedOut>,
    /// The grant that is used where nothing speaks against it.
    pub grant: Option<Pair>,
}

impl<'a> Session<'a> {
    pub fn new(subject: &'a mut dyn Subject, bounds: ProbeBounds) -> Self {
        Self {
            subject,
            bounds,
            found: Findings::new(),
            pivots: Pivots::default(),
            requests: [0; 2],
            counted: [0; 2],
            throttlings: Vec::new(),
            tokens: BTreeMap::new(),
            lag: Duration::ZERO,
            own: AskBy::Client,
            newest: None,
            given: None,
            grant: None,
        }
    }

    /// Another subject in the same state, where that can be had.
    pub fn twin(&self) -> Option<Box<dyn Subject>> {
        self.subject.twin()
    }

    /// The same conversation so far, with another subject.
    pub fn with<'b>(&self, subject: &'b mut dyn Subject) -> Session<'b> {
        Session {
            subject,
            bounds: self.bounds,
            found: self.found.clone(),
            pivots: self.pivots.clone(),
            requests: self.requests,
            counted: self.counted,
            throttlings: self.throttlings.clone(),
            tokens: self.tokens.clone(),
            lag: self.lag,
            own: self.own,
            newest: self.newest,
            given: self.given,
            grant: self.grant,
        }
    }

    pub fn now(&self) -> Time {
        self.subject.now()
    }

    pub fn find(&mut self, key: &'static str, finding: ProbeFinding) {
        self.found.insert(key, finding);
    }

    pub fn is(&self, key: &str, word: &str) -> bool {
        super::finding::is(&self.found, key, word)
    }

    /// Whether there are grants with refresh tokens.
    pub fn has_grants(&self) -> bool {
        self.is("mode", "grants")
    }

    /// Requests so far.
    pub fn cost(&self) -> u32 {
        self.requests[0] + self.requests[1]
    }

    /// The longest wait that one question may ask for, of so much that would be good.
    pub fn horizon(&self, good: Duration) -> Duration {
        match self.bounds.patience {
            None => good,
            Some(left) => good.min(left.ratio(1, 3)),
        }
    }

    pub fn wait(&mut self, span: Duration) -> Result<(), Halt> {
        if span.is_zero() {
            return Ok(());
        }
        if let Some(left) = &mut self.bounds.patience {
            if *left < span {
                return Err(Halt::Patience(span.saturating_sub(*left)));
            }
            *left = left.saturating_sub(span);
        }
        self.subject.pass(span)
    }

    /// Waits until so long after an instant.
    pub fn wait_until(&mut self, after: Time, span: Duration) -> Result<(), Halt> {
        let until = after + span;
        self.wait(until.since(self.now()))
    }

    fn charge(&mut self, token_endpoint: bool) -> Result<(), Halt> {
        if self.cost() >= self.bounds.requests {
            return Err(Halt::Requests(self.bounds.requests));
        }
        self.requests[usize::from(!token_endpoint)] += 1;
        self.counted[usize::from(!token_endpoint)] += 1;
        Ok(())
    }

    /// Waits as long as a throttled request is asked to, or longer each time where nothing is said.
    fn back_off(&mut self, token_endpoint: bool, hint: Option<Duration>, tried: usize) -> Result<(), Halt> {
        let place = usize::from(!token_endpoint);
        if tried == 0 {
            let at = self.now();
            self.throttlings.push(Throttling {
                token_endpoint,
                after: self.counted[place] - 1,
                hint,
                at,
                lasted: None,
            });
            self.counted[place] = 0;
        }
        let last = BACKOFF.get(tried).copied();
        let wait = hint.filter(|hint| !hint.is_zero()).or(last);
        let Some(wait) = wait.filter(|_| tried < BACKOFF.len()) else {
            return Err(Halt::Broken(
                "the provider answers that there were too many requests, however long it is left alone".to_owned(),
            ));
        };
        self.wait(wait)
    }

    fn recovered(&mut self, tried: usize) {
        let now = self.now();
        if tried > 0
            && let Some(last) = self.throttlings.last_mut()
        {
            last.lasted = Some(now.since(last.at));
        }
    }

    /// A token request, and what came of it; none where it is refused.
    pub fn ask(&mut self, question: Question) -> Result<Option<HandedOut>, Halt> {
        for tried in 0.. {
            self.charge(true)?;
            let before = self.now();
            match self.subject.ask(question)? {
                TokenAnswered::Throttled(hint) => self.back_off(true, hint, tried)?,
                TokenAnswered::Refused | TokenAnswered::Unsupported => {
                    self.recovered(tried);
                    return Ok(None);
                }
                TokenAnswered::Granted(given) => {
                    self.recovered(tried);
                    self.note(before, given);
                    return Ok(Some(given));
                }
            }
        }
        unreachable!("backing off ends")
    }

    /// Notes what was handed out. A token that comes once more and has longer to live than was said before has been given its life anew.
    fn note(&mut self, at: Time, given: HandedOut) {
        self.given = Some(given);
        let known = self.tokens.entry(given.access).or_insert((at, given.life));
        if let (Some(life), Some(before)) = (given.life, known.1)
            && at + life > known.0 + before + Duration::from_secs(2)
        {
            *known = (at, given.life);
        }
    }

    /// Whether this way of asking exists here; the token, if it does and there was one.
    pub fn ask_at_first(&mut self, by: AskBy) -> Result<(bool, Option<HandedOut>), Halt> {
        self.charge(true)?;
        match self.subject.ask(Question::plain(by))? {
            TokenAnswered::Unsupported => Ok((false, None)),
            TokenAnswered::Granted(given) => {
                let now = self.now();
                self.note(now, given);
                Ok((true, Some(given)))
            }
            TokenAnswered::Refused => Ok((true, None)),
            TokenAnswered::Throttled(hint) => {
                self.back_off(true, hint, 0)?;
                Ok((true, self.ask(Question::plain(by))?))
            }
        }
    }

    /// What a refusal would be about from now on.
    pub fn about(&mut self, about: About) {
        self.subject.about(about);
    }

    /// Whether the API accepts a token now.
    pub fn call(&mut self, token: Seen) -> Result<bool, Halt> {
        for tried in 0.. {
            self.charge(false)?;
            match self.subject.call(token)? {
                ApiAnswered::Throttled(hint) => self.back_off(false, hint, tried)?,
                answered => {
                    self.recovered(tried);
                    return Ok(answered == ApiAnswered::Accepted);
                }
            }
        }
        unreachable!("backing off ends")
    }

    /// Whether a token is alive; one that may not be known everywhere yet is waited for.
    pub fn alive(&mut self, token: Seen) -> Result<bool, Halt> {
        if !self.lag.is_zero()
            && let Some((at, _)) = self.tokens.get(&token).copied()
        {
            self.wait_until(at, self.lag)?;
        }
        self.call(token)
    }

    /// Whether a token has ended before its time.
    pub fn ended_early(&mut self, token: Seen) -> Result<bool, Halt> {
        let alive = self.alive(token)?;
        Ok(!alive && self.left(token).is_none_or(|left| !left.is_zero()))
    }

    /// How long a token has to live, as the provider said when it handed it out.
    pub fn left(&self, token: Seen) -> Option<Duration> {
        let (at, life) = self.tokens.get(&token).copied()?;
        Some((at + life?).since(self.now()))
    }

    /// When a token was handed out for the first time.
    pub fn issued(&self, token: Seen) -> Time {
        self.tokens.get(&token).map_or_else(|| self.now(), |(at, _)| *at)
    }

    /// A new grant.
    pub fn login(&mut self) -> Result<Pair, Halt> {
        match self.ask(Question::plain(AskBy::Login))? {
            Some(HandedOut {
                access,
                refresh: Some(refresh),
                ..
            }) => Ok(Pair { access, refresh }),
            _ => Err(Halt::Grants),
        }
    }

    /// Uses a refresh token; none where it is refused. Where no new one comes, it stays what it is.
    pub fn refresh(&mut self, with: Seen) -> Result<Option<Pair>, Halt> {
        let answered = self.ask(Question::plain(AskBy::Refresh(with)))?;
        Ok(answered.map(|given| Pair {
            access: given.access,
            refresh: given.refresh.unwrap_or(with),
        }))
    }

    /// The grant that is used for questions about access tokens.
    pub fn any_grant(&mut self) -> Result<Pair, Halt> {
        match self.grant {
            Some(pair) => Ok(pair),
            None => {
                let pair = self.login()?;
                self.grant = Some(pair);
                Ok(pair)
            }
        }
    }

    /// Another access token: a client's own, or by a refresh. None where it is refused.
    pub fn another(&mut self, force: bool) -> Result<Option<Seen>, Halt> {
        if self.has_grants() {
            let pair = self.any_grant()?;
            self.grant = self.refresh(pair.refresh)?;
            if self.grant.is_none() {
                // Its time may be over.
                let pair = self.any_grant()?;
                self.grant = self.refresh(pair.refresh)?;
            }
            return Ok(self.grant.map(|pair| pair.access));
        }
        let by = self.own;
        let given = self.ask(Question { by, slot: None, force })?;
        self.newest = given.map(|given| given.access).or(self.newest);
        Ok(given.map(|given| given.access))
    }

    /// [`another`](Self::another), where none means that as many live as may.
    pub fn another_or_full(&mut self) -> Result<Seen, Halt> {
        self.about(About::Full);
        if let Some(token) = self.another(false)? {
            self.about(About::Ended);
            return Ok(token);
        }
        let now = self.now();
        let live = |(at, life): &&(Time, Option<Duration>)| life.is_none_or(|life| now < *at + life);
        let living = self.tokens.values().filter(live).count();
        self.find("live", ProbeFinding::Count(u32::try_from(living).unwrap_or(u32::MAX)));
        self.find("full", ProbeFinding::Is("refuse"));
        Err(Halt::Full)
    }

    /// The newest access token, or another one where its life is over.
    pub fn latest(&mut self) -> Result<Seen, Halt> {
        let known = match self.has_grants() {
            true => Some(self.any_grant()?.access),
            false => self.newest,
        };
        let lives = |token: &Seen| self.left(*token).is_none_or(|left| left > Duration::from_secs(5));
        match known.filter(lives) {
            Some(token) => Ok(token),
            None => self.another_or_full(),
        }
    }
}
