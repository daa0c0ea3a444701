//! A range of numbers, rates, shares or spans of time, which is walked in steps or sampled.

use crate::base::{Duration, number_and_unit};

/// Steps of one range. A finer one is sampled.
const MOST_STEPS: u64 = 1_000_000;
/// Digits of what lies between the ends: more would say nothing, and stand in every row.
const DIGITS: usize = 6;

/// From one value to a greater one, both included.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    low: f64,
    high: f64,
    /// As they were written.
    ends: [String; 2],
    kind: RangeKind,
    /// Equal steps stand for equal ratios.
    log: bool,
    steps: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
enum RangeKind {
    /// Whole numbers, as both ends are.
    Whole,
    /// Numbers of one unit, which may be none.
    Number(String),
}

/// Whether a text begins as a range does; a path that begins with two dots is none.
pub(super) fn is_one(text: &str) -> bool {
    text.split_once("..")
        .is_some_and(|(from, _)| number_and_unit(from).0.parse::<f64>().is_ok())
}

impl Range {
    /// Reads `FROM..TO`, `FROM..TO:STEPS` or either with `:log` at its end.
    ///
    /// Errors with what is wrong, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            |why: &str| format!("the range `{text}` {why}; write FROM..TO:STEPS, such as 1s..60s:10 or 1..1000:4:log");
        let (from, rest) = text.split_once("..").ok_or_else(|| wrong("has no `..`"))?;
        let mut parts = rest.split(':').map(str::trim);
        let (from, to) = (from.trim(), parts.next().unwrap_or_default());
        let mut steps = None;
        let mut log = false;
        for part in parts {
            match part {
                "log" if !log => log = true,
                _ if steps.is_none() && !log => {
                    let count = part
                        .parse()
                        .map_err(|_| wrong(&format!("has `{part}` for a number of steps")))?;
                    steps = Some(count);
                }
                _ => return Err(wrong(&format!("has `{part}` at its end"))),
            }
        }
        let (low, high, kind) = ends(from, to).ok_or_else(|| wrong("has ends that are not of one kind"))?;
        if low >= high {
            return Err(wrong("does not go from a smaller to a greater value"));
        }
        if log && low <= 0.0 {
            return Err(wrong("is logarithmic and begins at zero or below"));
        }
        let range = Self {
            low,
            high,
            ends: [from.to_owned(), to.to_owned()],
            kind,
            log,
            steps,
        };
        match steps {
            Some(0 | 1) => Err(wrong("has fewer than two steps")),
            Some(steps) if steps > MOST_STEPS => Err(format!(
                "the range `{text}` has {steps} steps; there can be {MOST_STEPS}: sample it with --sample lhs:N"
            )),
            Some(_) => range.tells_its_steps_apart().map(|()| range),
            None => Ok(range),
        }
    }

    fn tells_its_steps_apart(&self) -> Result<(), String> {
        let steps = self.steps.unwrap_or(0);
        let mut before = self.step(0);
        for step in 1..steps {
            let value = self.step(step);
            if value == before {
                let [from, to] = &self.ends;
                let fix = match self.kind {
                    RangeKind::Whole => format!(
                        "between whole numbers lie whole numbers only: take fewer steps, or write {from}.0..{to}.0"
                    ),
                    _ => "take fewer steps".to_owned(),
                };
                return Err(format!(
                    "of the range `{from}..{to}:{steps}` two steps are {value}; {fix}"
                ));
            }
            before = value;
        }
        Ok(())
    }

    /// How many values it has; none where it is not walked in steps.
    pub(super) fn steps(&self) -> Option<u64> {
        self.steps
    }

    /// One of its steps, from 0.
    pub(super) fn step(&self, step: u64) -> String {
        let last = self.steps.map_or(1, |steps| steps - 1);
        match step {
            0 => self.ends[0].clone(),
            step if step >= last => self.ends[1].clone(),
            step => self.shown(self.between(step as f64 / last as f64, self.high)),
        }
    }

    /// The value with this share of the range below it, which is less than one.
    pub(super) fn at(&self, share: f64) -> String {
        match self.kind {
            // Each whole number stands for as much of the range as any other.
            RangeKind::Whole => {
                let value = self.between(share, self.high + 1.0).floor();
                self.shown(value.clamp(self.low, self.high))
            }
            _ => self.shown(self.between(share, self.high)),
        }
    }

    fn between(&self, share: f64, high: f64) -> f64 {
        match self.log {
            true => libm::exp(libm::log(self.low) + share * (libm::log(high) - libm::log(self.low))),
            false => self.low + share * (high - self.low),
        }
    }

    fn shown(&self, value: f64) -> String {
        match &self.kind {
            RangeKind::Whole => format!("{:.0}", value.round()),
            RangeKind::Number(unit) => format!("{}{unit}", rounded(value)),
        }
    }
}

