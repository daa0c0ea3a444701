//! A choice with settings that may be written by its name alone: `retry = "none"` beside `retry = { fixed = { delay = "1s" } }`.
//!
//! Why not serde's own untagged enums: they try one form after the other and lose the place of the mistake. Here the
//! written form decides, so that an error stays under the key or value that caused it.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::{EnumAccessDeserializer, MapDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, VariantAccess, Visitor};

/// Reads an externally tagged enum from its variant's name or from a table with that name as its only key. For
/// `#[serde(deserialize_with = "by_name")]`, beside `#[schemars(with = "ByName<T>")]`.
pub fn by_name<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Reader(PhantomData))
}

/// [`by_name`] for a key that may be left out; wants `#[serde(default)]` too.
pub fn by_name_if_any<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    by_name(deserializer).map(Some)
}

/// Stands for `T` in a JSON schema where its name alone will do.
pub struct ByName<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for ByName<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}ByName", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let whole = T::json_schema(generator);
        let alternatives = whole.get("oneOf").and_then(|one| one.as_array());
        let names: Vec<_> = alternatives
            .into_iter()
            .flatten()
            .filter_map(|alternative| alternative.get("required")?.get(0).cloned())
            .collect();
        json_schema!({
            "anyOf": [
                { "description": "The name alone, with every setting at its default", "enum": names },
                generator.subschema_for::<T>(),
            ]
        })
    }
}

struct Reader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, or a table with the name as its only key")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<T, E> {
        T::deserialize(EnumAccessDeserializer::new(Alone {
            name,
            error: PhantomData,
        }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(EnumAccessDeserializer::new(Table(map)))
    }
}

/// A name without settings.
struct Alone<'a, E> {
    name: &'a str,
    error: PhantomData<E>,
}

impl<'de, E: de::Error> EnumAccess<'de> for Alone<'_, E> {
    type Error = E;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), E> {
        Ok((seed.deserialize(self.name.into_deserializer())?, self))
    }
}

impl<'de, E: de::Error> VariantAccess<'de> for Alone<'_, E> {
    type Error = E;

    fn unit_variant(self) -> Result<(), E> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, E> {
        seed.deserialize(MapDeserializer::new(iter::empty::<(&str, &str)>()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, E> {
        Err(E::custom(format_args!("`{}` needs its settings", self.name)))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, E> {
        visitor.visit_map(MapDeserializer::new(iter::empty::<(&str, &str)>()))
    }
}

/// A table whose only key is the name.
struct Table<A>(A);

impl<'de, A: MapAccess<'de>> EnumAccess<'de> for Table<A> {
    type Error = A::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> Result<(V::Value, Self), A::Error> {
        match self.0.next_key_seed(seed)? {
            Some(name) => Ok((name, self)),
            None => Err(de::Error::custom("an empty table chooses nothing")),
        }
    }
}

impl<'de, A: MapAccess<'de>> Table<A> {
    /// Errors at the key that is one too many.
    fn end(mut self) -> Result<(), A::Error> {
        self.0.next_key_seed(OneTooMany).map(|_| ())
    }
}

struct OneTooMany;

impl<'de> DeserializeSeed<'de> for OneTooMany {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let name = String::deserialize(deserializer)?;
        Err(de::Error::custom(format_args!(
            "`{name}` is a second choice where there can be only one"
        )))
    }
}

impl<'de, A: MapAccess<'de>> VariantAccess<'de> for Table<A> {
    type Error = A::Error;

    fn unit_variant(mut self) -> Result<(), A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        let Nothing {} = self.0.next_value()?;
        self.end()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(mut self, seed: T) -> Result<T::Value, A::Error> {
        let value = self.0.next_value_seed(seed)?;
        self.end()?;
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, _: usize, _: V) -> Result<V::Value, A::Error> {
        self.0.next_value::<de::IgnoredAny>()?;
        Err(de::Error::custom("a list of settings has no names"))
    }

    fn struct_variant<V: Visitor<'de>>(mut self, _: &'static [&'static str], visitor: V) -> Result<V::Value, A::Error> {
        struct Fields<V>(V);
        impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Fields<V> {
            type Value = V::Value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
                deserializer.deserialize_map(self.0)
            }
        }
        let value = self.0.next_value_seed(Fields(visitor))?;
        self.end()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Plain,
        Round(Round),
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Round {
        #[serde(default)]
        radius: u8,
    }

    #[derive(Debug, Deserialize)]
    struct Drawing {
        #[serde(deserialize_with = "by_name")]
        shape: Shape,
    }

    #[test]
    fn a_name_and_a_table_mean_the_same() {
        for (text, shape) in [
            (r#"shape = "plain""#, Shape::Plain),
            ("shape = { plain = {} }", Shape::Plain),
            (r#"shape = "round""#, Shape::Round(Round { radius: 0 })),
            ("[shape.round]\nradius = 3", Shape::Round(Round { radius: 3 })),
        ] {
            assert_eq!(toml::from_str::<Drawing>(text).unwrap().shape, shape, "{text}");
        }
    }

    #[test]
    fn a_mistake_is_shown_under_what_caused_it() {
        for (text, under, message) in [
            (r#"shape = "rownd""#, r#""rownd""#, "unknown variant"),
            ("shape = { rownd = {} }", "rownd", "unknown variant"),
            ("shape = { round = { radios = 1 } }", "radios", "unknown field"),
            ("shape = { round = { radius = -1 } }", "-1", "invalid value"),
            ("shape = { round = {}, plain = {} }", "plain", "a second choice"),
            ("shape = {}", "{}", "chooses nothing"),
            ("shape = 7", "7", "expected a name, or a table"),
        ] {
            let error = toml::from_str::<Drawing>(text).unwrap_err();
            assert_eq!(&text[error.span().unwrap()], under, "{error}");
            assert!(error.message().contains(message), "{error}");
        }
    }
}
