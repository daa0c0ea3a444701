//! What a precision is, and when its limits end a run.

use super::*;

fn goal(text: &str) -> PrecisionGoal {
    text.parse().unwrap()
}

fn figure(mean: f64, half: f64, count: u32) -> Estimate {
    Estimate {
        mean,
        interval: Some((mean - half, mean + half)),
        count,
        values_per_skew: f64::INFINITY,
    }
}

#[test]
fn a_precision_reads_and_says_what_is_wrong() {
    assert_eq!(goal("5%").metrics(), BY_DEFAULT);
    assert_eq!(goal("0.05").width, goal("5%").width);
    assert_eq!(goal(" latency_p99 = 10% ").metrics(), ["latency_p99"]);
    assert_eq!(goal("0.1pp").width, Width::Absolute(0.001));
    assert_eq!(goal("failure_rate=0.5 pp").width, Width::Absolute(0.005));
    for (text, told) in [
        ("0", "a precision of zero"),
        ("latency_p99=0%", "latency_p99=5%"),
        ("200%", "from 0% to 100%"),
        ("100%", "not known"),
        ("-5%", "negative"),
        ("5ms", "such as 0.1pp"),
        ("", "such as 0.1pp"),
        ("latency=5%", "there is no metric `latency`"),
        ("failure_rate@web=5%", "leave out what follows the @"),
        ("latency_p99=1pp", "no share (s)"),
    ] {
        let error = text.parse::<PrecisionGoal>().unwrap_err();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn what_is_narrow_enough_is_known() {
    let relative = goal("5%");
    // 0.05 / 1.05 of the mean.
    assert!(relative.is_met(figure(1.0, 0.0476, 100), "s"));
    assert!(!relative.is_met(figure(1.0, 0.0477, 100), "s"));
    assert!(relative.is_met(figure(-1.0, 0.0476, 100), "s"));
    // Before the first look nothing is known, nor what has no interval or a doubtful one.
    assert!(!relative.is_met(figure(1.0, 0.0, 99), "s"));
    let (none, doubtful) = (
        Estimate {
            interval: None,
            ..figure(1.0, 0.0, 100)
        },
        Estimate {
            values_per_skew: 59.0,
            ..figure(1.0, 0.01, 100)
        },
    );
    assert!(!relative.is_met(none, "s") && !relative.is_met(doubtful, "s"));
    // Next to none is none for shares alone.
    let next_to_none = figure(0.0004, 0.0005, 100);
    assert!(relative.is_met(next_to_none, "share") && !relative.is_met(next_to_none, "s"));
    assert!(!relative.is_met(figure(0.0006, 0.0005, 100), "share"));
    // What never varies is known when so many runs have shown it.
    assert!(relative.is_met(figure(0.0, 0.0, 100), "s"));
    assert!(goal("0.1pp").is_met(figure(0.5, 0.00099, 100), "share"));
    assert!(!goal("0.1pp").is_met(figure(0.5, 0.00101, 100), "share"));
}

#[test]
fn looks_are_few_and_limits_are_kept() {
    assert_eq!(
        (
            goal("5%").first_look(),
            goal("1%").first_look(),
            goal("1pp").first_look()
        ),
        (100, 300, 100)
    );
    let precision = |most_replications, most_events, cut| Precision {
        goals: vec![goal("5%"), goal("latency_p99=2%")],
        most_replications,
        most_events,
        cut,
    };
    let plain = precision(2000, 1_000_000, None);
    assert_eq!((plain.first_look(30), plain.first_look(500)), (150, 500));
    let mut looks = vec![plain.first_look(30)];
    let end = loop {
        match plain.next(looks[looks.len() - 1], 0) {
            Ok(next) => looks.push(next),
            Err(end) => break end,
        }
    };
    assert_eq!(
        (looks, end),
        (vec![150, 300, 600, 1200, 2000], PrecisionEnd::Replications)
    );
    // 10,000 events for each: a hundred replications, however far the next look is.
    assert_eq!(plain.next(40, 400_000), Ok(80));
    assert_eq!(plain.next(80, 800_000), Ok(100));
    assert_eq!(plain.next(100, 1_000_000), Err(PrecisionEnd::Events));
    // Where the clock ended a run, it ends again.
    let cut = precision(2000, 1_000_000, Some(300));
    assert_eq!((cut.next(150, 0), cut.next(300, 0)), (Ok(300), Err(PrecisionEnd::Time)));
    assert_eq!(precision(120, 1_000_000, None).first_look(30), 120);
}
