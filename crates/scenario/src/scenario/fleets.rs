//! The layout of a scenario: its fleets with their nodes, stores, logins and groups of calls.

use std::collections::BTreeMap;
use std::ops::Range;

use super::crew::{add_gateways, gateway_of};
use super::event::EventKind;
use super::file::{LoginSettings, ScenarioFile, WhichProvider};
use super::names::Names;
use super::strategy::StrategySettings;
use crate::base::Duration;
use crate::node::Strategy as _;
use crate::workload::Job;
use crate::world::{Fleet, Layout, StoreLayout};

/// Fleet and kind of the calls of each group.
type Groups = Vec<(String, String)>;

/// Fleets, stores and logins in the order of the file, gateways after them; and the names of the groups of calls.
pub(super) fn lay_out(file: &ScenarioFile, names: &Names<'_>, strategy: &StrategySettings) -> (Layout, Groups) {
    let mut domains: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut stores = 0;
    let mut seats: BTreeMap<&str, u32> = BTreeMap::new();
    let mut fleets = Vec::new();
    let mut logins = LoginNumbers::default();
    for ((fleet, nodes), &each) in file.fleet.iter().zip(&names.nodes).zip(&names.credentials) {
        let domain = fleet.domain.as_deref().unwrap_or_default();
        let store = *domains.entry((domain, &fleet.app)).or_insert_with(|| {
            stores += each;
            stores - each
        });
        let seat = seats.entry(&fleet.app).or_default();
        fleets.push(Fleet {
            nodes: nodes.clone(),
            tenants: each / file.providers(),
            providers: file.providers(),
            client: names.clients(&fleet.app).start,
            store,
            gateway: None,
            sends_slot: fleet.sends_slot,
            force: fleet.force_renewal,
            first_ordinal: *seat,
            is_gateway: false,
            first_login: logins.of(&fleet.login, store, nodes, each),
            login_each: fleet.login == LoginSettings::Own,
            clock_spread: fleet.clock_skew,
            clock_drift: fleet.clock_drift_ppm,
        });
        // A fleet that never sends an index is dealt none.
        let is_dealt = |part: &usize| strategy.part(*part).coordination.highest_slot().is_some();
        if fleet.sends_slot || !strategy.ever(fleet, &file.event).iter().any(is_dealt) {
            *seat += (nodes.end - nodes.start) / each;
        }
    }
    let served = file
        .fleet
        .iter()
        .map(|fleet| gateway_of(file, strategy, fleet).is_some())
        .collect();
    add_gateways(&mut fleets, served);
    let loses = file.event.iter().filter_map(|event| match &event.what {
        EventKind::FailOverStore(failover) => Some(failover.loses),
        _ => None,
    });
    let replica_lag = file.store.as_ref().and_then(|store| store.replica_lag);
    let login = file.login.unwrap_or_default();
    let Kinds {
        groups,
        patience,
        jobs,
        need_both,
    } = Kinds::of(file);
    let layout = Layout {
        fleets,
        patience,
        jobs,
        need_both,
        stores,
        store: StoreLayout {
            replica_lag,
            remembers: loses.chain(replica_lag).max().unwrap_or_default(),
        },
        login_again: login.again_after,
        login_spread: login.spread,
        login_hours: login.hours,
    };
    (layout, groups)
}

/// What is known of each kind of calls, in the order of the file; jobs and who needs both providers are empty where there are none.
#[derive(Default)]
struct Kinds {
    groups: Groups,
    patience: Vec<Option<Duration>>,
    jobs: Vec<Option<Job>>,
    need_both: Vec<bool>,
}

impl Kinds {
    fn of(file: &ScenarioFile) -> Self {
        let mut kinds = Self::default();
        for fleet in &file.fleet {
            for workload in &fleet.workload {
                let both = workload.provider == WhichProvider::Both;
                kinds.groups.push((fleet.name.clone(), workload.kind.clone()));
                kinds.patience.push(workload.patience);
                kinds.need_both.push(both);
                kinds.jobs.push(workload.job.or(both.then_some(Job::of_one())));
            }
        }
        if kinds.jobs.iter().all(Option::is_none) {
            kinds.jobs.clear();
        }
        if !kinds.need_both.contains(&true) {
            kinds.need_both.clear();
        }
        kinds
    }
}

/// Numbers logins: one for each credential of a domain, and one for each node that has its own.
#[derive(Default)]
struct LoginNumbers {
    shared: BTreeMap<u32, u32>,
    next: u32,
}

impl LoginNumbers {
    fn of(&mut self, login: &LoginSettings, domain: u32, nodes: &Range<u32>, credentials: u32) -> u32 {
        let first = self.next;
        let (first, taken) = match login {
            LoginSettings::Own => (first, nodes.end - nodes.start),
            LoginSettings::Shared => match self.shared.get(&domain) {
                Some(&known) => (known, 0),
                None => {
                    self.shared.insert(domain, first);
                    (first, credentials)
                }
            },
        };
        self.next += taken;
        first
    }
}
