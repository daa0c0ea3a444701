//! The rule of issuance that settings describe.

use super::{OnFullSettings, RuleSettings, Settings};
use crate::base::Duration;
use crate::provider::issuance::{Force, Issuance, OnFull};

impl Settings {
    /// The rule that they describe, for tokens that are obtained without a user.
    pub fn issuance(&self) -> Issuance {
        let mut issuance = Issuance::independent(self.token_ttl.unwrap_or(Duration::from_secs(3600)));
        match self.rule {
            None | Some(RuleSettings::Independent(_)) => {}
            Some(RuleSettings::LatestOnly(rule)) => {
                issuance.capacity = Some(1);
                issuance.overlap = rule.overlap;
                issuance.overlap_depth = rule.overlap_depth;
            }
            Some(RuleSettings::Capacity(rule)) => {
                issuance.capacity = Some(rule.live);
                issuance.on_full = match rule.on_full {
                    OnFullSettings::EvictOldest => OnFull::EvictOldest,
                    OnFullSettings::Refuse => OnFull::Refuse,
                };
                issuance.overlap = rule.overlap;
                issuance.overlap_depth = rule.overlap_depth;
            }
            Some(RuleSettings::Reuse(rule)) => {
                issuance.capacity = rule.live;
                issuance.overlap = rule.overlap;
                issuance.overlap_depth = rule.overlap_depth;
                issuance.reuse_threshold = Some(rule.threshold);
                issuance.extend = rule.extend;
                issuance.force = rule.force.map(|force| Force {
                    min_gap: force.min_gap,
                    count: force.count,
                    window: force.window,
                });
            }
        }
        issuance
    }
}
