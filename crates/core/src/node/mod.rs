//! What a node hears and says, and the trait that every coordination strategy implements.
//!
//! Knows no rule of the provider and no engine: a strategy is a function of what reached the node, in the order in which
//! it reached it. What is timed arrives as an input; what is random is data for the engine to draw.

mod call;
mod caller;
mod calls;
mod failing;
mod forwarding;
mod guard;
mod guard_state;
mod hold;
mod jobs;
mod memory;
mod outbox;
mod party;
mod pending;
mod policy;
mod reorder;
mod requests;
mod shared;
mod tables;

pub use call::{Call, CallMarks, Phase};
pub use calls::{Calls, Hold, Parked, Spent};
pub use guard_state::GuardState;
pub use memory::{Memory, Names};
pub use outbox::Outbox;
pub use party::{Alarm, AtNode, Heard, NodeHost, NodeState, Sends, node_key};
pub use pending::{NUMBERS, Pending, PendingOps};
pub use policy::{Again, CallPolicy, DelayPlace, HoldsUp, RetryState, Steps, Unretried};
pub use reorder::Moved;
pub use shared::{Note, Shared, StoreAnswer, StoreOperation, Whom};
pub use tables::NodeTables;

use crate::base::{CallId, Delay, Duration, NodeId, Rough, Times};
use crate::oauth::{Failure, Grant, Token, TokenSlot};

pub use crate::trace::{Asker, Ticket};

/// A coordination strategy: whose token is used, when a new one is requested, what happens when one is rejected.
///
/// How often a call is tried and how long it waits in between is the retry policy's; the two are chosen independently.
///
/// A strategy can be driven by hand, one input at a time:
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use tokenstorm::base::{CallId, Millis, NodeId, Rough};
/// use tokenstorm::node::{Command, Input, Me, Memory, Names, Outbox, Role, Strategy, View};
/// use tokenstorm::oauth::{Grant, Token, TokenSlot};
///
/// /// Each call requests a token of its own: nothing is remembered.
/// #[derive(Clone)]
/// struct TokenPerCall;
///
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
/// struct Nothing;
///
/// impl Memory for Nothing {
///     fn view(&self) -> View { View { token: None } }
///     fn rename(&mut self, _: &mut dyn Names) {}
/// }
///
/// impl Strategy for TokenPerCall {
///     type Node = Nothing;
///     fn boot(&self, _: Me) -> Nothing { Nothing }
///     fn on(&self, _: Me, _: &mut Nothing, input: Input, out: &mut Outbox) {
///         match input {
///             Input::Call { call } | Input::Rejected { call: Some(call), .. } => out.push(Command::RequestToken {
///                 slot: TokenSlot::default(),
///                 call: Some(call),
///                 with: None,
///             }),
///             Input::Token { call: Some(call), grant, .. } => out.push(Command::Attempt { call, token: grant.token }),
///             Input::TokenFailed { call: Some(call), why, .. } => out.push(Command::FailAttempt { call, why }),
///             _ => {}
///         }
///     }
/// }
///
/// let me = Me { id: NodeId(0), ordinal: 0, role: Role::Worker, refreshes: false };
/// let (call, token) = (CallId(0), Token::numbered(1));
/// let mut commands = |input| {
///     let mut out = Outbox::default();
///     TokenPerCall.on(me, &mut Nothing, input, &mut out);
///     out.commands().copied().collect::<Vec<_>>()
/// };
/// let requested = commands(Input::Call { call });
/// assert!(matches!(requested[..], [Command::RequestToken { with: None, .. }]));
/// let grant = Grant { token, life: Millis::new(3_600_000), rank: None };
/// let sent = commands(Input::Token { call: Some(call), tag: 0, grant, took: Rough::ZERO, late: false });
/// assert_eq!(sent, [Command::Attempt { call, token }]);
/// ```
pub trait Strategy: Clone + Send + Sync {
    /// What one node remembers.
    type Node: Memory;

