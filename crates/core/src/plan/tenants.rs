//! Apps that serve many tenants: which nodes are one process, and how calls are spread over the tenants.

use std::ops::Range;
use std::sync::Arc;

use super::Plan;
use crate::base::{Group, NodeId, mix};
use crate::world::Fleet;

/// Processes of a fleet: each is as many nodes, side by side, as the app has tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processes {
    first: u32,
    count: u32,
    each: u32,
}

impl Processes {
    /// All of a fleet.
    pub fn of(fleet: &Fleet) -> Self {
        Self {
            first: fleet.nodes.start,
            count: fleet.processes(),
            each: fleet.each(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Which of them a node belongs to, counted from 0; none where it is of another fleet.
    pub fn place(&self, node: NodeId) -> Option<u32> {
        let place = node.0.checked_sub(self.first)? / self.each;
        (place < self.count).then_some(place)
    }

    /// The nodes of one of them.
    pub fn nodes(&self, place: u32) -> Range<u32> {
        let first = self.first(place).0;
        first..first + self.each
    }

    /// The first node of one of them, which stands for it.
    #[inline]
    pub fn first(&self, place: u32) -> NodeId {
        NodeId(self.first + place * self.each)
    }
}

impl Plan {
    /// For which of its process's credentials a call of this group and key is; 0 where there is one.
    #[inline]
    pub fn credential(&self, group: Group, draw_key: u32) -> u32 {
        let share = self.shares.get(usize::from(group.0));
        share.map_or(0, |share| share.credential(draw_key))
    }

    /// Whether an app serves several tenants.
    pub fn has_tenants(&self) -> bool {
        self.layout.fleets.iter().any(|fleet| fleet.tenants > 1)
    }

    /// How many nodes side by side are the process of this one.
    pub fn nodes_of_a_process(&self, node: u32) -> usize {
        let fleets = &self.layout.fleets;
        let fleet = fleets.partition_point(|fleet| fleet.nodes.end <= node);
        fleets.get(fleet).map_or(1, |fleet| fleet.each() as usize)
    }
}

/// Which of the credentials of a process the calls of one kind are for.
#[derive(Clone, Debug, PartialEq)]
pub struct CallShare {
    /// For which tenants.
    pub tenants: TenantShare,
    /// Providers at which each tenant has a credential.
    pub providers: u32,
    /// They begin at the second provider.
    pub at_second: bool,
}

impl CallShare {
    #[inline]
    fn credential(&self, draw_key: u32) -> u32 {
        self.tenants.tenant(draw_key) * self.providers + u32::from(self.at_second)
    }
}

/// How the calls of one kind are spread over the tenants of an app.
#[derive(Clone, Debug, PartialEq)]
pub enum TenantShare {
    /// Each of so many gets as many as another.
    Even(u32),
    /// All are for one.
    Only(u32),
    /// The chance that a call is for a tenant or one before it, of 2^64, for each of them.
    Skewed(Arc<[u64]>),
}

impl TenantShare {
    /// The k-th of so many tenants gets calls in proportion to 1/k^`exponent`: Zipf's law.
    pub fn zipf(tenants: u32, exponent: f64) -> Self {
        let weights = (1..=tenants).map(|rank| libm::pow(f64::from(rank), -exponent));
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        const WHOLE: f64 = 18_446_744_073_709_551_616.0;
        Self::Skewed(sums.iter().map(|part| (part / sum * WHOLE) as u64).collect())
    }

    /// Whom a call with these draws is for.
    #[inline]
    pub fn tenant(&self, draw_key: u32) -> u32 {
        // A draw of its own: the key names others of the call too.
        const TENANT: u64 = 0x7465_6e61_6e74;
        let draw = mix((TENANT << 32) ^ u64::from(draw_key));
        match self {
            Self::Even(tenants) => ((u128::from(draw) * u128::from(*tenants)) >> 64) as u32,
            Self::Only(tenant) => *tenant,
            Self::Skewed(until) => until.partition_point(|&until| until <= draw).min(until.len() - 1) as u32,
        }
    }

    /// The share of calls that are for a tenant.
    pub fn of(&self, tenant: u32) -> f64 {
        match self {
            Self::Even(tenants) => 1.0 / f64::from(*tenants),
            Self::Only(only) => f64::from(u8::from(*only == tenant)),
            Self::Skewed(until) => {
                let before = tenant.checked_sub(1).map_or(0, |before| until[before as usize]);
                (until[tenant as usize] - before) as f64 / u64::MAX as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A million calls, with keys as they are drawn: each tenant gets its share, within five standard deviations (one in two million, for
    /// each of a thousand tenants).
    #[test]
    fn calls_are_spread_as_the_law_says() {
        let (tenants, calls) = (1000, 1_000_000);
        for (share, law) in [
            (TenantShare::zipf(tenants, 1.1), 1.1),
            (TenantShare::zipf(tenants, 0.0), 0.0),
            (TenantShare::Even(tenants), 0.0),
        ] {
            let mut counts = vec![0u32; tenants as usize];
            (0..calls).for_each(|call| counts[share.tenant(mix(call) as u32) as usize] += 1);
            let whole: f64 = (1..=tenants).map(|rank| f64::from(rank).powf(-law)).sum();
            for (tenant, &count) in (0..tenants).zip(&counts) {
                let chance = f64::from(tenant + 1).powf(-law) / whole;
                assert!((share.of(tenant) - chance).abs() < 1e-9, "{share:?}: {tenant}");
                let (mean, deviation) = (calls as f64 * chance, (calls as f64 * chance * (1.0 - chance)).sqrt());
                let off = (f64::from(count) - mean) / deviation;
                assert!(off.abs() < 5.0, "{law}: tenant {tenant} has {count} calls of {mean}");
            }
        }
        assert!((0..100).all(|key| TenantShare::Only(7).tenant(key) == 7));
    }

    #[test]
    fn a_process_is_as_many_nodes_as_there_are_tenants() {
        let fleet = Fleet {
            tenants: 3,
            ..Fleet::plain(10..16)
        };
        let processes = Processes::of(&fleet);
        assert_eq!((processes.count(), processes.first(1)), (2, NodeId(13)));
        assert_eq!(
            [9, 12, 16].map(|node| processes.place(NodeId(node))),
            [None, Some(0), None]
        );
        assert_eq!((fleet.process_of(NodeId(14)), fleet.tenant_of(NodeId(14))), (1, 1));
        assert_eq!(fleet.with_credential(2).collect::<Vec<_>>(), [NodeId(12), NodeId(15)]);
    }
}
