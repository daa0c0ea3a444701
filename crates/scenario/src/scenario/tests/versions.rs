//! What some nodes follow in place of their strategy's own keys: what they have from it, and each mistake with its place.

use super::*;
use crate::node::Strategy as _;
use crate::plan::Act;
use crate::retry::Retry;
use crate::strategy::Coordination;

const MIXED: &str = r#"
[[fleet]]
name = "new"
nodes = 2
app = "main"
workload = [{ kind = "user", arrivals = { poisson = "2/s" } }]

[[strategy]]
name = "half"
coordination = "naive"
retry = { fixed = { delay = "3s" } }
timeout = "7s"

[strategy.fleet.new]
coordination = { lease = { ttl = "9s" } }

[strategy.version.next]
client = "google-auth"
"#;

fn mixed() -> String {
    let (before, after) = VALID.split_once("[[event]]").unwrap();
    format!("{before}{MIXED}\n[[event]]{after}")
}

/// The text with one part replaced must give a mistake with this message, underline and help.
#[track_caller]
fn mistaken_mix(from: &str, to: &str, message: &str, under: &str, help: &str) {
    let text = mixed();
    assert!(text.contains(from), "{from}");
    let error = parse(&text.replacen(from, to, 1)).unwrap_err();
    let found = error.mistakes().iter().any(|mistake| {
        mistake.message().contains(message)
            && error.text_under(mistake) == Some(under)
            && (help.is_empty() || mistake.advice().is_some_and(|advice| advice.contains(help)))
    });
    assert!(found, "{}", shown(&error));
    assert_eq!(error.mistakes().len(), 1, "{}", shown(&error));
}

#[test]
fn a_part_has_from_its_strategy_what_it_does_not_say() {
    let scenario = parse(&mixed()).unwrap();
    let half = &scenario.file.strategy[2];
    let (own, new, next) = (
        half.of_fleet("web"),
        half.of_fleet("new"),
        half.version.get("next").unwrap().settings(),
    );
    assert_eq!((own.coordination.name(), new.coordination.name()), ("naive", "lease"));
    assert_eq!((new.retry, new.timeout, &new.name), (own.retry, own.timeout, &own.name));
    // A client is a whole: what it leaves to the defaults is not the strategy's.
    assert_eq!(next.timeout, None);
    assert!(!matches!(next.retry, Retry::Fixed(_)) && next.client.as_deref() == Some("google-auth"));

    let resolved = scenario.to_resolved_toml();
    assert_eq!(
        parse(&resolved).unwrap_or_else(|error| panic!("{resolved}\n{}", shown(&error))),
        scenario
    );

    let plan = scenario.plan(half).unwrap();
    let follows = |node| plan.client_of(crate::base::NodeId(node));
    let names: Vec<_> = (0..4).map(|node| follows(node).0.name()).collect();
    assert_eq!(names, ["naive", "naive", "lease", "lease"]);
    assert_eq!(follows(0).1.retry, follows(2).1.retry);
    assert!(plan.needs_store() && plan.has_lapses());
    assert!(scenario.plan(&scenario.file.strategy[0]).unwrap().mix.is_none());
}

#[test]
fn a_part_may_differ_in_its_retry_policy_alone() {
    let text = mixed().replacen("coordination = { lease = { ttl = \"9s\" } }", "retry = \"none\"", 1);
    let scenario = parse(&text).unwrap();
    let plan = scenario.plan(&scenario.file.strategy[2]).unwrap();
    let of = |node| plan.client_of(crate::base::NodeId(node));
    assert_eq!(of(0).0, of(2).0);
    assert_eq!(
        (of(0).1.retry, of(2).1.retry),
        (scenario.file.strategy[2].retry, Retry::None)
    );
}

#[test]
fn mistakes_in_parts() {
    mistaken_mix(
        "fleet.new]",
        "fleet.old]",
        "unknown fleet `old`",
        "old",
        "fleets: `web`, `new`",
    );
    mistaken_mix(
        "ttl = \"9s\"",
        "ttk = \"9s\"",
        "unknown key `ttk`",
        "ttk",
        "did you mean `ttl`?",
    );
    mistaken_mix("ttl = \"9s\"", "poll = \"0s\"", "ends before it begins", "\"0s\"", "");
    mistaken_mix(
        "[strategy.fleet.new]\n",
        "[strategy.fleet.new]\nname = \"b\"\n",
        "`name` is of the strategy as a whole",
        "name",
        "`retry`",
    );
    mistaken_mix(
        "google-auth",
        "google-out",
        "unknown client `google-out`",
        "\"google-out\"",
        "google-auth",
    );
    // What a part has from its strategy is told once.
    mistaken_mix(
        "coordination = \"naive\"\nretry",
        "coordination = \"naiv\"\nretry",
        "`naiv`",
        "\"naiv\"",
        "naive",
    );
    mistaken_mix(
        "timeout = \"7s\"",
        "timeout = \"0s\"",
        "nobody answers in no time",
        "\"0s\"",
        "",
    );
    mistaken_mix(
        "[strategy.fleet.new]",
        "[strategy.fleets.new]",
        "unknown key `fleets`",
        "fleets",
        "`fleet`",
    );
}

