//! Points of a sweep.

use std::fmt;

/// The values that stand in the places of the swept keys, in the order of the scenario: `key=value;key=value`. Empty without a
/// sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepPoint(String);

impl SweepPoint {
    /// The point at which these parameters have these values.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| format!("{key}={value}"));
        Self(pairs.collect::<Vec<_>>().join(";"))
    }

    /// Reads what a point is shown as, or a selector of points.
    pub fn parse(text: &str) -> Self {
        Self(text.to_owned())
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split(';').map(str::trim).filter(|part| !part.is_empty())
    }

    /// Keys with their values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts().map(|part| {
            let (key, value) = part.split_once('=').unwrap_or(("point", part));
            (key.trim(), value.trim())
        })
    }

    /// Whether it has all the values that a selector names.
    pub fn has(&self, selector: &Self) -> bool {
        selector.parts().all(|wanted| self.parts().any(|part| part == wanted))
    }
}

impl fmt::Display for SweepPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_names_some_of_the_values() {
        let selects = |selector: &str, point: &str| SweepPoint::parse(point).has(&SweepPoint::parse(selector));
        assert!(selects("a=1", "b=2;a=1") && selects("a=1;b=2", "b=2;a=1") && selects("", "a=1"));
        assert!(!selects("a=1", "a=10") && !selects("a=1;c=3", "a=1;b=2"));
    }

    #[test]
    fn a_point_reads_back() {
        let point = SweepPoint::of([
            ("fleet.web.nodes", "4".to_owned()),
            ("provider.rule", "{ reuse = 1 }".to_owned()),
        ]);
        assert_eq!(point.to_string(), "fleet.web.nodes=4;provider.rule={ reuse = 1 }");
        assert_eq!(SweepPoint::parse(&point.to_string()), point);
        let pairs: Vec<_> = point.pairs().collect();
        assert_eq!(pairs, [("fleet.web.nodes", "4"), ("provider.rule", "{ reuse = 1 }")]);
        assert_eq!(SweepPoint::default().to_string(), "");
    }
}
