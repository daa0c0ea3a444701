//! Every kind of mistake once, with its message, the text that is underlined, and the fix.

use super::{VALID, mistaken, parse, shown};

#[test]
fn mistakes_of_form() {
    mistaken("[run]", "[run", "not valid TOML", "", "");
    mistaken(
        "nodes = 2",
        "nodez = 2",
        "unknown key `nodez`",
        "nodez",
        "did you mean `nodes`?",
    );
    mistaken(
        "warmup =",
        "warm_up =",
        "unknown key `warm_up` in `run`",
        "warm_up",
        "`replications`",
    );
}

#[test]
fn mistakes_of_quantity() {
    mistaken(
        "warmup",
        "seed = 18446744073709551615\nwarmup",
        "cannot be written in TOML again",
        "18446744073709551615",
        "9223372036854775807",
    );
    mistaken(
        "\"1min\"",
        "\"5m\"",
        "`5m` has the unit `m`",
        "\"5m\"",
        "did you mean `5min` or `5ms`?",
    );
    mistaken("\"1min\"", "40", "40 has no unit", "40", "did you mean \"40s\"");
    mistaken("\"2/s\"", "\"-2/s\"", "`-2/s` is negative", "\"-2/s\"", "");
    mistaken("\"10min\"", "\"inf\"", "`inf` never ends", "\"inf\"", "");
    mistaken("\"10min\"", "\"99999999h\"", "longer than 3650d", "\"99999999h\"", "");
    mistaken("\"10min\"", "\"0s\"", "measures nothing", "\"0s\"", "10min");
    mistaken("\"10min\"", "\"3650d\"", "the longest run", "\"3650d\"", "shorten");
    mistaken("\"1min\"", "\"3650d\"", "the longest run", "\"3650d\"", "shorten");
    mistaken("nodes = 2", "nodes = 0", "has no nodes", "0", "leave the fleet out");
    mistaken("nodes = 2", "nodes = 10000001", "there can be 10000000", "10000001", "");
    mistaken("nodes = 2", "nodes = -1", "a whole number, not -1", "-1", "below 0");
    mistaken("warmup", "replications = 0\nwarmup", "0 replications", "0", "30");
    mistaken("\"5s\"", "\"0s\"", "never served", "\"0s\"", "leave it out");
    mistaken(
        "poisson = \"2/s\"",
        "periodic = { every = \"0s\" }",
        "never end",
        "\"0s\"",
        "1min",
    );
    mistaken(
        "ttl = \"10s\"",
        "poll = \"0s\"",
        "ends before it begins",
        "\"0s\"",
        "100ms",
    );
    mistaken(
        "ttl = \"10s\"",
        "renew_ahead = \"1h\"",
        "cannot be renewed 1h before its end",
        "\"1h\"",
        "shorter",
    );
    mistaken(
        "delay = \"1s\"",
        "dela = \"1s\"",
        "unknown key `dela`",
        "dela",
        "did you mean `delay`?",
    );
    mistaken(
        "delay = \"1s\"",
        "delay = \"1s\", attempts = 0",
        "0 tries make no call",
        "0",
        "",
    );
}

#[test]
fn mistakes_of_time() {
    for (strategy, key) in [
        ("renew_ahead", "margin"),
        ("central_refresher", "renew_ahead"),
        ("leader", "renew_ahead"),
    ] {
        mistaken(
            "coordination = \"naive\"",
            &format!("coordination = {{ {strategy} = {{ {key} = \"2h\" }} }}"),
            "cannot be renewed 2h before its end",
            "\"2h\"",
            "shorter",
        );
    }
    for (settings, message, under, help) in [
        ("every = \"0s\"", "runs 0s apart", "\"0s\"", "50min"),
        (
            "every = \"1h\", at = \"2h\"",
            "2h into a period of 1h",
            "\"2h\"",
            "from the start of each period",
        ),
        (
            "every = \"9min\", tries = 3, try_again = \"0s\"",
            "over before anything has changed",
            "\"0s\"",
            "1min",
        ),
        (
            "every = \"9min\", meanwhile = { wait = \"5s\" }, poll = \"0s\"",
            "looks without a pause",
            "\"0s\"",
            "100ms",
        ),
    ] {
        let strategy = format!("coordination = {{ scheduled_refresher = {{ {settings} }} }}");
        mistaken("coordination = \"naive\"", &strategy, message, under, help);
    }
    mistaken(
        "poisson = \"2/s\"",
        "periodic = { every = \"1min\", jitter = \"2min\", jitters = \"calls\" }",
        "overtake each other",
        "\"2min\"",
        "poisson",
    );
}

