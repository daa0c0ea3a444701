//! Quantities as people write them in a file: `"250ms"`, `"5/s"`, `0.25` or `"25%"`. Each error says what would do.

use std::fmt;
use std::str::FromStr;

use super::time::Duration;

/// Why a quantity could not be read; the text names the likely fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QuantityError(pub(super) String);

/// How often something happens: a mean gap between two occurrences. Never, when the rate is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Mean gap, or `None` at rate zero.
    gap: Option<Duration>,
}

/// A number between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share(pub(super) f64);

/// How many times as much: a number of zero or more, in whole thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor(pub(super) u32);

const DURATION_UNITS: [(&str, f64); 7] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("min", 60e9),
    ("h", 3600e9),
    ("d", 86_400e9),
];

/// The number that a text begins with, an exponent included, and its unit.
pub fn split(text: &str) -> (&str, &str) {
    let end = text
        .char_indices()
        .find(|(_, c)| !(c.is_ascii_digit() || matches!(c, '.' | '_' | '-' | '+')))
        .map_or(text.len(), |(at, _)| at);
    let end = end + exponent(&text[end..]);
    (text[..end].trim(), text[end..].trim())
}

/// How long the exponent is that a text begins with: `e-05`, `E3`.
fn exponent(text: &str) -> usize {
    let Some(power) = text.strip_prefix(['e', 'E']) else {
        return 0;
    };
    let digits = power.strip_prefix(['-', '+']).unwrap_or(power);
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    match count {
        0 => 0,
        _ => text.len() - digits.len() + count,
    }
}

fn number(digits: &str, text: &str, example: &str) -> Result<f64, QuantityError> {
    let value: f64 = digits.replace('_', "").parse().map_err(|_| {
        QuantityError(format!(
            "`{text}` does not begin with a number; write it like `{example}`"
        ))
    })?;
    if value < 0.0 {
        return Err(QuantityError(format!("`{text}` is negative; it must be zero or more")));
    }
    Ok(value)
}

/// The unit that another word for it stands for.
fn meant_unit(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => "s",
        "minute" | "minutes" | "mins" => "min",
        "hour" | "hours" | "hr" | "hrs" => "h",
        "day" | "days" => "d",
        "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => "ms",
        "usec" | "micros" | "microsecond" | "microseconds" | "\u{b5}s" | "\u{3bc}s" => "us",
        "nanos" | "nanosecond" | "nanoseconds" => "ns",
        _ => return None,
    })
}

/// The duration that is written as a sum of several: `1h30min`.
fn in_parts(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let (mut nanos, mut parts) = (0.0, 0);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let unit = rest[digits..]
            .find(|c: char| c.is_ascii_digit())
            .map_or(rest.len(), |end| digits + end);
        let word = match rest[digits..unit].trim() {
            "m" => "min",
            word => meant_unit(word).unwrap_or(word),
        };
        let (_, scale) = DURATION_UNITS.iter().find(|(name, _)| *name == word)?;
        nanos += rest[..digits].parse::<f64>().ok()? * scale;
        parts += 1;
        rest = rest[unit..].trim_start();
    }
    (parts > 1 && nanos <= Duration::LONGEST.nanos() as f64).then(|| Duration::from_nanos(nanos.round() as u64))
}

/// The same with a point in the place of a comma between digits.
fn with_point(text: &str) -> Option<String> {
    let (before, after) = text.split_once(',')?;
    let digits = before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit());
    digits.then(|| format!("{before}.{after}"))
}

pub(super) fn unit_list() -> String {
    DURATION_UNITS.map(|(name, _)| name).join(", ")
}

