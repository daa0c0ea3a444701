//! Made-up records for the tests of everything that reads records: plausible in shape, measured by nobody.

mod parts;

use parts::{DOZEN, blank, compare, push, push_series};

use super::*;

/// So many nodes of two strategies were looked at: one in which a token wanders, one in which all lose theirs for good.
pub fn holders(nodes: u32) -> Record {
    let mut record = dozen();
    for (strategy, calm) in [
        (record.strategies[0].clone(), true),
        (record.strategies[1].clone(), false),
    ] {
        for node in 0..nodes {
            for look in 0..40u32 {
                let holds = match (calm, (look + node) % nodes.max(2)) {
                    _ if look == 0 => HeldState::Down,
                    (_, 0) => HeldState::Live,
                    (false, _) if look > 15 => HeldState::Nothing,
                    _ => HeldState::Dead,
                };
                let token = matches!(holds, HeldState::Live | HeldState::Dead).then_some(look);
                record.holdings.push(Holding {
                    strategy: strategy.clone(),
                    point: String::new(),
                    node,
                    from_s: f64::from(look) * 15.0,
                    until_s: f64::from(look + 1) * 15.0,
                    holds,
                    token,
                });
            }
        }
    }
    record
}

/// Nothing was measured.
pub fn empty() -> Record {
    blank("empty")
}

/// One strategy, no comparison.
pub fn single() -> Record {
    let mut record = blank("zoom/one");
    record.strategies = vec!["lease (10 s)".into()];
    push(&mut record, "lease (10 s)", "", &DOZEN[4].1);
    push_series(&mut record, "lease (10 s)", "", 0.014, 3);
    record
}

/// Twelve strategies, two incidents, checks of both kinds, storms.
pub fn dozen() -> Record {
    let mut record = blank("zoom/default");
    for (i, (name, v)) in DOZEN.iter().enumerate() {
        record.strategies.push((*name).into());
        push(&mut record, name, "", v);
        push_series(&mut record, name, "", v[3] * 8.0, i);
    }
    compare(&mut record, "");
    record.incidents = vec![
        Incident {
            from_s: 200.0,
            until_s: 260.0,
            label: "token endpoint answers 503".into(),
        },
        Incident {
            from_s: 400.0,
            until_s: 400.0,
            label: "secret rotated".into(),
        },
    ];
    let check = |kind, strategy: &str, condition: &str, measured, holds| Check {
        kind,
        strategy: strategy.into(),
        point: String::new(),
        metric: "success_rate".into(),
        condition: condition.into(),
        measured: Some(measured),
        ci95: Some((measured - 0.001, measured + 0.001)),
        holds,
    };
    record.checks = vec![
        check(CheckKind::Assert, "lease (10 s)", ">= 0.999", 0.99969, true),
        check(CheckKind::Assert, "naive cache", ">= 0.9", 0.876, false),
        check(CheckKind::Expect, "naive cache", "0.86 .. 0.89", 0.876, true),
        check(CheckKind::Expect, "leader", "< lease (10 s)", 0.99948, true),
        check(CheckKind::Expect, "slot per node", "0.95 .. 0.99", 1.0, false),
    ];
    record
}

/// Five strategies over a number of nodes.
pub fn sweep(nodes: &[f64]) -> Record {
    let mut record = blank("zoom/how-many-nodes");
    record.strategies = [
        "naive cache",
        "single-flight per process",
        "lease (10 s)",
        "leader",
        "slot per node",
    ]
    .map(String::from)
    .into();
    record.points = nodes.iter().map(|n| format!("fleet.web.nodes={n}")).collect();
    for (&n, point) in nodes.iter().zip(record.points.clone()) {
        let crowd = 1.0 - 1.0 / n;
        for (name, fail, first) in [
            ("naive cache", 0.25 * crowd * crowd, crowd),
            ("single-flight per process", 0.14 * crowd * crowd, crowd),
            ("lease (10 s)", 0.0004 * n, 0.004 * n),
            ("leader", 0.0005 * n, 0.0039 * n),
            ("slot per node", 0.0, 0.0),
        ] {
            push(
                &mut record,
                name,
                &point,
                &[fail, first, 1.0 + first, first, 0.08, 0.2 + first, 0.0],
            );
        }
        compare(&mut record, &point);
    }
    record
}

/// Twelve strategies over a number of nodes, most of which end at the same height.
pub fn crowded_sweep() -> Record {
    let mut record = blank("zoom/crowd");
    record.strategies = DOZEN.iter().map(|(name, _)| (*name).into()).collect();
    record.points = (1..=8).map(|n| format!("fleet.web.nodes={n}")).collect();
    for (i, point) in record.points.clone().iter().enumerate() {
        for (name, v) in DOZEN {
            let scale = i as f64 / 7.0;
            let [fail, first, ..] = v;
            push(
                &mut record,
                name,
                point,
                &[fail * scale, first * scale, 1.0 + first, first, 0.08, 0.3, 0.0],
            );
        }
        compare(&mut record, point);
    }
    record
}

/// Twenty strategies over a number of nodes.
pub fn sweep_of_twenty() -> Record {
    let mut record = crowded_sweep();
    for i in 0..8 {
        let name = format!("one more ({i})");
        for point in record.points.clone() {
            let share = 0.02 * f64::from(i) * if point.ends_with('1') { 0.0 } else { 1.0 };
            push(&mut record, &name, &point, &[share, share, 1.0, 0.1, 0.08, 0.3, 0.0]);
        }
        record.strategies.push(name);
    }
    record
}

