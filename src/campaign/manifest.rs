//! Where the figures of a campaign come from.

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
        as_written: scenario.text.clone(),
        as_resolved: scenario.to_resolved_toml(),
        sha256: sha256(scenario.text.as_bytes()),
        seed,
        replications,
        warmup_s: file.run.warmup.as_secs_f64(),
        duration_s: file.run.duration.as_secs_f64(),
        drain_s: file.run.drain.as_secs_f64(),
        events,
        command_line: Vec::new(),
    }
}
