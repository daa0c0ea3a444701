//! The form of a film: plain data, the same in JSON.

use serde::{Deserialize, Serialize};

use super::life::TokenLife;
use super::marks::FilmMarks;
use super::picture::{CallPicture, NodePicture, Picture, SlotsPicture, StorePicture};
use crate::trace::CallOutcome;

/// The version of the JSON form. A field may be added under the same version; a change of what is there gets another.
pub const FORM: u32 = 1;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One run, event by event. Instants are nanoseconds since the start of the run; parties are named by their place in `parties`,
/// steps by their number in the whole run, calls in the order of their arrival and tokens in that of their issue, all from 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Film {
    /// Version of this form: [`FORM`].
    pub form: u32,
    /// Name of the scenario; of a counterexample, what it breaks.
    pub scenario: String,
    /// Name of the strategy.
    pub strategy: String,
    /// The sweep point, as `key=value;key=value`; empty without a sweep.
    #[serde(default, skip_serializing_if = "is_default")]
    pub point: String,
    /// The seed of the campaign; none for a counterexample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Which replication, from 0; none for a counterexample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<u32>,
    /// Whether steps have instants: those of a counterexample have only an order.
    pub timed: bool,
    /// Who takes part, in the order of the columns of a diagram.
    pub parties: Vec<FilmParty>,
    /// Everything before the first step that was kept.
    pub opening: Picture,
    /// The steps that were kept, in order and without a gap.
    pub steps: Vec<Step>,
    /// Every token that a step that was kept names, that lived meanwhile, or that ended one of those.
    pub tokens: Vec<TokenLife>,
    /// Where in the whole run something is worth a look, inside the window or not.
    pub marks: FilmMarks,
    /// What was not kept.
    pub left_out: LeftOut,
    /// From which step on, by number, everything can be repeated for ever; only in a counterexample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<u64>,
    /// What the steps do not show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// Steps of the run that are not in the film.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Steps before the first that was kept.
    pub before: u64,
    /// Steps after the last that was kept.
    pub after: u64,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilmParty {
    /// What it is called: `web 3`, `token endpoint`.
    pub name: String,
    /// What it is.
    pub kind: PartyKind,
}

/// What a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyKind {
    /// A node that serves calls.
    Node,
    /// A node that others hand their calls to, or leave the renewing to.
    Gateway,
    /// Where tokens are issued.
    TokenEndpoint,
    /// Where tokens are spent.
    Api,
    /// What nodes share.
    Store,
}

/// What kind of step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A call arrives at a node.
    CallArrives,
    /// An attempt arrives at the API.
    AttemptArrives,
    /// The API has served an attempt that had to wait.
    AttemptServed,
    /// The API's answer arrives at a node.
    AttemptAnswered,
    /// A token request arrives at the token endpoint.
    TokenRequestArrives,
    /// The token endpoint has served a request that had to wait.
    TokenRequestServed,
    /// The token endpoint's answer arrives at a node.
    TokenAnswered,
    /// An operation arrives at the store.
    StoreOperation,
    /// The store's answer arrives at a node.
    StoreAnswered,
    /// A call arrives at the gateway.
    CallForwarded,
    /// The gateway's answer arrives at the node that handed the call over.
    CallReturned,
    /// A node tells another something.
    Note,
    /// A timer of a node rings.
    Timer,
    /// The wait before another try is over.
    WaitOver,
    /// A node waits no longer for an answer.
    TimedOut,
    /// A user logs in again.
    Login,
    /// Nodes start.
    Started,
    /// Nodes take no more calls.
    Stopped,
    /// Nodes lose their memory and their calls.
    Crash,
    /// Nodes stand still.
    Paused,
    /// Nodes that stood still go on.
    Resumed,
    /// Nodes are cut off from a party.
    Cut,
    /// Cuts are over.
    Mended,
    /// A party fails.
    Outage,
    /// A party works again.
    OutageOver,
    /// A store's primary dies, and a replica takes its place.
    Failover,
    /// Messages take another time from now on.
    Slowed,
    /// A client has another number of slots from now on.
    SlotsGranted,
    /// The provider takes tokens back.
    Revoked,
    /// A token reaches the end of its life.
    Expired,
    /// What only a counterexample has: time passes, a lease lapses.
    Other,
    /// The run ends.
    End,
}

/// One step: something happens at one instant, and what follows from it in the same instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its number in the whole run, from 1.
    pub number: u64,
    /// When it happens; none in a counterexample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ns: Option<u64>,
    /// What kind of step it is.
    pub kind: StepKind,
    /// The party where it comes from.
    pub from: usize,
    /// The party where it arrives; the same where only one is concerned.
    pub to: usize,
    /// What happens, in words.
    pub text: String,
    /// The call that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// The token that it is about: the one sent, issued, received, refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<u64>,
    /// The step in which that was sent, or set, which arrives here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// What was sent never arrives.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lost: bool,
    /// Something goes wrong without any party's decision.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fault: bool,
    /// An attempt is refused for its token here.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refused: bool,
    /// What it changes in the picture.
    #[serde(default, skip_serializing_if = "is_default")]
    pub changes: Vec<Change>,
}

/// A change of the picture. Each holds the whole of what it replaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A node is in another state, or holds another token.
    Node(NodePicture),
    /// A token is issued, or its end has been decided.
    Token(TokenLife),
    /// A call under way has come further, or has just arrived.
    Call(CallPicture),
    /// A call is over.
    CallEnded {
        /// Which.
        call: u64,
        /// How.
        outcome: CallOutcome,
    },
    /// A store holds another token, or another node has its lease.
    Store(StorePicture),
    /// A client has another number of slots.
    Slots(SlotsPicture),
}

impl Film {
    /// The step of this number, where it was kept.
    pub fn step(&self, number: u64) -> Option<&Step> {
        let first = self.steps.first()?.number;
        self.steps.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// The life of this token.
    pub fn token(&self, token: u64) -> Option<&TokenLife> {
        let place = self.tokens.binary_search_by_key(&token, |life| life.token).ok()?;
        self.tokens.get(place)
    }
}
