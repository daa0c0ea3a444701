//! What a scenario expects of a figure, in the few words that a file writes: `">= 0.999"`, `"0.86 .. 0.89"`, `"< naive cache"`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::figure::figure;
use super::op::Op;

/// A condition on the mean of a metric over the replications.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `">= 0.999"`, `"== 0"`.
    Compare(Op, f64),
    /// `"0.86 .. 0.89"`, both ends included.
    Between(f64, f64),
    /// `"< naive cache"`: significantly below that strategy of the same scenario.
    Below(String),
    /// `"> naive cache"`: significantly above it.
    Above(String),
    /// `"~ naive cache"`: not distinguishable from it.
    Like(String),
}

/// Both ends of a 95 % confidence interval.
pub type Interval = (f64, f64);

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionOutcome {
    /// `certain` when it would hold anywhere in the interval too.
    Holds {
        /// By the whole interval, not by the mean alone.
        certain: bool,
    },
    /// `certain` when it would hold nowhere in the interval either.
    Fails {
        /// By the whole interval, not by the mean alone.
        certain: bool,
    },
    /// There is no figure to judge.
    Unknown,
}

impl ConditionOutcome {
    /// Whether it holds by the mean.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Holds { .. })
    }
}

impl Condition {
    /// Judges a mean with its interval; `difference` gives the interval of the paired difference to another strategy (this
    /// one minus the other), if both have figures.
    pub fn evaluate(
        &self,
        mean: f64,
        interval: Interval,
        difference: impl FnOnce(&str) -> Option<Interval>,
    ) -> ConditionOutcome {
        if mean.is_nan() {
            return ConditionOutcome::Unknown;
        }
        let (low, high) = interval;
        // Where the whole interval lies on one side, moving the mean within it would change nothing.
        let (holds, somewhere, everywhere) = match *self {
            Self::Compare(op, value) => {
                let everywhere = op.holds(low, value) && op.holds(high, value);
                let somewhere = match op {
                    Op::Equal => low <= value && value <= high,
                    _ => op.holds(low, value) || op.holds(high, value),
                };
                (op.holds(mean, value), somewhere, everywhere)
            }
            Self::Between(from, to) => (
                from <= mean && mean <= to,
                low <= to && from <= high,
                from <= low && high <= to,
            ),
            Self::Below(ref other) | Self::Above(ref other) | Self::Like(ref other) => {
                let Some((low, high)) = difference(other).filter(|(low, high)| !low.is_nan() && !high.is_nan()) else {
                    return ConditionOutcome::Unknown;
                };
                let holds = match self {
                    Self::Below(_) => high < 0.0,
                    Self::Above(_) => low > 0.0,
                    _ => low <= 0.0 && 0.0 <= high,
                };
                (holds, holds, holds)
            }
        };
        if holds {
            ConditionOutcome::Holds { certain: everywhere }
        } else {
            ConditionOutcome::Fails { certain: !somewhere }
        }
    }

    /// The strategy that it compares with.
    pub fn against(&self) -> Option<&str> {
        match self {
            Self::Below(other) | Self::Above(other) | Self::Like(other) => Some(other),
            Self::Compare(..) | Self::Between(..) => None,
        }
    }
}

/// Why a condition could not be read; the text names the forms that there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConditionError(String);

