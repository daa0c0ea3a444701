//! Apps that serve tenants: how many there are, and whose calls they are.

use std::fmt::Display;

use super::super::MOST_NODES;
use super::super::file::{TenantLoad, WorkloadSettings};
use super::Checker;

/// Beyond it, all calls are the first tenant's.
const MOST_SKEWED: f64 = 10.0;

impl Checker<'_> {
    pub(super) fn tenants(&mut self) {
        let several = self.file.app.iter().find(|app| app.tenants > 1);
        if let Some(app) = several
            && !self.file.holders.is_empty()
        {
            self.wrong(
                &[&"holders"],
                format!(
                    "who held which token is recorded of processes, and app `{}` has a token for each tenant",
                    app.name
                ),
                "not with tenants",
                "leave `holders` out, or play one tenant",
            );
        }
        for (i, app) in self.file.app.iter().enumerate() {
            let place: &[&dyn Display] = &[&"app", &i, &"tenants"];
            if app.tenants == 0 {
                self.wrong(
                    place,
                    format!("app `{}` serves nobody", app.name),
                    "must be at least 1",
                    "left out, the app has one grant",
                );
            }
            let fleets = self.file.fleet.iter().filter(|fleet| fleet.app == app.name);
            let processes = fleets.map(|fleet| u64::from(self.most_nodes[fleet.name.as_str()]));
            let (processes, tenants) = (processes.sum::<u64>(), u64::from(app.tenants * self.file.providers()));
            if tenants > 1 && processes <= u64::from(MOST_NODES) && processes * tenants > u64::from(MOST_NODES) {
                let message =
                    format!("{processes} processes with {tenants} tenants each; there can be {MOST_NODES} pairs");
                let fewer = u64::from(MOST_NODES) / processes.max(1);
                let help =
                    format!("each process keeps what it knows of each tenant: {fewer} tenants, or fewer processes");
                self.wrong(place, message, "too many", help);
            }
        }
    }

    /// Whether an app serves several, at some point of the sweep at least.
    pub(super) fn has_tenants(&self) -> bool {
        let varied = |key: &str| key.starts_with("app.") && key.ends_with(".tenants");
        let first = self.swept.points.first();
        self.file.app.iter().any(|app| app.tenants > 1)
            || first.is_some_and(|point| point.pairs().any(|(key, _)| varied(key)))
    }

    /// For whom the calls of a workload are.
    pub(super) fn load(&mut self, i: usize, j: usize, workload: &WorkloadSettings) {
        let Some(load) = workload.tenants else { return };
        let app = &self.file.fleet[i].app;
        let place: &[&dyn Display] = &[&"fleet", &i, &"workload", &j, &"tenants"];
        match load {
            TenantLoad::Only(tenant) => self.known_tenant(place, app, Some(tenant)),
            TenantLoad::Zipf(exponent) if !(0.0..=MOST_SKEWED).contains(&exponent) => self.wrong(
                place,
                format!("{exponent} is no exponent of Zipf's law"),
                "from 0 to 10",
                "0 gives each tenant as many calls, 1 gives the second one half of the first one's",
            ),
            TenantLoad::Zipf(_) if self.file.tenants_of(app) == 1 => self.odd(
                place,
                format!("app `{app}` has one tenant, whose all calls are"),
                "has no effect",
                "say how many there are: `tenants = 1000` at the app",
            ),
            TenantLoad::Zipf(_) => {}
        }
    }

    /// Whether an app has a tenant of this number.
    pub(super) fn known_tenant(&mut self, place: &[&dyn Display], app: &str, tenant: Option<u32>) {
        let tenants = self.file.tenants_of(app);
        let Some(tenant) = tenant.filter(|&tenant| tenant >= tenants) else {
            return;
        };
        let (message, help) = match tenants {
            1 => (
                format!("app `{app}` has no tenants"),
                "say how many there are: `tenants = 1000` at the app".to_owned(),
            ),
            _ => (
                format!("app `{app}` has no tenant {tenant}"),
                format!("tenants count from 0: the last one is {}", tenants - 1),
            ),
        };
        if tenants > 1 || tenant > 0 {
            self.wrong(place, message, "no such tenant", help);
        }
    }
}
