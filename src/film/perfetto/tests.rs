use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::film::tests::{STRATEGIES, whole};

/// Slices of one thread: from, to.
type Thread = Vec<(f64, f64)>;

fn threads(events: &[Value]) -> BTreeMap<(u64, u64), Thread> {
    let mut threads: BTreeMap<(u64, u64), Thread> = BTreeMap::new();
    for event in events.iter().filter(|event| event["ph"] == "X") {
        let number = |key: &str| event[key].as_u64().unwrap();
        let (from, lasts) = (event["ts"].as_f64().unwrap(), event["dur"].as_f64().unwrap());
        assert!(lasts >= 0.0 && event["name"].is_string());
        threads
            .entry((number("pid"), number("tid")))
            .or_default()
            .push((from, from + lasts));
    }
    threads
}

/// Whether each slice lies within another one of its thread or beside it; a nanosecond is lost to rounding.
fn nests(thread: &Thread) -> bool {
    const ROUNDING: f64 = 0.001;
    let mut thread = thread.clone();
    thread.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.total_cmp(&one.1)));
    let mut open: Vec<f64> = Vec::new();
    thread.iter().all(|&(from, to)| {
        while open.last().is_some_and(|end| *end <= from + ROUNDING) {
            open.pop();
        }
        let within = open.last().is_none_or(|end| to <= end + ROUNDING);
        open.push(to);
        within
    })
}

#[test]
fn slices_nest_and_arrows_bind() {
    for strategy in STRATEGIES {
        let film = whole(strategy);
        let text = perfetto(&film).to_string();
        let trace: Value = serde_json::from_str(&text).unwrap();
        let events = trace["traceEvents"].as_array().unwrap();
        let threads = threads(events);
        for (thread, slices) in &threads {
            assert!(nests(slices), "{strategy}: {thread:?}");
        }
        // Every thread and every process has one name.
        let named = |what: &str| -> Vec<(u64, u64)> {
            let named = events.iter().filter(|event| event["name"] == what);
            named
                .map(|event| (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap()))
                .collect()
        };
        let (names, processes) = (named("thread_name"), named("process_name"));
        assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len());
        assert!(threads.keys().all(|thread| names.contains(thread)));
        assert!(threads.keys().all(|(pid, _)| processes.contains(&(*pid, 0))));
        // One slice for each call and for each token.
        let count = |prefix: &str| {
            let slices = events.iter().filter(|event| event["ph"] == "X");
            slices
                .filter(|event| event["name"].as_str().unwrap().starts_with(prefix))
                .count() as u64
        };
        assert_eq!(count("call "), film.marks.calls, "{strategy}");
        assert_eq!(
            count("token ") - count("token request"),
            film.tokens.len() as u64,
            "{strategy}"
        );
        // Each arrow begins and ends within a slice, and leads forward.
        let ends: Vec<_> = events
            .iter()
            .filter(|event| event["ph"] == "s" || event["ph"] == "f")
            .collect();
        for pair in ends.chunks(2) {
            assert_eq!((&pair[0]["ph"], &pair[1]["ph"]), (&Value::from("s"), &Value::from("f")));
            assert_eq!(pair[0]["id"], pair[1]["id"]);
            assert!(pair[0]["ts"].as_f64() <= pair[1]["ts"].as_f64());
            for end in pair {
                let (thread, at) = (
                    (end["pid"].as_u64().unwrap(), end["tid"].as_u64().unwrap()),
                    end["ts"].as_f64().unwrap(),
                );
                assert!(
                    threads[&thread].iter().any(|(from, to)| *from <= at && at <= *to),
                    "{strategy}: {end}"
                );
            }
        }
        let killed = film.tokens.iter().filter(|life| life.killer.is_some()).count();
        assert!(ends.len() / 2 <= killed);
        assert!(
            strategy != "naive" || ends.len() / 2 > killed * 9 / 10,
            "only an answer that is lost leaves no request to point from"
        );
    }
}

/// The test above can fail.
#[test]
fn slices_that_overlap_do_not_nest() {
    assert!(nests(&vec![(0.0, 10.0), (1.0, 4.0), (4.0, 10.0), (10.0, 11.0)]));
    assert!(!nests(&vec![(0.0, 10.0), (5.0, 11.0)]));
}
