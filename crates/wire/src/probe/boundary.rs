//! When something ends: a bracket in time, cut where rules that are still possible differ, and else in the middle.

use super::finding::ProbeFinding;
use super::session::Session;
use super::subject::Halt;
use crate::base::{Duration, Time};

/// What begins, and since when.
type Begun<T> = Result<(T, Time), Halt>;

/// Something that holds for a while.
pub(super) struct Watch<'f, 'a, T> {
    /// Lets it begin anew, and says since when.
    pub begin: &'f mut dyn FnMut(&mut Session<'a>) -> Begun<T>,
    /// Whether it still holds.
    pub holds: &'f mut dyn FnMut(&mut Session<'a>, &T) -> Result<bool, Halt>,
    /// Looking changes nothing, so that the same one can be looked at again later.
    pub lasts: bool,
    /// A bracket of this width is narrow enough; left out, a sixtieth of what is measured.
    pub grain: Option<Duration>,
}

/// The bracket so far.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Bracket {
    low: Duration,
    high: Option<Duration>,
}

impl<'a, T> Watch<'_, 'a, T> {
    /// How long it holds: more than `low`, at most `high` where that is known; `horizon` is as far as anybody looks. `pivots` are
    /// values that are likely, in order.
    pub fn find(
        mut self,
        session: &mut Session<'a>,
        low: Duration,
        high: Option<Duration>,
        horizon: Duration,
        pivots: &[Duration],
    ) -> Result<ProbeFinding, Halt> {
        let mut bracket = Bracket { low, high };
        let mut running = None;
        let inside = |bracket: &Bracket, pivot: Duration| {
            pivot > bracket.low && bracket.high.is_none_or(|high| pivot < high) && pivot < horizon
        };
        let mut left: Vec<Duration> = pivots.to_vec();
        let mut before = None;
        loop {
            left.retain(|pivot| inside(&bracket, *pivot));
            if let Some(pivot) = left.get(left.len().saturating_sub(1) / 2).copied() {
                left.retain(|other| *other != pivot);
                let hair = hair(pivot);
                self.cut(session, &mut bracket, &mut running, pivot.saturating_sub(hair))?;
                if bracket.high.is_none_or(|high| high > pivot) && bracket.low < pivot {
                    self.cut(session, &mut bracket, &mut running, pivot.saturating_add(hair))?;
                }
                continue;
            }
            let Some(high) = bracket.high else {
                if bracket.low >= horizon {
                    return Ok(ProbeFinding::Beyond(bracket.low));
                }
                self.cut(session, &mut bracket, &mut running, horizon)?;
                continue;
            };
            let wide = high.saturating_sub(bracket.low);
            let hit =
                |pivot: &Duration| *pivot > bracket.low && *pivot <= high && wide <= hair(*pivot).saturating_mul(3);
            let narrow = wide <= self.grain.unwrap_or_else(|| width(high)) || pivots.iter().any(hit);
            // A look that tells nothing new would tell nothing new again.
            if narrow || before == Some(bracket) {
                let value = roundest(bracket.low, high, pivots);
                return Ok(ProbeFinding::Within(bracket.low, high, value));
            }
            let after = middle(bracket.low, high);
            before = Some(bracket);
            self.cut(session, &mut bracket, &mut running, after)?;
        }
    }

    /// Looks after so long.
    fn cut(
        &mut self,
        session: &mut Session<'a>,
        bracket: &mut Bracket,
        running: &mut Option<(T, Time)>,
        after: Duration,
    ) -> Result<(), Halt> {
        let late = |since: Time, session: &Session<'_>| session.now().since(since) > after;
        if !self.lasts || running.as_ref().is_some_and(|(_, since)| late(*since, session)) {
            *running = None;
        }
        let (state, since) = match running.take() {
            Some(running) => running,
            None => (self.begin)(session)?,
        };
        session.wait_until(since, after)?;
        let before = session.now().since(since);
        let holds = (self.holds)(session, &state)?;
        if holds {
            bracket.low = bracket.low.max(before);
            *running = Some((state, since));
        } else {
            let seen = session.now().since(since).max(after);
            bracket.high = Some(bracket.high.map_or(seen, |high| high.min(seen)));
        }
        // A network that is slow can let both be the same.
        if let Some(high) = bracket.high {
            bracket.low = bracket.low.min(high.saturating_sub(Duration::from_nanos(1)));
        }
        Ok(())
    }
}

/// How near to a likely value one looks.
fn hair(pivot: Duration) -> Duration {
    pivot.ratio(1, 20).min(Duration::SECOND).max(Duration::from_millis(20))
}

/// A bracket of this width is narrow enough.
fn width(high: Duration) -> Duration {
    high.ratio(1, 60).max(Duration::from_millis(60))
}

fn middle(low: Duration, high: Duration) -> Duration {
    let low_s = low.as_secs_f64().max(0.05);
    let high_s = high.as_secs_f64();
    if high_s > 4.0 * low_s {
        return Duration::from_nanos((libm::sqrt(low_s * high_s) * 1e9) as u64);
    }
    low.saturating_add(high.saturating_sub(low).ratio(1, 2))
}

/// A likely value that lies between the two, or else the one that people would write.
pub(super) fn roundest(low: Duration, high: Duration, pivots: &[Duration]) -> Duration {
    let inside = |value: &Duration| *value > low && *value <= high;
    if let Some(pivot) = pivots.iter().copied().find(inside) {
        return pivot;
    }
    const DAY: u64 = 86_400_000;
    const STEPS_MS: [u64; 23] = [
        100 * DAY,
        50 * DAY,
        10 * DAY,
        5 * DAY,
        DAY,
        DAY / 2,
        DAY / 4,
        3_600_000,
        1_800_000,
        900_000,
        600_000,
        300_000,
        60_000,
        30_000,
        10_000,
        5_000,
        1_000,
        500,
        100,
        50,
        10,
        5,
        1,
    ];
    for step in STEPS_MS {
        let step = Duration::from_millis(step);
        let multiple = step.saturating_mul(high.nanos() / step.nanos());
        if inside(&multiple) {
            return multiple;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_that_people_would_write_is_believed() {
        let ms = Duration::from_millis;
        for (low, high, pivots, value) in [
            (89_000, 90_400, vec![], 90_000),
            (11_950, 12_090, vec![], 12_000),
            (2_970, 3_020, vec![], 3_000),
            (3_540_000, 3_601_000, vec![], 3_600_000),
            (298_000, 302_000, vec![299_000], 299_000),
            (7, 8, vec![], 8),
        ] {
            let pivots: Vec<_> = pivots.into_iter().map(ms).collect();
            assert_eq!(roundest(ms(low), ms(high), &pivots), ms(value), "{low} to {high}");
        }
    }
}
