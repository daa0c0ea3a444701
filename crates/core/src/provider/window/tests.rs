use super::*;
use crate::base::Dice;
use crate::provider::quota::TokenBucket;

const SECOND: u64 = 1_000_000_000;

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn of(client: u16) -> Requester {
    Requester::caller(client, 0, None)
}

fn minute(count: u32, kind: QuotaKind) -> Quota {
    Quota {
        kind,
        ..Quota::fixed(count, Duration::from_secs(60))
    }
}

fn window(quota: Quota) -> Window {
    Window::new(quota)
}

fn admit(window: &mut Window, now: Time) -> Result<(), Exceeded> {
    window.admit(now, &of(0), || None)
}

/// Seconds until there is room.
fn wait(window: &mut Window, now: Time) -> u64 {
    admit(window, now).expect_err("it is used up").until_reset.nanos() / SECOND
}

/// Times of requests, in bursts and singly, and which of them are let in.
fn let_in(quota: Quota, seed: u64, requests: u64) -> Vec<Time> {
    let dice = Dice::new(seed);
    let mut window = window(quota);
    let mut now = Time::ZERO;
    let mut admitted = Vec::new();
    for key in 0..requests {
        let gap = match dice.draw(0, key, 0) % 4 {
            0 => dice.draw(1, key, 0) % (20 * SECOND),
            1 => dice.draw(1, key, 0) % SECOND,
            _ => 0,
        };
        now = now + Duration::from_nanos(gap);
        if admit(&mut window, now).is_ok() {
            admitted.push(now);
        }
    }
    admitted
}

/// Most requests that were let in within any half-open span of this length.
fn most_within(admitted: &[Time], span: Duration) -> usize {
    let ahead = |i: usize| {
        admitted[i..]
            .iter()
            .take_while(|other| other.since(admitted[i]) < span)
            .count()
    };
    (0..admitted.len()).map(ahead).max().unwrap_or(0)
}

#[test]
fn a_window_fills_and_begins_anew() {
    let mut window = window(Quota::fixed(2, Duration::from_secs(60)));
    assert!(admit(&mut window, at(10)).is_ok() && admit(&mut window, at(11)).is_ok());
    let exceeded = admit(&mut window, at(15)).unwrap_err();
    assert_eq!((exceeded.until_reset, exceeded.first), (Duration::from_secs(45), true));
    assert!(!admit(&mut window, at(16)).unwrap_err().first);
    assert!(window.admit(at(16), &of(1), || None).is_ok(), "another client");
    assert!(admit(&mut window, at(60)).is_ok(), "the next window");
}

/// No window sees more than the count of a sliding log; fixed windows let twice as many in within a moment.
#[test]
fn a_sliding_log_lets_no_window_have_more_than_its_count() {
    let minute_long = Duration::from_secs(60);
    for seed in 0..5 {
        let exact = let_in(minute(30, QuotaKind::SlidingLog), seed, 10_000);
        assert_eq!(most_within(&exact, minute_long), 30, "seed {seed}");
    }
    let mut window = window(Quota::fixed(30, minute_long));
    let around = (0..60).map(|i| at(60) + Duration::from_millis(i * 2) - Duration::from_millis(60));
    assert_eq!(around.filter(|now| admit(&mut window, *now).is_ok()).count(), 60);
}

/// In any time t at most burst + rate t, exactly.
#[test]
fn a_token_bucket_lets_in_at_most_its_burst_and_its_rate() {
    for (seed, count, burst) in [(1, 30, 5), (2, 7, 1), (3, 10, 12)] {
        let kind = QuotaKind::TokenBucket(TokenBucket { burst });
        let admitted = let_in(minute(count, kind), seed, 2_000);
        let permit = 60 * u128::from(SECOND);
        let mut tightest = u128::MAX;
        for (i, from) in admitted.iter().enumerate() {
            for (j, to) in admitted.iter().enumerate().skip(i) {
                let let_in = (j - i + 1) as u128 * permit;
                let span = u128::from(to.since(*from).nanos());
                let allowed = u128::from(burst) * permit + span * u128::from(count);
                assert!(
                    let_in <= allowed,
                    "seed {seed}: {} within {}",
                    j - i + 1,
                    to.since(*from)
                );
                tightest = tightest.min(allowed - let_in);
            }
        }
        assert!(tightest < permit, "seed {seed}: the bound is never come near");
    }
}

