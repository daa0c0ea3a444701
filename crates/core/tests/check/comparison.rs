//! The checker against [`plain`](super::plain), which shares nothing with it but the world and the properties.

use tokenstorm::base::Duration;
use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::systems::{self, REFRESHERS, SYSTEMS};
use tokenstorm::engine::check::{self, FaultBudget, Setup};
use tokenstorm::property::{Judge, PROPERTIES, Runs};
use tokenstorm::retry::Attempts;
use tokenstorm::workload::{Job, JobToken, OnRefusal};

use super::plain::{self, Found};

/// What may go wrong, with the names of systems in which it decides something.
const FAULTS: [(&str, &[&str]); 11] = [
    (
        "drop=1",
        &[
            "naive",
            "lease",
            "leader",
            "reread_strict",
            "gateway_strict",
            "lease_grace",
        ],
    ),
    (
        "crash=1",
        &["lease", "file_lock", "central_refresher", "naive_grace", "lease_strict"],
    ),
    (
        "lapse=1",
        &["lease", "lease_fenced", "lease_hasty", "rotation", "leader"],
    ),
    (
        "expiry=1",
        &["naive", "lease", "gateway", "xfetch", "put_if_newer_order"],
    ),
    ("renewal=1", &["lease", "rotation", "renew_ahead", "central_refresher"]),
    (
        "late=1",
        &[
            "naive",
            "compare_first",
            "single_flight",
            "naive_strict",
            "reread_grace",
            "wiping_loser_refused",
        ],
    ),
    (
        "throttle=1",
        &["naive", "lease", "shared_blind", "reread_strict", "gateway_strict"],
    ),
    (
        "elapse=1",
        &["naive_grace", "reread_grace", "lease_grace", "wiping_loser_grace"],
    ),
    (
        "login=1",
        &[
            "naive_strict",
            "reread_strict",
            "reread_before_strict",
            "wiping_loser_refused",
            "wiping_loser_compare",
        ],
    ),
    ("drop=1,login=1", &["lease_strict", "gateway_strict"]),
    (
        "drop=1,crash=1,late=1,renewal=1",
        &["compare_first", "compare_and_set", "gossip", "slot_per_node"],
    ),
];

/// Situations of each system that the plain explorer looks at, and states that the checker does. As the two count differently, one of
/// them may see further than the other.
const MOST: (usize, usize) = if cfg!(debug_assertions) {
    (1_200, 2_500)
} else {
    (15_000, 30_000)
};

fn compared(name: &str, faults: &str) -> Option<Compared> {
    let faults: FaultBudget = faults.parse().expect("a budget");
    let setup = systems::setup(name, 2, 1, faults)?;
    let mut named = setup.clone().without_names();
    named.system.most = MOST.1;
    // The plain explorer holds nothing back, and so finds a run that is shorter by what the checker's bounds withhold.
    (named.system.store_operations, named.system.notes) = (8, 16);
    Some(compare(&format!("{name} with {faults}"), &setup, &named))
}

/// How much of a system both have seen.
struct Compared {
    /// Runs that break a property, of the same length by both.
    breaks: usize,
    whole: bool,
}

fn compare(what: &str, setup: &Setup, named: &Setup) -> Compared {
    let Found {
        broken,
        reached,
        depth,
        all,
        most,
    } = plain::explore(setup, MOST.0);
    let report = check::check(named, &());
    // A state at the end of a search that was given up has not been looked at.
    let seen = if report.complete { u32::MAX } else { report.depth - 1 };
    let mut breaks = 0;
    for (place, (property, verdict)) in PROPERTIES.iter().zip(&report.verdicts).enumerate() {
        let what = format!("{what}: {}", property.name);
        let found = Expectation::from(verdict);
        match property.judge {
            Judge::Event(_) | Judge::Runs(Runs::NoDeadlock | Runs::GrantIsHeld) => {
                // What a state shows is seen when the state is looked at, a step later than the step that leads there.
                let later = u32::from(matches!(property.judge, Judge::Runs(_)));
                match (broken[place], found) {
                    (Some(steps), Expectation::Breaks(own, 0)) => {
                        assert_eq!(steps as usize, own, "{what}");
                        breaks += 1;
                    }
                    (Some(steps), other) => assert!(steps + later > seen, "{what}: {steps} against {other}"),
                    (None, Expectation::Breaks(own, _)) => {
                        assert!(
                            !all && own as u32 + later > depth,
                            "{what}: not in {depth} steps, against {own}"
                        );
                    }
                    (None, _) => {}
                }
                if found == Expectation::NotReached && matches!(property.judge, Judge::Event(_)) {
                    assert!(!report.complete || !reached[place], "{what} is reached");
                }
            }
            _ => {}
        }
        let Some((attempts, issuances, ends)) = most.filter(|_| report.complete) else {
            continue;
        };
        match property.name {
            "B1" => assert_eq!(found, Expectation::Holds(Some(attempts)), "{what}"),
            "B2" => assert_eq!(found, Expectation::Holds(Some(issuances)), "{what}"),
            "L2" => assert_eq!(found, Expectation::Holds(None), "{what}: no run is without end"),
            "L3" => assert_eq!(found == Expectation::Holds(None), ends, "{what}"),
            _ => {}
        }
    }
    Compared { breaks, whole: all }
}

