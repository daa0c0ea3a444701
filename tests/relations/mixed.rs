//! Nodes that do not all follow the same: a mix of the same is none, who follows what counts and not what it is called, and a rollout is
//! the one version before it and the other after it.

use std::path::Path;

use tokenstorm::base::{Dice, Duration, Time};
use tokenstorm::campaign::advise::{AdviseOptions, Advising};
use tokenstorm::campaign::{self, CampaignOptions};
use tokenstorm::engine::sim::Shortcuts;
use tokenstorm::film::FilmSubject;
use tokenstorm::metric::Observed;
use tokenstorm::node::{CallPolicy, Strategy as _};
use tokenstorm::plan::{Act, Plan, SweepPoint};
use tokenstorm::retry::{Budget, Retry};
use tokenstorm::scenario::Scenario;
use tokenstorm::strategy::{Coordination, Mixed};
use tokenstorm::trace::Event;

use crate::common::{a_lease, every_strategy, observe_with, record};
use crate::plans::{Trace, at_most, compare_first, naive, usual};

/// The plan with versions dealt to its nodes in turn.
fn in_turn(plan: &Plan, versions: &[Coordination], policies: Vec<CallPolicy>) -> Plan {
    let follows = (0..plan.nodes()).map(|node| (node % versions.len()) as u8);
    Plan {
        mix: Some(Mixed::new(versions.to_vec(), policies, follows.collect())),
        ..plan.clone()
    }
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn traces(one: &Plan, other: &Plan) -> [Trace; 2] {
    [one, other].map(|plan| record(plan, Dice::new(21)))
}

#[test]
fn a_mix_of_the_same_is_none() {
    let mut seen = 0;
    for coordination in every_strategy() {
        let mut plan = usual(coordination.clone());
        plan.timeline.push((at(20), Act::Crash(1..2)));
        plan.timeline.push((at(21), Act::Start(1..2)));
        let twice = [coordination.clone(), coordination.clone()];
        for policies in [Vec::new(), vec![plan.policy.clone(); 2]] {
            let [alone, mixed] = traces(&plan, &in_turn(&plan, &twice, policies));
            assert!(alone.len() > 300 && alone == mixed, "{coordination:?}");
        }
        // What the test sees: one node that retries otherwise is another run.
        let once = CallPolicy {
            retry: Retry::None,
            ..plan.policy.clone()
        };
        let other = in_turn(&plan, &twice, vec![plan.policy.clone(), once]);
        let [alone, mixed] = traces(&plan, &other);
        seen += usize::from(alone != mixed);
    }
    // Nothing is to be seen where no call of that node is refused.
    assert!(seen > 10, "{seen} strategies");
}

#[test]
fn a_budget_of_some_nodes_is_not_that_of_others() {
    let plan = usual(naive());
    let poor = CallPolicy {
        budget: Some(Budget {
            capacity: 1,
            ..Budget::default()
        }),
        ..plan.policy.clone()
    };
    let versions = [naive(), naive()];
    let mixed = in_turn(&plan, &versions, vec![plan.policy.clone(), poor.clone()]);
    let out_of_budget = |plan: &Plan| {
        let ended = record(plan, Dice::new(22))
            .into_iter()
            .filter_map(|(_, event)| match event {
                Event::CallEnded { node, outcome, .. } => Some((node, outcome)),
                _ => None,
            });
        let broke = ended.filter(|(_, outcome)| format!("{outcome:?}") == "OutOfBudget");
        broke.map(|(node, _)| node.0 % 2).collect::<Vec<_>>()
    };
    let broke = out_of_budget(&mixed);
    assert!(!broke.is_empty() && broke.iter().all(|side| *side == 1), "{broke:?}");
    assert!(out_of_budget(&plan).is_empty());
    let all = Plan { policy: poor, ..plan };
    assert!(out_of_budget(&all).contains(&0));
}

#[test]
fn the_order_of_versions_is_none_of_the_nodes_business() {
    let plan = usual(naive());
    let lease = Coordination::Lease(a_lease());
    let other = CallPolicy {
        retry: at_most(2),
        ..plan.policy.clone()
    };
    let (old, new) = ((naive(), plan.policy.clone()), (lease, other));
    let mixed = |versions: [&(Coordination, CallPolicy); 2], follows: [u8; 3]| Plan {
        mix: Some(Mixed::new(
            versions.map(|version| version.0.clone()).to_vec(),
            versions.map(|version| version.1.clone()).to_vec(),
            follows.to_vec(),
        )),
        ..plan.clone()
    };
    let [one, other] = traces(&mixed([&old, &new], [0, 1, 0]), &mixed([&new, &old], [1, 0, 1]));
    assert!(one.len() > 500 && one == other);
    let [one, other] = traces(&mixed([&old, &new], [0, 1, 0]), &mixed([&old, &new], [1, 0, 1]));
    assert!(one != other, "which node follows which counts");
}

/// Nodes that are never called ask for no token, whatever they would follow.
#[test]
fn a_fleet_without_calls_leaves_the_others_alone() {
    for coordination in every_strategy().into_iter().filter(|one| !one.needs_gateway()) {
        let mut plan = usual(compare_first());
        let mut idle = plan.layout.fleets[0].clone();
        (idle.nodes, idle.first_ordinal) = (3..5, 3);
        plan.layout.fleets.push(idle);
        plan.workloads.push(Vec::new());
        plan.timeline.push((Time::ZERO, Act::Start(3..5)));
        let versions = vec![compare_first(), coordination.clone()];
        let mixed = Plan {
            mix: Some(Mixed::new(versions, Vec::new(), vec![0, 0, 0, 1, 1])),
            ..plan.clone()
        };
        // A leader holds its lease from the start, and needs no call for it.
        let [alone, mixed] = traces(&plan, &mixed).map(|trace| {
            let of_calls =
                |(_, event): &(Time, Event)| !matches!(event, Event::StoreWritten { .. } | Event::LeaseLapsed);
            trace.into_iter().filter(of_calls).collect::<Vec<_>>()
        });
        let asks = matches!(coordination, Coordination::Leader(_));
        assert!(asks || alone == mixed, "{coordination:?}");
    }
}

#[test]
fn a_rollout_is_the_old_version_before_it_and_the_new_one_after_it() {
    for new in every_strategy().into_iter().filter(|one| !one.needs_gateway()) {
        let after = usual(new.clone());
        let adopts = |at: Time, again: bool| {
            let mut plan = Plan {
                mix: Some(Mixed::new(vec![naive(), new.clone()], Vec::new(), Vec::new())),
                ..after.clone()
            };
            let adopt = (
                at,
                Act::Adopt {
                    nodes: 0..3,
                    version: 1,
                },
            );
            let acts = [adopt].into_iter().chain(again.then_some((at, Act::Start(0..3))));
            let place = plan.timeline.iter().filter(|(other, _)| *other < at).count();
            plan.timeline.splice(place..place, acts);
            plan
        };
        // The surroundings of the new strategy are there from the start.
        let old = Plan {
            coordination: naive(),
            ..after.clone()
        };
        let never = at(3600);
        let [one, other] = traces(&old, &adopts(never, true));
        assert!(one == other, "too late for {new:?}");
        let [one, other] = traces(&after, &adopts(Time::ZERO, false));
        assert!(one == other, "{new:?} from the first instant");
        let [one, other] = traces(&after, &adopts(at(30), true));
        assert!(one != other, "{new:?} in the middle is neither");
    }
}

const FLEETS: &str = r#"
name = "mixed"
summary = "Two halves"
source = "a test"
run = { duration = "30min", warmup = "5min", replications = 60 }
provider = { profile = "zoom-s2s-2022" }
app = [{ name = "main" }]

[[fleet]]
name = "ONE"
nodes = 3
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "6/min" } }]

