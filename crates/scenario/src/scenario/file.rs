//! A scenario as its file writes it. The comments on the fields are what the JSON schema says about them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Condition;
use super::event::EventSettings;
use super::expect::Expectations;
use super::figure::{figure_schema, read_figure};
use super::op::Op;
use super::ordered::Ordered;
use super::strategy::StrategySettings;
use super::ways::{GatewaySettings, PeerSettings, StoreSettings};
use crate::base::{Duration, Hours};
use crate::net::Distribution;
use crate::provider::settings::Settings;
use crate::workload::{Arrivals, Job};

/// One story: who calls, through which provider, coordinated how, and what goes wrong meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "tokenstorm scenario")]
pub struct ScenarioFile {
    /// Name in reports, with a slash between folders: `zoom/default`. Letters, digits, `.`, `_`, `-` and spaces.
    pub name: String,
    /// The story in one sentence.
    pub summary: String,
    /// Where the story comes from.
    pub source: String,
    /// Strategies of which it is recorded, in the first replication, which node held a live token when: `holders.csv` and the chart
    /// `holders`, of at most forty nodes and at the last point of a sweep. At most four.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<String>,
    /// Counts for how much of the time nodes have a usable token: `usable_token_share` and `usable_token_share_worst`, of each fleet too. It
    /// costs some memory for each node, and a little time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub usable_tokens: bool,
    /// How long, how often, from which seed.
    pub run: RunSettings,
    /// The provider: a profile, and what differs from it.
    #[serde(default)]
    pub provider: Settings,
    /// Another provider, which some calls need besides or instead: every process has a credential of it too, from the same app, and keeps it
    /// as it keeps that of the first one. It has the keys of `provider`; `provider = "second"` or `"both"` at a workload says whose the calls are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_provider: Option<Settings>,
    /// Registered apps (OAuth clients); at least one.
    #[serde(default)]
    pub app: Vec<AppSettings>,
    /// Groups of like processes; at least one.
    #[serde(default)]
    pub fleet: Vec<FleetSettings>,
    /// The store that processes of one domain share; left out for one whose messages take 1 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreSettings>,
    /// The way to the gateway; left out for one whose messages take 1 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewaySettings>,
    /// The way between nodes that talk to each other; left out for one whose messages take 1 ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peers: Option<PeerSettings>,
    /// What users do whose grant is lost, where there are refresh tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// What is compared; at least one.
    #[serde(default)]
    pub strategy: Vec<StrategySettings>,
    /// What happens during the run.
    #[serde(default)]
    pub event: Vec<EventSettings>,
    /// The events that disturb are a trigger: does the system come back when it has gone?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<TriggerSettings>,
    /// Key of this file -> values to try in its place; several keys give every combination, the last one varying fastest.
    /// An entry of a list of tables is addressed by its name (`fleet.web.nodes`), one without a name by its position from 0. A
    /// name that contains a dot is put between quotes: `'strategy."v1.2".timeout'`.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    #[schemars(with = "Ordered<Vec<serde_json::Value>>")]
    pub sweep: Ordered<Vec<toml::Value>>,
    /// What a run must show; a run that does not ends with exit code 99.
    #[serde(default)]
    pub assert: Vec<Assert>,
    /// Strategy, or `"strategy @ key=value"` for some points of the sweep -> metric -> condition: what the test suite holds
    /// the scenario to. In the table `check`, strategy -> property -> `"ok"` or `"breaks"`: what `tokenstorm check` holds it to.
    #[serde(default, skip_serializing_if = "Expectations::is_empty")]
    pub expect: Expectations,
}

impl ScenarioFile {
    /// How many tenants an app serves; 1 where there is no such app.
    pub fn tenants_of(&self, app: &str) -> u32 {
        let app = self.app.iter().find(|known| known.name == app);
        app.map_or(1, |app| app.tenants.max(1))
    }

    /// How many providers there are: 1 or 2.
    pub(super) fn providers(&self) -> u32 {
        1 + u32::from(self.second_provider.is_some())
    }

