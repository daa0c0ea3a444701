//! When events begin, when their cause has gone, and what a chart says of them.

use super::event::{Event, Target, What};
use super::file::File;
use crate::base::{Duration, Time};

/// When an event begins and when its cause has gone; none for one that disturbs nobody.
pub(super) fn disturbance(event: &Event) -> Option<(Duration, Duration)> {
    let lasts = match &event.what {
        What::GrantSlots(_) => return None,
        What::Start(_) | What::Stop(_) | What::Revoke(_) | What::FailOverStore(_) => Duration::ZERO,
        What::Restart(restart) => restart.rolling.saturating_add(restart.down),
        What::Redeploy(redeploy) => {
            let waves = u64::from(redeploy.waves.saturating_sub(1));
            redeploy.between.saturating_mul(waves).saturating_add(redeploy.down)
        }
        What::Scale(scale) => scale.over,
        What::Autoscale(autoscale) => autoscale.steps.iter().map(|step| step.after).max().unwrap_or_default(),
        What::Pause(pause) => pause.lasts,
        What::Partition(partition) => partition.lasts,
        What::Crash(crash) => crash.down,
        What::CrashGateway(crash) => crash.down,
        What::Fail(fail) => fail.lasts,
        What::Slow(slow) => slow.lasts,
        What::Spike(spike) => spike.over,
    };
    Some((event.at, event.at.saturating_add(lasts)))
}

/// From the first event that disturbs a run until the last one's cause has gone.
pub(super) fn trigger(file: &File) -> Option<(Time, Time)> {
    let times: Vec<_> = file.event.iter().filter_map(disturbance).collect();
    let begin = times.iter().map(|(begin, _)| *begin).min()?;
    let end = times.iter().map(|(_, end)| *end).max()?;
    Some((Time::ZERO + begin, Time::ZERO + end))
}

/// What a chart says about an event: when it begins, when its cause has gone, and a few words.
pub(super) fn incident(event: &Event) -> (Duration, Duration, String) {
    let (from, until) = disturbance(event).unwrap_or((event.at, event.at));
    let target = |target: Target| match target {
        Target::Token => "token endpoint",
        Target::Api => "API",
        Target::Store => "store",
    };
    let nodes = |fleet: &str, nodes: &Option<Vec<u32>>| match nodes.as_deref() {
        None => fleet.to_owned(),
        Some([node]) => format!("{fleet} {node}"),
        Some(nodes) => format!("{} nodes of {fleet}", nodes.len()),
    };
    let label = match &event.what {
        What::Start(which) => format!("{} starts", which.fleet),
        What::Stop(which) => format!("{} stops", which.fleet),
        What::Restart(restart) => format!("{} restarts", restart.fleet),
        What::Redeploy(redeploy) => format!("{} redeployed in {} waves", redeploy.fleet, redeploy.waves),
        What::Scale(scale) => format!("{} scales to {}", scale.fleet, scale.nodes),
        What::Autoscale(autoscale) => format!("{} scales by schedule", autoscale.fleet),
        What::Pause(pause) => format!("{} paused", nodes(&pause.fleet, &pause.nodes)),
        What::Partition(it) => format!("{} cut off from {}", nodes(&it.fleet, &it.nodes), target(it.from)),
        What::Crash(crash) => format!("{} {} crashes", crash.fleet, crash.node),
        What::CrashGateway(crash) => format!("gateway of {} crashes", crash.app),
        What::Fail(fail) => format!("{} fails", target(fail.endpoint)),
        What::Slow(slow) => format!("{} {} times slower", target(slow.endpoint), slow.factor),
        What::GrantSlots(grant) => format!("{} slots granted to {}", grant.slots, grant.app),
        What::Revoke(revoke) => format!("tokens of {} revoked", revoke.app),
        What::FailOverStore(_) => "store fails over".to_owned(),
        What::Spike(spike) if spike.calls == 1 => format!("one more call at each node of {}", spike.fleet),
        What::Spike(spike) => format!("{} more calls at each node of {}", spike.calls, spike.fleet),
    };
    (from, until, label)
}
