//! What made-up records are put together from.

use super::super::*;

/// Small noise that is the same every time, between 0 and 1.
fn noise(i: usize, salt: usize) -> f64 {
    let mut x =
        (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (salt as u64 + 1).wrapping_mul(0xD1B5_4A32_D192_ED03);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 29;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

fn manifest(scenario: &str) -> Manifest {
    Manifest {
        run: "0123456789abcdef".into(),
        interrupted: false,
        tokenstorm: "0.1.0".into(),
        commit: "0123abc".into(),
        scenario: scenario.into(),
        summary: "Eight nodes share one app; a new token invalidates the previous one".into(),
        source: "forum thread 4711".into(),
        as_written: "name = \"zoom/default\"\n".into(),
        as_resolved: "name = \"zoom/default\"\n".into(),
        sha256: "ab".repeat(32),
        seed: 7,
        replications: 40,
        warmup_s: 60.0,
        duration_s: 600.0,
        drain_s: 30.0,
        events: 1_234_567,
        command_line: vec!["tokenstorm".into(), "run".into(), "scenarios/zoom/default.toml".into()],
        disagreements: vec![],
        precision: None,
    }
}

fn reading(strategy: &str, point: &str, metric: &str, unit: &str, mean: f64, half: f64) -> Reading {
    Reading {
        strategy: strategy.into(),
        point: point.into(),
        metric: metric.into(),
        unit: unit.into(),
        mean: Some(mean),
        ci95: Some((mean - half, mean + half)),
        replications: 40,
        doubtful: false,
        controls_gain: None,
    }
}

/// Failure, first-attempt rejection, attempts per call, token requests per call, p50 and p99 in seconds, storm.
pub(super) type Shape = (&'static str, [f64; 7]);

pub(super) const DOZEN: [Shape; 12] = [
    ("naive cache", [0.124, 0.873, 2.41, 1.62, 0.412, 3.85, 0.85]),
    ("naive cache, no backoff", [0.316, 0.902, 4.87, 3.95, 0.365, 1.92, 1.0]),
    (
        "single-flight per process",
        [0.0713, 0.868, 2.02, 0.941, 0.238, 2.6, 0.4],
    ),
    (
        "shared store, no lock",
        [0.0121, 0.0934, 1.12, 0.143, 0.0921, 1.23, 0.05],
    ),
    ("lease (10 s)", [0.00031, 0.0042, 1.004, 0.00171, 0.0805, 0.21, 0.0]),
    ("lease with fence", [0.00029, 0.0041, 1.004, 0.0017, 0.0806, 0.213, 0.0]),
    ("leader", [0.00052, 0.0039, 1.004, 0.00139, 0.0804, 0.352, 0.0]),
    (
        "token gateway in front of every process",
        [0.0, 0.0, 1.0, 0.00139, 0.0846, 0.134, 0.0],
    ),
    ("slot per node", [0.0, 0.0, 1.0, 0.0111, 0.0801, 0.122, 0.0]),
    (
        "proactive renewal with jitter",
        [0.0487, 0.412, 1.52, 0.48, 0.131, 1.71, 0.2],
    ),
    (
        "optimistic compare-and-set",
        [0.0098, 0.0712, 1.09, 0.121, 0.0887, 0.98, 0.0],
    ),
    ("give up at once", [0.871, 0.871, 1.0, 0.87, 0.0802, 0.12, 0.0]),
];

pub(super) fn push(record: &mut Record, strategy: &str, point: &str, v: &[f64; 7]) {
    let [fail, first, attempts, requests, p50, p99, storm] = *v;
    let wobble = |p: f64| (p * (1.0 - p)).max(0.0).sqrt() * 0.03;
    for (metric, unit, mean, half) in [
        ("failure_rate", "share", fail, wobble(fail)),
        ("success_rate", "share", 1.0 - fail, wobble(fail)),
        ("first_attempt_rejection_rate", "share", first, wobble(first)),
        ("attempts_per_call", "per call", attempts, 0.02 * (attempts - 1.0)),
        ("token_requests_per_call", "per call", requests, 0.04 * requests),
        (
            "issuances_per_hour",
            "per hour",
            requests * 28_800.0,
            0.04 * requests * 28_800.0,
        ),
        ("latency_p50", "s", p50, p50 * 0.03),
        ("latency_p99", "s", p99, p99 * 0.08),
        ("storm_probability", "share", storm, if storm > 0.0 { 0.1 } else { 0.0 }),
        ("storm_peak", "per s", storm * 31.0, storm * 4.0),
    ] {
        record.readings.push(reading(strategy, point, metric, unit, mean, half));
    }
}

pub(super) fn push_series(record: &mut Record, strategy: &str, point: &str, level: f64, salt: usize) {
    let t_s: Vec<f64> = (0..660).map(f64::from).collect();
    let value = (0..660)
        .map(|i| {
            let trouble = if (200..260).contains(&i) {
                6.0 * (-(i as f64 - 200.0) / 25.0).exp()
            } else {
                0.0
            };
            level * (0.6 + 0.8 * noise(i, salt)) * (1.0 + trouble)
        })
        .collect();
    record.series.push(Series {
        strategy: strategy.into(),
        point: point.into(),
        series: "token_requests".into(),
        unit: "per s".into(),
        t_s,
        value,
    });
}

pub(super) fn compare(record: &mut Record, point: &str) {
    let reference = record.strategies[0].clone();
    let mean = |strategy: &str| {
        let found = |r: &&Reading| r.strategy == strategy && r.point == point && r.metric == "failure_rate";
        record
            .readings
            .iter()
            .find(found)
            .and_then(|r| r.mean)
            .unwrap_or(f64::NAN)
    };
    let differences: Vec<_> = record
        .strategies
        .iter()
        .skip(1)
        .map(|s| (s.clone(), mean(s) - mean(&reference)))
        .collect();
    for (strategy, difference) in differences {
        let verdict = match difference {
            d if d.abs() < 0.08 => ComparisonVerdict::NotDistinguishable,
            d if d < 0.0 => ComparisonVerdict::Better,
            _ => ComparisonVerdict::Worse,
        };
        record.comparisons.push(Comparison {
            strategy,
            reference: reference.clone(),
            point: point.into(),
            metric: "failure_rate".into(),
            difference,
            interval: Some((difference - 0.01, difference + 0.01)),
            verdict,
            margin: 0.001,
            replications_to_tell: (verdict == ComparisonVerdict::NotDistinguishable).then_some(240),
            doubtful: false,
            controls_gain: None,
            pairing_gain: None,
        });
    }
}

pub(super) fn blank(scenario: &str) -> Record {
    Record {
        manifest: manifest(scenario),
        strategies: vec![],
        points: vec![String::new()],
        readings: vec![],
        series: vec![],
        comparisons: vec![],
        checks: vec![],
        incidents: vec![],
        aftermaths: vec![],
        mixtures: vec![],
        warmups: vec![],
        holdings: vec![],
        replicated: vec![],
        tenants: vec![],
        baseline: None,
    }
}
