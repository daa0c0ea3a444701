//! What a search takes over of a scenario, and what it leaves out.
//!
//! Knows the scenario and the checker, and nothing of how a verdict is shown.

mod faults;
mod points;
mod small;

use crate::engine::check::{CheckReport, Fault, FaultBudget, PropertyVerdict};
use crate::property::PROPERTIES;
use crate::provider::OnExceed;
use crate::provider::settings::{LoggedOutBy, Reads, RetireSettings, RotateSettings, Settings};
use crate::scenario::{EventKind, FleetSettings, How, LoginSettings, Scenario, ScenarioFile, StrategySettings};

pub use faults::{faults, with_times_of};
use faults::{is_some, tokens_end};
pub use points::{left_out_of_sweep, systems_of};
use small::{MOST_OF_A_JOB, MOST_TRIES, mix, tries};
pub use small::{counted, kinds_in_words, of_scenario, tries_of};

/// Calls at each node: two where a used refresh token goes on for a while, as it takes a second call to use it after that.
pub fn calls(scenario: &Scenario) -> u32 {
    let rule = scenario.provider().refresh_tokens();
    match rule.and_then(|rule| rule.retire).unwrap_or_default() {
        RetireSettings::OnIssue => 1,
        _ => 2,
    }
}

/// Something that a search leaves out.
#[derive(Clone, Debug)]
pub struct Omission {
    /// What it is.
    pub words: String,
    /// Properties that it can break where the search has them hold.
    breaks: &'static [&'static str],
    /// Names of the strategies that it concerns; none for all.
    of: Option<Vec<String>>,
}

impl Omission {
    /// Whether it is left out of what this strategy does.
    fn concerns(&self, strategy: &str) -> bool {
        self.of.as_ref().is_none_or(|of| of.iter().any(|name| name == strategy))
    }
}

/// Properties that are open where they are not broken, as what was left out may break them, with the words for it.
pub(crate) fn doubts(left_out: &[Omission], property: &str) -> Option<String> {
    let why = left_out.iter().filter(|item| item.breaks.contains(&property));
    let why: Vec<_> = why.map(|item| item.words.as_str()).collect();
    (!why.is_empty()).then(|| format!("left out: {}", why.join(", ")))
}

/// Says of no property that it holds of a strategy which something that was left out may break.
pub fn open(strategy: &str, report: &mut CheckReport, left_out: &[Omission]) {
    let left_out: Vec<Omission> = left_out
        .iter()
        .filter(|item| item.concerns(strategy))
        .cloned()
        .collect();
    for (property, verdict) in PROPERTIES.iter().zip(&mut report.verdicts) {
        if let (PropertyVerdict::Holds(_), Some(why)) = (&*verdict, doubts(&left_out, property.name)) {
            *verdict = PropertyVerdict::Open(why);
        }
    }
}

/// What is left out of a scenario, for all its strategies together, where a run has these faults, so many nodes and so many calls at each.
pub fn left_out(scenario: &Scenario, faults: FaultBudget, (nodes, calls): (u32, u32)) -> Vec<Omission> {
    let file = &scenario.file;
    let mut words = Words::new(faults);
    let rotates = scenario.provider().refresh.is_some();
    for strategy in &file.strategy {
        strategy.parts().for_each(|part| of_policy(part, &mut words));
        let believes = strategy.parts().any(|part| part.coordination.believes_otherwise());
        let of = believes.then(|| strategy.name.clone()).into_iter().collect();
        // That a token ends before a node expects it to is what its end at any time is.
        let unforeseen = words.unless(Fault::Expiry, if rotates { HARMLESS } else { ENDS_TOKENS });
        words.add_of(of, "how long a client believes that tokens live", unforeseen);
        words.add(
            tries(strategy) != counted(strategy.retry.attempts()),
            "the end of tries where fleets differ in it",
            HARMLESS,
        );
        if mix(file, strategy).len() > nodes as usize {
            let what = "what some fleets follow, as there are more kinds than nodes";
            words.add_of(vec![strategy.name.clone()], what, ALL);
        }
    }
    words.add(calls == 1, "a second call at each node", COMES_SECOND);
    // Among refresh tokens one access token ends in any case.
    let never_ends = !rotates && faults.left(Fault::Expiry) == 0;
    words.add(
        never_ends && tokens_end(scenario),
        "tokens that end by themselves",
        ENDS_TOKENS,
    );
    of_provider(scenario.provider(), &mut words);
    of_fleets(file, &mut words);
    of_events(file, &mut words);
    words.said
}

