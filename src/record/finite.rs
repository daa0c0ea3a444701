//! Numbers in JSON, which has no word for those that are not finite: they become `null`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A finite number.
pub(super) fn number(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Two finite numbers, or none.
pub(super) fn both((low, high): (f64, f64)) -> Option<(f64, f64)> {
    number(low).zip(number(high))
}

/// A number that is missing when it is `null`.
pub(super) mod missing {
    use super::*;

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        number(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

/// A time that never comes when it is `null`.
pub(super) mod never {
    use super::*;

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        number(*value).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
    }
}

/// A number, if there is one and it is finite.
pub(super) fn if_any<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    value.and_then(number).serialize(serializer)
}

/// An interval, if there is one and both its ends are finite.
pub(super) fn interval<S: Serializer>(value: &Option<(f64, f64)>, serializer: S) -> Result<S::Ok, S::Error> {
    value.and_then(both).serialize(serializer)
}