    /// Whether some provider issues refresh tokens.
    pub(super) fn has_refresh_tokens(&self) -> bool {
        let mut providers = [&self.provider].into_iter().chain(&self.second_provider);
        providers.any(|provider| provider.refresh_tokens().is_some())
    }

    /// Whether what nodes ask for and hold is counted for each fleet: where fleets differ, or where usable tokens are counted.
    pub(super) fn tells_fleets_apart(&self) -> bool {
        self.usable_tokens || self.strategy.iter().any(StrategySettings::is_mixed)
    }

    /// How many processes each fleet can ever have, by its name.
    pub(super) fn most_nodes(&self) -> BTreeMap<&str, u32> {
        let mut most: BTreeMap<&str, u32> = BTreeMap::new();
        for fleet in &self.fleet {
            let known = most.entry(&fleet.name).or_default();
            *known = fleet.nodes.max(*known);
        }
        for (fleet, sizes) in self.event.iter().filter_map(EventSettings::sizes) {
            if let Some(known) = most.get_mut(fleet) {
                *known = sizes.into_iter().map(|(_, nodes)| nodes).fold(*known, u32::max);
            }
        }
        most
    }
}

/// How long, how often, from which seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// Measured span, after the warm-up; above zero.
    pub duration: Duration,
    /// Before the measured span: calls that arrive in it are served but not counted.
    #[serde(default)]
    pub warmup: Duration,
    /// After the measured span: nothing arrives, and calls under way are followed for so long.
    #[serde(default = "one_minute")]
    pub drain: Duration,
    /// Independent repetitions, each with draws of its own.
    #[serde(default = "thirty")]
    #[schemars(range(min = 1, max = 100_000))]
    pub replications: u32,
    /// Every draw follows from it: same seed, same bytes.
    #[serde(default = "one")]
    pub seed: u64,
}

/// What is asked of a trigger. Every strategy is then run three times under the same arrivals: with the events, without those that
/// disturb, and from a hot start in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerSettings {
    /// What has not recovered so long after the trigger's end is called metastable: longer than any wait of the retry policies,
    /// shorter than what would reset the system anyway. Left out for all the time that is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recover_within: Option<Duration>,
    /// A hot start: all tokens are revoked when the trigger would begin, and so many calls arrive at each node at once.
    #[schemars(range(min = 1))]
    pub hot_calls: u32,
}

impl Default for TriggerSettings {
    fn default() -> Self {
        Self {
            recover_within: None,
            hot_calls: 1,
        }
    }
}

/// A registered app: one `client_id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppSettings {
    /// Fleets name the app by it.
    pub name: String,
    /// Token slots granted to the app at the start; indices run from 0.
    #[serde(default = "one_slot")]
    #[schemars(range(min = 1))]
    pub slots: u16,
    /// Tenants that the app serves: users or customers, each with a grant, tokens and slots of its own. Every process of its fleets serves
    /// all of them, and keeps what it knows of each apart, as the store and the provider do.
    #[serde(default = "one_tenant", skip_serializing_if = "is_one")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub tenants: u32,
}

/// Like processes that use one app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSettings {
    /// Results and the timeline name the fleet by it.
    pub name: String,
    /// Processes.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub nodes: u32,
    /// Name of the app that they use.
    pub app: String,
    /// Nodes of one domain and one app share a store and a gateway; left out, all fleets are of the same one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Name of the address from which all its nodes come, as behind one gateway of a network: fleets of the same name share it. Left out,
    /// each node has one of its own. Quotas by address tell them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whether a strategy with slots sends an index; false for code that cannot be changed.
    #[serde(default = "yes")]
    pub sends_slot: bool,
    /// Ask for a new token even where the provider would return the current one.
    #[serde(default)]
    pub force_renewal: bool,
    /// Whose grant the nodes use, where there are refresh tokens.
    #[serde(default)]
    pub login: LoginSettings,
    /// How far the nodes' clocks are off, spread evenly from so much slow to so much fast: times of expiry in a shared store are
    /// written by one clock and read by another.
    #[serde(default)]
    pub clock_skew: Duration,
    /// How fast the nodes' clocks drift, in millionths, spread evenly from so much slow to so much fast: what a node times rings early or
    /// late by so much.
    #[serde(default)]
    #[schemars(range(max = 500_000))]
    pub clock_drift_ppm: u32,
    /// When the nodes start.
    #[serde(default)]
    pub start: StartSettings,
    /// Pauses of each node by chance; left out for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pauses: Option<PauseSettings>,
    /// Calls that arrive at each node; none for an idle fleet.
    #[serde(default)]
    pub workload: Vec<WorkloadSettings>,
}

