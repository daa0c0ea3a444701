//! What happens during a run, as the file writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::base::Duration;
use crate::world::Party;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSettings {
    /// Counted from the start of the warm-up.
    pub at: Duration,
    /// What it is.
    pub what: EventKind,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The stopped nodes of a fleet start again, with empty memory.
    Start(OfFleet),
    /// A fleet stops: nothing arrives any more, calls under way are finished.
    Stop(OfFleet),
    /// The nodes of a fleet restart: memory and calls under way are lost.
    Restart(Restart),
    /// A fleet is redeployed: its nodes restart in waves.
    Redeploy(Redeploy),
    /// A version of the code is rolled out to a fleet: its nodes restart one after another, and follow it from then on.
    Rollout(Rollout),
    /// A fleet grows or shrinks.
    Scale(Scale),
    /// A fleet grows and shrinks by a schedule.
    Autoscale(Autoscale),
    /// Nodes stand still, as in a long garbage collection or while a virtual machine is moved: they hear nothing and say
    /// nothing. Calls arrive meanwhile, timers fall due and answers come in; at the end all of it reaches them, in order.
    Pause(Pause),
    /// Nodes cannot reach the store or an endpoint: whatever would arrive meanwhile, there or here, is lost.
    Partition(Partition),
    /// One node dies and comes back with empty memory.
    Crash(Crash),
    /// The gateway of an app dies and comes back with empty memory.
    CrashGateway(CrashGateway),
    /// An endpoint answers nothing but errors, or nothing at all.
    Fail(Fail),
    /// An endpoint takes longer.
    Slow(Slow),
    /// The shared stores lose their primaries: replicas take over that had not heard of the last writes.
    FailOverStore(FailOverStore),
    /// Support grants an app more slots.
    GrantSlots(GrantSlots),
    /// Somebody revokes an app's live tokens.
    Revoke(Revoke),
    /// Calls arrive at a fleet beyond those of its workload.
    Spike(Spike),
}

/// What happens to all nodes of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfFleet {
    /// Name of the fleet.
    pub fleet: String,
}

/// A restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Name of the fleet.
    pub fleet: String,
    /// From the first node's restart to the last one's; zero for all at once.
    #[serde(default)]
    pub rolling: Duration,
    /// How long each node is away.
    #[serde(default)]
    pub down: Duration,
}

/// A change of size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Name of the fleet.
    pub fleet: String,
    /// Nodes afterwards.
    #[schemars(range(max = 10_000_000))]
    pub nodes: u32,
    /// The change is spread evenly over this time.
    #[serde(default)]
    pub over: Duration,
}

/// A redeployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Redeploy {
    /// Name of the fleet.
    pub fleet: String,
    /// Groups of neighbouring nodes, as equal in size as can be, that restart one after another.
    #[schemars(range(min = 1))]
    pub waves: u32,
    /// From one wave's restart to the next one's.
    pub between: Duration,
    /// How long each node is away.
    #[serde(default)]
    pub down: Duration,
}

/// A rollout: a restart after which the nodes follow another version. A strategy that has none of this name is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Name of the fleet.
    pub fleet: String,
    /// Name of the version, as `[strategy.version.NAME]` has it.
    pub to: String,
    /// From the first node's restart to the last one's; zero for all at once.
    #[serde(default)]
    pub over: Duration,
    /// How long each node is away.
    #[serde(default)]
    pub down: Duration,
}

/// Changes of size by a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// Name of the fleet.
    pub fleet: String,
    /// In order of time: `steps = [{ after = "0s", nodes = 20 }, { after = "10min", nodes = 4 }]`.
    pub steps: Vec<AutoscaleStep>,
}

/// One change of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AutoscaleStep {
    /// Counted from the event.
    pub after: Duration,
    /// Nodes from then on.
    #[schemars(range(max = 10_000_000))]
    pub nodes: u32,
}

/// A pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Name of the fleet.
    pub fleet: String,
    /// Which nodes, from 0; left out for all that are up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<u32>>,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Duration,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Name of the fleet.
    pub fleet: String,
    /// Which nodes, from 0; left out for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Vec<u32>>,
    /// What they cannot reach.
    pub from: Target,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Duration,
}

