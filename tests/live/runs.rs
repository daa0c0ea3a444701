//! The engine itself, run in this process.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration as Real;

use tokenstorm::base::{Dice, Duration, PacedClock};
use tokenstorm::campaign::run_context;
use tokenstorm::emulator::{Emulator, EmulatorOptions};
use tokenstorm::engine::live::{self, LiveOptions, LiveProvider, LiveRun};
use tokenstorm::plan::Plan;
use tokenstorm::provider::settings::Dialect;
use tokenstorm::scenario::{Overrides, Scenario};
use tokenstorm::workload::{Job, JobToken, OnRefusal};

use crate::redis_server::TestRedis;

const PACE: f64 = 30.0;

/// Four nodes with half a minute of calls, about one second by the wall clock.
pub fn scenario(provider: &str, coordination: &str, more: &str) -> Scenario {
    retrying(
        provider,
        coordination,
        "{ fixed = { delay = \"200ms\", attempts = 4 } }",
        more,
    )
}

fn retrying(provider: &str, coordination: &str, retry: &str, more: &str) -> Scenario {
    let text = format!(
        r#"
        name = "live"
        summary = "Four processes share one app"
        source = "a test"
        run = {{ duration = "30s", warmup = "3s", drain = "30s" }}
        app = [{{ name = "main" }}]
        provider = {{ token_ttl = "1h", token_request = {{ constant = "90ms" }}, token_response = {{ constant = "60ms" }}, api_request = {{ constant = "60ms" }}, api_response = {{ constant = "60ms" }}, {provider} }}
        {more}
        [[fleet]]
        name = "web"
        nodes = 4
        app = "main"
        workload = [{{ kind = "user", arrivals = {{ poisson = "1/s" }} }}]
        [[strategy]]
        name = "the one"
        coordination = {coordination}
        retry = {retry}
        timeout = "5s"
        "#
    );
    Scenario::parse("live.toml", &text, Path::new(".")).unwrap_or_else(|error| panic!("{error:?}: {text}"))
}

pub fn dice() -> Dice {
    Dice::replication(3, 0)
}

pub fn run(scenario: &Scenario, redis: Option<String>) -> (Plan, LiveRun, Emulator) {
    let _alone = crate::alone();
    let plan = scenario.plan(&scenario.file.strategy[0]).unwrap();
    let clock = PacedClock::start_in(Real::from_millis(300), PACE);
    let emulator = Emulator::start_with(EmulatorOptions::scenario(scenario).unwrap().seed(1).paced(clock)).unwrap();
    let clients = emulator.clients().into_iter().map(|id| (id, "secret".to_owned()));
    let options = LiveOptions {
        clock,
        dice: dice(),
        provider: LiveProvider {
            url: emulator.url().to_owned(),
            token_path: "/oauth/token".to_owned(),
            api_path: "/v2/users/me".to_owned(),
            clients: clients.collect(),
            slot_parameter: scenario.provider().slot_parameter.clone(),
            emulated: true,
        },
        dialect: Dialect::of(&scenario.provider().dialect),
        redis,
        replica: None,
        own_redis: None,
        processes: None,
        context: run_context(&plan),
        batches: 3,
        records: true,
    };
    let run = live::run(&plan, &options, &AtomicBool::new(false)).unwrap();
    (plan, run, emulator)
}

const LATEST_ONLY: &str = "rule = { latest_only = {} }";