    /// The phases of its protocol by name, 32 at most; none where it has none. A checker says which of them never occurs.
    fn phases(&self) -> &'static [&'static str] {
        &[]
    }

    /// The memory of a node that starts, and of one that restarts after a crash.
    fn boot(&self, me: Me) -> Self::Node;

    /// The node runs from now on; what it does without being asked goes into `out`. Most wait for their first input.
    fn started(&self, _me: Me, _node: &mut Self::Node, _out: &mut Outbox) {}

    /// One thing has happened at this node; what it does about it goes into `out`.
    fn on(&self, me: Me, node: &mut Self::Node, input: Input, out: &mut Outbox);

    /// Whether these settings switch the phase of this name off.
    fn skips(&self, _phase: &str) -> bool {
        false
    }

    /// Whether a node gets into the phase of this name only after a token request or a store operation that has failed.
    fn follows_failure(&self, _phase: &str) -> bool {
        false
    }

    /// Its nodes share a store.
    fn needs_store(&self) -> bool {
        false
    }

    /// Its nodes forward calls to a gateway, or leave the renewing to it.
    fn needs_gateway(&self) -> bool {
        false
    }

    /// It wants to hear how long the requests took that a call makes for itself.
    fn times_requests(&self) -> bool {
        false
    }

    /// How long a lease lasts that its holder does not extend, and that may so end under it; none without one.
    fn lapses_after(&self) -> Option<Duration> {
        None
    }

    /// It renews tokens that are still good at moments that it plans, by [`Timer::Renew`].
    fn renews_as_planned(&self) -> bool {
        false
    }

    /// What one of its nodes obtains, others send too: through a store or a gateway, or because they tell each other.
    fn shares_tokens(&self) -> bool {
        self.needs_store() || self.needs_gateway()
    }

    /// How many registered copies of the app it uses.
    fn duplicate_apps(&self) -> u16 {
        1
    }

    /// The highest slot index that it asks for, where it asks for any.
    fn highest_slot(&self) -> Option<u16> {
        None
    }

    /// Whether a node does what another in its place would not: it asks for its ordinal among them, or for its neighbours. A
    /// checker takes states that differ only in which node is which for one where this is denied: who says nothing is searched
    /// in full.
    fn tells_nodes_apart(&self) -> bool {
        true
    }

    /// How nodes retry their calls that do so in a way of their own; none where all follow the policy of the plan.
    fn policies(&self) -> &[CallPolicy] {
        &[]
    }

    /// How this node retries its calls; none for the policy of all.
    #[inline(always)]
    fn policy_of(&self, _node: NodeId) -> Option<&CallPolicy> {
        None
    }

    /// The node follows this version of the code from its next start on. Heard only where nodes differ in what they follow.
    fn adopt(&mut self, _node: NodeId, _version: u8) {}
}

/// What a node knows of its own place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Me {
    /// The node itself.
    pub id: NodeId,
    /// Position among the nodes that share this node's app and can be dealt a slot or a duplicate app, from 0.
    pub ordinal: u32,
    /// What it is among the nodes of its domain.
    pub role: Role,
    /// Its app has refresh tokens: a new token is obtained with the one before.
    pub refreshes: bool,
}

/// What a node is among the nodes of its domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A node that serves calls.
    Worker,
    /// A worker whose code cannot be changed to send a slot index.
    Legacy,
    /// The node that other nodes forward their calls to, or leave the renewing to.
    Gateway,
}

/// A timer of a node. Arming one again replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The token should be replaced before it expires.
    Renew,
    /// A wait between two looks at the store.
    Wait,
    /// The lease should be extended before it ends.
    Extend,
    /// One that is the strategy's own, below [`OWN_TIMERS`]. It rings whenever a checker likes.
    Own(u8),
}

/// How many timers of its [own](Timer::Own) a strategy has.
pub const OWN_TIMERS: u8 = 5;

/// How many timers there are.
pub const TIMERS: usize = 3 + OWN_TIMERS as usize;

impl Timer {
    /// Its place among all timers.
    ///
    /// # Panics
    /// For an own timer beyond [`OWN_TIMERS`]: a bug in the strategy.
    pub const fn place(self) -> usize {
        match self {
            Self::Renew => 0,
            Self::Wait => 1,
            Self::Extend => 2,
            Self::Own(number) => {
                assert!(number < OWN_TIMERS, "a strategy has five timers of its own: 0 to 4");
                3 + number as usize
            }
        }
    }
}

