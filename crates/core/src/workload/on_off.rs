//! On-off arrivals: spells of independent calls with silence between them, a Poisson process that is switched on and off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PatternMoment;
use crate::base::{Dice, Duration, Rate, exponential};

/// Spells of independent calls, and silence between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnOff {
    /// Calls at each node while it is on; over all time `on / (on + off)` of it.
    pub rate: Rate,
    /// How long a spell of calls lasts, on average.
    pub on: Duration,
    /// How long the silence between two spells lasts, on average.
    pub off: Duration,
    /// Both last exactly as long; otherwise each is drawn from an exponential distribution of that mean.
    #[serde(default)]
    pub fixed: bool,
    /// All nodes are on at the same times, the first of them from the start of the warm-up; only with `fixed`. Otherwise each
    /// node has spells of its own, under way when it starts.
    #[serde(default)]
    pub aligned: bool,
}

impl OnOff {
    pub(super) fn next(&self, moment: PatternMoment, draw: u64, stream: &mut u64) -> Option<Duration> {
        let gap = self.rate.gap()?;
        Some(match self.fixed {
            true => self.by_the_clock(moment, exponential(gap, draw)),
            false => self.by_chance(moment, gap, draw, stream),
        })
    }

    /// Calls come at their rate in the time that is left when the silences are cut out.
    fn by_the_clock(&self, moment: PatternMoment, time_on: Duration) -> Duration {
        let cycle = u128::from(self.on.nanos()) + u128::from(self.off.nanos());
        let offset = match self.aligned {
            true => 0,
            false => (cycle * u128::from(moment.phase)) >> 64,
        };
        let place = (u128::from(moment.now.nanos()) + offset) % cycle;
        after_silences(place, self.on.nanos().into(), cycle, time_on)
    }

    /// What is left of an exponential spell is as long as a whole one: after each call the next one and the end of the spell
    /// begin their race anew.
    fn by_chance(&self, moment: PatternMoment, mean: Duration, mut draw: u64, stream: &mut u64) -> Duration {
        let mut gap = Duration::ZERO;
        let cycle = u128::from(self.on.nanos()) + u128::from(self.off.nanos());
        let begins_off = (cycle * u128::from(moment.phase)) >> 64 >= u128::from(self.on.nanos());
        if moment.first && begins_off {
            gap = exponential(self.off, Dice::next(stream));
        }
        loop {
            let (call, spell) = (exponential(mean, draw), exponential(self.on, Dice::next(stream)));
            if call < spell {
                return gap.saturating_add(call);
            }
            let silence = exponential(self.off, Dice::next(stream));
            gap = gap.saturating_add(spell).saturating_add(silence);
            draw = Dice::next(stream);
        }
    }
}

/// When a call comes after so much time within spells, from a place in a cycle that begins with a spell: silences are put in.
pub(super) fn after_silences(place: u128, on: u128, cycle: u128, time_on: Duration) -> Duration {
    // From within a silence, the next spell's beginning is what counts.
    let (silence, place) = if place < on { (0, place) } else { (cycle - place, 0) };
    let whole = place + u128::from(time_on.nanos());
    let gap = silence + whole / on * cycle + whole % on - place;
    Duration::from_nanos(u64::try_from(gap).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    fn pattern(fixed: bool, aligned: bool) -> OnOff {
        OnOff {
            rate: Rate::of(10, Duration::SECOND),
            on: Duration::from_secs(5),
            off: Duration::from_secs(15),
            fixed,
            aligned,
        }
    }

    /// Times of all calls of one node in so many seconds.
    fn calls(pattern: OnOff, seconds: u64, seed: u64) -> Vec<f64> {
        let mut stream = Dice::new(seed).stream(0, 0);
        let mut moment = PatternMoment {
            first: true,
            now: Time::ZERO,
            phase: Dice::new(seed).draw(1, 0, 0),
        };
        let mut found = Vec::new();
        loop {
            let draw = Dice::next(&mut stream);
            moment.now = moment.now + pattern.next(moment, draw, &mut stream).unwrap();
            moment.first = false;
            if moment.now.as_secs_f64() >= seconds as f64 {
                return found;
            }
            found.push(moment.now.as_secs_f64());
        }
    }

    #[test]
    fn fixed_spells_keep_to_the_clock() {
        let found = calls(pattern(true, true), 100_000, 3);
        assert!(found.iter().all(|at| at % 20.0 < 5.0), "no call falls into a silence");
        // 250,000 calls by Poisson's law: within 4.5 deviations (two-sided error 7e-6).
        let law: f64 = 100_000.0 * 2.5;
        assert!((found.len() as f64 - law).abs() < 4.5 * law.sqrt(), "{}", found.len());
        let first_second = found.iter().filter(|&&at| at % 20.0 < 1.0).count() as f64;
        let law: f64 = 50_000.0;
        assert!((first_second - law).abs() < 4.5 * law.sqrt(), "{first_second}");
        let apart = calls(pattern(true, false), 20, 4);
        assert_ne!(
            apart.iter().map(|at| *at < 5.0).collect::<Vec<_>>(),
            vec![true; apart.len()]
        );
    }

    /// A Markov-modulated Poisson process: with a = 1/on, b = 1/off, the count in a long time t has the mean r b/(a+b) t, and
    /// its variance over the mean tends to 1 + 2 r a / (a+b)^2 (Fischer and Meier-Hellstern, "The Markov-modulated Poisson
    /// process cookbook", 1993).
    #[test]
    fn random_spells_have_their_rate_and_their_dispersion() {
        let (seconds, runs) = (1000, 2000);
        let counts: Vec<f64> = (0..runs)
            .map(|seed| calls(pattern(false, false), seconds, seed).len() as f64)
            .collect();
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let law = 2.5 * seconds as f64;
        let (a, b, rate) = (1.0 / 5.0, 1.0 / 15.0, 10.0);
        let dispersion = 1.0 + 2.0 * rate * a / ((a + b) * (a + b));
        // Standard normal quantile 4.5, two-sided error 7e-6; a sample variance has the relative error sqrt(2/n). A span of
        // 267 relaxation times leaves 1/267 of the dispersion out.
        assert!(
            (mean - law).abs() < 4.5 * (variance / n).sqrt(),
            "{mean} calls, {law} by the law"
        );
        let found = variance / mean / dispersion;
        assert!(
            (found - 1.0).abs() < 4.5 * (2.0 / n).sqrt() + 4e-3,
            "{found} times the law's dispersion"
        );
    }
}