[[fleet]]
name = "TWO"
nodes = 3
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "6/min" } }]

[[strategy]]
name = "half"
coordination = "naive"
[strategy.fleet.b]
coordination = "compare_first"
retry = { fixed = { delay = "1s" } }
"#;

fn of(text: &str) -> Vec<f64> {
    let scenario = Scenario::parse("mixed.toml", text, Path::new(".")).unwrap();
    let outcome = campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &Default::default()).unwrap();
    let metrics = ["first_attempt_rejection_rate", "token_requests_per_call", "latency_p50"];
    let rejected = ["a", "b"].map(|fleet| format!("first_attempt_rejection_rate@{fleet}"));
    let names = metrics.iter().map(|name| (*name).to_owned()).chain(rejected);
    names.map(|name| outcome.record.mean("half", &name).unwrap()).collect()
}

/// Fleets by other names, and in the other order: the same but for the draws, which go by the numbers of nodes. Each mean of 60 runs
/// stays within 3 %, which is some four standard errors of the widest of them.
#[test]
fn the_order_of_fleets_changes_nothing_but_their_draws() {
    let named = |one: &str, two: &str| FLEETS.replace("ONE", one).replace("TWO", two);
    let (forth, back) = (of(&named("a", "b")), of(&named("b", "a")));
    for (one, other) in forth.iter().zip(&back) {
        assert!((one / other - 1.0).abs() < 0.03, "{forth:?} {back:?}");
    }
    // By another name for the fleet and for its table alike, nothing changes at all.
    let scenario = |text: &str| Scenario::parse("mixed.toml", text, Path::new(".")).unwrap();
    let renamed = named("a", "b").replace("\"b\"", "\"z\"").replace("fleet.b", "fleet.z");
    let plans = [named("a", "b"), renamed].map(|text| {
        let scenario = scenario(&text);
        scenario.plan(&scenario.file.strategy[0]).unwrap()
    });
    let [one, other] = traces(&plans[0], &plans[1]);
    assert!(one.len() > 1000 && one == other);
}

