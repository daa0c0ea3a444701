//! Strategies and providers that are wrong on purpose: every engine objects to them, and to what they are made from it does not.
//!
//! The table of the manual is made here: `UPDATE_MUTATIONS=1 cargo test --test canaries` writes it anew.

extern crate tokenstorm_core as tokenstorm;

mod caches;
mod leases;
mod rules;

use std::path::Path;

use caches::Cache;
use leases::Lease;
use rules::Provider;
use tokenstorm::base::Duration;
use tokenstorm::engine::check::expected::Expectation;
use tokenstorm::engine::check::systems;
use tokenstorm::engine::check::{Counterexample, FaultBudget, State};
use tokenstorm::node::Strategy;
use tokenstorm::provider::{Issuance, Rule};
use tokenstorm::strategy::{self, Coordination, Publish, SlotPerNode, Ttl, WhenStuck};
use tokenstorm::testing::{Expect, StrategyReport, analyze, laws};

/// A mutation with what each engine says of it and not of its origin.
struct Mutant {
    what: &'static str,
    /// The property that it is known by; the origin has it.
    property: &'static str,
    checked: String,
    fuzzed: String,
    laws: String,
}

/// Cases by chance for each, mutant and origin.
const CASES: u64 = 256;

fn faults(text: &str) -> FaultBudget {
    text.parse().expect("faults")
}

fn steps(report: &StrategyReport, property: &str) -> (Option<String>, Option<String>) {
    let row = report.of(property);
    let told = |example: &Counterexample| Expectation::Breaks(example.steps(), example.around).to_string();
    let fuzzed = row.fuzzed.as_ref().map(|finding| told(&finding.example));
    (row.checked.as_ref().map(told), fuzzed)
}

/// Both engines object to the mutant by this property, and to its origin by none of it.
fn mutant<S: Strategy, T: Strategy, R: Rule + Send + Sync, Q: Rule + Send + Sync>(
    what: &'static str,
    property: &'static str,
    (origin, of): (S, &Expect<R>),
    (wrong, is): (T, &Expect<Q>),
) -> Mutant
where
    State<S, R>: Send + Sync,
    State<T, Q>: Send + Sync,
{
    let (right, wrong) = (
        analyze(origin, &of.clone().cases(CASES, 1)),
        analyze(wrong, &is.clone().cases(CASES, 1)),
    );
    assert!(
        right.complete,
        "{what}: the origin has been looked at in full, {} states",
        right.states
    );
    assert_eq!(
        steps(&right, property),
        (None, None),
        "{what}: the origin has {property}\n{right}"
    );
    let (checked, fuzzed) = steps(&wrong, property);
    let known = |name: &str| right.laws.iter().any(|(law, _)| *law == name);
    let new: Vec<_> = wrong
        .laws
        .iter()
        .map(|(law, _)| *law)
        .filter(|law| !known(law))
        .collect();
    Mutant {
        what,
        property,
        checked: checked.unwrap_or_else(|| panic!("{what}: the checker objects by {property}\n{wrong}")),
        // What happens in no run is for who knows all of them.
        fuzzed: fuzzed.unwrap_or_else(|| {
            assert_eq!(property, "V", "{what}: the fuzzer objects by {property}\n{wrong}");
            "-".to_owned()
        }),
        laws: if new.is_empty() { "-".to_owned() } else { new.join(", ") },
    }
}

fn of_caches() -> Vec<Mutant> {
    use caches::Wrong;
    let calls = Expect::default().with_nodes(2, 2).with_faults(FaultBudget::NONE);
    let faulty = Expect::default().with_faults(faults("drop=1,expiry=1"));
    let independent = Expect::under(Issuance::independent(Duration::from_secs(3600)));
    let expiry = independent.clone().with_faults(faults("expiry=1"));
    let cache = |what, property, wrong, expect: &Expect| {
        mutant(what, property, (Cache(Wrong::Nothing), expect), (Cache(wrong), expect))
    };
    vec![
        cache(
            "a cache drops the comparison: it forgets its token at any 401",
            "S7",
            Wrong::ForgetsAtAny401,
            &calls,
        ),
        cache(
            "a cache asks although it waits for an answer",
            "S9",
            Wrong::AsksAgain,
            &calls,
        ),
        cache(
            "a cache tries a refused token again",
            "S8",
            Wrong::InsistsOnRefused,
            &expiry,
        ),
        cache(
            "a cache goes back to the token before",
            "S3",
            Wrong::PrefersOld,
            &expiry,
        ),
        cache(
            "a cache gives up for ever after a failed request",
            "L3",
            Wrong::GivesUp,
            &faulty,
        ),
    ]
}

