//! Times within a period, as a crontab has them: times of day, where the period is a day.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::SerializeSeq as _;
use serde::{Deserialize, Serialize, Serializer};

use super::quantity::QuantityError;
use super::time::{Duration, Time};

/// Times of one list.
const MOST: usize = 12;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// One time within a period or several, from the beginning of the period. Several are in order, none twice, each on a whole minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Times(Which);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Which {
    One(Duration),
    /// How many there are, and their minutes.
    Several(u8, [u16; MOST]),
}

impl From<Duration> for Times {
    fn from(time: Duration) -> Self {
        Self(Which::One(time))
    }
}

impl Times {
    /// Errors where there are none or too many, where they are not in order, and where one is no whole minute of the first 45 days.
    pub fn several(times: &[Duration]) -> Result<Self, QuantityError> {
        let wrong = |text: String| Err(QuantityError(text));
        if let [only] = *times {
            return Ok(only.into());
        }
        if times.is_empty() {
            return wrong("a list of no times; name at least one, as in [\"02:00\", \"18:00\"]".to_owned());
        }
        if times.len() > MOST {
            return wrong(format!(
                "{} times; there can be {MOST} in a list. Times that are evenly spaced are a shorter `every`",
                times.len()
            ));
        }
        for pair in times.windows(2) {
            let [before, next] = [pair[0], pair[1]].map(shown);
            if pair[0] == pair[1] {
                return wrong(format!("`{next}` stands there twice; leave one of them out"));
            }
            if pair[0] > pair[1] {
                return wrong(format!("`{next}` comes before `{before}`; write times in their order"));
            }
        }
        let mut minutes = [0; MOST];
        for (minute, &time) in minutes.iter_mut().zip(times) {
            let whole = u16::try_from(time.nanos() / MINUTE.nanos()).ok();
            *minute = whole
                .filter(|_| time.nanos().is_multiple_of(MINUTE.nanos()))
                .ok_or_else(|| {
                    QuantityError(format!(
                        "`{time}` is no whole minute of the first 45 days; times in a list are, as those of a crontab"
                    ))
                })?;
        }
        Ok(Self(Which::Several(times.len() as u8, minutes)))
    }

