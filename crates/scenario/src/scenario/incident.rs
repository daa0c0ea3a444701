//! When events begin, when their cause has gone, and what a chart says of them.

use super::event::{EventKind, EventSettings, Target};
use super::file::ScenarioFile;
use crate::base::{Duration, Time};

/// When an event begins and when its cause has gone; none for one that disturbs nobody.
pub(super) fn disturbance(event: &EventSettings) -> Option<(Duration, Duration)> {
    let lasts = match &event.what {
        EventKind::GrantSlots(_) => return None,
        EventKind::Start(_) | EventKind::Stop(_) | EventKind::Revoke(_) | EventKind::FailOverStore(_) => Duration::ZERO,
        EventKind::Restart(restart) => restart.rolling.saturating_add(restart.down),
        EventKind::Rollout(rollout) => rollout.over.saturating_add(rollout.down),
        EventKind::Redeploy(redeploy) => {
            let waves = u64::from(redeploy.waves.saturating_sub(1));
            redeploy.between.saturating_mul(waves).saturating_add(redeploy.down)
        }
        EventKind::Scale(scale) => scale.over,
        EventKind::Autoscale(autoscale) => autoscale.steps.iter().map(|step| step.after).max().unwrap_or_default(),
        EventKind::Pause(pause) => pause.lasts,
        EventKind::Partition(partition) => partition.lasts,
        EventKind::Crash(crash) => crash.down,
        EventKind::CrashGateway(crash) => crash.down,
        EventKind::Fail(fail) => fail.lasts,
        EventKind::Slow(slow) => slow.lasts,
        EventKind::Spike(spike) => spike.over,
    };
    Some((event.at, event.at.saturating_add(lasts)))
}

/// From the first event that disturbs a run until the last one's cause has gone.
pub(super) fn trigger(file: &ScenarioFile) -> Option<(Time, Time)> {
    let times: Vec<_> = file.event.iter().filter_map(disturbance).collect();
    let begin = times.iter().map(|(begin, _)| *begin).min()?;
    let end = times.iter().map(|(_, end)| *end).max()?;
    Some((Time::ZERO + begin, Time::ZERO + end))
}

/// What a chart says about an event: when it begins, when its cause has gone, and a few words.
pub(super) fn incident(event: &EventSettings) -> (Duration, Duration, String) {
    let (from, until) = disturbance(event).unwrap_or((event.at, event.at));
    let target = |target: Target| match target {
        Target::Token => "token endpoint",
        Target::Api => "API",
        Target::Store => "store",
        Target::SecondToken => "second token endpoint",
        Target::SecondApi => "second API",
    };
    let nodes = |fleet: &str, nodes: &Option<Vec<u32>>| match nodes.as_deref() {
        None => fleet.to_owned(),
        Some([node]) => format!("{fleet} {node}"),
        Some(nodes) => format!("{} nodes of {fleet}", nodes.len()),
    };
    let label = match &event.what {
        EventKind::Start(which) => format!("{} starts", which.fleet),
        EventKind::Stop(which) => format!("{} stops", which.fleet),
        EventKind::Restart(restart) => format!("{} restarts", restart.fleet),
        EventKind::Redeploy(redeploy) => format!("{} redeployed in {} waves", redeploy.fleet, redeploy.waves),
        EventKind::Rollout(rollout) => format!("{} rolled out to {}", rollout.to, rollout.fleet),
        EventKind::Scale(scale) => format!("{} scales to {}", scale.fleet, scale.nodes),
        EventKind::Autoscale(autoscale) => format!("{} scales by schedule", autoscale.fleet),
        EventKind::Pause(pause) => format!("{} paused", nodes(&pause.fleet, &pause.nodes)),
        EventKind::Partition(it) => format!("{} cut off from {}", nodes(&it.fleet, &it.nodes), target(it.from)),
        EventKind::Crash(crash) => format!("{} {} crashes", crash.fleet, crash.node),
        EventKind::CrashGateway(crash) => format!("gateway of {} crashes", crash.app),
        EventKind::Fail(fail) => format!("{} fails", target(fail.endpoint)),
        EventKind::Slow(slow) => format!("{} {} times slower", target(slow.endpoint), slow.factor),
        EventKind::GrantSlots(grant) => format!("{} slots granted to {}", grant.slots, grant.app),
        EventKind::Revoke(revoke) => format!("tokens of {} revoked", revoke.app),
        EventKind::FailOverStore(_) => "store fails over".to_owned(),
        EventKind::Spike(spike) if spike.calls == 1 => format!("one more call at each node of {}", spike.fleet),
        EventKind::Spike(spike) => format!("{} more calls at each node of {}", spike.calls, spike.fleet),
    };
    (from, until, label)
}
