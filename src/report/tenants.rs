//! What becomes of single tenants, in sentences.

use super::{Figures, MOST_TOLD, Sweep, number, quoted};
use crate::record::Record;
use crate::record::write::TENANTS;

/// Of each strategy under which a call fails, at the point where most do, the worst first: how many tenants it meets, and how hard it
/// meets the one that fares worst; and where each of them is told. Nothing where no app serves several.
pub(super) fn told(
    record: &Record,
    figures: &Figures<'_>,
    sweep: &Sweep,
    worst: &[(String, usize, f64)],
) -> Vec<String> {
    let told = worst.iter().filter_map(|(strategy, at, failed)| {
        let of = |metric| figures.mean(strategy, &record.points[*at], metric);
        let (met, least) = (of("tenants_with_failures")?, of("fairness_worst_tenant")?);
        let place = sweep.at(*at);
        let most = of("token_requests_top_tenant").map_or_else(String::new, |share| {
            format!("; one tenant makes {} of all token requests", number::percent(share))
        });
        Some(format!(
            "Under {}{place} {} of the tenants have a call that fails; of all calls {} fail, of those of the tenant that fares worst {}{most}.",
            quoted(strategy),
            number::percent(met),
            number::percent(*failed),
            number::percent(1.0 - least),
        ))
    });
    let mut told: Vec<_> = told.take(MOST_TOLD).collect();
    if !told.is_empty() && !record.tenants.is_empty() {
        told.push(format!("{TENANTS} has what was asked for each tenant, and refused."));
    }
    told
}