impl FromStr for Duration {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (digits, unit) = split(text);
        if matches!(text.trim(), "inf" | "infinite" | "forever" | "never") {
            return Err(QuantityError(format!(
                "`{text}` never ends; the longest duration is {}",
                Self::LONGEST
            )));
        }
        let value = number(digits, text, "250ms")?;
        let Some((_, scale)) = DURATION_UNITS.iter().find(|(name, _)| *name == unit) else {
            let hint = match unit {
                "" if value == 0.0 => return Ok(Self::ZERO),
                "" => format!("has no unit; did you mean `{digits}s` or `{digits}ms`?"),
                "m" => format!("has the unit `m`; did you mean `{digits}min` or `{digits}ms`?"),
                _ => match meant_unit(unit) {
                    Some(known) => format!("has the unknown unit `{unit}`; did you mean `{digits}{known}`?"),
                    None => match (in_parts(text), with_point(text)) {
                        (Some(whole), _) => format!("has more than one unit; did you mean `{whole}`?"),
                        (None, Some(point)) => format!("has a comma; did you mean `{point}`?"),
                        (None, None) => format!("has the unknown unit `{unit}`; write it like `250ms`."),
                    },
                },
            };
            return Err(QuantityError(format!("`{text}` {hint} Units: {}", unit_list())));
        };
        let nanos = value * scale;
        if nanos > Self::LONGEST.nanos() as f64 {
            return Err(QuantityError(format!(
                "`{text}` is longer than {}, the longest duration",
                Self::LONGEST
            )));
        }
        Ok(Self::from_nanos(nanos.round() as u64))
    }
}

impl Rate {
    /// The mean gap between two occurrences; `None` when they never come.
    pub const fn gap(self) -> Option<Duration> {
        self.gap
    }

    /// Events per second.
    pub fn per_second(self) -> f64 {
        self.gap.map_or(0.0, |gap| 1.0 / gap.as_secs_f64())
    }

    /// `count` occurrences in each `span`.
    pub const fn of(count: u64, span: Duration) -> Self {
        Self {
            gap: match span.nanos().checked_div(count) {
                Some(nanos) => Some(Duration::from_nanos(nanos)),
                None => None,
            },
        }
    }
}

impl FromStr for Rate {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (digits, rest) = split(text);
        let value = number(digits, text, "5/s")?;
        let Some(unit) = rest.strip_prefix('/').map(str::trim) else {
            if let Some(point) = with_point(text) {
                return Err(QuantityError(format!("`{text}` has a comma; did you mean `{point}`?")));
            }
            return Err(QuantityError(format!(
                "`{text}` is not a rate; did you mean `{digits}/s` or `{digits}/min`?"
            )));
        };
        let Some((_, scale)) = DURATION_UNITS.iter().find(|(name, _)| *name == unit) else {
            let known = meant_unit(unit)
                .or_else(|| (unit == "m").then_some("min"))
                .unwrap_or("s");
            return Err(QuantityError(format!(
                "`{text}` has the unknown unit `{unit}`; did you mean `{digits}/{known}`? A rate is per {}",
                unit_list()
            )));
        };
        if value == 0.0 {
            return Ok(Self { gap: None });
        }
        let gap = scale / value;
        if gap < 1.0 {
            return Err(QuantityError(format!("`{text}` is faster than one per nanosecond")));
        }
        if gap > Duration::LONGEST.nanos() as f64 {
            return Err(QuantityError(format!(
                "`{text}` comes less than once in {}",
                Duration::LONGEST
            )));
        }
        Ok(Self {
            gap: Some(Duration::from_nanos(gap.round() as u64)),
        })
    }
}

/// A whole number in the smallest unit that allows one; otherwise with as many digits as reading back needs.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(gap) = self.gap else { return f.write_str("0/s") };
        let gap = gap.nanos() as f64;
        for (unit, scale) in DURATION_UNITS.into_iter().skip_while(|(unit, _)| *unit != "s") {
            let count = (scale / gap).round();
            if count >= 1.0 && (scale / count).round() == gap {
                return write!(f, "{count}/{unit}");
            }
        }
        write!(f, "{}/s", 1e9 / gap)
    }
}

impl Share {
    /// Between 0 and 1.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// Errors when the value lies outside 0 to 1.
    pub fn new(value: f64) -> Result<Self, QuantityError> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else if value > 1.0 && value <= 100.0 {
            Err(QuantityError(format!(
                "{value} is not a share between 0 and 1; did you mean `\"{value}%\"`?"
            )))
        } else {
            Err(QuantityError(format!("{value} is not a share between 0 and 1")))
        }
    }
}