/// What a node was told explains all that it said, whatever the network did: told again, it says the same.
fn replayed(name: &str, plan: &Plan, run: &LiveRun) {
    assert_eq!(run.records.len(), plan.nodes(), "{name}");
    for record in &run.records {
        record
            .replay(plan, dice())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let told: usize = run.records.iter().map(|record| record.len()).sum();
    let words: usize = run.records.iter().map(|record| record.words()).sum();
    assert!(told > 300 && words > told, "{name}: {told} inputs, {words} words");
}

#[test]
fn what_nodes_were_told_explains_what_they_said() {
    for coordination in [
        r#""naive""#,
        "{ lease = {} }",
        "{ gateway = {} }",
        "{ gossip = {} }",
        "{ central_refresher = {} }",
    ] {
        let (plan, run, _) = run(&scenario(LATEST_ONLY, coordination, ""), None);
        replayed(coordination, &plan, &run);
        let total = run.observed.total();
        assert!(total.calls > 60, "{coordination}: {total:?}");
        // Who keeps a token each is at war.
        let most = if coordination.contains("naive") { 2 } else { 6 };
        assert!(total.succeeded * 10 >= total.calls * most, "{coordination}: {total:?}");
    }
}

/// The further calls of a job come after its gap, with the token that it has, and replay as they were.
#[test]
fn a_job_goes_on_after_its_gap() {
    let mut scenario = scenario(LATEST_ONLY, r#""compare_first""#, "");
    scenario.file.fleet[0].workload[0].job = Some(Job {
        calls: 3,
        gap: Duration::from_millis(1500),
        token: JobToken::Kept,
        on_refusal: OnRefusal::Renews,
    });
    let (plan, run, _) = run(&scenario, None);
    replayed("a job", &plan, &run);
    let total = run.observed.total();
    assert!(total.succeeded > 0, "{total:?}");
    let mean = run.observed.latency_sum as f64 / 1e9 / total.succeeded as f64;
    assert!(mean > 3.0, "two gaps of 1.5 s lie in {mean} s");
    // Each of them kept a token among four nodes that renew: what it met was renewed.
    assert!(total.first_rejected < total.calls, "{total:?}");
}

/// Told something else, it says something else: a replay can fail. Every node at war is refused again and again, and draws how long it
/// waits before it tries once more.
#[test]
fn a_record_of_other_dice_does_not_replay() {
    let retry = r#"{ full_jitter = { base = "200ms", cap = "1s", attempts = 4 } }"#;
    let (plan, run, _) = run(&retrying(LATEST_ONLY, r#""naive""#, retry, ""), None);
    replayed("naive", &plan, &run);
    let other = Dice::replication(4, 0);
    for record in &run.records {
        let differs = record.replay(&plan, other).expect_err("waits are drawn");
        assert_ne!(differs.said, differs.again);
    }
}

/// Nodes that keep a token each throw each other out, those that share one do not; and what the nodes count is what the provider
/// counts.
#[test]
fn the_rule_is_felt() {
    let (_, alone, emulator) = run(&scenario(LATEST_ONLY, r#""naive""#, ""), None);
    let total = alone.observed.total();
    assert!(total.first_rejected * 2 > total.calls, "{total:?}");
    assert_eq!(
        emulator.count("calls"),
        emulator
            .count("accepted")
            .zip(emulator.count("rejected"))
            .map(|(a, b)| a + b)
    );
    let rejected = emulator.count("rejected").unwrap();
    assert!(
        rejected >= total.rejections,
        "{rejected} are not fewer than those after the warm-up"
    );

    let (_, shared, emulator) = run(&scenario(LATEST_ONLY, "{ lease = {} }", ""), None);
    assert_eq!(shared.observed.total().first_rejected, 0);
    assert_eq!(emulator.count("issuances"), Some(1));
}

#[test]
fn nodes_share_a_token_through_a_redis() {
    let Some(redis) = TestRedis::start() else { return };
    // Who asks without a lock may be thrown out by who asks next, for as long as the machine lets them race.
    for (coordination, tokens, succeed) in [
        ("{ lease = {} }", 1, 61),
        ("{ file_lock = {} }", 1, 61),
        ("{ compare_and_set = {} }", u64::MAX, 1),
        ("{ shared_blind = {} }", u64::MAX, 1),
    ] {
        let (plan, run, emulator) = run(&scenario(LATEST_ONLY, coordination, ""), Some(redis.url()));
        replayed(coordination, &plan, &run);
        let total = run.observed.total();
        assert!(total.succeeded >= succeed, "{coordination}: {total:?}");
        let issued = emulator.count("issuances").unwrap();
        assert!(issued >= 1 && issued <= tokens, "{coordination}: {issued} tokens");
    }
}

/// Where refresh tokens rotate, a user has logged in before the run, and one credential is passed on from hand to hand.
#[test]
fn a_refresh_token_rotates() {
    let rotating = r#"rule = { latest_only = { overlap = "10s" } }, refresh = { issued = true, rotate = "always" }"#;
    let rotating = scenario(rotating, "{ lease = {} }", "").to_resolved_toml();
    let text = rotating.replace("token_ttl = \"1h\"", "token_ttl = \"10s\"");
    assert_ne!(text, rotating);
    let scenario = Scenario::parse("live.toml", &text, Path::new(".")).unwrap();
    let (plan, run, emulator) = run(&scenario, None);
    replayed("rotation", &plan, &run);
    assert!(
        emulator.count("refreshes") > Some(1),
        "{:?}",
        emulator.count("refreshes")
    );
    let total = run.observed.total();
    assert!(total.succeeded * 10 >= total.calls * 6, "{total:?}");
}

/// The timeline is done by the wall clock: nodes crash and come back, stand still, and are cut off; all of it is in the record.
#[test]
fn a_timeline_is_done() {
    let events = r#"
        [store]
        request = { constant = "1ms" }
        response = { constant = "1ms" }
        [[event]]
        at = "8s"
        what = { restart = { fleet = "web", down = "2s" } }
        [[event]]
        at = "15s"
        what = { pause = { fleet = "web", nodes = [1], for = "3s" } }
        [[event]]
        at = "20s"
        what = { partition = { fleet = "web", from = "store", for = "3s" } }
    "#;
    let (plan, run, _) = run(&scenario(LATEST_ONLY, "{ lease = {} }", events), None);
    replayed("timeline", &plan, &run);
    let calm = self::run(&scenario(LATEST_ONLY, "{ lease = {} }", ""), None).1;
    let calls = |run: &LiveRun| run.observed.total().calls;
    assert!(calls(&run) < calls(&calm), "nodes that are down take no calls");
    assert!(calls(&run) > 60);
}

fn of_file(strategy: &str, duration: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/live/lapsed-lease.toml");
    let set = Overrides::parse_set([format!("run.duration={duration}").as_str()]).unwrap();
    let overrides = Overrides {
        set,
        ..Overrides::default()
    };
    let mut scenario = Scenario::load_with(&path, &overrides).unwrap();
    scenario.file.strategy.retain(|settings| settings.name == strategy);
    assert_eq!(scenario.file.strategy.len(), 1);
    scenario
}

/// What the checker finds for a lease that lapses, in a real Redis: the lease ends while its holder waits for the provider, and its
/// token is written over one that was issued later. Twelve times in ten minutes in the mean, by the simulator: never with a
/// probability of 1e-5.
#[test]
fn an_older_token_is_written_over_a_newer_one() {
    let Some(redis) = TestRedis::start() else { return };
    let (plan, blind, _) = run(&of_file("lease, blind", "10min"), Some(redis.url()));
    replayed("lapsed lease", &plan, &blind);
    assert!(blind.observed.lease_lapses >= 5, "{}", blind.observed.lease_lapses);
    assert!(blind.observed.stale_writes >= 1);

    // Where tokens tell which is newer, a late writer finds that out.
    let (_, careful, _) = run(&of_file("put if newer", "2min"), Some(redis.url()));
    assert!(careful.observed.total().succeeded > 60);
    assert_eq!(careful.observed.stale_writes, 0);
}

/// The Redis dies in the middle of a run and comes back empty: the run goes on, and what nodes were told still explains them.
#[test]
fn a_redis_that_dies_takes_nobody_with_it() {
    let Some(mut redis) = TestRedis::start() else { return };
    let text = scenario(LATEST_ONLY, "{ lease = { ttl = \"10s\" } }", "").to_resolved_toml();
    let short = text.replace("token_ttl = \"1h\"", "token_ttl = \"5s\"");
    assert_ne!(text, short);
    let scenario = Scenario::parse("live.toml", &short, Path::new(".")).unwrap();
    let url = redis.url();
    let live = std::thread::spawn(move || run(&scenario, Some(url)));
    std::thread::sleep(Real::from_millis(700));
    redis.kill();
    std::thread::sleep(Real::from_millis(200));
    redis.start_again();
    let (plan, run, _) = live.join().unwrap();
    replayed("a Redis that dies", &plan, &run);
    let total = run.observed.total();
    assert!(total.succeeded * 3 > total.calls, "{total:?}");
}

/// After a rollout a live node follows the new version: after eleven seconds of thirty nobody asks for a token for each call any more. In
/// the simulator that leaves three token requests of ten.
#[test]
fn a_version_is_rolled_out_to_live_nodes() {
    let rollout =
        "event = [{ at = \"10s\", what = { rollout = { fleet = \"web\", to = \"shared\", over = \"4s\" } } }]";
    let asked = |version: &str| {
        let coordination = format!("\"token_per_call\"\n        version.shared.coordination = {version}");
        let scenario = scenario(LATEST_ONLY, &coordination, rollout);
        let (_, run, _emulator) = run(&scenario, None);
        assert!(!run.interrupted && run.observed.total().calls > 40);
        run.observed.token_requests
    };
    let (rolled_out, alone) = (asked("{ lease = { ttl = \"10s\" } }"), asked("\"token_per_call\""));
    assert!(rolled_out * 2 < alone, "{rolled_out} of {alone}");
}