const FORMS: &str = r#"write ">= 99.9%", "< 200ms", "== 0", "0.86 .. 0.89", "< another strategy", "> another strategy" or "~ another strategy""#;

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let trimmed = text.trim();
        for (sign, op) in [
            ("<=", Op::AtMost),
            (">=", Op::AtLeast),
            ("==", Op::Equal),
            ("<", Op::Less),
            (">", Op::More),
            ("~", Op::Equal),
        ] {
            let Some(rest) = trimmed.strip_prefix(sign).map(str::trim) else {
                continue;
            };
            return match (figure(rest).map(|(value, _)| value), sign) {
                _ if rest.is_empty() => Err(ConditionError(format!("`{text}` compares with nothing; {FORMS}"))),
                (Some(_), "~") => Err(ConditionError(format!(
                    "`{text}`: how near is near? Write a range, such as \"0.86 .. 0.89\""
                ))),
                (Some(value), _) => Ok(Self::Compare(op, value)),
                (None, _) if rest.starts_with(['-', '+']) => Err(ConditionError(format!(
                    "`{rest}` is no figure and no strategy; {FORMS}"
                ))),
                (None, "<") => Ok(Self::Below(rest.into())),
                (None, ">") => Ok(Self::Above(rest.into())),
                (None, "~") => Ok(Self::Like(rest.into())),
                (None, _) => Err(ConditionError(format!("`{rest}` is not a number; {FORMS}"))),
            };
        }
        if let Some((from, to)) = trimmed.split_once("..") {
            let read = |text: &str| figure(text).map(|(value, _)| value);
            let (Some(from), Some(to)) = (read(from), read(to)) else {
                return Err(ConditionError(format!(
                    "`{text}` is not a range of two numbers; {FORMS}"
                )));
            };
            if from > to {
                return Err(ConditionError(format!(
                    "`{text}` holds nothing; did you mean \"{to} .. {from}\"?"
                )));
            }
            return Ok(Self::Between(from, to));
        }
        Err(ConditionError(match figure(trimmed) {
            Some(_) => {
                format!("`{text}` does not say how to compare; did you mean \"== {trimmed}\" or \">= {trimmed}\"?")
            }
            None => format!("`{text}` is not a condition; {FORMS}"),
        }))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(op, value) => write!(f, "{} {value}", op.sign()),
            Self::Between(from, to) => write!(f, "{from} .. {to}"),
            Self::Below(other) => write!(f, "< {other}"),
            Self::Above(other) => write!(f, "> {other}"),
            Self::Like(other) => write!(f, "~ {other}"),
        }
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Condition;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a condition such as \">= 0.999\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Condition, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A condition on the mean over the replications; numbers may carry % or a unit of time. Against another strategy of the scenario: `<` significantly below, `>` significantly above, `~` not distinguishable",
            "type": "string",
            "examples": [">= 99.9%", "== 0", "< 200ms", "0.86 .. 0.89", "< naive cache", "~ naive cache"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Condition {
        text.parse().unwrap()
    }

    #[test]
    fn every_form_is_read() {
        for (text, condition) in [
            (">= 0.999", Condition::Compare(Op::AtLeast, 0.999)),
            (">=99.9%", Condition::Compare(Op::AtLeast, 0.999)),
            ("== 0", Condition::Compare(Op::Equal, 0.0)),
            ("< 1e-3", Condition::Compare(Op::Less, 0.001)),
            ("0.86 .. 0.89", Condition::Between(0.86, 0.89)),
            ("86 % .. 89 %", Condition::Between(0.86, 0.89)),
            ("< 200ms", Condition::Compare(Op::Less, 0.2)),
            ("1.5s .. 2min", Condition::Between(1.5, 120.0)),
            ("-1..1", Condition::Between(-1.0, 1.0)),
            ("< naive cache", Condition::Below("naive cache".into())),
            ("> 2 apps", Condition::Above("2 apps".into())),
            ("~ naive cache", Condition::Like("naive cache".into())),
        ] {
            assert_eq!(read(text), condition, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_what_would_do() {
        for (text, hint) in [
            ("0.5", "did you mean \"== 0.5\""),
            ("0.9 .. 0.8", "did you mean \"0.8 .. 0.9\"?"),
            ("~ 0.5", "Write a range"),
            (">= naive", "is not a number"),
            ("<", "compares with nothing"),
            ("many", "is not a condition"),
            ("", "is not a condition"),
            ("0 .. many", "not a range of two numbers"),
        ] {
            let error = text.parse::<Condition>().unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
        // A float's own words for what is not a number are no numbers here.
        assert_eq!(read("< inf"), Condition::Below("inf".into()));
    }

    #[test]
    fn certainty_follows_the_interval() {
        let judge = |text: &str, mean, interval| read(text).evaluate(mean, interval, |_| None);
        let (sure, unsure) = (true, false);
        assert_eq!(
            judge(">= 0.9", 0.95, (0.93, 0.97)),
            ConditionOutcome::Holds { certain: sure }
        );
        assert_eq!(
            judge(">= 0.9", 0.95, (0.89, 1.0)),
            ConditionOutcome::Holds { certain: unsure }
        );
        assert_eq!(
            judge(">= 0.9", 0.85, (0.8, 0.91)),
            ConditionOutcome::Fails { certain: unsure }
        );
        assert_eq!(
            judge(">= 0.9", 0.85, (0.8, 0.89)),
            ConditionOutcome::Fails { certain: sure }
        );
        assert_eq!(
            judge("== 0", 0.0, (0.0, 0.0)),
            ConditionOutcome::Holds { certain: sure }
        );
        assert_eq!(
            judge("== 0", 0.1, (-0.1, 0.3)),
            ConditionOutcome::Fails { certain: unsure }
        );
        assert_eq!(
            judge("1 .. 2", 1.5, (0.5, 1.8)),
            ConditionOutcome::Holds { certain: unsure }
        );
        assert_eq!(
            judge("1 .. 2", 2.5, (2.1, 2.8)),
            ConditionOutcome::Fails { certain: sure }
        );
        assert_eq!(judge("1 .. 2", f64::NAN, (0.0, 0.0)), ConditionOutcome::Unknown);
        assert_eq!(judge("< other", 0.0, (0.0, 0.0)), ConditionOutcome::Unknown);
    }

    #[test]
    fn comparisons_ask_for_the_paired_difference() {
        let judge = |text: &str, difference| {
            read(text).evaluate(0.0, (0.0, 0.0), |other| {
                assert_eq!(other, "other");
                Some(difference)
            })
        };
        assert!(judge("< other", (-2.0, -1.0)).holds() && !judge("< other", (-2.0, 0.5)).holds());
        assert!(judge("> other", (1.0, 2.0)).holds() && !judge("> other", (-2.0, -1.0)).holds());
        assert!(judge("~ other", (-1.0, 1.0)).holds() && judge("~ other", (0.0, 0.0)).holds());
        assert!(!judge("~ other", (0.5, 1.0)).holds());
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(low in -1e6f64..1e6, width in 0f64..1e6, name in "[a-z]( ?[a-z0-9]){0,9}") {
            for condition in [
                Condition::Compare(Op::AtMost, low),
                Condition::Between(low, low + width),
                Condition::Above(name.clone()),
                Condition::Like(name.clone()),
            ] {
                prop_assert_eq!(&read(&condition.to_string()), &condition);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
            let _ = text.parse::<Condition>();
        }
    }
}
