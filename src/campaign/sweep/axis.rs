//! One swept key and the values that are tried in its place.

use super::range::{self, Range};
use crate::scenario::Overrides;

/// A key, and its values: a list of them, or a range.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SweptAxis {
    pub(super) key: String,
    /// The values as they were asked for.
    pub(super) written: String,
    values: AxisValues,
}

#[derive(Clone, Debug, PartialEq)]
enum AxisValues {
    Listed(Vec<String>),
    Ranged(Range),
}

impl SweptAxis {
    /// Reads `KEY=V1,V2` or `KEY=FROM..TO:STEPS`.
    ///
    /// Errors with what is wrong, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |why: String| format!("--param `{text}`: {why}");
        let settings = Overrides::parse_set([text])
            .ok()
            .and_then(|mut settings| settings.pop());
        let (key, written) = settings
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| wrong("write KEY=V1,V2 or KEY=FROM..TO:STEPS, such as fleet.web.nodes=2,4,8".to_owned()))?;
        let values = listed(&written);
        if let Some(empty) = values.iter().position(String::is_empty) {
            let place = empty + 1;
            return Err(wrong(match values.len() {
                1 => "there is no value after the `=`".to_owned(),
                _ => format!("value {place} is empty; a text of no letters is written \"\""),
            }));
        }
        let values = match values.as_slice() {
            [one] if range::is_one(one) => AxisValues::Ranged(Range::parse(one).map_err(wrong)?),
            several => {
                if let Some(range) = several.iter().find(|value| range::is_one(value)) {
                    return Err(wrong(format!(
                        "`{range}` is a range in a list; give either a list or one range"
                    )));
                }
                if let Some(twice) = several
                    .iter()
                    .enumerate()
                    .find(|(at, value)| several[..*at].contains(value))
                {
                    return Err(wrong(format!("it has the value {} twice", twice.1)));
                }
                AxisValues::Listed(values)
            }
        };
        Ok(Self { key, written, values })
    }

    /// Values that a scenario lists in its own sweep.
    pub(super) fn of_scenario(key: String, values: Vec<String>) -> Self {
        Self {
            key,
            written: values.join(", "),
            values: AxisValues::Listed(values),
        }
    }

    /// How many values it has; none where they are without number.
    pub(super) fn len(&self) -> Option<u64> {
        match &self.values {
            AxisValues::Listed(values) => Some(values.len() as u64),
            AxisValues::Ranged(range) => range.steps(),
        }
    }

    /// One of its values, from 0.
    pub(super) fn value(&self, at: u64) -> String {
        match &self.values {
            AxisValues::Listed(values) => values[at as usize].clone(),
            AxisValues::Ranged(range) => range.step(at),
        }
    }

    /// The value with this share of all of them before it, which is less than one.
    pub(super) fn at(&self, share: f64) -> String {
        match (&self.values, self.len()) {
            (AxisValues::Ranged(range), None) => range.at(share),
            (_, count) => {
                let count = count.unwrap_or(1);
                self.value(((share * count as f64) as u64).min(count - 1))
            }
        }
    }

    /// Values that stand for all: each of a list, the ends of a range.
    pub(super) fn telling(&self) -> Vec<String> {
        match &self.values {
            AxisValues::Listed(values) => values.clone(),
            AxisValues::Ranged(range) => vec![range.step(0), range.step(u64::MAX)],
        }
    }
}

/// Values between commas; what stands between quotes or brackets is one.
fn listed(text: &str) -> Vec<String> {
    let (mut values, mut open) = (vec![String::new()], Vec::new());
    for letter in text.chars() {
        match (letter, open.last()) {
            (_, Some(&quote @ ('"' | '\''))) if letter == quote => _ = open.pop(),
            (_, Some('"' | '\'')) => {}
            ('"' | '\'' | '[' | '{', _) => open.push(letter),
            (']' | '}', Some(_)) => _ = open.pop(),
            (',', None) => {
                values.push(String::new());
                continue;
            }
            _ => {}
        }
        values.last_mut().expect("there is one").push(letter);
    }
    values.iter().map(|value| value.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let axis = SweptAxis::parse(text).unwrap();
        (0..axis.len().unwrap()).map(|at| axis.value(at)).collect()
    }

    #[test]
    fn a_list_is_split_at_its_commas() {
        assert_eq!(values("fleet.web.nodes=2, 4,8"), ["2", "4", "8"]);
        assert_eq!(
            values("a.\"b=c\"={ x = [1, 2] }, \"p,q\",'r'"),
            ["{ x = [1, 2] }", "\"p,q\"", "'r'"]
        );
        assert_eq!(values("trace=../a.csv,../b.csv"), ["../a.csv", "../b.csv"]);
        assert_eq!(values("provider.token_ttl=1s..60s:3"), ["1s", "30.5s", "60s"]);
    }

    #[test]
    fn shares_deal_a_list_evenly() {
        let axis = SweptAxis::parse("k=a,b,c").unwrap();
        let dealt: Vec<String> = (0..9).map(|i| axis.at((f64::from(i) + 0.5) / 9.0)).collect();
        assert_eq!(dealt.concat(), "aaabbbccc");
        assert_eq!(SweptAxis::parse("k=1s..9s").unwrap().telling(), ["1s", "9s"]);
    }

    #[test]
    fn mistakes_name_the_parameter() {
        for (text, why) in [
            ("fleet.web.nodes", "write KEY=V1,V2"),
            ("=1", "write KEY=V1,V2"),
            ("k=", "no value after"),
            ("k=1,,2", "value 2 is empty"),
            ("k=1,2,1", "the value 1 twice"),
            ("k=1,2..5:3", "`2..5:3` is a range in a list"),
            ("k=5..1:3", "smaller to a greater"),
        ] {
            let error = SweptAxis::parse(text).unwrap_err();
            assert!(error.contains(why) && error.contains(text), "{error}");
        }
    }
}
