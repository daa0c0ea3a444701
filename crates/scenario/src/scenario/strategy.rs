//! One of the things that are compared: a coordination strategy with its call policy, or the client library that has both.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};

use super::ordered::Ordered;
use crate::base::{ByName, Duration, Share, by_name};
use crate::provider::settings::{LoggedOutBy, Reads};
use crate::retry::{Breaker, Budget, Immediate, Retry, Throttle, TokenGuard};
use crate::strategy::Coordination;

/// One way to share the credential, with the retry policy beside it. Every strategy works with every policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = either)]
pub struct StrategySettings {
    /// Free text, for reports.
    pub name: String,
    /// Left out of the comparison, but kept in the file: neither run nor held to what is expected of it.
    #[serde(default, skip_serializing_if = "is_compared")]
    pub off: bool,
    /// A client library whose behaviour it is, as far as no key beside this one says otherwise; `tokenstorm list clients` names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Whose token is used and when a new one is requested; `tokenstorm list strategies` names them. A `client` has its own.
    #[serde(deserialize_with = "by_name")]
    #[schemars(with = "ByName<Coordination>")]
    pub coordination: Coordination,
    /// How often a call is tried and how long it waits in between; left out, five tries without a wait.
    #[serde(default = "at_once", deserialize_with = "by_name")]
    #[schemars(with = "ByName<Retry>")]
    pub retry: Retry,
    /// How often a call is tried again after each kind of failure; left out, after any of them as often as `retry` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_after: Option<AgainSettings>,
    /// How long a node waits for the answer to one attempt or one token request; left out for ever, or 30 s where answers can be lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Where the retry policy's wait goes after a refused token.
    #[serde(default)]
    pub delay_goes: DelayGoes,
    /// Whether even the first renewal of a call waits.
    #[serde(default)]
    pub delay_first: bool,
    /// What a node does with a refused token whose call is not tried again.
    #[serde(default)]
    pub unretried: UnretriedSettings,
    /// Whom a wait between a refused token and the token request holds up; only with `delay_goes = "before_renewal"`.
    #[serde(default)]
    pub wait_holds: HoldsSettings,
    /// What the backoff steps are counted by.
    #[serde(default)]
    pub steps: StepsSettings,
    /// How much of an answer the client's code reads: what it cannot tell apart it cannot act on.
    #[serde(default)]
    pub reads: Reads,
    /// What the client takes for the end of its login: it asks for another, and with `token_guard.until_login` for nothing else until then.
    #[serde(default)]
    pub logged_out_by: LoggedOutBy,
    /// Wait as long as a 429 says.
    #[serde(default = "yes")]
    pub obey_retry_after: bool,
    /// Up to so much of what a 429 says is waited on top of it, by chance, beside the policy's own jitter. Envoy takes half.
    #[serde(default)]
    pub retry_after_jitter: Share,
    /// Retries are paid from a budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// After failures in a row a node refuses its own calls for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// A node refuses its own tries by chance when too few are accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    /// A node asks a failing token endpoint less often, and sends calls with the token that there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_guard: Option<TokenGuard>,
    /// Name of a fleet -> what its nodes follow: keys of this table, in place of those above. With a `client` of its own a fleet has
    /// what is left out from that client, and otherwise from here.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub fleet: Ordered<Version>,
    /// Name -> what nodes follow from when an event rolls it out to them (`rollout`), in the same form.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub version: Ordered<Version>,
}

/// The keys of a strategy that no part of its nodes has for itself.
pub(super) const OF_THE_WHOLE: [&str; 4] = ["name", "off", "fleet", "version"];

/// What some nodes follow: keys of their strategy, in place of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Version(StrategySettings);

impl Version {
    /// All of it, with what it has from the strategy or its client.
    pub fn settings(&self) -> &StrategySettings {
        &self.0
    }

    /// Its coordination, to be filled in.
    pub(super) fn coordination_mut(&mut self) -> &mut Coordination {
        &mut self.0.coordination
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StrategySettings::deserialize(deserializer).map(Self)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = toml::Table::try_from(&self.0).map_err(ser::Error::custom)?;
        table.retain(|key, _| !OF_THE_WHOLE.contains(&key));
        table.serialize(serializer)
    }
}

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = StrategySettings::json_schema(generator);
        schema.remove("required");
        schema.remove("anyOf");
        let about = "What some nodes follow: keys of their strategy, in place of its own.";
        schema.insert("description".to_owned(), about.into());
        if let Some(keys) = schema.get_mut("properties").and_then(|keys| keys.as_object_mut()) {
            keys.retain(|key, _| !OF_THE_WHOLE.contains(&key.as_str()));
        }
        schema
    }
}

/// Where the wait after a refused token goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DelayGoes {
    /// Between the rejection and the token request.
    #[default]
    BeforeRenewal,
    /// Between the new token and the next attempt: the token can die unused.
    AfterRenewal,
    /// Nowhere: after a refused token the next try begins at once, and only other failures wait.
    Nowhere,
}

/// How often a call is tried again after each kind of failure, within what `retry` allows in all. A kind that is left out has no bound
/// of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgainSettings {
    /// After a refused token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_token: Option<u16>,
    /// After another failure of the call at the API, an answer that does not come among them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_call: Option<u16>,
    /// After a failure of the token request that the call waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_token_request: Option<u16>,
}

/// What a node does with a refused token whose call is not tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnretriedSettings {
    /// It drops the token: the next call asks for another, and no budget pays for that.
    #[default]
    Drop,
    /// It goes on with the token until a call that may be tried again, or a timer, renews it.
    Keep,
}

/// Whom a wait between a refused token and the token request holds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldsSettings {
    /// The refused call alone: other calls of the node go on with the refused token meanwhile.
    #[default]
    Call,
    /// Every call of the node, as where a client sleeps with its lock in hand.
    Node,
}

/// What backoff steps are counted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepsSettings {
    /// Each call begins with the shortest wait.
    #[default]
    PerCall,
    /// The calls of a node share the count; an accepted call resets it.
    PerNode,
}

fn yes() -> bool {
    true
}

fn is_compared(off: &bool) -> bool {
    !off
}

fn at_once() -> Retry {
    Retry::Immediate(Immediate::default())
}

/// A client has a coordination, and what names no client has to say one.
fn either(schema: &mut Schema) {
    let Some(required) = schema.get_mut("required").and_then(|required| required.as_array_mut()) else {
        return;
    };
    required.retain(|key| key != "coordination");
    let one = serde_json::json!([{ "required": ["coordination"] }, { "required": ["client"] }]);
    schema.insert("anyOf".to_owned(), one);
}
