//! Where the figures of a campaign come from.

use sha2::{Digest, Sha256};

use crate::record::Manifest;
use crate::scenario::Scenario;

/// Everything but the command line: whoever has one adds it.
pub(super) fn manifest(scenario: &Scenario, seed: u64, replications: u32, events: u64) -> Manifest {
    let file = &scenario.file;
    Manifest {
        tokenstorm: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("TOKENSTORM_COMMIT").to_owned(),
        scenario: file.name.clone(),
        summary: file.summary.clone(),
        source: file.source.clone(),
        as_written: scenario.text.clone(),
        as_resolved: scenario.to_resolved_toml(),
        sha256: Sha256::digest(scenario.text.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        seed,
        replications,
        warmup_s: file.run.warmup.as_secs_f64(),
        duration_s: file.run.duration.as_secs_f64(),
        drain_s: file.run.drain.as_secs_f64(),
        events,
        command_line: Vec::new(),
    }
}
