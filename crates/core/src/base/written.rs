//! How quantities are read from a file and written into one, with their JSON schema.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::quantity::{Factor, QuantityError, Rate, Share, unit_list};
use super::time::Duration;

/// Reads a quantity from a string, and from a bare number where that has one meaning.
struct Quantity<T> {
    expecting: &'static str,
    bare: fn(f64) -> Result<T, QuantityError>,
}

impl<T: FromStr<Err = QuantityError>> Visitor<'_> for Quantity<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        (self.bare)(value).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        (self.bare)(value as f64).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        (self.bare)(value as f64).map_err(E::custom)
    }
}

macro_rules! written_quantity {
    ($type:ty, $name:literal, $expecting:literal, $examples:expr, $bare:expr, $show:expr) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Quantity::<$type> {
                    expecting: $expecting,
                    bare: $bare,
                })
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let show: fn(&$type, S) -> Result<S::Ok, S::Error> = $show;
                show(self, serializer)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $expecting, "type": ["string", "number"], "examples": $examples })
            }
        }
    };
}

written_quantity!(
    Duration,
    "Duration",
    "a duration with a unit, such as \"250ms\", \"30s\", \"5min\" or \"1h\"",
    ["250ms", "1h"],
    |value| if value == 0.0 {
        Ok(Duration::ZERO)
    } else {
        Err(QuantityError(format!(
            "{value} has no unit; did you mean \"{value}s\" or \"{value}ms\"? Units: {}",
            unit_list()
        )))
    },
    |span, serializer| serializer.collect_str(span)
);

written_quantity!(
    Rate,
    "Rate",
    "a rate with a unit, such as \"5/s\" or \"300/min\"",
    ["5/s", "300/min"],
    |value| if value < 0.0 {
        Err(QuantityError(format!(
            "{value} is negative; a rate is zero or more, such as \"5/s\""
        )))
    } else {
        Err(QuantityError(format!(
            "{value} has no unit; did you mean \"{value}/s\" or \"{value}/min\"?"
        )))
    },
    |rate, serializer| serializer.collect_str(rate)
);

written_quantity!(
    Share,
    "Share",
    "a share between 0 and 1, such as 0.25 or \"25%\"",
    ["25%", "0.1%"],
    Share::new,
    |share, serializer| serializer.serialize_f64(share.0)
);

written_quantity!(
    Factor,
    "Factor",
    "a factor of zero or more, such as 1.5",
    [1.0, 1.5],
    Factor::new,
    |factor, serializer| serializer.serialize_f64(f64::from(factor.0) / 1000.0)
);