fn of_leases() -> Vec<Mutant> {
    use leases::Wrong;
    let calm = Expect::default().with_store().with_faults(FaultBudget::NONE);
    let crash = Expect::default().with_store().with_faults(faults("crash=1"));
    let independent = Expect::under(Issuance::independent(Duration::from_secs(3600))).with_store();
    let failing = independent.with_faults(faults("throttle=1,lapse=1,late=1"));
    let lease = |what, property, wrong, expect: &Expect| {
        mutant(what, property, (Lease(Wrong::Nothing), expect), (Lease(wrong), expect))
    };
    vec![
        lease(
            "a lease is given back before the write is acknowledged",
            "S4",
            Wrong::ReleasesTooSoon,
            &calm,
        ),
        lease("who has the lease does not look first", "S4", Wrong::LooksNot, &calm),
        lease("a lease does not end by itself", "L4", Wrong::NoExpiry, &crash),
        lease(
            "who finds the lease taken does not wait for it",
            "V",
            Wrong::FailsAtOnce,
            &calm,
        ),
        lease(
            "the store is wiped after a failed request",
            "S1",
            Wrong::Wipes,
            &failing,
        ),
    ]
}

fn of_settings() -> Vec<Mutant> {
    [of_lease_settings(), of_one_for_another()]
        .into_iter()
        .flatten()
        .collect()
}

/// Settings of `lease` that people choose.
fn of_lease_settings() -> Vec<Mutant> {
    // The crate's strategies come as one type: the engines are compiled anew for each.
    use Coordination::Lease;
    let span = Duration::from_millis(100);
    let lease = strategy::Lease {
        ttl: Ttl::After(Duration::SECOND),
        poll: span,
        wait: span,
        when_stuck: WhenStuck::Fail,
        ..strategy::Lease::default()
    };
    let calm = Expect::default().with_store().with_faults(FaultBudget::NONE);
    let crash = Expect::default().with_store().with_faults(faults("crash=1"));
    vec![
        mutant(
            "`lease` with `publish = \"unacknowledged\"`",
            "S4",
            (Lease(lease), &calm),
            (
                Lease(strategy::Lease {
                    publish: Publish::Unacknowledged,
                    ..lease
                }),
                &calm,
            ),
        ),
        mutant(
            "`lease` with `ttl = \"never\"`",
            "L4",
            (Lease(lease), &crash),
            (
                Lease(strategy::Lease {
                    ttl: Ttl::Never,
                    ..lease
                }),
                &crash,
            ),
        ),
        mutant(
            "`lease` with `read_before_lock`",
            "S4",
            (Lease(lease), &calm),
            (
                Lease(strategy::Lease {
                    read_before_lock: true,
                    ..lease
                }),
                &calm,
            ),
        ),
    ]
}

/// One strategy in place of another.
fn of_one_for_another() -> Vec<Mutant> {
    use Coordination::{CompareFirst, Naive, Reread, SingleFlight, WipingLoser};
    let calls = Expect::default().with_nodes(1, 2).with_faults(FaultBudget::NONE);
    let late = Expect::default().with_nodes(1, 2).with_faults(faults("expiry=1"));
    let calm = Expect::default().with_store().with_faults(FaultBudget::NONE);
    let refused = systems::rotation("refused").expect("a rule of this name");
    let refresh = calm.with_refresh_tokens(refused);
    let wiping = |compare| WipingLoser(strategy::WipingLoser { compare, before: false });
    vec![
        mutant(
            "`single_flight` in place of `compare_first`",
            "S7",
            (CompareFirst(strategy::CompareFirst {}), &late),
            (SingleFlight(strategy::SingleFlight {}), &late),
        ),
        mutant(
            "`naive` in place of `single_flight`",
            "S9",
            (SingleFlight(strategy::SingleFlight {}), &calls),
            (Naive(strategy::Naive {}), &calls),
        ),
        mutant(
            "`wiping_loser` in place of `reread`: it wipes the store on `invalid_grant`",
            "F2",
            (Reread(strategy::Reread::default()), &refresh),
            (wiping(false), &refresh),
        ),
        mutant(
            "`wiping_loser` without `compare`",
            "F2",
            (wiping(true), &refresh),
            (wiping(false), &refresh),
        ),
    ]
}