/// What is left out of a provider.
pub fn left_out_of(provider: &Settings, faults: FaultBudget) -> Vec<Omission> {
    let mut words = Words::new(faults);
    of_provider(provider, &mut words);
    words.said
}

/// Words of which each is said once.
struct Words {
    said: Vec<Omission>,
    faults: FaultBudget,
}

/// What can be broken by what a search leaves out; nothing for what only ends calls sooner, or makes a system out of parts that have less to
/// do with each other.
const HARMLESS: &[&str] = &[];
/// A client that mistakes one answer for another.
const MISREADS: &[&str] = &["S3", "S7", "S8", "B1", "B2", "L2", "L3", "R1", "F1", "F2", "F3"];
/// Requests that are refused, or fail, for a time.
const REFUSES: &[&str] = &["S8", "B1", "L2", "L3", "R1"];
/// Answers that come after their time-out.
const DELAYS: &[&str] = &[
    "S1", "S2a", "S2b", "S3", "S4", "S8", "S9", "B1", "B2", "L1", "L2", "L3", "L4", "R1", "F1", "F3",
];
/// Tokens that end before their time.
const ENDS_TOKENS: &[&str] = &["S3", "S8", "B1", "B2", "L2", "L3", "R1"];
/// Grants that end, and their tokens.
const ENDS_GRANTS: &[&str] = &["S3", "S8", "B1", "B2", "L2", "L3", "R1", "F3"];
/// Tokens that are refused though they live, or accepted though they do not.
const MISJUDGES: &[&str] = &["S3", "S4", "S6", "S7", "S8", "B1", "B2", "L2", "R1"];
/// Nodes that share a slot without sharing what they know: each ends the other's token.
const COLLIDES: &[&str] = &["S2a", "S4", "S6", "S7", "S8", "B1", "B2", "L2", "R1", "F1", "F3"];
/// Tokens that are asked for though there is one.
const ASKS_MORE: &[&str] = &["S3", "S4", "S6", "B1", "B2", "L2", "R1"];
/// A store that has not heard, or has forgotten, what was written.
const FORGETS: &[&str] = &["S1", "S3", "S4", "S8", "B1", "B2", "L2", "R1", "F1", "F2", "F3"];
/// The same for its lease.
const FORGETS_LEASES: &[&str] = &[
    "S1", "S2a", "S2b", "S3", "S4", "S8", "B1", "B2", "L2", "R1", "F1", "F2", "F3",
];
/// Nodes whose memory is gone.
const LEAVES: &[&str] = &["S1", "S2b", "S3", "S4", "S8", "L2", "L3", "L4", "R1", "F1", "F3"];
/// A second call at a node, which meets another that is under way, or comes after one and finds what that has left behind.
const COMES_SECOND: &[&str] = &["S3", "S7", "S8", "S9"];
/// A third call of a job, which finds what the second has left behind.
const FURTHER: &[&str] = &[];
/// A user who logs in again while what the last grant has brought is still under way, and is taken for newer.
const LOGS_IN: &[&str] = &["S1", "S3", "F2"];
/// A second login, after which nothing is under way that the first did not leave behind.
const FURTHER_LOGINS: &[&str] = &[];
/// Periods of the provider that end while something is under way.
const ENDS_PERIODS: &[&str] = &[
    "S1", "S3", "S4", "S6", "S8", "B1", "B2", "L2", "L3", "R1", "F1", "F2", "F3",
];
/// Nodes that follow something else than what was searched: nothing need hold for them but the last property, that something happens in
/// some run.
const ALL: &[&str] = &{
    let mut all = [""; PROPERTIES.len() - 1];
    let mut at = 0;
    while at < all.len() {
        all[at] = PROPERTIES[at].name;
        at += 1;
    }
    all
};
impl Words {
    fn new(faults: FaultBudget) -> Self {
        let said = Vec::new();
        Self { said, faults }
    }

