//! Where the figures of a campaign come from.

use crate::provider::profiles;
use crate::record::{Manifest, sha256};
use crate::scenario::Scenario;

/// Everything but the command line: whoever has one adds it.
pub(super) fn manifest(scenario: &Scenario, seed: u64, replications: u32, events: u64) -> Manifest {
    let file = &scenario.file;
    Manifest {
        // Follows from the findings.
        run: String::new(),
        interrupted: false,
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("TOKENSTORM_COMMIT").to_owned(),
        scenario: file.name.clone(),
        summary: file.summary.clone(),
        source: file.source.clone(),
        as_written: scenario.as_written().to_owned(),
        as_resolved: scenario.to_resolved_toml(),
        sha256: sha256(scenario.as_written().as_bytes()),
        seed,
        replications,
        warmup_s: file.run.warmup.as_secs_f64(),
        duration_s: file.run.duration.as_secs_f64(),
        drain_s: file.run.drain.as_secs_f64(),
        events,
        command_line: Vec::new(),
        disagreements: disagreements(scenario),
        precision: None,
    }
}

/// Where the sources of the profile disagree about something that the scenario takes from it.
fn disagreements(scenario: &Scenario) -> Vec<String> {
    let Some(name) = scenario.file.provider.profile.as_deref() else {
        return Vec::new();
    };
    let of_profile = profiles::settings_of(name);
    let resolved: toml::Table = scenario.to_resolved_toml().parse().unwrap_or_default();
    let value = |key: &str| {
        let provider = resolved.get("provider")?;
        key.split('.')
            .try_fold(provider, |value, step| value.get(step))
            .map(ToString::to_string)
    };
    let disagreement = profiles::find(name).map_or(Vec::new(), |profile| profile.disagreement);
    let told = disagreement.into_iter().filter_map(|disagreement| {
        let of = &disagreement.of;
        let own = of_profile.iter().any(|(key, _)| profiles::lies_in(key, of));
        let kept = |(key, text): &(String, String)| !profiles::lies_in(key, of) || value(key).as_ref() == Some(text);
        // What the scenario sets itself does not rest on the profile's sources.
        if own && !of_profile.iter().all(kept) {
            return None;
        }
        let views = disagreement.views.iter();
        let views: Vec<String> = views
            .map(|view| format!("{} ({})", view.value, view.grade.name()))
            .collect();
        let taken = value(of)
            .filter(|_| own)
            .map_or(String::new(), |taken| format!("; this run has {taken}"));
        Some(format!(
            "{of} ({name}): {}{taken}; `tokenstorm show {name}` names them",
            views.join(", or ")
        ))
    });
    told.collect()
}