/// What a node hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// A call wants a token: it has just arrived, or its backoff is over.
    Call {
        /// The call.
        call: CallId,
    },
    /// A 401: the API has rejected this token. The call that it was sent for wants another; none if that call is over.
    Rejected {
        /// The call that is still waiting.
        call: Option<CallId>,
        /// The token that was sent.
        token: Token,
    },
    /// A token request has succeeded.
    Token {
        /// The call that it was made for, if it is still waiting.
        call: Option<CallId>,
        /// What the strategy [called the request](Command::RequestTagged), and else zero.
        tag: u8,
        /// The new token, with its life.
        grant: Grant,
        /// How long a call has waited for it, where the strategy [times its requests](Strategy::times_requests).
        took: Rough,
        /// It comes after the node had given the request up.
        late: bool,
    },
    /// A token request has failed, or has been given up.
    TokenFailed {
        /// The call that it was made for, if it is still waiting.
        call: Option<CallId>,
        /// What the strategy [called the request](Command::RequestTagged), and else zero.
        tag: u8,
        /// What went wrong.
        why: Failure,
    },
    /// The store answers, or has not answered in time.
    Store(StoreAnswer),
    /// A timer rings.
    Timer(Timer),
    /// Another node says something.
    Note {
        /// Who says it.
        from: NodeId,
        /// What it says.
        note: Note,
    },
    /// The node has been given a token with a refresh token: it was deployed with it, or its user has logged in; so has a shared store.
    Login {
        /// The token of the new grant.
        grant: Grant,
    },
}

/// What a node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Send the call to the API with this token.
    Attempt {
        /// The call.
        call: CallId,
        /// The token to send.
        token: Token,
    },
    /// Keep the call until the parked ones are released.
    Park {
        /// The call.
        call: CallId,
    },
    /// Ask the token endpoint for the call that was parked first, which waits for it alone from now on; nothing where none is
    /// parked. Otherwise as [`Command::RequestToken`].
    RequestForParked {
        /// Which app and slot to ask for.
        slot: TokenSlot,
        /// Whose refresh token to present.
        with: Option<Token>,
    },
    /// Send all parked calls with this token.
    AttemptParked {
        /// The token to send.
        token: Token,
    },
    /// This try of the call has failed; the retry policy decides what follows.
    FailAttempt {
        /// The call.
        call: CallId,
        /// What went wrong.
        why: Failure,
    },
    /// The same for all parked calls.
    FailParked {
        /// What went wrong.
        why: Failure,
    },
    /// Hand the call to the gateway.
    Forward {
        /// The call.
        call: CallId,
    },
    /// Ask the token endpoint, for the node as a whole or for one call alone. Where there are refresh tokens, the one that
    /// came `with` this token is presented.
    RequestToken {
        /// Which app and slot to ask for.
        slot: TokenSlot,
        /// The call that waits for it alone.
        call: Option<CallId>,
        /// Whose refresh token to present.
        with: Option<Token>,
    },
    /// [`Command::RequestToken`] for the node as a whole, under a tag that its answer bears: a node that waits for several tells them apart.
    RequestTagged {
        /// Which app and slot to ask for.
        slot: TokenSlot,
        /// Whose refresh token to present.
        with: Option<Token>,
        /// What the request is called; best other than zero, which is any request without a tag.
        tag: u8,
    },
    /// Ask the shared store.
    Store(StoreOperation),
    /// Say something to other nodes.
    Tell {
        /// To whom.
        whom: Whom,
        /// What.
        note: Note,
    },
    /// Set a timer.
    Arm {
        /// Which.
        timer: Timer,
        /// When it rings, from now.
        delay: Delay,
    },
    /// Set a timer by the time of day, which a strategy does not see: it rings when so much of a period has gone.
    ArmAt {
        /// Which.
        timer: Timer,
        /// The period, a day as a rule; the first begins with the run.
        every: Duration,
        /// How much of the period has gone when it rings: the next of these times.
        at: Times,
        /// It has rung for one of them, which is over: a clock that goes wrong may have rung a little early.
        again: bool,
    },
}

/// What may be asked about a node from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The token that the node would send now.
    pub token: Option<Token>,
}