/// The estimate of the sliding window counter, computed as its source has it.
#[test]
fn a_sliding_counter_weighs_the_window_before() {
    let mut window = window(minute(50, QuotaKind::SlidingCounter));
    for _ in 0..42 {
        assert!(admit(&mut window, at(30)).is_ok());
    }
    // 15 s into the next window three quarters of the 42 still count: 31.5, and 18 more make 49.5.
    for number in 1..=18 {
        assert!(admit(&mut window, at(75)).is_ok(), "{number}");
    }
    // One more would make 50.5: 42 (60 - t) / 60 + 19 is 50 at t = 15.72 s.
    let exceeded = admit(&mut window, at(75)).unwrap_err();
    let until = Duration::from_nanos(exceeded.until_reset.nanos().next_multiple_of(1_000_000));
    assert_eq!(until, Duration::from_millis(715));
    assert!(admit(&mut window, at(75) + exceeded.until_reset).is_ok());
    assert!(admit(&mut window, at(75) + exceeded.until_reset).is_err());
}

/// Whatever is refused is told the first instant at which it would have been let in.
#[test]
fn who_waits_as_told_is_let_in_and_nobody_before() {
    let kinds = [
        QuotaKind::Fixed,
        QuotaKind::SlidingLog,
        QuotaKind::SlidingCounter,
        QuotaKind::TokenBucket(TokenBucket { burst: 3 }),
    ];
    for kind in kinds {
        let mut told = 0;
        let mut window = window(minute(7, kind));
        for number in 0..3_000 {
            let now = Time::ZERO + Duration::from_millis(number * 1_731);
            let Err(exceeded) = admit(&mut window, now) else {
                continue;
            };
            told += 1;
            let reset = now + exceeded.until_reset;
            let early = reset - Duration::from_nanos(1);
            assert!(admit(&mut window.clone(), early).is_err(), "{kind:?} at {early:?}");
            assert!(admit(&mut window.clone(), reset).is_ok(), "{kind:?} at {reset:?}");
        }
        assert!(told > 300, "{kind:?}: {told}");
    }
}

#[test]
fn each_key_has_a_quota_of_its_own() {
    let whose = |client, address| Requester::caller(client, address, None);
    for (scope, same, other) in [
        (Scope::Client, whose(0, 9), whose(1, 0)),
        (Scope::Account, whose(9, 9), whose(9, 9)),
        (Scope::Address, whose(9, 0), whose(0, 1)),
    ] {
        let mut window = window(Quota {
            scope,
            ..Quota::fixed(1, Duration::from_secs(60))
        });
        assert!(window.admit(at(0), &whose(0, 0), || None).is_ok());
        assert!(window.admit(at(0), &same, || None).is_err(), "{scope:?}");
        assert_eq!(window.admit(at(0), &other, || None).is_ok(), scope != Scope::Account);
    }
    let mut grants = window(Quota {
        scope: Scope::Grant,
        ..Quota::fixed(1, Duration::from_secs(60))
    });
    assert!(grants.admit(at(0), &of(0), || Some(3)).is_ok());
    assert!(grants.admit(at(0), &of(1), || Some(3)).is_err());
    assert!(grants.admit(at(0), &of(0), || Some(4)).is_ok());
    assert!(grants.admit(at(0), &of(0), || None).is_ok(), "an app without a grant");
    assert!(grants.admit(at(0), &of(0), || None).is_err());
}