/// A film shows the run that was counted, with all shortcuts: its nodes follow what they follow there.
#[test]
fn a_film_of_a_mix_is_the_run_that_was_counted() {
    let text = FLEETS.replace("ONE", "a").replace("TWO", "b");
    let scenario = Scenario::parse("mixed.toml", &text, Path::new(".")).unwrap();
    let (point, at_point) = &scenario.points()[0];
    let subject = FilmSubject::new((point, at_point), &scenario.file.strategy[0], 1, 0).unwrap();
    let survey = tokenstorm::film::survey(&subject).unwrap();
    let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
    let counted = |plan: &Plan| observe_with(plan, Dice::replication(1, 0), Shortcuts::ALL);
    let counts = |observed: &Observed| (observed.total().calls, observed.total().attempts);
    assert_eq!(counts(&survey.observed), counts(&counted(&plan)));
    let alone = Plan { mix: None, ..plan };
    assert_ne!(counts(&survey.observed), counts(&counted(&alone)));
}

/// Advice is for all nodes and for all of the time: what mixes is left out, and said.
#[test]
fn advice_leaves_a_mix_out_and_says_so() {
    let rollout = "[strategy.version.next]\ncoordination = \"compare_first\"\n\n[[strategy]]\nname = \"plain\"\ncoordination = \"naive\"\n\n\
                   [[event]]\nat = \"10min\"\nwhat = { rollout = { fleet = \"a\", to = \"next\" } }\n";
    let text = format!("{FLEETS}\n{rollout}").replace("ONE", "a").replace("TWO", "b");
    let scenario = Scenario::parse("mixed.toml", &text, Path::new(".")).unwrap();
    let options = AdviseOptions {
        screening: 2,
        replications: 2,
        finalists: 1,
        states: 10,
        ..AdviseOptions::of(&scenario)
    };
    let advising = Advising::new(&scenario, (SweepPoint::default(), 1), options).unwrap();
    let (screened, _) = advising.screening();
    let own: Vec<_> = screened
        .file
        .strategy
        .iter()
        .filter(|one| !one.name.contains('·'))
        .collect();
    assert_eq!(own.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["plain"]);
    assert!(screened.file.event.is_empty() && screened.file.strategy.len() > 50);
    let left_out: Vec<_> = advising.left_out().iter().map(|item| item.what.as_str()).collect();
    assert!(
        left_out.contains(&"half") && left_out.contains(&"the rollout of a version"),
        "{left_out:?}"
    );
}

/// What each fleet asks for, gets and is refused for adds up to what all of them do, and who only shares asks for less.
#[test]
fn token_requests_are_told_of_each_fleet() {
    let other = "[[strategy]]\nname = \"naive\"\ncoordination = \"naive\"\n";
    let text = format!(
        "{}\n{other}",
        FLEETS.replace("ONE", "a").replace("TWO", "b").replace("= 60", "= 4")
    );
    let run = |text: &str| {
        let scenario = Scenario::parse("mixed.toml", text, Path::new(".")).unwrap();
        campaign::run(&scenario, CampaignOptions::of(&scenario), &(), &Default::default()).unwrap()
    };
    let outcome = run(&text);
    for strategy in ["half", "naive"] {
        let mean = |name: &str| outcome.record.mean(strategy, name).unwrap();
        for metric in ["token_requests_per_hour", "issuances_per_hour"] {
            let fleets = mean(&format!("{metric}@a")) + mean(&format!("{metric}@b"));
            assert!((fleets - mean(metric)).abs() < 1e-9, "{strategy}: {metric}");
        }
        for cause in [
            "superseded",
            "expired",
            "revoked",
            "in_flight",
            "not_yet_active",
            "long_dead",
        ] {
            let metric = format!("rejections_{cause}_per_call");
            let of = |part: &str| mean(&format!("{metric}{part}")) * mean(&format!("calls{part}"));
            // A mean of shares is not the share of means: the runs differ in their calls by some per cent.
            assert!(
                (of("@a") + of("@b") - of("")).abs() <= 0.05 * of("") + 1e-9,
                "{strategy}: {metric}"
            );
        }
    }
    let half = |name: &str| outcome.record.mean("half", name).unwrap();
    assert!(half("token_requests_per_call@a") > half("token_requests_per_call@b"));
    assert!(half("rejections_superseded_per_call@b") > 0.1);

    // Where nobody mixes, there is not a row more.
    let (before, after) = text.split_at(text.find("[strategy.fleet.b]").unwrap());
    let plain = format!("{before}\n{}", &after[after.find("[[strategy]]").unwrap()..]);
    assert_eq!(run(&plain).record.mean("half", "token_requests_per_call@a"), None);
    let asserted =
        format!("{plain}\n[[assert]]\nstrategy = \"*\"\nmetric = \"issuances_per_call@a\"\nop = \"<\"\nvalue = 1\n");
    let error = Scenario::parse("plain.toml", &asserted, Path::new(".")).unwrap_err();
    assert!(
        error.mistakes()[0]
            .message()
            .contains("only where a strategy's fleets differ")
    );
}
