//! Apps that serve tenants: what is refused, and how a scenario's processes become nodes.

use super::{VALID, mistaken, parse};
use crate::plan::Act;

#[test]
fn mistakes_about_tenants() {
    let app = "[[app]]\nname = \"main\"";
    let with = |tenants: &str| format!("{app}\ntenants = {tenants}");
    mistaken(app, &with("0"), "app `main` serves nobody", "0", "left out");
    mistaken(
        app,
        &with("9000000"),
        "2 processes with 9000000 tenants each",
        "9000000",
        "5000000 tenants",
    );
    mistaken(app, &with("-1"), "a whole number, not -1", "-1", "");
    let calls = "arrivals = { poisson = \"2/s\" }";
    let load = |load: &str| format!("{calls}, tenants = {load}");
    mistaken(
        calls,
        &load("{ only = 3 }"),
        "app `main` has no tenants",
        "{ only = 3 }",
        "tenants = 1000",
    );
    mistaken(
        calls,
        &load("{ zipf = -1.0 }"),
        "-1 is no exponent of Zipf's law",
        "{ zipf = -1.0 }",
        "1 gives",
    );
    mistaken(
        calls,
        &load("{ zipf = nan }"),
        "NaN is no exponent",
        "{ zipf = nan }",
        "",
    );
    mistaken(calls, &load("{ zipf = 11 }"), "11 is no exponent", "{ zipf = 11 }", "");
}

/// A figure of tenants is no figure of a scenario without any; a sweep may have points with and without.
#[test]
fn figures_of_tenants_need_tenants() {
    let (expected, asserted) = ("success_rate = \">= 99%\"", "metric = \"success_rate\"");
    let said = "is about tenants, and no app serves several";
    for name in [
        "tenants_with_failures",
        "fairness_worst_tenant",
        "token_requests_top_tenant",
    ] {
        let condition = format!("{name} = \"<= 50%\"");
        // A key is underlined where there is one, and a value otherwise.
        mistaken(
            expected,
            &condition,
            &format!("`{name}` {said}"),
            name,
            "tenants = 1000",
        );
        let metric = format!("metric = \"{name}\"");
        mistaken(
            asserted,
            &metric,
            &format!("`{name}` {said}"),
            &format!("\"{name}\""),
            "tenants = 1000",
        );
        let stated = VALID.replacen(expected, &condition, 1).replacen(asserted, &metric, 1);
        let several = stated.replacen("name = \"main\"", "name = \"main\"\ntenants = 3", 1);
        assert!(parse(&several).unwrap().warnings().is_empty());
        parse(&format!("{stated}\n[sweep]\n\"app.main.tenants\" = [1, 3]\n")).unwrap();
        parse(&format!("{stated}\n[sweep]\n\"fleet.web.nodes\" = [1, 3]\n")).unwrap_err();
    }
}

#[test]
fn a_tenant_that_there_is_not() {
    let text = VALID.replace("[[app]]\nname = \"main\"", "[[app]]\nname = \"main\"\ntenants = 10");
    let event = "\n[[event]]\nat = \"2min\"\nwhat = { revoke = { app = \"main\", tenant = 10 } }\n";
    let mistakes = parse(&format!("{text}{event}")).unwrap_err();
    let said = mistakes.to_string();
    assert!(said.contains("app `main` has no tenant 10"), "{said}");
}

/// Two processes that serve three tenants are six nodes: what happens to a process happens to its three, and a revocation meets one tenant.
#[test]
fn a_process_is_as_many_nodes_as_it_serves_tenants() {
    let text = VALID.replace("[[app]]\nname = \"main\"", "[[app]]\nname = \"main\"\ntenants = 3");
    let event = "\n[[event]]\nat = \"6min\"\nwhat = { revoke = { app = \"main\", tenant = 1 } }\n";
    let scenario = parse(&format!("{text}{event}")).unwrap();
    let plan = scenario.plan(&scenario.file.strategy[1]).unwrap();
    let acts: Vec<&Act> = plan.timeline.iter().map(|(_, act)| act).collect();
    let revoke = Act::Revoke {
        second: false,
        clients: 0..1,
        tenant: Some(1),
        slot: None,
    };
    assert_eq!(acts, [&Act::Start(0..6), &Act::Crash(3..6), &Act::Start(3..6), &revoke]);
    let fleet = &plan.layout.fleets[0];
    assert_eq!((plan.layout.stores, fleet.tenants, fleet.processes()), (3, 3, 2));
    assert_eq!((plan.provider.tenants, plan.shares.len()), (3, 1));
    // Calls arrive at processes, however many tenants there are.
    assert_eq!(plan.arrivals_per_s(), 4.0);
}