#[test]
fn a_quota_of_one_grant_type_counts_no_other() {
    let window = window(Quota {
        grant_type: Some(GrantType::RefreshToken),
        ..Quota::fixed(1, Duration::from_secs(60))
    });
    let by = |grant_type| Requester { grant_type, ..of(0) };
    assert!(window.is_about(Counts::Requests, &by(Some(GrantType::RefreshToken))));
    assert!(!window.is_about(Counts::Requests, &by(Some(GrantType::AuthorizationCode))));
    assert!(!window.is_about(Counts::Requests, &by(None)));
    assert!(!window.is_about(Counts::Issuances, &by(Some(GrantType::RefreshToken))));
}

/// A penalty runs from the request that earned it, or from the latest one that ignored it.
#[test]
fn a_penalty_begins_anew_where_it_is_ignored() {
    let quota = |prolongs| Quota {
        penalty: Some(Duration::from_secs(100)),
        prolongs,
        ..Quota::fixed(1, Duration::from_secs(10))
    };
    for (prolongs, until) in [(false, 103), (true, 153)] {
        let mut window = window(quota(prolongs));
        assert!(admit(&mut window, at(1)).is_ok());
        assert_eq!(wait(&mut window, at(3)), 100);
        assert_eq!(wait(&mut window, at(53)), until - 53);
        assert!(admit(&mut window.clone(), at(until - 1)).is_err());
        assert!(admit(&mut window, at(until)).is_ok());
    }
}

/// A refused request that counts keeps the window full.
#[test]
fn a_window_that_refusals_fill_does_not_empty_while_it_is_ignored() {
    for kind in [QuotaKind::SlidingLog, QuotaKind::SlidingCounter] {
        let quota = |prolongs| Quota {
            prolongs,
            ..minute(5, kind)
        };
        let served = |prolongs| {
            let mut window = window(quota(prolongs));
            let requests = (0..600).map(|second| at(120 + second));
            requests.filter(|now| admit(&mut window, *now).is_ok()).count()
        };
        assert!(served(false) >= 40, "{kind:?}: {}", served(false));
        assert!(served(true) <= 10, "{kind:?}: {}", served(true));
    }
    let mut log = window(Quota {
        prolongs: true,
        ..minute(5, QuotaKind::SlidingLog)
    });
    let served = (0..600).filter(|second| admit(&mut log, at(*second)).is_ok()).count();
    assert_eq!(served, 5, "the first five, and never again");
}

#[test]
fn under_way_are_those_that_have_not_been_given_back() {
    let mut window = window(Quota {
        count: 2,
        kind: QuotaKind::Concurrency,
        ..Quota::default()
    });
    assert!(admit(&mut window, at(1)).is_ok() && admit(&mut window, at(1)).is_ok());
    let exceeded = admit(&mut window, at(50)).unwrap_err();
    assert_eq!((exceeded.until_reset, exceeded.first), (Duration::ZERO, false));
    window.give_back(&of(0), || None);
    assert!(admit(&mut window, at(50)).is_ok());
    assert!(admit(&mut window, at(50)).is_err());
    window.give_back(&of(7), || None);
    assert!(admit(&mut window, at(50)).is_err(), "another's is not its own");
}

/// Keys of which nothing is used any more are forgotten, and that changes no answer.
#[test]
fn a_crowd_of_keys_that_come_once_is_forgotten() {
    for kind in [
        QuotaKind::Fixed,
        QuotaKind::SlidingLog,
        QuotaKind::SlidingCounter,
        QuotaKind::TokenBucket(TokenBucket { burst: 1 }),
    ] {
        let mut window = window(Quota {
            scope: Scope::Address,
            ..minute(1, kind)
        });
        for number in 0..20_000 {
            let now = Time::ZERO + Duration::from_millis(u64::from(number) * 100);
            let whose = Requester::caller(0, number, None);
            assert!(window.admit(now, &whose, || None).is_ok(), "{kind:?} {number}");
            assert!(window.admit(now, &whose, || None).is_err(), "{kind:?} {number}");
        }
        assert!(window.used.len() < 4_000, "{kind:?}: {}", window.used.len());
    }
}
