use super::*;

fn context(arrivals_per_s: f64) -> RunContext {
    let at = |s| Time::ZERO + Duration::from_secs(s);
    RunContext {
        fleets: Default::default(),
        tenants: Default::default(),
        warmup: at(0),
        horizon: at(1000),
        end: at(1000),
        groups: 1,
        nodes: 1,
        usable_tokens_of: None,
        trigger: Some((at(500), at(510))),
        bare: [Duration::ZERO].into(),
        two_providers: false,
        needed_issuances: 0.0,
        arrivals_per_s,
        known_after: Duration::ZERO,
    }
}

fn fed(context: &RunContext, second: impl Fn(u64) -> Second) -> Storms {
    let mut storms = Storms::new(context);
    for s in 0..1000 {
        storms.second(Time::ZERO + Duration::from_secs(s), &second(s));
    }
    storms.finish();
    storms
}

/// Ten calls a second with one retry each; from 520 to 560 fifty extra attempts and thirty extra token requests more.
#[test]
fn onset_peak_length_and_area_are_those_that_were_fed() {
    let storms = fed(&context(10.0), |s| {
        let storm = (520..560).contains(&s);
        Second {
            arrivals: 10,
            repeats: 10 + if storm { 50 } else { 0 },
            token_requests: if storm { 30 } else { 0 },
            ..Second::default()
        }
    });
    assert_eq!((storms.count, storms.seconds), (1, 40));
    assert_eq!(storms.onset, Some(Duration::from_secs(20)));
    assert_eq!((storms.peak.all, storms.peak.token_requests), (80.0, 30.0));
    assert_eq!((storms.area.all, storms.area.token_requests), (3200.0, 1200.0));
}

/// At one call in five seconds three retries in as many seconds are no storm, but as many in ten calls, thrice, are.
#[test]
fn few_calls_are_looked_at_in_long_intervals() {
    let sparse = context(0.2);
    assert_eq!(interval_s(&sparse), 50);
    let call = |s: u64| u32::from(s.is_multiple_of(5));
    let retries = |range: std::ops::Range<u64>| {
        fed(&sparse, |s| Second {
            arrivals: call(s),
            repeats: if range.contains(&s) { 1 } else { 0 },
            ..Second::default()
        })
    };
    assert_eq!(retries(600..603).count, 0);
    assert_eq!(retries(600..800).count, 1);
}

/// Nothing is called a storm without a level to compare it with.
#[test]
fn too_short_a_time_before_the_trigger_gives_no_level() {
    let mut early = context(10.0);
    early.trigger = Some((
        Time::ZERO + Duration::from_secs(9),
        Time::ZERO + Duration::from_secs(10),
    ));
    let storms = fed(&early, |s| Second {
        arrivals: 10,
        repeats: if s > 9 { 100 } else { 0 },
        ..Second::default()
    });
    assert!(!storms.knows_its_level() && storms.count == 0);
}