    fn add(&mut self, is_there: bool, words: &str, breaks: &'static [&'static str]) {
        if is_there && !self.said.iter().any(|known| known.words == words) {
            self.said.push(Omission {
                words: words.to_owned(),
                breaks,
                of: None,
            });
        }
    }

    /// What is left out of these strategies alone.
    fn add_of(&mut self, of: Vec<String>, words: &str, breaks: &'static [&'static str]) {
        self.add(!of.is_empty(), words, breaks);
        if let Some(said) = self.said.iter_mut().find(|known| known.words == words) {
            said.of.get_or_insert_default().extend(of);
        }
    }

    /// What breaks nothing that this fault would not break, where the search has that one.
    fn unless(&self, fault: Fault, breaks: &'static [&'static str]) -> &'static [&'static str] {
        match self.faults.left(fault) {
            0 => breaks,
            _ => HARMLESS,
        }
    }
}

fn of_policy(strategy: &StrategySettings, words: &mut Words) {
    let attempts = strategy.retry.attempts();
    words.add(
        counted(attempts) != attempts,
        &format!("the end of tries (more than {MOST_TRIES} count as no end)"),
        HARMLESS,
    );
    words.add(strategy.budget.is_some(), "retry budgets", HARMLESS);
    let bounded = strategy.again_after.is_some();
    words.add(bounded, "bounds of tries by what failed", HARMLESS);
    words.add(strategy.breaker.is_some(), "circuit breakers", HARMLESS);
    words.add(strategy.throttle.is_some(), "client-side throttling", HARMLESS);
    let guard = strategy.token_guard.unwrap_or_default();
    let withholds = guard.cooldown.is_some() || guard.breaker.is_some() || guard.until_login;
    words.add(
        withholds,
        "token requests that a node does not make after failures",
        REFUSES,
    );
    words.add(
        guard.login_after.is_some(),
        "logins after a time without a token",
        MISREADS,
    );
    words.add(guard.use_stale, "calls that are sent with a stale token", ALL);
    words.add(
        strategy.reads != Reads::default(),
        "what a client does not read of an answer",
        MISREADS,
    );
    words.add(
        strategy.logged_out_by != LoggedOutBy::default(),
        "errors that a client takes for the end of its login",
        MISREADS,
    );
}

fn of_provider(provider: &Settings, words: &mut Words) {
    let limits = [&provider.limits.token, &provider.limits.api];
    let all = limits
        .into_iter()
        .map(|limits| &limits.quotas)
        .chain([&provider.limits.pool]);
    let mut quotas = all.flatten().flatten().peekable();
    words.add(quotas.peek().is_some(), "quotas", REFUSES);
    words.add(
        quotas.any(|quota| quota.on_exceed == OnExceed::InvalidGrant),
        "refresh tokens that a quota has declared dead",
        ENDS_GRANTS,
    );
    let delays = words.unless(Fault::Late, DELAYS);
    words.add(limits.iter().any(|limits| limits.servers.is_some()), "queues", delays);
    let faults = [&provider.faults.token, &provider.faults.api];
    let refuses = words.unless(Fault::Drop, REFUSES);
    words.add(
        faults.iter().any(|faults| is_some(faults.error_rate)),
        "server errors",
        refuses,
    );
    let ends = match provider.refresh.is_some() {
        true => ENDS_GRANTS,
        false => words.unless(Fault::Expiry, ENDS_TOKENS),
    };
    words.add(provider.faults.revocations.is_some(), "revocations", ends);
    let lags = &provider.lags;
    words.add(
        lags.visible_after.is_some() || lags.invalidation.is_some(),
        "lags of resource servers",
        MISJUDGES,
    );
    let rotation = provider.refresh_tokens();
    words.add(
        rotation.is_some_and(|rule| rule.ttl.is_some()),
        "the life of refresh tokens",
        ENDS_GRANTS,
    );
}