/// What nodes share belongs to one user.
#[test]
fn a_login_of_each_node_is_not_shared() {
    let provider = "[provider]\nprofile = \"zoom-s2s-2022\"\n\n[[app]]\nname = \"main\"\n\n[[fleet]]\nname = \"web\"\n";
    let own = "[provider]\ntoken_ttl = \"1h\"\n\n[provider.refresh]\nrotate = \"always\"\n\n[[app]]\nname = \"main\"\n\n\
               [[fleet]]\nname = \"web\"\nlogin = \"own\"\n";
    mistaken(
        provider,
        own,
        "would use one user's token",
        "\"own\"",
        "a `domain` of its own",
    );
    // One node shares with nobody; and without a store, each has its own.
    let alone = VALID.replacen(provider, own, 1).replacen("nodes = 2", "nodes = 1", 1);
    assert!(parse(&alone.replacen("node = 1", "node = 0", 1)).is_ok());
    let apart = VALID.replacen(provider, own, 1);
    let apart = apart.replacen(
        "coordination = { lease = { ttl = \"10s\" } }",
        "coordination = \"compare_first\"",
        1,
    );
    assert!(parse(&apart).is_ok());
}

#[test]
fn mistakes_of_choice() {
    mistaken(
        "\"naive\"",
        "\"naiv\"",
        "unknown strategy `naiv`",
        "\"naiv\"",
        "did you mean `naive`?",
    );
    mistaken(
        "lease = {",
        "leese = {",
        "unknown strategy `leese`",
        "leese",
        "did you mean `lease`?",
    );
    mistaken(
        "fixed = {",
        "fixd = {",
        "unknown retry policy `fixd`",
        "fixd",
        "did you mean `fixed`?",
    );
    mistaken(
        "{ fixed = { delay = \"1s\" } }",
        "\"fixed\"",
        "missing key `delay`",
        "\"fixed\"",
        "delay",
    );
    mistaken(
        "fixed = { delay = \"1s\" }",
        "fixed = { delay = \"1s\" }, none = {}",
        "one alternative at a time",
        "none",
        "",
    );
}

#[test]
fn mistakes_of_choice_beside_strategies() {
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        "rule = \"latest_onli\"",
        "unknown rule `latest_onli`",
        "\"latest_onli\"",
        "did you mean `latest_only`?",
    );
    mistaken(
        "zoom-s2s-2022",
        "zoom-s2s-2202",
        "unknown profile",
        "\"zoom-s2s-2202\"",
        "`zoom-s2s-2022`",
    );
    mistaken(
        "poisson = \"2/s\"",
        "poison = \"2/s\"",
        "unknown arrival pattern `poison`",
        "poison",
        "`poisson`",
    );
    mistaken(
        "crash = {",
        "crush = {",
        "unknown event `crush`",
        "crush",
        "did you mean `crash`?",
    );
    mistaken(
        "op = \">=\"",
        "op = \"=>\"",
        "unknown comparison `=>`",
        "\"=>\"",
        "`>=`",
    );
    mistaken(
        ">= 99%",
        "0.99",
        "does not say how to compare",
        "\"0.99\"",
        "did you mean \"== 0.99\"",
    );
}

#[test]
fn mistakes_of_a_trigger() {
    let what = "what = { crash = { fleet = \"web\", node = 1 } }";
    let with = |event: &str, trigger: &str| format!("what = {{ {event} }}\n\n[trigger]\n{trigger}");
    let crash = "crash = { fleet = \"web\", node = 1 }";
    let late = with(crash, "recover_within = \"7min\"");
    mistaken(
        what,
        &late,
        "the run leaves 6min after the trigger",
        "\"7min\"",
        "`run.duration`",
    );
    let cold = with(crash, "hot_calls = 0");
    mistaken(what, &cold, "a hot start with 0 calls", "0", "there can be");
    let early = with(crash, "");
    assert!(parse(&VALID.replace(what, &early)).is_ok());
    let calm = with("grant_slots = { app = \"main\", slots = 2 }", "hot_calls = 1");
    let error = parse(&VALID.replace(what, &calm)).unwrap_err();
    assert!(shown(&error).contains("no event here disturbs anything"));
    let spike = "what = { spike = { fleet = \"web\", calls = 0 } }";
    mistaken(what, spike, "0 calls at each of 2 nodes", "0", "there can be");
    let stranger = "what = { spike = { fleet = \"wed\", calls = 1 } }";
    mistaken(what, stranger, "unknown fleet `wed`", "\"wed\"", "did you mean `web`");
}