impl FromStr for Share {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (digits, unit) = split(text);
        let value = number(digits, text, "25%")?;
        match unit {
            "" => Self::new(value),
            "%" if value > 100.0 => Err(QuantityError(format!(
                "`{text}` is more than the whole; write a share from 0% to 100%"
            ))),
            "%" => Self::new(value / 100.0),
            _ if with_point(text).is_some() => Err(QuantityError(format!(
                "`{text}` has a comma; did you mean `{}`?",
                with_point(text).unwrap_or_default()
            ))),
            _ => Err(QuantityError(format!(
                "`{text}` is not a share; write `0.25` or `\"25%\"`"
            ))),
        }
    }
}

impl Factor {
    /// The factor that changes nothing.
    pub const ONE: Self = Self(1000);

    /// Errors when the value is negative or above a million.
    pub fn new(value: f64) -> Result<Self, QuantityError> {
        match (0.0..=1e6).contains(&value) {
            true => Ok(Self((value * 1000.0).round() as u32)),
            false => Err(QuantityError(format!(
                "{value} is not a factor between 0 and a million"
            ))),
        }
    }

    /// The span times this factor.
    pub const fn of(self, span: Duration) -> Duration {
        span.ratio(self.0 as u64, 1000)
    }
}

impl FromStr for Factor {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        match split(text) {
            (digits, "") => Self::new(number(digits, text, "1.5")?),
            _ => Err(QuantityError(format!("`{text}` is not a factor; write `1.5`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_with_every_unit() {
        for (text, nanos) in [
            ("250ms", 250_000_000u64),
            ("1.5s", 1_500_000_000),
            ("5min", 300_000_000_000),
            ("1h", 3_600_000_000_000),
            ("2d", 172_800_000_000_000),
            ("0", 0),
            ("1_000us", 1_000_000),
            ("2.5e-1s", 250_000_000),
            ("1E3ms", 1_000_000_000),
        ] {
            assert_eq!(text.parse::<Duration>().unwrap().nanos(), nanos, "{text}");
        }
    }

    #[test]
    fn wrong_quantities_say_what_would_do() {
        for (text, hint) in [
            ("5m", "did you mean `5min` or `5ms`?"),
            ("40", "did you mean `40s` or `40ms`?"),
            ("-3s", "negative"),
            ("inf", "never ends"),
            ("99999999h", "longer than 3650d"),
            ("fast", "does not begin with a number"),
            ("10 minutes", "did you mean `10min`?"),
            ("1h30min", "did you mean `90min`?"),
            ("1,5s", "did you mean `1.5s`?"),
            ("5 parsecs", "unknown unit `parsecs`; write"),
        ] {
            let error = text.parse::<Duration>().unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
        for (text, hint) in [
            ("5", "did you mean `5/s`"),
            ("-5/s", "negative"),
            ("5/fortnight", "unknown unit"),
            ("1,5/s", "did you mean `1.5/s`?"),
            ("5/minute", "did you mean `5/min`?"),
            ("2e-5", "did you mean `2e-5/s`"),
        ] {
            let error = text.parse::<Rate>().unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
        for (text, hint) in [("130%", "more than the whole"), ("0,5", "did you mean `0.5`?")] {
            let error = text.parse::<Share>().unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
        assert!("-1".parse::<Factor>().is_err());
        assert_eq!(
            "1.5".parse::<Factor>().unwrap().of(Duration::SECOND),
            Duration::from_millis(1500)
        );
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["250ms", "1h", "7ns", "90s"] {
            let span: Duration = text.parse().unwrap();
            assert_eq!(span.to_string().parse::<Duration>().unwrap(), span);
        }
        for text in ["5/s", "300/min", "1/h", "0/s"] {
            let rate: Rate = text.parse().unwrap();
            let again: Rate = rate.to_string().parse().unwrap();
            assert!((rate.per_second() - again.per_second()).abs() < 1e-9, "{text} {rate}");
        }
    }

    /// As a program writes a small number: one call in ten hours.
    #[test]
    fn an_exponent_is_part_of_the_number() {
        let rate: Rate = "2.7778e-05/s".parse().unwrap();
        assert!((rate.per_second() - 2.7778e-5).abs() < 1e-12, "{rate}");
        assert_eq!("5e-1%".parse::<Share>().unwrap().get(), 0.005);
        // No exponent: what follows is no number.
        assert!("5e/s".parse::<Rate>().is_err() && "5e-/s".parse::<Rate>().is_err());
    }
}
