//! The counts as Prometheus reads them (text format 0.0.4).

use std::fmt::Write as _;

use super::backend::Backend;
use super::log::COUNTS;

/// Callers whose counts are told one by one: each is a label value, and those are dear.
const MOST_CALLERS: u32 = 1000;

pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All counts, of every caller for itself, and what there is now.
pub(super) fn text(backend: &mut Backend) -> String {
    let mut text = String::new();
    let callers: Vec<_> = (0..backend.callers.len())
        .take(MOST_CALLERS as usize)
        .map(|number| number as u32)
        .collect();
    for (place, (name, about)) in COUNTS.iter().enumerate() {
        let name = format!("tokenstorm_{name}_total");
        let _never = writeln!(text, "# HELP {name} {about}.\n# TYPE {name} counter");
        for &caller in &callers {
            let count = backend.log.counts(Some(caller))[place];
            // A caller's name has no quotes and no backslashes.
            let _never = writeln!(text, "{name}{{caller=\"{}\"}} {count}", backend.callers.name(caller));
        }
    }
    let now = backend.now();
    let live = backend.machine.provider().ledger.live(now).count();
    for (name, about, value) in [
        (
            "tokenstorm_live_tokens",
            "Tokens that the API would accept now",
            live as f64,
        ),
        (
            "tokenstorm_clock_seconds",
            "The emulator's clock, since the beginning of 1970",
            now.as_secs_f64(),
        ),
        (
            "tokenstorm_clock_advanced_seconds",
            "How far the clock has been moved ahead",
            backend.clock.advanced.as_secs_f64(),
        ),
    ] {
        let _never = writeln!(text, "# HELP {name} {about}.\n# TYPE {name} gauge\n{name} {value}");
    }
    text
}
