//! Who killed whose tokens, summed up for a reader.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::Value;

/// Lines that a reader takes in at a glance.
const MOST: usize = 10;

/// Rejected calls by whose they were, and by who had ended their token, and how; the most frequent first.
pub(super) fn told(events: &[Value]) -> Vec<String> {
    let mut sums: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for event in events {
        let killer = &event["killed_by"];
        if let (Some(caller), Some(killer), Some(how)) = (
            event["caller"].as_str(),
            killer["caller"].as_str(),
            killer["how"].as_str(),
        ) {
            *sums.entry((caller, killer, how)).or_default() += 1;
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(who, count)| (Reverse(*count), *who));
    let line = |((caller, killer, how), count): ((&str, &str, &str), usize)| {
        let calls = if count == 1 {
            "1 call".to_owned()
        } else {
            format!("{count} calls")
        };
        format!(
            "{calls} of {caller} rejected: its token was killed by {killer} ({})",
            how.replace('_', " ")
        )
    };
    sums.into_iter().take(MOST).map(line).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn killings_are_summed_up() {
        let event = |caller: &str, killer: &str| json!({"cause": "superseded", "caller": caller, "killed_by": {"caller": killer, "how": "token_request"}});
        let events = [
            event("a", "b"),
            event("b", "a"),
            event("a", "b"),
            json!({"event": "call_rejected", "cause": "expired", "caller": "a"}),
        ];
        assert_eq!(
            told(&events),
            [
                "2 calls of a rejected: its token was killed by b (token request)",
                "1 call of b rejected: its token was killed by a (token request)"
            ]
        );
    }
}
