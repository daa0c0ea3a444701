//! Names of metrics, of all calls or of a part of them: `failure_rate`, `failure_rate@web`, `failure_rate@web/user`.

use std::fmt;

/// A metric, and the calls that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricName<'a> {
    /// The metric's name without the part.
    pub metric: &'a str,
    /// None for all calls.
    pub part: Option<CallPart<'a>>,
}

/// The calls of a fleet, or those of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPart<'a> {
    /// Name of the fleet.
    pub fleet: &'a str,
    /// The kind of call; none for all of the fleet's.
    pub kind: Option<&'a str>,
}

impl<'a> MetricName<'a> {
    /// Reads `metric`, `metric@fleet` or `metric@fleet/kind`.
    pub fn parse(text: &'a str) -> Self {
        match text.split_once('@') {
            Some((metric, part)) => Self {
                metric,
                part: Some(CallPart::parse(part)),
            },
            None => Self {
                metric: text,
                part: None,
            },
        }
    }
}

impl<'a> CallPart<'a> {
    /// Neither the name of a fleet nor a kind of call contains a slash.
    pub fn parse(text: &'a str) -> Self {
        let (fleet, kind) = text
            .split_once('/')
            .map_or((text, None), |(fleet, kind)| (fleet, Some(kind)));
        Self { fleet, kind }
    }
}

impl fmt::Display for MetricName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric)?;
        self.part.map_or(Ok(()), |part| write!(f, "@{part}"))
    }
}

impl fmt::Display for CallPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fleet)?;
        self.kind.map_or(Ok(()), |kind| write!(f, "/{kind}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back() {
        for text in ["calls", "failure_rate@web", "failure_rate@web/user"] {
            assert_eq!(MetricName::parse(text).to_string(), text);
        }
        let part = MetricName::parse("failure_rate@web/user").part.unwrap();
        assert_eq!((part.fleet, part.kind), ("web", Some("user")));
    }
}