/// All systems without faults, and those in which a fault decides something with that fault.
#[test]
fn an_explorer_of_its_own_finds_the_same() {
    let without = SYSTEMS.iter().chain(&REFRESHERS).map(|(name, _)| (*name, "none"));
    let with = FAULTS
        .iter()
        .flat_map(|(faults, names)| names.iter().map(move |name| (*name, *faults)));
    let (mut systems, mut breaks, mut whole) = (0, 0, 0);
    for (name, faults) in without.chain(with) {
        let compared = compared(name, faults).unwrap_or_else(|| panic!("there is no system `{name}`"));
        systems += 1;
        breaks += compared.breaks;
        whole += usize::from(compared.whole);
    }
    println!("{systems} systems, {breaks} runs of the same length, {whole} seen to their ends");
    assert!(systems >= 80, "{systems} systems");
    assert!(breaks >= 60, "{breaks} runs of the same length");
    assert!(whole >= 5, "{whole} seen to their ends");
}

/// The same where each call begins a job, or can be a single one too.
#[test]
fn it_finds_the_same_of_jobs() {
    let job = |calls, token, on_refusal| Job {
        calls,
        gap: Duration::ZERO,
        token,
        on_refusal,
    };
    let renews = job(2, JobToken::Kept, OnRefusal::Renews);
    let fails = job(2, JobToken::Kept, OnRefusal::Fails);
    let asks = job(2, JobToken::Asked, OnRefusal::Renews);
    let single = job(1, JobToken::Kept, OnRefusal::Renews);
    let three = job(3, JobToken::Kept, OnRefusal::Renews);
    let kinds = [
        vec![renews],
        vec![fails],
        vec![asks],
        vec![single, renews],
        vec![fails, asks, single],
        vec![three],
    ];
    let names = [
        "naive",
        "token_per_call",
        "compare_first",
        "single_flight",
        "lease",
        "gateway",
        "naive_strict",
        "reread_strict",
        "lease_grace",
    ];
    let (mut systems, mut breaks, mut whole) = (0, 0, 0);
    let all = names
        .iter()
        .flat_map(|name| kinds.iter().map(move |kinds| (name, kinds)));
    for (number, (name, kinds)) in all.enumerate() {
        let (nodes, faults, attempts) = match (number + number / names.len()) % 3 {
            0 => (2, "none", Attempts::UNBOUNDED),
            1 => (2, "expiry=1,crash=1", Attempts::at_most(2)),
            _ => (1, "none", Attempts::UNBOUNDED),
        };
        let mut setup = systems::setup(name, nodes, 1, faults.parse().expect("a budget")).expect("a system");
        (setup.system.kinds, setup.system.attempts) = (kinds.clone(), attempts);
        let mut named = setup.clone().without_names();
        named.system.most = MOST.1;
        (named.system.store_operations, named.system.notes) = (8, 16);
        let compared = compare(&format!("{name} with {faults}, {kinds:?}"), &setup, &named);
        systems += 1;
        breaks += compared.breaks;
        whole += usize::from(compared.whole);
    }
    println!("{systems} systems, {breaks} runs of the same length, {whole} seen to their ends");
    assert!(systems >= 54, "{systems} systems");
    assert!(breaks >= 60, "{breaks} runs of the same length");
    assert!(whole >= 5, "{whole} seen to their ends");
}