/// When the nodes of a fleet start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StartSettings {
    /// The first one, counted from the start of the warm-up.
    pub at: Duration,
    /// The others follow, spread evenly over this time.
    pub over: Duration,
}

/// Pauses by chance: a node stands still now and then, as in a long garbage collection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseSettings {
    /// How long a node runs between two, on average; exponential.
    pub every: Duration,
    /// How long each lasts.
    pub lasts: Distribution,
}

/// Calls of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadSettings {
    /// A lower-case word such as `user` or `background`; results are counted apart for each kind.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_]*$"))]
    pub kind: String,
    /// When they arrive.
    pub arrivals: Arrivals,
    /// For which of the app's tenants they are, where it has more than one; left out, for each of them as often as for another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants: Option<TenantLoad>,
    /// To which provider they go, where there is a second one.
    #[serde(default, skip_serializing_if = "WhichProvider::is_first")]
    pub provider: WhichProvider,
    /// How long the caller waits before it has gone; left out for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<Duration>,
    /// Each call that arrives is the first of a job of several; left out, it is alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
}

/// To which provider calls go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhichProvider {
    /// The one that `provider` describes.
    #[default]
    First,
    /// The one that `second_provider` describes.
    Second,
    /// Each call to both: to the first and, once that has answered it, to the second.
    Both,
}

impl WhichProvider {
    pub(super) fn is_first(&self) -> bool {
        *self == Self::First
    }
}

/// How calls are spread over the tenants of an app, which are numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenantLoad {
    /// The first tenant has the most, and the k-th one in proportion to 1/k^s (Zipf's law): this is s, from 0 to 10. With 1, and a
    /// thousand tenants, the first has one call in seven or eight.
    Zipf(f64),
    /// All are for this one.
    Only(u32),
}

/// Users whose grant is lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// A user logs in again this long after the first call that failed for want of a grant; left out, never.
    pub again_after: Option<Duration>,
    /// Up to so much later, by chance: every time between is as likely.
    pub spread: Duration,
    /// The hours in which somebody works on it; outside of them both times rest. Left out, always. The run begins at midnight of the first
    /// day of a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// Whose grant a fleet's nodes use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginSettings {
    /// One user has logged in once for all nodes of the domain.
    #[default]
    Shared,
    /// A login for each node.
    Own,
}

/// What a run must show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assert {
    /// Name of the strategy, or `*` for every one.
    pub strategy: String,
    /// Name of the metric; `name@fleet` or `name@fleet/kind` for a part of the calls.
    pub metric: String,
    /// How the mean of the metric compares with the value.
    pub op: Op,
    /// In the unit of the metric, or with a unit of its own: `"99%"`, `"200ms"`.
    #[serde(deserialize_with = "read_figure")]
    #[schemars(schema_with = "figure_schema")]
    pub value: f64,
    /// Only where the sweep has these values: `key=value;key=value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<String>,
}

impl Assert {
    /// As a condition.
    pub const fn condition(&self) -> Condition {
        Condition::Compare(self.op, self.value)
    }
}

fn one_minute() -> Duration {
    Duration::from_secs(60)
}

/// Enough to see whether a strategy storms in some runs only; see section 4 of the model (`src/manual/model.md`).
fn thirty() -> u32 {
    30
}

fn one() -> u64 {
    1
}

fn one_slot() -> u16 {
    1
}

fn one_tenant() -> u32 {
    1
}

fn is_one(tenants: &u32) -> bool {
    *tenants == 1
}

fn yes() -> bool {
    true
}
