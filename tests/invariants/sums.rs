//! What the metrics say of a trace: parts that add up to their whole.

use tokenstorm::base::Time;
use tokenstorm::campaign::run_context;
use tokenstorm::metric::{self, METRICS, Observed};
use tokenstorm::plan::Plan;
use tokenstorm::trace::{Event, Sink as _};

/// The shares by cause add up to the whole, of calls and of token requests.
pub(super) fn audit_sums(plan: &Plan, trace: &[(Time, Event)]) {
    let mut observed = Observed::new(run_context(plan));
    trace.iter().for_each(|(now, event)| observed.record(*now, event));
    let read = |name: &str| {
        metric::find(name)
            .and_then(|metric| (metric.read)(&observed))
            .unwrap_or(0.0)
    };
    let sum = |of: &dyn Fn(&str) -> bool| {
        let all = METRICS.iter().filter(|metric| of(metric.name));
        all.filter_map(|metric| (metric.read)(&observed)).sum::<f64>()
    };
    let same =
        |what: &str, whole: f64, parts: f64| assert!((whole - parts).abs() < 1e-9, "{what}: {whole}, not {parts}");
    let open = observed.total().calls - observed.total().outcomes.iter().sum::<u64>();
    assert_eq!(open, 0, "every call ends");
    same(
        "endings",
        read("failure_rate"),
        sum(&|name| name.starts_with("failed_") && !name.starts_with("failed_by_")),
    );
    same(
        "last tries",
        read("failure_rate"),
        sum(&|name| name.starts_with("failed_by_")),
    );
    same(
        "token requests",
        read("token_requests_refused_rate"),
        sum(&|name| UNSERVED.contains(&name)),
    );
}

/// Why a token request is not served.
const UNSERVED: [&str; 6] = [
    "token_requests_throttled_rate",
    "token_requests_conflict_rate",
    "token_requests_failed_rate",
    "token_requests_invalid_grant_rate",
    "token_requests_denied_rate",
    "token_requests_page_rate",
];
