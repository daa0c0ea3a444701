//! The sweep of a record, and its keys in words.

use crate::plan::SweepPoint;
use crate::record::Record;

/// The sweep of a record: the swept keys, and their values at each point.
pub(crate) struct Sweep {
    /// As the scenario writes them, e.g. `fleet.web.nodes`.
    pub(crate) keys: Vec<String>,
    /// The shortest endings of the keys that still tell them apart, e.g. `nodes`.
    pub(crate) short: Vec<String>,
    /// For every point of the record, one value per key; empty where the point does not set it.
    pub(crate) values: Vec<Vec<String>>,
}

impl Sweep {
    /// Without a sweep there are no keys.
    pub(crate) fn of(record: &Record) -> Sweep {
        let mut keys: Vec<String> = Vec::new();
        let mut parsed = Vec::new();
        for point in &record.points {
            let pairs: Vec<(String, String)> = SweepPoint::parse(point)
                .pairs()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            for (key, _) in &pairs {
                if !keys.contains(key) {
                    keys.push(key.clone());
                }
            }
            parsed.push(pairs);
        }
        let values = parsed
            .iter()
            .map(|pairs| {
                let value = |key| pairs.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
                keys.iter().map(|key| value(key).unwrap_or_default()).collect()
            })
            .collect();
        let ending = |key: &str, parts: usize| {
            let all: Vec<&str> = key.split('.').collect();
            all[all.len().saturating_sub(parts)..].join(".")
        };
        let depth = keys.iter().map(|k| k.split('.').count()).max().unwrap_or(1);
        let short = (1..=depth)
            .map(|parts| keys.iter().map(|k| ending(k, parts)).collect::<Vec<_>>())
            .find(|short| short.iter().enumerate().all(|(i, s)| !short[..i].contains(s)))
            .unwrap_or_else(|| keys.clone());
        Sweep { keys, short, values }
    }

    /// What a swept key is, in words where it is one of those that are swept often.
    pub(crate) fn words(key: &str) -> String {
        let parts: Vec<&str> = key.split('.').collect();
        let plain = |word: &str| word.replace('_', " ");
        let named = |strategy: &str, own: &str| {
            if plain(strategy) == plain(own) {
                String::new()
            } else {
                format!(" (“{}”)", super::one_line(strategy, 30))
            }
        };
        match parts.as_slice() {
            ["fleet", fleet, "nodes"] => format!("processes in {fleet}"),
            ["fleet", fleet, "clock_skew"] => format!("how far clocks in {fleet} differ"),
            ["fleet", fleet, "workload", _, "arrivals", "poisson" | "periodic"] => {
                format!("calls at each process of {fleet}")
            }
            ["fleet", fleet, rest @ ..] => format!("{} of {fleet}", plain(&rest.join(" "))),
            ["event", _, "what", "fail", "for"] => "length of the outage".to_owned(),
            ["event", _, "what", "slow", "for"] => "length of the slowdown".to_owned(),
            ["event", _, "what", "spike", "calls"] => "calls in the spike, at each process".to_owned(),
            ["provider", "rule", _, "overlap"] => "how long a superseded token lives on".to_owned(),
            ["provider", "rule", _, "live"] => "tokens that are live at once".to_owned(),
            ["provider", "token_ttl"] => "life of a token".to_owned(),
            ["provider", "token_request"] => "way of a token request to the provider".to_owned(),
            ["provider", "faults", "token"] => "faults of the token endpoint".to_owned(),
            ["provider", "refresh", "retire", "leeway"] => "leeway of a used refresh token".to_owned(),
            ["provider", "refresh", "retire", "reuses"] => "times a used refresh token may be used again".to_owned(),
            ["provider", "refresh", "retire", "newer"] => {
                "newer refresh tokens beside which an old one is accepted".to_owned()
            }
            ["provider", "limits", endpoint, "quotas", _, "on_exceed"] => {
                format!("what the {endpoint} endpoint answers beyond its quota")
            }
            ["provider", rest @ ..] => format!("{} of the provider", plain(&rest.join(" "))),
            ["store", rest @ ..] => format!("{} of the store", plain(&rest.join(" "))),
            ["strategy", strategy, "coordination", own, key] => {
                format!("{} of {}{}", plain(key), plain(own), named(strategy, own))
            }
            ["strategy", strategy, "retry", own, key] => {
                format!("{} of {}{}", plain(key), plain(own), named(strategy, own))
            }
            _ => key.to_owned(),
        }
    }

    /// A point for the end of a phrase, e.g. ` at nodes = 8`; empty without a sweep.
    pub(super) fn at(&self, index: usize) -> String {
        match self.point(index) {
            place if place.is_empty() => place,
            place => format!(" at {place}"),
        }
    }

    /// A point in words, e.g. `nodes = 8`; empty without a sweep.
    pub(crate) fn point(&self, index: usize) -> String {
        let values = self.values.get(index).map(Vec::as_slice).unwrap_or_default();
        let pairs = self.short.iter().zip(values).filter(|(_, v)| !v.is_empty());
        pairs
            .map(|(key, value)| format!("{key} = {value}"))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fake;

    #[test]
    fn sweeps_are_told_by_the_shortest_ending_of_their_keys() {
        let mut record = fake::sweep(&[1.0, 2.0]);
        assert_eq!(Sweep::of(&record).point(1), "nodes = 2");
        record.points = vec!["fleet.a.nodes=1;fleet.b.nodes=2".into(), "fleet.a.nodes=3".into()];
        let sweep = Sweep::of(&record);
        assert_eq!(sweep.short, ["a.nodes", "b.nodes"]);
        assert_eq!(
            (sweep.point(0).as_str(), sweep.point(1).as_str()),
            ("a.nodes = 1, b.nodes = 2", "a.nodes = 3")
        );
        assert!(Sweep::of(&fake::dozen()).keys.is_empty());
    }

    #[test]
    fn a_swept_key_is_told_in_words_where_there_are_any() {
        assert_eq!(
            Sweep::words("fleet.web.workload.user.arrivals.poisson"),
            "calls at each process of web"
        );
        assert_eq!(Sweep::words("event.0.what.fail.for"), "length of the outage");
        assert_eq!(Sweep::words("strategy.lease.coordination.lease.ttl"), "ttl of lease");
        assert_eq!(
            Sweep::words("strategy.ahead.coordination.renew_ahead.margin"),
            "margin of renew ahead (“ahead”)"
        );
        assert_eq!(Sweep::words("run.replications"), "run.replications");
    }
}
