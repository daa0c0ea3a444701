//! A second provider: what is refused, and what becomes of it in a plan.

use super::{VALID, mistaken, parse};
use crate::base::NodeId;
use crate::oauth::At;
use crate::plan::Act;
use crate::world::Leg;

const CALLS: &str = "arrivals = { poisson = \"2/s\" }";

/// The valid file with calls that need both, and with this in the second provider's table.
fn both(second: &str) -> String {
    let text = VALID.replace(CALLS, &format!("{CALLS}, provider = \"both\""));
    format!("{text}\n[second_provider]\ntoken_ttl = \"10min\"\n{second}\n")
}

#[test]
fn there_is_one_provider() {
    for provider in ["both", "second"] {
        mistaken(
            CALLS,
            &format!("{CALLS}, provider = \"{provider}\""),
            "there is one provider",
            &format!("\"{provider}\""),
            "[second_provider]",
        );
    }
    for (what, key) in [
        ("{ fail = { endpoint = \"second_api\", for = \"1s\" } }", "fail"),
        (
            "{ slow = { endpoint = \"second_token\", for = \"1s\", factor = 2 } }",
            "slow",
        ),
        (
            "{ partition = { fleet = \"web\", from = \"second_api\", for = \"1s\" } }",
            "partition",
        ),
        ("{ revoke = { app = \"main\", second = true } }", "revoke"),
    ] {
        let said = parse(&format!("{VALID}\n[[event]]\nat = \"2min\"\nwhat = {what}\n"))
            .unwrap_err()
            .to_string();
        assert!(said.contains("there is one provider"), "{key}: {said}");
    }
}

#[test]
fn figures_of_a_second_provider_need_one() {
    let expectation = "success_rate = \">= 99%\"";
    mistaken(
        expectation,
        &format!("{expectation}\nfailure_rate_at_second = \"< 1%\""),
        "`failure_rate_at_second` is about a second provider",
        "failure_rate_at_second",
        "[second_provider]",
    );
    let expects = both("").replace(
        expectation,
        &format!("{expectation}\nfailure_rate_at_second = \"< 1%\""),
    );
    assert!(parse(&expects).is_ok());
}

#[test]
fn what_cannot_be_told_of_two_is_refused() {
    let said = |text: String| parse(&text).unwrap_err().to_string();
    let job = both("").replace("provider = \"both\"", "provider = \"both\", job = { calls = 3 }");
    assert!(said(job).contains("would have to keep two tokens"));
    let tenants = both("").replace("[[app]]\nname = \"main\"", "[[app]]\nname = \"main\"\ntenants = 3");
    assert!(said(tenants).contains("the tenants of an app are those of one provider"));
    assert!(said(both("faults.revocations = \"1/h\"")).contains("revocations by chance"));
    // Mistakes of its own stand at its own place.
    assert!(said(both("profile = \"zom\"")).contains("unknown profile `zom`"));
    let unsampled = said(both("lags.replicas = 0"));
    assert!(unsampled.contains("no resource server"), "{unsampled}");
}

#[test]
fn a_process_has_a_node_for_each_provider() {
    let events = "\n[[event]]\nat = \"6min\"\nwhat = { fail = { endpoint = \"second_token\", for = \"1s\" } }\n\
                  \n[[event]]\nat = \"7min\"\nwhat = { revoke = { app = \"main\", second = true } }\n";
    let second = "api_request = { constant = \"70ms\" }\nlags.replicas = 3";
    let scenario = parse(&format!("{}{events}", both(second))).unwrap();
    let plan = scenario.plan(&scenario.file.strategy[1]).unwrap();
    let fleet = &plan.layout.fleets[0];
    assert_eq!((fleet.tenants, fleet.providers, fleet.processes()), (1, 2, 2));
    let at_second: Vec<bool> = (0..4).map(|node| fleet.is_at_second(NodeId(node))).collect();
    assert_eq!(at_second, [false, true, false, true]);
    assert_eq!(plan.layout.need_both, [true]);
    assert_eq!(plan.links.leg(Leg::SecondApiRequest).latency.mean_s(), 0.07);
    assert_ne!(plan.links.leg(Leg::ApiRequest).latency.mean_s(), 0.07);
    assert_eq!(plan.links.lags_of_second.as_ref().map(|lags| lags.replicas), Some(3));
    let other = plan.second.as_ref().unwrap();
    assert_eq!(other.provider.rule.ttl.as_secs_f64(), 600.0);
    assert_ne!(plan.provider.rule.ttl, other.provider.rule.ttl);
    let outage = |(_, act): &&(_, Act)| {
        matches!(
            act,
            Act::SecondOutage {
                at: At::Token,
                outage: Some(_)
            }
        )
    };
    assert_eq!(plan.timeline.iter().filter(outage).count(), 1);
    let revoked = |(_, act): &&(_, Act)| {
        matches!(
            act,
            Act::Revoke {
                second: true,
                tenant: None,
                ..
            }
        )
    };
    assert_eq!(plan.timeline.iter().filter(revoked).count(), 1);
}