fn of_rules() -> Vec<Mutant> {
    use rules::Wrong;
    let slots = SlotPerNode {
        slots: 2,
        first: 0,
        parameter: None,
        fall_back: false,
        known: true,
        hashed: None,
    };
    let under = |wrong| {
        Expect::under(Provider { wrong, slots: 2 })
            .with_apps(1, 2)
            .with_faults(FaultBudget::NONE)
    };
    let law = |wrong| match laws::of_rule(&Provider { wrong, slots: 4 }, 1, 4) {
        Ok(()) => "-".to_owned(),
        Err(_) => "of_rule".to_owned(),
    };
    assert_eq!(law(Wrong::Nothing), "-");
    let ends_all = mutant(
        "a provider ends the tokens of all slots",
        "S6",
        (slots.clone(), &under(Wrong::Nothing)),
        (slots, &under(Wrong::EndsAll)),
    );
    vec![
        Mutant {
            laws: law(Wrong::EndsAll),
            ..ends_all
        },
        Mutant {
            laws: law(Wrong::Forgets),
            ..forgetful()
        },
    ]
}

/// A provider that forgets to end tokens breaks nothing: it is caught by what no longer breaks.
fn forgetful() -> Mutant {
    use rules::Wrong;
    let under = |wrong| {
        let expect = Expect::under(Provider { wrong, slots: 1 }).with_faults(FaultBudget::NONE);
        let breaks = ["S2a", "S4", "S6", "B1", "B2", "L2"];
        breaks.into_iter().fold(expect, Expect::breaks).cases(CASES, 1)
    };
    let cache = Cache(caches::Wrong::Nothing);
    let right = analyze(cache, &under(Wrong::Nothing));
    assert_eq!(right.objections, Vec::<String>::new());
    let wrong = analyze(cache, &under(Wrong::Forgets));
    let missed: Vec<_> = wrong.objections.iter().map(|objection| &objection[..2]).collect();
    assert_eq!(missed, ["S4", "S6", "B1", "B2", "L2"]);
    assert_eq!(steps(&wrong, "S4"), (None, None));
    Mutant {
        what: "a provider forgets to end tokens",
        property: "S4",
        checked: "expected, and holds".to_owned(),
        fuzzed: "expected, and holds".to_owned(),
        laws: String::new(),
    }
}

/// A memory that keeps its token from being renamed would fool the checker: it is seen by what it does elsewhere.
#[test]
fn who_keeps_its_names_is_seen() {
    let broken = |wrong| {
        let report = analyze(Cache(wrong), &Expect::default().cases(1, 1));
        report.laws.iter().any(|(law, _)| *law == "agreement")
    };
    assert!(!broken(caches::Wrong::Nothing));
    assert!(broken(caches::Wrong::KeepsNames));
}

/// What never happens is named.
#[test]
fn a_dead_phase_is_named() {
    let report = analyze(
        Lease(leases::Wrong::FailsAtOnce),
        &Expect::default()
            .with_store()
            .with_faults(FaultBudget::NONE)
            .cases(1, 1),
    );
    let dead =
        |objection: &String| objection.starts_with("V ") && objection.contains("never happened: phase `waiting`");
    assert!(report.objections.iter().any(dead), "{:?}", report.objections);
}

#[test]
fn every_engine_objects_and_the_manual_says_how() {
    let mut table =
        "| mutation | property | check | fuzz | laws of the simulator |\n|---|---|---|---|---|\n".to_owned();
    for mutant in [of_caches(), of_leases(), of_settings(), of_rules()]
        .into_iter()
        .flatten()
    {
        let Mutant {
            what,
            property,
            checked,
            fuzzed,
            laws,
        } = mutant;
        table.push_str(&format!("| {what} | {property} | {checked} | {fuzzed} | {laws} |\n"));
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testing/mutations.md");
    // What follows under headings of its own is written by hand.
    let all = std::fs::read_to_string(&file).unwrap_or_default();
    let (written, rest) = all.split_at(all.find("\n# ").unwrap_or(all.len()));
    if std::env::var("UPDATE_MUTATIONS").is_ok() {
        std::fs::write(&file, format!("{table}{rest}")).expect("the table can be written");
        return;
    }
    assert_eq!(written, table, "UPDATE_MUTATIONS=1 writes the table anew");
}