#[test]
fn what_a_scenario_cannot_do_without() {
    let cut = |from: &str, to: &str| {
        let (start, end) = (VALID.find(from).unwrap(), VALID.find(to).unwrap());
        format!("{}{}", &VALID[..start], &VALID[end..])
    };
    for (text, message) in [
        (cut("[[app]]", "[[fleet]]"), "at least one `[[app]]`"),
        (cut("[[fleet]]", "[[strategy]]"), "at least one `[[fleet]]`"),
        (cut("[[strategy]]", "[[event]]"), "at least one `[[strategy]]`"),
        (cut("[run]", "[provider]"), "missing key `run`"),
        (cut("name =", "summary"), "missing key `name`"),
        (String::new(), "missing key `name`"),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(
            error
                .mistakes()
                .iter()
                .any(|mistake| mistake.message().contains(message)),
            "{message}: {}",
            shown(&error)
        );
    }
}

#[test]
fn latencies_that_cannot_be() {
    let law = |latency: &str| format!("profile = \"zoom-s2s-2022\"\ntoken_request = {latency}");
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ lognormal = { median = \"400ms\", p99 = \"80ms\" } }"),
        "the 99th percentile 80ms lies below the median 400ms",
        "{ lognormal = { median = \"400ms\", p99 = \"80ms\" } }",
        "swap them?",
    );
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ empirical = \"none.csv\" }"),
        "none.csv",
        "{ empirical = \"none.csv\" }",
        "looked up from the scenario's folder",
    );
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ empirical = \"/dev/zero\" }"),
        "not a regular file",
        "{ empirical = \"/dev/zero\" }",
        "",
    );
    mistaken(
        "profile = \"zoom-s2s-2022\"",
        &law("{ lognorml = { median = \"400ms\", p99 = \"80ms\" } }"),
        "unknown distribution `lognorml`",
        "lognorml",
        "did you mean `lognormal`?",
    );
}

/// What costs a run something is counted where the scenario asks for it, and a fleet has a figure of its own then.
#[test]
fn usable_tokens_are_asked_for() {
    let asked = "source = \"made up\"\nusable_tokens = true";
    for name in ["usable_token_share", "usable_token_share_worst@web"] {
        let expected = VALID.replacen("success_rate = \">= 99%\"", &format!("\"{name}\" = \">= 99%\""), 1);
        let error = parse(&expected).unwrap_err();
        let mistake = &error.mistakes()[0];
        assert!(
            mistake.message().contains("only where a scenario asks for it"),
            "{}",
            mistake.message()
        );
        assert!(shown(&error).contains("usable_tokens = true"));
        let scenario = parse(&expected.replacen("source = \"made up\"", asked, 1))
            .unwrap_or_else(|error| panic!("{}", shown(&error)));
        let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
        assert_eq!(
            (plan.usable_tokens, &plan.fleets_apart[..]),
            (true, &["web".to_owned()][..])
        );
        assert!(scenario.to_resolved_toml().contains("usable_tokens = true"));
    }
    // Who forwards calls sends no token.
    let forwards = VALID
        .replacen("source = \"made up\"", asked, 1)
        .replacen("\"naive\"", "\"gateway\"", 1);
    let scenario = parse(&forwards).unwrap();
    let plan = |at: usize| scenario.plan(&scenario.file.strategy[at]).unwrap();
    assert!(!plan(0).usable_tokens && plan(1).usable_tokens);
    let silent = parse(VALID).unwrap();
    assert!(!silent.to_resolved_toml().contains("usable_tokens"));
    assert!(!silent.plan(&silent.file.strategy[0]).unwrap().usable_tokens);
}