fn of_fleets(file: &ScenarioFile, words: &mut Words) {
    let any = |wanted: fn(&FleetSettings) -> bool| file.fleet.iter().any(wanted);
    let place = |fleet: &FleetSettings| (fleet.app.clone(), fleet.domain.clone());
    let apart = file.fleet.windows(2).any(|two| place(&two[0]) != place(&two[1]));
    words.add(apart, "differences between fleets", COLLIDES);
    words.add(
        any(|fleet| fleet.login == LoginSettings::Own),
        "logins of their own",
        HARMLESS,
    );
    words.add(
        file.app.iter().any(|app| app.tenants > 1),
        "all tenants but one",
        HARMLESS,
    );
    words.add(file.second_provider.is_some(), "the second provider", ALL);
    words.add(any(|fleet| !fleet.sends_slot), "code that sends no slot", COLLIDES);
    words.add(any(|fleet| fleet.address.is_some()), "addresses", HARMLESS);
    words.add(any(|fleet| fleet.force_renewal), "forced renewal", ASKS_MORE);
    words.add(
        any(|fleet| !fleet.clock_skew.is_zero() || fleet.clock_drift_ppm > 0),
        "clocks that are off",
        ASKS_MORE,
    );
    let impatient = |fleet: &FleetSettings| fleet.workload.iter().any(|calls| calls.patience.is_some());
    words.add(any(impatient), "callers who leave", HARMLESS);
    of_jobs(file, words);
    let again = file.login.is_some_and(|login| login.again_after.is_some());
    match words.faults.left(Fault::Login) {
        0 => words.add(again, "users who log in again", LOGS_IN),
        1 => words.add(again, "logins after the first", FURTHER_LOGINS),
        most => words.add(again, &format!("logins after the first {most}"), FURTHER_LOGINS),
    }
    words.add(
        file.store.as_ref().is_some_and(|store| store.replica_lag.is_some()),
        "a replica that lags",
        FORGETS,
    );
}

fn of_jobs(file: &ScenarioFile, words: &mut Words) {
    let all = file.fleet.iter().flat_map(|fleet| &fleet.workload);
    let jobs = || all.clone().filter_map(|calls| calls.job);
    words.add(
        jobs().any(|job| job.calls > MOST_OF_A_JOB),
        &format!("calls of a job after the first {MOST_OF_A_JOB}"),
        FURTHER,
    );
    let has_gap = jobs().any(|job| job.calls > 1 && !job.gap.is_zero());
    let ends = words.unless(Fault::Elapse, ENDS_PERIODS);
    words.add(
        has_gap && has_periods(&file.provider),
        "leeways and overlaps that end in the middle of a job",
        ends,
    );
}

/// Whether something that a provider grants ends after a while.
fn has_periods(provider: &Settings) -> bool {
    let issuance = provider.issuance();
    let rotation = provider.refresh_tokens().unwrap_or_default();
    !issuance.overlap.is_zero()
        || issuance.reuse_threshold.is_some()
        || issuance.force.is_some()
        || rotation.retire.unwrap_or_default() != RetireSettings::OnIssue
        || matches!(rotation.rotate, Some(RotateSettings::AfterAge(_)))
}

fn of_events(file: &ScenarioFile, words: &mut Words) {
    for event in &file.event {
        let (is_left_out, what, breaks) = match &event.what {
            EventKind::FailOverStore(_) => (true, "failover of the store", FORGETS_LEASES),
            EventKind::Fail(fail) => match fail.how {
                How::Silent => (false, "", HARMLESS),
                How::Errors => (true, "server errors", words.unless(Fault::Drop, REFUSES)),
                How::Throttled => (true, "an endpoint that turns all requests away", REFUSES),
                How::Forbidden | How::LoginPage | How::Redirect => {
                    (true, "pages that an endpoint answers with", MISREADS)
                }
            },
            EventKind::GrantSlots(_) => (true, "slots that are granted later", COLLIDES),
            EventKind::Start(_) | EventKind::Stop(_) | EventKind::Scale(_) | EventKind::Autoscale(_) => {
                (true, "nodes that come and go", words.unless(Fault::Crash, LEAVES))
            }
            EventKind::Spike(_) => (true, "spikes", HARMLESS),
            EventKind::Revoke(_) => (file.provider.refresh.is_some(), "grants that are revoked", ENDS_GRANTS),
            EventKind::Rollout(it) => {
                let has = |strategy: &&StrategySettings| strategy.version.get(&it.to).is_some();
                let of = file.strategy.iter().filter(has).map(|strategy| strategy.name.clone());
                words.add_of(of.collect(), "nodes that go over from one version to another", ALL);
                continue;
            }
            EventKind::Restart(_)
            | EventKind::Redeploy(_)
            | EventKind::Pause(_)
            | EventKind::Partition(_)
            | EventKind::Crash(_)
            | EventKind::CrashGateway(_)
            | EventKind::Slow(_) => (false, "", HARMLESS),
        };
        words.add(is_left_out, what, breaks);
    }
}

#[cfg(test)]
mod tests;
