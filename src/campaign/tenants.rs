//! What becomes of each tenant, over all replications of an arm.

use std::cmp::Reverse;

use crate::metric::{Observed, TENANT_COUNTS, TENANTS_TOLD};
use crate::plan::SweepPoint;
use crate::record::TenantCounts;
use crate::scenario::ScenarioFile;

type Counts = [u64; TENANT_COUNTS.len()];

/// Sums over replications, in the order of the tenants; nothing where no app serves several. Whole numbers add up to the same in any
/// order.
#[derive(Default)]
pub(super) struct TenantSums {
    runs: u32,
    sums: Vec<Counts>,
}

impl TenantSums {
    /// One more replication.
    pub(super) fn add(&mut self, observed: &Observed) {
        if observed.tenants.is_empty() {
            return;
        }
        self.runs += 1;
        self.sums.resize(observed.tenants.len(), [0; TENANT_COUNTS.len()]);
        for (sums, counts) in self.sums.iter_mut().zip(observed.tenant_counts()) {
            add(sums, &counts);
        }
    }
}

fn add(sums: &mut Counts, counts: &Counts) {
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum += count;
    }
}

/// How often something was refused, failed or lost.
fn trouble(counts: &Counts) -> u64 {
    let named = TENANT_COUNTS.iter().zip(counts);
    let bad = named.filter(|(name, _)| !["calls", "token_requests", "issuances"].contains(name));
    bad.map(|(_, count)| count).sum()
}

/// The rows of a strategy at a point, in the order of the tenants: all of them, or where there are more than [`TENANTS_TOLD`] those with the most
/// trouble, and last the others together.
pub(super) fn tenant_counts(
    (strategy, point): (&str, &SweepPoint),
    TenantSums { runs, sums }: &TenantSums,
    file: &ScenarioFile,
) -> Vec<TenantCounts> {
    let names = names(file);
    let row = |(app, tenant): (&str, Option<u32>), tenants: u32, counts: &Counts| TenantCounts {
        strategy: strategy.to_owned(),
        point: point.to_string(),
        app: app.to_owned(),
        tenant,
        tenants,
        replications: *runs,
        means: counts.map(|count| count as f64 / f64::from(*runs)),
    };
    let mut told: Vec<usize> = (0..sums.len()).collect();
    // Among those with as much trouble the first ones.
    told.sort_by_key(|&at| Reverse(trouble(&sums[at])));
    let others = told.split_off(told.len().min(TENANTS_TOLD));
    told.sort_unstable();
    let mut rows: Vec<_> = told.iter().map(|&at| row(names.of(at), 1, &sums[at])).collect();
    if !others.is_empty() {
        let mut together = [0; TENANT_COUNTS.len()];
        others.iter().for_each(|&at| add(&mut together, &sums[at]));
        rows.push(row(("", None), others.len() as u32, &together));
    }
    rows
}

/// The first tenant of each app that has a fleet, in the order in which tenants are counted.
struct Names<'a>(Vec<(usize, &'a str)>);

fn names(file: &ScenarioFile) -> Names<'_> {
    let mut names: Vec<(usize, &str)> = Vec::new();
    let mut count = 0;
    for fleet in &file.fleet {
        if names.iter().all(|(_, app)| *app != fleet.app) {
            names.push((count, &fleet.app));
            count += file.tenants_of(&fleet.app) as usize;
        }
    }
    Names(names)
}

impl<'a> Names<'a> {
    /// App and number of the tenant that is counted at this place.
    fn of(&self, at: usize) -> (&'a str, Option<u32>) {
        let app = self.0.partition_point(|&(first, _)| first <= at);
        let (first, name) = self.0[app - 1];
        (name, Some((at - first) as u32))
    }
}
