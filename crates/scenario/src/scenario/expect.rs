//! What a scenario expects: of figures, strategy by strategy, and of the checker.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use super::condition::Condition;
use super::ordered::Ordered;

/// The section `[expect]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectations {
    /// Strategy, or `"strategy @ key=value"` for some points of the sweep -> metric -> condition.
    pub figures: Ordered<Ordered<Condition>>,
    /// Strategy -> property -> what `tokenstorm check` is to say: the table `[expect.check]`.
    pub check: Ordered<Ordered<Stated>>,
}

/// What is expected of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stated {
    /// No run breaks it.
    Ok,
    /// Some run breaks it.
    Breaks,
}

impl std::str::FromStr for Stated {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ok" => Ok(Self::Ok),
            "breaks" => Ok(Self::Breaks),
            _ => Err(format!("`{text}` is neither `ok` nor `breaks`")),
        }
    }
}

impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Breaks => "breaks",
        })
    }
}

/// The key of what is expected of the checker.
const CHECK: &str = "check";

impl Expectations {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.figures.is_empty() && self.check.is_empty()
    }
}

impl<'de> Deserialize<'de> for Expectations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Expectations;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expectations, A::Error> {
                let mut expectations = Expectations::default();
                while let Some(key) = map.next_key::<String>()? {
                    if key == CHECK {
                        expectations.check = map.next_value()?;
                    } else {
                        expectations.figures.0.push((key, map.next_value()?));
                    }
                }
                Ok(expectations)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl Serialize for Expectations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (whose, conditions) in self.figures.iter() {
            map.serialize_entry(whose, conditions)?;
        }
        if !self.check.is_empty() {
            map.serialize_entry(CHECK, &self.check)?;
        }
        map.end()
    }
}

impl JsonSchema for Expectations {
    fn schema_name() -> Cow<'static, str> {
        "Expectations".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let check = generator.subschema_for::<Ordered<Ordered<Stated>>>();
        json_schema!({
            "type": "object",
            "properties": { CHECK: check },
            "additionalProperties": generator.subschema_for::<Ordered<Condition>>(),
        })
    }
}