#[test]
fn nodes_that_share_a_store_understand_each_other() {
    let two = |one: &str, other: &str| {
        let text = mixed().replacen(
            "coordination = \"naive\"\nretry",
            &format!("coordination = {one}\nretry"),
            1,
        );
        text.replacen("{ lease = { ttl = \"9s\" } }", other, 1)
    };
    let shared = "{ lease = { ttl = \"9s\" } }";
    for (one, other, what) in [
        ("\"xfetch\"", shared, "the entry of the store"),
        ("{ leader = {} }", shared, "the lease of the store"),
        ("\"gossip\"", "\"central_refresher\"", "what nodes tell each other"),
        (
            "\"gateway\"",
            "\"central_refresher\"",
            "one process cannot be the gateway of both",
        ),
    ] {
        let error = parse(&two(one, other)).unwrap_err();
        let mistake = &error.mistakes()[0];
        let message = mistake.message();
        assert!(message.contains(what) && message.contains("fleet `new`"), "{message}");
        assert_eq!(error.text_under(mistake), Some(other));
        // With stores of their own they have nothing to misunderstand.
        let apart = two(one, other).replacen("name = \"new\"", "name = \"new\"\ndomain = \"own\"", 1);
        parse(&apart).unwrap_or_else(|error| panic!("{}", shown(&error)));
    }
    for (one, other) in [
        ("\"shared_blind\"", shared),
        ("\"shared_blind\"", "\"compare_and_set\""),
        ("\"gateway\"", "\"naive\""),
    ] {
        parse(&two(one, other)).unwrap_or_else(|error| panic!("{one} {other} {}", shown(&error)));
    }
}

/// Only a domain of which some fleet has a use for a gateway has one.
#[test]
fn a_gateway_is_there_for_those_who_use_it() {
    let text = mixed().replacen("{ lease = { ttl = \"9s\" } }", "\"gateway\"", 1);
    let apart = text.replacen("name = \"new\"", "name = \"new\"\ndomain = \"own\"", 1);
    for (text, served) in [(text, [true, true]), (apart, [false, true])] {
        let scenario = parse(&text).unwrap();
        let plan = scenario.plan(&scenario.file.strategy[2]).unwrap();
        let fleets = &plan.layout.fleets;
        assert_eq!((fleets.len(), fleets[2].nodes.clone()), (3, 4..5));
        assert_eq!([fleets[0].gateway.is_some(), fleets[1].gateway.is_some()], served);
        assert!(plan.client_of(crate::base::NodeId(4)).0.needs_gateway());
        assert!(!matches!(plan.coordination, Coordination::Gateway(_)));
    }
}

const ROLLOUT: &str =
    "[[event]]\nat = \"6min\"\nwhat = { rollout = { fleet = \"web\", to = \"next\", over = \"1min\" } }\n";

#[test]
fn a_rollout_names_a_fleet_and_a_version() {
    let rolled = |from: &str, to: &str| format!("{}\n{}", mixed(), ROLLOUT.replacen(from, to, 1));
    for (from, to, message, under) in [
        ("\"web\"", "\"wed\"", "unknown fleet `wed`", "\"wed\""),
        ("\"next\"", "\"nest\"", "unknown version `nest`", "\"nest\""),
    ] {
        let error = parse(&rolled(from, to)).unwrap_err();
        assert_eq!(error.mistakes()[0].message(), message);
        assert_eq!(error.text_under(&error.mistakes()[0]), Some(under));
    }
    // Nobody rolls it out: odd, and no mistake.
    let odd = parse(&mixed()).unwrap();
    assert_eq!(odd.warnings()[0].message(), "no event rolls the version `next` out");
    assert!(parse(&rolled("", "")).unwrap().warnings().is_empty());
}

/// One node after another: it goes over, dies and is back; those of a fleet that come later begin with the new version.
#[test]
fn a_rollout_as_it_comes_out() {
    let more = "[[event]]\nat = \"8min\"\nwhat = { scale = { fleet = \"web\", nodes = 3 } }\n";
    let scenario = parse(&format!("{}\n{ROLLOUT}{more}", mixed())).unwrap();
    let acts = |strategy: usize| {
        let plan = scenario.plan(&scenario.file.strategy[strategy]).unwrap();
        let acts = plan.timeline.into_iter().filter_map(|(at, act)| {
            let what = match act {
                Act::Adopt { nodes, version } => format!("{nodes:?} adopt {version}"),
                Act::Crash(nodes) => format!("{nodes:?} crash"),
                Act::Start(nodes) => format!("{nodes:?} start"),
                _ => return None,
            };
            Some(format!("{} {what}", at.as_secs_f64()))
        });
        acts.filter(|act| !act.starts_with("0 ")).collect::<Vec<_>>()
    };
    assert_eq!(
        acts(2),
        [
            "300 1..2 crash",
            "300 1..2 start",
            "360 2..3 adopt 2",
            "360 0..1 adopt 2",
            "360 0..1 start",
            "390 1..2 adopt 2",
            "390 1..2 start",
            "480 2..3 start",
        ]
    );
    // A strategy without such a version is left alone.
    assert_eq!(acts(0), ["300 1..2 crash", "300 1..2 start", "480 2..3 start"]);
}
