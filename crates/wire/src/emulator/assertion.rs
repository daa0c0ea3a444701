//! What must hold at the end: a count, a comparison, a number.

use std::str::FromStr;

use super::log::COUNTS;
use crate::scenario::{Op, suggestion};

/// `token_requests <= 1`, or of one caller `token_requests@pod-3 <= 1`.
#[derive(Clone, Debug, PartialEq)]
pub struct CountAssertion {
    text: String,
    place: usize,
    caller: Option<String>,
    op: Op,
    value: f64,
}

/// Why a text is no assertion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {wrong}")]
pub struct AssertionError {
    text: String,
    wrong: String,
}

/// The longer signs first.
const OPS: [Op; 5] = [Op::AtMost, Op::AtLeast, Op::Equal, Op::Less, Op::More];

impl FromStr for CountAssertion {
    type Err = AssertionError;

    fn from_str(text: &str) -> Result<Self, AssertionError> {
        let wrong = |wrong: String| AssertionError {
            text: text.to_owned(),
            wrong,
        };
        let found = OPS.into_iter().find_map(|op| Some((op, text.split_once(op.sign())?)));
        let Some((op, (left, right))) = found else {
            return Err(wrong(
                "write a count, one of <=, >=, ==, <, >, and a number: token_requests <= 1".to_owned(),
            ));
        };
        let (name, caller) = match left.trim().split_once('@') {
            Some((name, caller)) => (name.trim(), Some(caller.trim().to_owned())),
            None => (left.trim(), None),
        };
        let Some(place) = COUNTS.iter().position(|(known, _)| *known == name) else {
            let known: Vec<_> = COUNTS.iter().map(|(known, _)| *known).collect();
            let hint = suggestion(name, &known, "counts");
            return Err(wrong(format!(
                "nothing is counted as `{name}`; {}",
                match hint.is_empty() {
                    true => format!("there are: {}", known.join(", ")),
                    false => hint,
                }
            )));
        };
        let value = right.trim().parse::<f64>().ok().filter(|value| value.is_finite());
        let Some(value) = value else {
            return Err(wrong(format!("`{}` is no number", right.trim())));
        };
        Ok(Self {
            text: text.trim().to_owned(),
            place,
            caller,
            op,
            value,
        })
    }
}

impl std::fmt::Display for CountAssertion {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.text)
    }
}

impl CountAssertion {
    /// Whose count it is about; none for that of all.
    pub(super) fn caller(&self) -> Option<&str> {
        self.caller.as_deref()
    }

    /// Whether it holds for these counts, and what its count is.
    pub(super) fn judge(&self, counts: &super::log::Counts) -> (bool, u64) {
        let measured = counts[self.place];
        (self.op.holds(measured as f64, self.value), measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, count: u64) -> bool {
        let assertion: CountAssertion = text.parse().unwrap_or_else(|error| panic!("{error}"));
        let mut counts = [0; COUNTS.len()];
        counts[assertion.place] = count;
        assert_eq!(assertion.to_string(), text.trim());
        assertion.judge(&counts).0
    }

    #[test]
    fn counts_are_compared() {
        for (text, below, at, above) in [
            ("token_requests <= 2", true, true, false),
            ("token_requests>=2", false, true, true),
            ("token_requests == 2", false, true, false),
            (" token_requests < 2 ", true, false, false),
            ("token_requests@pod-3 > 2", false, false, true),
        ] {
            assert_eq!([1, 2, 3].map(|count| judge(text, count)), [below, at, above], "{text}");
        }
        let one: CountAssertion = "calls@pod-3 > 2".parse().unwrap();
        assert_eq!(one.caller(), Some("pod-3"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [
            ("token_requests", "<="),
            ("token_request <= 1", "token_requests"),
            ("token_requests <= one", "`one` is no number"),
            ("token_requests <= NaN", "no number"),
        ] {
            let error = text.parse::<CountAssertion>().unwrap_err().to_string();
            assert!(error.contains(says) && error.contains(text), "{error}");
        }
    }
}