/// Three strategies over a lease and a wait.
pub fn two_keys() -> Record {
    let mut record = blank("questions/lease-holder-dies");
    record.strategies = ["lease", "lease with fence", "leader"].map(String::from).into();
    for ttl in ["1s", "10s", "1min"] {
        for wait in ["1s", "12s"] {
            let point =
                format!("strategy.lease.coordination.lease.ttl={ttl};strategy.lease.coordination.lease.wait={wait}");
            for (at, strategy) in record.strategies.clone().iter().enumerate() {
                let share = if ttl == "1min" && wait == "1s" {
                    0.3
                } else {
                    0.001 * at as f64
                };
                push(&mut record, strategy, &point, &[share, share, 1.0, 0.1, 0.08, 0.3, 0.0]);
            }
            record.points.push(point.clone());
            compare(&mut record, &point);
        }
    }
    record.points.remove(0);
    record
}

/// Names that need quoting, groups, figures without a value, one replication, an incident that never ends.
pub fn odd() -> Record {
    let mut record = blank("odd/ünïcode, \"quoted\"");
    record.manifest.seed = u64::MAX;
    record.manifest.summary = String::new();
    record.manifest.source = String::new();
    let long = "a strategy whose author, \"being thorough\", named every | setting: lease = 10 s & fence < on >, \
                retry = full jitter (base 50 ms, cap 2 s, 5 attempts)";
    record.strategies = vec![long.into(), "two\nlines".into(), String::new()];
    push(&mut record, long, "", &DOZEN[0].1);
    for (strategy, metric, unit, mean) in [
        ("two\nlines", "failure_rate", "share", Some(1e-7)),
        ("two\nlines", "latency_p50", "s", None),
        ("two\nlines", "time_to_recover", "", None),
        ("two\nlines", "latency_p99", "s", Some(4000.0)),
        ("", "failure_rate", "share", Some(-0.0)),
        (long, "failure_rate@web", "share", Some(0.31)),
        (long, "first_attempt_rejection_rate@web", "share", Some(0.92)),
        (long, "failure_rate@batch/export", "share", Some(0.0)),
        ("two\nlines", "failure_rate@web", "share", Some(1.0)),
    ] {
        let replications = u32::from(mean.is_some());
        record.readings.push(Reading {
            strategy: strategy.into(),
            point: String::new(),
            metric: metric.into(),
            unit: unit.into(),
            mean,
            ci95: None,
            replications,
            doubtful: false,
            controls_gain: None,
        });
    }
    for (strategy, t_s, value) in [
        (long, vec![0.0, 1.0], vec![0.1 + 0.2, 1e-12]),
        ("two\nlines", vec![5.0], vec![3.0]),
        ("", vec![], vec![]),
    ] {
        let (point, series, unit) = (String::new(), "token_requests".into(), "per s".into());
        record.series.push(Series {
            strategy: strategy.into(),
            point,
            series,
            unit,
            t_s,
            value,
        });
    }
    record.comparisons.push(Comparison {
        strategy: "two\nlines".into(),
        reference: long.into(),
        point: String::new(),
        metric: "failure_rate".into(),
        difference: -0.124,
        interval: None,
        verdict: ComparisonVerdict::NotDistinguishable,
        margin: 0.001,
        replications_to_tell: None,
        doubtful: false,
        controls_gain: None,
        pairing_gain: None,
    });
    record.incidents.push(Incident {
        from_s: 0.5,
        until_s: f64::INFINITY,
        label: "never ends <&>".into(),
    });
    record
}

/// Two strategies at some points: one comes back everywhere, one stays down from the second point on.
pub fn aftermaths(points: &[&str]) -> Record {
    let mut record = single();
    record.strategies = vec!["sturdy".into(), "brittle".into()];
    record.points = points.iter().map(|point| (*point).to_owned()).collect();
    record.readings.clear();
    record.series.clear();
    for strategy in &record.strategies {
        for (at, point) in record.points.iter().enumerate() {
            let down = strategy == "brittle" && at > 0;
            let success = if down { 0.03 } else { 0.99 };
            record.aftermaths.push(RecoveryVerdict {
                strategy: strategy.clone(),
                point: point.clone(),
                fate: if down { Recovery::Metastable } else { Recovery::Recovers },
                within_s: 120.0,
                replications: 30,
                metastable: if down { 28 } else { 0 },
                metastable_ci95: if down { (0.79, 0.98) } else { (0.0, 0.11) },
                unaffected: 0,
                recovered_after_s: (!down).then_some(12.5),
                recovered_after_ci95: (!down).then_some((11.0, 14.0)),
                hot_metastable: if down { 30 } else { 0 },
                hot_metastable_ci95: if down { (0.88, 1.0) } else { (0.0, 0.11) },
                goodput: Goodput {
                    untouched: 0.99,
                    triggered: success,
                    hot: success,
                },
                goodput_ci95: (at != 1).then_some(GoodputIntervals {
                    untouched: (0.98, 0.995),
                    triggered: (success - 0.01, success + 0.005),
                    hot: (success - 0.01, success + 0.005),
                }),
            });
        }
    }
    record
}
