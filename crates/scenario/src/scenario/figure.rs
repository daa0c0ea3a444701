//! Figures as conditions and assertions write them: `0.99`, `"99%"`, `"200ms"`.

use std::fmt;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};

use crate::base::Duration;

/// What a figure is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrittenUnit {
    /// A bare number.
    Bare,
    /// With `%`.
    Percent,
    /// With a unit of time; the figure is in seconds.
    Time,
}

/// A number, perhaps with `%` or with a unit of time, and which of them.
pub(super) fn figure(text: &str) -> Option<(f64, WrittenUnit)> {
    let text = text.trim();
    if let Some(value) = number(text) {
        let percent = text.ends_with('%');
        return Some((
            value,
            if percent {
                WrittenUnit::Percent
            } else {
                WrittenUnit::Bare
            },
        ));
    }
    // `~ 45 s` is a strategy of that name.
    let span: Duration = text.parse().ok().filter(|_| !text.contains(char::is_whitespace))?;
    Some((span.as_secs_f64(), WrittenUnit::Time))
}

/// The units of the figures that a condition is written with.
pub(super) fn written_units(condition: &str) -> Vec<WrittenUnit> {
    let bare = condition.trim().trim_start_matches(['<', '>', '=', '~']);
    let figures = bare.split("..").filter_map(figure);
    figures.map(|(_, unit)| unit).collect()
}

/// A number, perhaps with `%`.
fn number(text: &str) -> Option<f64> {
    // Through the exponent, since 99.9 / 100 is not the number nearest to 0.999.
    let (digits, scale) = match text.strip_suffix('%') {
        Some(digits) if digits.contains(['e', 'E']) => return None,
        Some(digits) => (digits.trim_end(), "e-2"),
        None => (text, ""),
    };
    let plain = digits
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE_".contains(&byte));
    let value: f64 = format!("{}{scale}", digits.replace('_', "")).parse().ok()?;
    (plain && value.is_finite()).then_some(value)
}

/// Whether a text would be read as a number: a strategy of that name could not be compared with.
pub(super) fn is_number(text: &str) -> bool {
    figure(text).is_some()
}

/// Reads the value of an assertion: a number, or a text with `%` or a unit of time.
pub(super) fn read_figure<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    struct Reader;
    impl Visitor<'_> for Reader {
        type Value = f64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a figure such as 0.99, \"99%\" or \"200ms\"")
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
            Ok(value)
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
            Ok(value as f64)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
            figure(text).map(|(value, _)| value).ok_or_else(|| {
                E::custom(format_args!(
                    "`{text}` is not a figure; write 0.99, \"99%\" or \"200ms\""
                ))
            })
        }
    }
    deserializer.deserialize_any(Reader)
}

/// A figure in a JSON schema.
pub(super) fn figure_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["number", "string"], "examples": [0.99, "99%", "200ms"] })
}
