//! Controls have the mean zero, whatever happens; figures that rest on them are those of many more replications.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::*;
use crate::campaign::moments::Moments;
use crate::campaign::replicate::Campaign;
use crate::campaign::statistics::ENOUGH;
use crate::campaign::{CampaignOptions, VarianceReduction, planned};
use crate::metric::CONTROLS;
use crate::scenario::Scenario;

const SCENARIO: &str = r#"
name = "controls"
summary = "Two fleets of an app, and whatever can happen to them"
source = "a test"
run = { duration = "4min", warmup = "30s", replications = 1, seed = 5 }
store = {}

[provider]
token_ttl = "50s"
slot_parameter = "token_index"
rule.latest_only = { overlap = "1s" }
token_request = { lognormal = { median = "40ms", p99 = "300ms" } }
token_response = { constant = "40ms" }
api_request = { exponential = { mean = "20ms" } }
api_response = { constant = "20ms" }

[[app]]
name = "main"
slots = 2

[[fleet]]
name = "web"
nodes = 4
app = "main"
workload = [
    { kind = "user", arrivals = { poisson = "20/min" } },
    { kind = "job", arrivals = { periodic = { every = "20s", jitter = "5s" } } },
]

[[fleet]]
name = "batch"
nodes = 2
app = "main"
workload = [{ kind = "export", arrivals = { poisson = "40/min" } }]

[[event]]
at = "60s"
what = { restart = { fleet = "web" } }

[[event]]
at = "100s"
what = { crash = { fleet = "batch", node = 1, down = "40s" } }

[[event]]
at = "150s"
what = { pause = { fleet = "web", for = "5s" } }

[[event]]
at = "180s"
what = { fail = { endpoint = "token", for = "10s" } }
"#;

const STRATEGIES: [(&str, &str); 6] = [
    ("naive", "\"naive\""),
    ("single", "\"single_flight\""),
    ("each", "\"token_per_call\""),
    ("lease", "{ lease = { ttl = \"10s\" } }"),
    ("gateway", "\"gateway\""),
    ("slots", "{ slot_per_node = { slots = 2 } }"),
];

fn scenario(text: &str) -> Scenario {
    let strategies: String = STRATEGIES
        .iter()
        .map(|(name, coordination)| format!("[[strategy]]\nname = \"{name}\"\ncoordination = {coordination}\n"))
        .collect();
    let read = Scenario::parse("controls.toml", &format!("{text}{strategies}"), Path::new("."));
    read.unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)))
}

fn campaign(scenario: &Scenario, replications: u32) -> Campaign {
    let options = CampaignOptions {
        variance: VarianceReduction::Controls,
        ..CampaignOptions::of(scenario)
    };
    let mut campaign = planned(&scenario.points(), &options).unwrap();
    campaign.replicate(replications, &(), &AtomicBool::new(false)).unwrap();
    campaign
}

/// Of six strategies fourteen means each: all within 4.4 standard errors, which one of a thousand tests of this kind would break by chance.
#[test]
fn the_mean_of_each_control_is_zero() {
    let campaign = campaign(&scenario(SCENARIO), 400);
    for arm in &campaign.arms {
        let mut varying = 0;
        for (at, name) in CONTROLS.iter().enumerate() {
            let samples = arm.samples.iter().flatten();
            let values: Vec<f64> = samples.map(|sample| sample.controls.unwrap()[at]).collect();
            // Behind a gateway no node has a token of its own.
            let Some(moments) = Moments::of(&values) else { continue };
            varying += 1;
            assert!(
                moments.mean.abs() <= 4.4 * moments.error,
                "{name} of {}: {moments:?}",
                arm.strategy
            );
        }
        assert!(varying >= 12, "{}: only {varying} vary", arm.strategy);
    }
}

/// Where calls keep a node's token dead for 3 of 4 nodes, the figure of 40 replications is about as good as that of many more, and both agree: within
/// 3.9 standard errors of their difference (99.99 %).
#[test]
fn what_controls_take_off_is_luck() {
    let text = r#"
name = "four"
summary = "Four nodes share one app"
source = "a test"
run = { duration = "10min", warmup = "30s", replications = 1 }
provider = { profile = "zoom-s2s-2022" }
app = [{ name = "main", slots = 2 }]
fleet = [{ name = "web", nodes = 4, app = "main", workload = [{ kind = "user", arrivals = { poisson = "10/min" } }] }]
"#;
    let scenario = scenario(text);
    let (few, many) = (campaign(&scenario, 40), campaign(&scenario, 400));
    let at = position("first_attempt_rejection_rate");
    let half = |estimate: Estimate| {
        let (low, high) = estimate.interval.unwrap();
        (high - low) / 2.0
    };
    for name in ["naive", "single", "slots"] {
        let arm = |campaign: &Campaign| campaign.arms.iter().position(|arm| arm.strategy == name).unwrap();
        let [few, many] = [&few, &many].map(|campaign| &campaign.arms[arm(campaign)]);
        let controlled = controlled(few, at, ENOUGH).unwrap();
        let values: Vec<f64> = many.values(at).into_iter().flatten().collect();
        let plain = estimate(&METRICS[at], &values, 0.0).unwrap();
        let away = (controlled.estimate.mean - plain.mean).abs();
        let error = half(controlled.estimate).hypot(half(plain)) / 2.0;
        assert!(away <= 3.9 * error, "{name}: {controlled:?} {plain:?}");
        assert!(controlled.gain.unwrap() > 4.0, "{name}: {controlled:?}");
        assert_eq!(controlled.estimate.count, 40);
    }
    // A figure without a luck that controls know is the plain one, and so is that of few replications.
    let lease = few.arms.iter().find(|arm| arm.strategy == "lease").unwrap();
    let failures = super::controlled(lease, position("failure_rate"), ENOUGH).unwrap();
    assert!(failures.gain.is_none() && failures.estimate.mean == 0.0);
}

/// Without calls that come independently there are no controls, and the figures are the plain ones.
#[test]
fn calls_by_the_clock_have_no_controls() {
    let text = SCENARIO
        .replace("poisson = \"20/min\"", "burst = { every = \"20s\", calls = 3 }")
        .replace("poisson = \"40/min\"", "periodic = { every = \"3s\" }");
    let campaign = campaign(&scenario(&text), 2);
    assert!(campaign.arms.iter().all(|arm| !arm.is_controlled()));
}