    /// How many there are.
    pub const fn count(&self) -> u32 {
        match self.0 {
            Which::One(_) => 1,
            Which::Several(count, _) => count as u32,
        }
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = Duration> + use<> {
        let (one, several) = match self.0 {
            Which::One(time) => (Some(time), None),
            Which::Several(count, minutes) => (None, Some(minutes.into_iter().take(count.into()))),
        };
        let minute = |minute| MINUTE.saturating_mul(u64::from(minute));
        one.into_iter().chain(several.into_iter().flatten().map(minute))
    }

    /// The last of them.
    pub fn last(&self) -> Duration {
        self.all().last().unwrap_or_default()
    }

    /// From each of them to the next, the last one to the first of the next period.
    pub fn gaps(&self, period: Duration) -> impl Iterator<Item = Duration> + use<> {
        let again = self.all().take(1).map(move |first| first.saturating_add(period));
        let next = self.all().skip(1).chain(again);
        self.all().zip(next).map(|(time, next)| next.saturating_sub(time))
    }

    /// How long until the next of them; at one of them it is that one where it is `not_over`, and the one after it otherwise.
    pub fn until(&self, now: Time, period: Duration, not_over: bool) -> Duration {
        let period = period.nanos().max(1);
        let gap = |time: Duration| {
            let late = (now.nanos() % period + period - time.nanos() % period) % period;
            match late == 0 && not_over {
                true => 0,
                false => period - late,
            }
        };
        Duration::from_nanos(self.all().map(gap).min().unwrap_or(period))
    }
}

/// As a clock shows it, where it is a time of day.
fn shown(time: Duration) -> String {
    let minutes = time.nanos() / MINUTE.nanos();
    match time < DAY && time.nanos().is_multiple_of(MINUTE.nanos()) {
        true => format!("{:02}:{:02}", minutes / 60, minutes % 60),
        false => time.to_string(),
    }
}

/// A time of day, `06:30`, or a duration from the beginning of the period.
fn time(text: &str) -> Result<Duration, QuantityError> {
    let Some((hours, minutes)) = text.trim().split_once(':') else {
        return text.parse();
    };
    let part = |digits: &str, most: u64| {
        let is_number = (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse().ok().filter(|&part: &u64| is_number && part <= most)
    };
    match (part(hours, 23), part(minutes, 59).filter(|_| minutes.len() == 2)) {
        (Some(hours), Some(minutes)) => Ok(MINUTE.saturating_mul(60 * hours + minutes)),
        _ => Err(QuantityError(format!(
            "`{text}` is no time of day; write it like `06:30`, from `00:00` to `23:59`"
        ))),
    }
}

/// What a time may be: also a duration from the beginning of a period.
const EXPECTING: &str =
    "a time of day such as \"06:30\", or a duration from the beginning of the period such as \"2h\"";

struct One(Duration);

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Reader)?.0 {
            Which::One(time) => Ok(Self(time)),
            Which::Several(..) => Err(de::Error::custom("a list within a list of times; write one list")),
        }
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Times;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{EXPECTING}, or a list of times")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Times, E> {
        time(text).map(Times::from).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Times, E> {
        time(&value.to_string()).map(Times::from).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Times, E> {
        time(&value.to_string()).map(Times::from).map_err(E::custom)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Times, E> {
        time(&value.to_string()).map(Times::from).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Times, A::Error> {
        let mut times = Vec::new();
        while let Some(One(time)) = list.next_element()? {
            times.push(time);
        }
        Times::several(&times).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Which::One(time) = self.0 {
            return time.serialize(serializer);
        }
        let mut list = serializer.serialize_seq(Some(self.count() as usize))?;
        self.all().try_for_each(|time| list.serialize_element(&shown(time)))?;
        list.end()
    }
}

impl JsonSchema for Times {
    fn schema_name() -> Cow<'static, str> {
        "Times".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Duration>();
        json_schema!({
            "description": format!("{EXPECTING}; or a list of up to {MOST} of them, in order"),
            "anyOf": [one, { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": MOST }],
            "examples": ["2h", ["02:00", "06:30", "18:00"]]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct File {
        at: Times,
    }

    fn read(at: &str) -> Result<Times, String> {
        let file: Result<File, _> = toml::from_str(&format!("at = {at}\n"));
        file.map(|file| file.at).map_err(|error| error.message().to_owned())
    }

    fn minutes(minutes: u64) -> Duration {
        MINUTE.saturating_mul(minutes)
    }

    #[test]
    fn times_read_back() {
        for (text, law, again) in [
            ("\"2h\"", vec![120], "\"2h\""),
            ("\"02:00\"", vec![120], "\"2h\""),
            ("0", vec![0], "\"0s\""),
            ("[\"06:30\"]", vec![390], "\"390min\""),
            (
                "[\"2:00\", \"390min\", \"18:00\"]",
                vec![120, 390, 1080],
                "[\"02:00\", \"06:30\", \"18:00\"]",
            ),
            ("[\"00:00\", \"26h\"]", vec![0, 1560], "[\"00:00\", \"26h\"]"),
        ] {
            let times = read(text).unwrap();
            let law: Vec<_> = law.into_iter().map(minutes).collect();
            assert_eq!(times.all().collect::<Vec<_>>(), law, "{text}");
            assert_eq!(
                (times.count() as usize, times.last()),
                (law.len(), *law.last().unwrap())
            );
            let written = toml::to_string(&File { at: times }).unwrap();
            assert_eq!(written.trim(), format!("at = {again}"));
            assert_eq!(read(again).unwrap(), times);
        }
    }

    #[test]
    fn what_is_no_time_of_day_is_told() {
        let many: Vec<_> = (0..13).map(|hour| format!("\"{hour:02}:00\"")).collect();
        for (text, message) in [
            ("[]", "a list of no times"),
            ("[\"06:30\", \"02:00\"]", "`02:00` comes before `06:30`"),
            ("[\"06:30\", \"6:30\"]", "`06:30` stands there twice"),
            ("[\"24:00\"]", "`24:00` is no time of day"),
            ("\"6:3\"", "`6:3` is no time of day"),
            ("\"6:30:00\"", "is no time of day"),
            ("\"+6:30\"", "is no time of day"),
            ("[\"02:00\", \"90s\"]", "`02:00`"),
            ("[\"60s\", \"90s\"]", "is no whole minute"),
            ("[\"02:00\", \"46d\"]", "is no whole minute of the first 45 days"),
            ("[\"02:00\", 5]", "has no unit"),
            ("2.5", "has no unit"),
            ("[[\"02:00\", \"03:00\"]]", "a list within a list"),
            ("true", "a time of day such as"),
            (&format!("[{}]", many.join(", ")), "13 times; there can be 12"),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.contains(message), "{text}: {told}");
        }
    }

    #[test]
    fn the_next_one_is_the_nearest_behind() {
        let at = |text: &str| read(text).unwrap();
        let now = |minutes: u64| Time::ZERO + MINUTE.saturating_mul(minutes);
        let several = at("[\"02:00\", \"06:30\", \"18:00\"]");
        for (times, at, not_over, law) in [
            (several, 0, false, 120),
            (several, 120, false, 270),
            (several, 120, true, 0),
            (several, 121, true, 269),
            (several, 1080, false, 480),
            (several, 1440 + 1079, false, 1),
            (at("\"2h\""), 120, false, 1440),
            (at("\"2h\""), 130, true, 1430),
            // A time beyond the period counts within it.
            (at("\"26h\""), 0, false, 120),
        ] {
            assert_eq!(times.until(now(at), DAY, not_over), minutes(law), "{times:?} {at}");
        }
        assert!(several.gaps(DAY).eq([270, 690, 480].map(minutes)));
        assert!(at("\"2h\"").gaps(DAY).eq([DAY]));
    }
}