/// With as many digits as are kept.
fn rounded(value: f64) -> f64 {
    let text = format!("{value:.*e}", DIGITS - 1);
    text.parse().unwrap_or(value)
}

/// The ends as numbers, and what they are numbers of.
fn ends(from: &str, to: &str) -> Option<(f64, f64, RangeKind)> {
    let ((low, one), (high, other)) = (number_and_unit(from), number_and_unit(to));
    let number = |digits: &str| {
        digits
            .replace('_', "")
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    if one == other {
        let whole = one.is_empty()
            && [low, high]
                .iter()
                .all(|digits| digits.replace('_', "").parse::<i64>().is_ok());
        let kind = match whole {
            true => RangeKind::Whole,
            false => RangeKind::Number(one.to_owned()),
        };
        return Some((number(low)?, number(high)?, kind));
    }
    // Spans of different units are told in that of the first.
    let nanos = |text: &str| text.parse::<Duration>().ok().map(|span| span.nanos() as f64);
    let unit = nanos(&format!("1{one}"))?;
    Some((number(low)?, nanos(to)? / unit, RangeKind::Number(one.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(text: &str) -> Vec<String> {
        let range = Range::parse(text).unwrap();
        (0..range.steps().unwrap()).map(|step| range.step(step)).collect()
    }

    #[test]
    fn a_range_is_walked_from_end_to_end() {
        assert_eq!(walked("1s..60s:3"), ["1s", "30.5s", "60s"]);
        assert_eq!(walked("500ms..2min:3"), ["500ms", "60250ms", "2min"]);
        assert_eq!(walked("1..10:4"), ["1", "4", "7", "10"]);
        assert_eq!(walked("1..1000:4:log"), ["1", "10", "100", "1000"]);
        assert_eq!(walked("0..0.5:3"), ["0", "0.25", "0.5"]);
        assert_eq!(walked("1%..3%:3"), ["1%", "2%", "3%"]);
        assert_eq!(walked("1/s..100/s:3:log"), ["1/s", "10/s", "100/s"]);
        assert_eq!(walked("1.0..2.0:4"), ["1.0", "1.33333", "1.66667", "2.0"]);
        assert_eq!(walked("-1.5..1.5:3"), ["-1.5", "0", "1.5"]);
    }

    #[test]
    fn a_share_of_a_range_is_a_value_of_it() {
        let at = |text: &str, share: f64| Range::parse(text).unwrap().at(share);
        assert_eq!([0.0, 0.5, 0.999].map(|share| at("1..4", share)), ["1", "3", "4"]);
        assert_eq!(at("1s..3s", 0.5), "2s");
        assert_eq!(at("1ms..1s:log", 0.5), "31.6228ms");
        assert_eq!(at("1..999:log", 0.5), "31");
    }

    #[test]
    fn what_is_no_range_says_why() {
        for (text, why) in [
            (
                "1..4:5",
                "two steps are 3; between whole numbers lie whole numbers only",
            ),
            ("1..1:2", "does not go from a smaller"),
            ("5s..1s:2", "does not go from a smaller"),
            ("1..4:1", "fewer than two steps"),
            ("1..4:many", "`many` for a number of steps"),
            ("0..4:3:log", "begins at zero"),
            ("1..4:2:log:log", "`log` at its end"),
            ("1s..4:3", "not of one kind"),
            ("1..4s:3", "not of one kind"),
            ("1..:3", "not of one kind"),
            ("1..9:2000000", "there can be 1000000: sample it"),
        ] {
            let error = Range::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(is_one("1..4") && is_one("-1s..x") && !is_one("../a.csv") && !is_one("a..b"));
    }
}