/// A crash of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// Name of the fleet.
    pub fleet: String,
    /// Which node, from 0.
    pub node: u32,
    /// How long it is away.
    #[serde(default)]
    pub down: Duration,
}

/// A crash of a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CrashGateway {
    /// Name of the app.
    pub app: String,
    /// How long it is away.
    pub down: Duration,
}

/// Where requests go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The token endpoint.
    Token,
    /// The API.
    Api,
    /// The shared store.
    Store,
    /// The token endpoint of the second provider.
    SecondToken,
    /// The API of the second provider.
    SecondApi,
}

impl Target {
    /// Whether it is of a second provider.
    pub fn is_of_second(self) -> bool {
        matches!(self, Self::SecondToken | Self::SecondApi)
    }

    /// As the world knows it.
    pub fn party(self) -> Party {
        match self {
            Self::Token => Party::TokenEndpoint,
            Self::Api => Party::Api,
            Self::Store => Party::Store,
            Self::SecondToken => Party::SecondTokenEndpoint,
            Self::SecondApi => Party::SecondApi,
        }
    }
}

impl EventKind {
    /// The fleet that it happens to, where it happens to one.
    pub fn fleet(&self) -> Option<&str> {
        Some(match self {
            Self::Start(it) | Self::Stop(it) => &it.fleet,
            Self::Restart(it) => &it.fleet,
            Self::Redeploy(it) => &it.fleet,
            Self::Rollout(it) => &it.fleet,
            Self::Scale(it) => &it.fleet,
            Self::Autoscale(it) => &it.fleet,
            Self::Pause(it) => &it.fleet,
            Self::Partition(it) => &it.fleet,
            Self::Crash(it) => &it.fleet,
            Self::Spike(it) => &it.fleet,
            Self::CrashGateway(_)
            | Self::Fail(_)
            | Self::Slow(_)
            | Self::FailOverStore(_)
            | Self::GrantSlots(_)
            | Self::Revoke(_) => return None,
        })
    }
}

impl EventSettings {
    /// The fleet that the event scales, and the sizes that it gives it, with their times.
    pub fn sizes(&self) -> Option<(&str, Vec<(Duration, u32)>)> {
        match &self.what {
            EventKind::Scale(scale) => Some((&scale.fleet, vec![(self.at, scale.nodes)])),
            EventKind::Autoscale(autoscale) => {
                let steps = autoscale.steps.iter();
                let sizes = steps.map(|step| (self.at.saturating_add(step.after), step.nodes));
                Some((&autoscale.fleet, sizes.collect()))
            }
            _ => None,
        }
    }
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    /// What fails.
    pub endpoint: Target,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Duration,
    /// How it fails.
    #[serde(default)]
    pub how: How,
    /// With `how = "throttled"`: how long every answer asks to wait; left out, it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Duration>,
}

/// How an endpoint fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Every request is answered with an error.
    #[default]
    Errors,
    /// No request is answered.
    Silent,
    /// Every request is turned away as one too many (429).
    Throttled,
    /// What stands before the endpoint turns every request away, with a page (403): a firewall, or a content delivery network.
    Forbidden,
    /// Every request gets a page to log in on (200), as where a single sign-on was put before the endpoint.
    LoginPage,
    /// Every request is sent on to such a page (302).
    Redirect,
}

/// A slowdown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// What is slow.
    pub endpoint: Target,
    /// Times as long as usual; above 1.
    pub factor: f64,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub lasts: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailOverStore {
    /// Writes younger than this are lost, leases included.
    pub loses: Duration,
}

/// A grant of slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantSlots {
    /// Name of the app.
    pub app: String,
    /// Slots that the app has from now on.
    #[schemars(range(min = 1))]
    pub slots: u16,
}

/// A revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// Name of the app.
    pub app: String,
    /// At the second provider.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second: bool,
    /// Left out for all tenants; they are numbered from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<u32>,
    /// Left out for all slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<u16>,
}

/// More calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spike {
    /// Name of the fleet.
    pub fleet: String,
    /// Calls at each node, of the first kind of the fleet's workload.
    #[schemars(range(min = 1))]
    pub calls: u32,
    /// They are spread evenly over this time; zero for all at once.
    #[serde(default)]
    pub over: Duration,
}
