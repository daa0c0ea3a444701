#![doc = include_str!("pages/lease.md")]

mod steps;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use super::offer::{Circumstances, Offer, Offers};
use super::{Listed, SPAN, Shares, Small};
use crate::base::Duration;
use crate::node::{Input, Me, Outbox, Strategy};
use crate::oauth::TokenSlot;

pub use steps::Memory;

/// Who renews holds a lease of the shared store meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The store takes the lease back after this time, or `"never"`, or when its holder dies: `"while_alive"`.
    #[serde(default)]
    pub ttl: Ttl,
    /// The holder begins the lease's time anew this often; without it, never.
    pub extend_every: Option<Duration>,
    /// How often a waiter looks whether the holder is done.
    #[serde(default = "default_poll")]
    pub poll: Duration,
    /// How long a waiter waits in all before it gives up.
    #[serde(default = "default_wait")]
    pub wait: Duration,
    /// What a node does that has waited too long, or finds no store.
    #[serde(default)]
    pub when_stuck: WhenStuck,
    /// On what condition a new token is written.
    #[serde(default)]
    pub write: Write,
    /// Whether the lease is kept until the store has answered the write.
    #[serde(default)]
    pub publish: Publish,
    /// What is done under the lease.
    #[serde(default)]
    pub covers: Covers,
    /// How the lease is given back.
    #[serde(default)]
    pub release: Release,
    /// The token to be refreshed is read before the lease is taken and not looked at again under it.
    #[serde(default)]
    pub read_before_lock: bool,
    /// What the holder does whose refresh token is refused.
    #[serde(default)]
    pub on_invalid_grant: OnInvalidGrant,
    /// The token is replaced this long before it expires; without it, once it is refused.
    pub renew_ahead: Option<Duration>,
    /// A planned renewal starts up to this much earlier, at random for each node.
    #[serde(default)]
    pub jitter: Duration,
}

/// How long a lease lasts that is not given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// So long after it was taken or last extended.
    After(Duration),
    /// It does not end by itself.
    Never,
    /// As long as its holder lives, as an operating system's lock does.
    WhileAlive,
}

/// What a node does that cannot get the lease in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenStuck {
    /// The waiting calls fail this try.
    #[default]
    Fail,
    /// It renews without the lease.
    GoAlone,
    /// The waiting calls are sent with the token that was to be replaced.
    UseStale,
}

/// On what condition the holder's token replaces the stored one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// None.
    #[default]
    Blind,
    /// No later holder of the lease has written before.
    Fenced,
    /// The stored one is not newer, as far as tokens reveal it.
    PutIfNewer,
}

/// When the lease is given back after a renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Publish {
    /// The lease is given back once the store has answered the write.
    #[default]
    Acknowledged,
    /// The write and the release are sent one after the other; either may arrive first.
    Unacknowledged,
}

/// What is done under the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// The renewal, from the look at the store to the write.
    #[default]
    Renewal,
    /// The write alone: the renewal has happened by then.
    Write,
}

/// On what condition the lease is given back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// Only if it is still the one that was acquired.
    #[default]
    Owner,
    /// Whosever it is by now.
    Unchecked,
}

/// What the holder does whose refresh token is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnInvalidGrant {
    /// The waiting calls fail for good.
    #[default]
    Fail,
    /// It reads the store again and uses what another has put there meanwhile.
    Reread,
}

// 10 s, 100 ms and 12 s are Nango's lease and wait, and the poll interval that neon and WxJava use.
impl Default for Ttl {
    fn default() -> Self {
        Self::After(Duration::from_secs(10))
    }
}

impl Default for Lease {
    fn default() -> Self {
        Self {
            ttl: Ttl::default(),
            extend_every: None,
            poll: default_poll(),
            wait: default_wait(),
            when_stuck: WhenStuck::default(),
            write: Write::default(),
            publish: Publish::default(),
            covers: Covers::default(),
            release: Release::default(),
            read_before_lock: false,
            on_invalid_grant: OnInvalidGrant::default(),
            renew_ahead: None,
            jitter: Duration::ZERO,
        }
    }
}

fn default_poll() -> Duration {
    Duration::from_millis(100)
}

fn default_wait() -> Duration {
    Duration::from_secs(12)
}

impl Ttl {
    /// The time after which it ends, if it does.
    pub const fn span(self) -> Option<Duration> {
        match self {
            Self::After(span) => Some(span),
            Self::Never | Self::WhileAlive => None,
        }
    }
}

impl<'de> Deserialize<'de> for Ttl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match &*text {
            "never" => Ok(Self::Never),
            "while_alive" => Ok(Self::WhileAlive),
            _ => text
                .parse()
                .map(Self::After)
                .map_err(|error| de::Error::custom(format!("{error}; or `never`, or `while_alive`"))),
        }
    }
}

impl Serialize for Ttl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::After(span) => span.serialize(serializer),
            Self::Never => serializer.serialize_str("never"),
            Self::WhileAlive => serializer.serialize_str("while_alive"),
        }
    }
}

impl JsonSchema for Ttl {
    fn schema_name() -> Cow<'static, str> {
        "Ttl".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "How long a lease lasts that is not given back",
            "anyOf": [generator.subschema_for::<Duration>(), { "enum": ["never", "while_alive"] }],
            "default": "10s"
        })
    }
}

/// Where new tokens come from: rotation takes several slots in turn.
pub(super) trait Slots {
    fn count(&self) -> u8;
    fn at(&self, turn: u8) -> TokenSlot;
}

/// The app's default slot, always.
struct OneSlot;

impl Slots for OneSlot {
    fn count(&self) -> u8 {
        1
    }

    fn at(&self, _: u8) -> TokenSlot {
        TokenSlot::default()
    }
}

impl Strategy for Lease {
    type Node = Memory;

    fn phases(&self) -> &'static [&'static str] {
        Memory::PHASES
    }

    fn boot(&self, _: Me) -> Memory {
        Memory::default()
    }

    fn renews_as_planned(&self) -> bool {
        self.renew_ahead.is_some()
    }

    fn on(&self, me: Me, node: &mut Memory, input: Input, out: &mut Outbox) {
        self.step(&OneSlot, me, node, input, out);
    }

    fn skips(&self, phase: &str) -> bool {
        match phase {
            "waiting" => self.poll > self.wait,
            "checking" => self.read_before_lock || self.covers == Covers::Write,
            "rereading" => self.on_invalid_grant != OnInvalidGrant::Reread,
            "publishing" => self.publish == Publish::Unacknowledged,
            _ => false,
        }
    }

    fn lapses_after(&self) -> Option<Duration> {
        match (self.ttl, self.extend_every) {
            (Ttl::After(ttl), None) => Some(ttl),
            _ => None,
        }
    }

    fn needs_store(&self) -> bool {
        true
    }

    fn tells_nodes_apart(&self) -> bool {
        false
    }
}

impl Lease {
    /// Two looks at a held lease before a node is stuck: it waits once.
    pub(super) fn waiting_once() -> Self {
        Self {
            ttl: Ttl::After(Duration::SECOND),
            poll: SPAN,
            wait: SPAN,
            when_stuck: WhenStuck::Fail,
            renew_ahead: Some(Duration::SECOND),
            ..Self::default()
        }
    }
}

impl Listed for Lease {
    fn small(_: u16) -> Vec<Small<Self>> {
        let plain = Self::waiting_once();
        let refused = Self {
            renew_ahead: None,
            on_invalid_grant: OnInvalidGrant::Reread,
            ..plain
        };
        let alone = Self {
            when_stuck: WhenStuck::GoAlone,
            ..plain
        };
        let fenced = Self {
            write: Write::Fenced,
            ..plain
        };
        let hasty = Self {
            publish: Publish::Unacknowledged,
            // Who finds it taken fails at once: what is written late makes states enough.
            wait: Duration::ZERO,
            ..plain
        };
        let for_ever = Self {
            ttl: Ttl::Never,
            ..plain
        };
        vec![
            Small::of(
                "lease",
                "renews ahead; a node that has waited too long fails its calls",
                plain,
            ),
            Small::of(
                "lease_alone",
                "renews ahead; a node that has waited too long asks without the lease",
                alone,
            ),
            Small::of("lease_fenced", "as `lease`; writes only under the newest fence", fenced),
            Small::of(
                "lease_hasty",
                "as `lease`; gives it back before the write is acknowledged",
                hasty,
            ),
            Small::of(
                "lease_for_ever",
                "as `lease`; it ends only when it is given back",
                for_ever,
            ),
            Small::refreshing("lease_strict", refused),
            Small::refreshing("lease_grace", refused),
        ]
    }

    fn scaled_down(self) -> Self {
        Self {
            wait: self.poll,
            ..self
        }
    }

    fn shares(&self) -> Shares {
        Shares {
            lease: Some("a lock for one renewal"),
            ..Shares::plain(true)
        }
    }

    fn offers(here: &Circumstances) -> Offers<Self> {
        let plain = Self {
            ttl: Ttl::After(here.lease()),
            wait: here.patience(),
            on_invalid_grant: OnInvalidGrant::Reread,
            ..Self::default()
        };
        let extended = Self {
            extend_every: Some(here.extension()),
            ..plain
        };
        let ahead = Self {
            renew_ahead: Some(here.margin()),
            jitter: here.stagger(),
            ..extended
        };
        Ok(vec![
            Offer::of("", plain),
            Offer::of("extended", extended),
            Offer::of("extended, renewed ahead", ahead),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Node, entry, grant, invalid_grant, lies, obtained, rejected, token};
    use super::*;
    use crate::base::{CallId, Delay};
    use crate::node::{Command, Shared, StoreAnswer, Timer};
    use crate::oauth::Failure;
    use crate::store::{Answer, Asked, Operation, When};

    const CALL: CallId = CallId(0);
    const READ: Command = Command::Store(Operation::Read);

    fn lease(keys: &str) -> Lease {
        toml::from_str(keys).unwrap()
    }

    fn said(answer: StoreAnswer) -> Input {
        Input::Store(answer)
    }

    fn attempt(number: u32) -> Command {
        Command::AttemptParked { token: token(number) }
    }

    fn ask(with: u32) -> Command {
        Command::RequestToken {
            slot: TokenSlot::default(),
            call: None,
            with: Some(token(with)),
        }
    }

    fn write(number: u32, when: When) -> Command {
        Command::Store(Operation::Write {
            value: Shared::of(grant(number), 0),
            when,
        })
    }

    fn release(fence: u32) -> Command {
        Command::Store(Operation::Release { fence })
    }

    /// A node whose token 1 has been refused and that is taking the lease.
    fn acquiring(keys: &str) -> Node<Lease> {
        let mut node = Node::new(lease(keys));
        node.hear(Input::Call { call: CALL });
        node.hear(entry(1));
        assert_eq!(node.hear(rejected(1)), [Command::Park { call: CALL }, READ]);
        let taken = node.hear(entry(1));
        assert!(
            matches!(taken[..], [Command::Store(Operation::Acquire { .. })]),
            "{taken:?}"
        );
        node
    }

    /// The same node, with the lease of fence 7 and its request under way.
    fn asking(keys: &str) -> Node<Lease> {
        let mut node = acquiring(keys);
        node.hear(said(Answer::Acquired { fence: 7 }));
        assert_eq!(node.hear(entry(1)), [ask(1)]);
        node
    }

    #[test]
    fn the_lease_is_kept_until_the_write_is_acknowledged_or_not() {
        let mut node = asking("");
        assert_eq!(node.hear(obtained(2)), [attempt(2), write(2, When::Always)]);
        assert_eq!(node.hear(said(Answer::Written)), [release(7)]);
        let mut hasty = asking("publish = 'unacknowledged'");
        assert_eq!(
            hasty.hear(obtained(2)),
            [attempt(2), write(2, When::Always), release(7)]
        );
    }

    #[test]
    fn a_fenced_write_that_is_refused_gives_way_to_what_lies_there() {
        let mut node = asking("write = 'fenced'");
        assert_eq!(node.hear(obtained(3)), [attempt(3), write(3, When::Fence(7))]);
        assert_eq!(node.hear(said(Answer::Kept(lies(2)))), [attempt(2), release(7)]);
        // What was to be replaced is no better than what replaces it.
        let mut node = asking("write = 'put_if_newer'");
        assert_eq!(node.hear(obtained(3))[1], write(3, When::NotOlder));
        assert_eq!(node.hear(said(Answer::Kept(lies(1)))), [release(7)]);
    }

    #[test]
    fn a_release_without_a_look_deletes_the_lease_of_another() {
        let mut node = asking("release = 'unchecked'");
        node.hear(obtained(2));
        assert_eq!(node.hear(said(Answer::Written)), [Command::Store(Operation::Unlock)]);
    }

    #[test]
    fn a_lease_is_extended_until_it_is_found_to_have_lapsed() {
        let mut node = acquiring("extend_every = '3s'\nttl = '5s'");
        let later = Command::Arm {
            timer: Timer::Extend,
            delay: Delay::exactly(Duration::from_secs(3)),
        };
        assert_eq!(node.hear(said(Answer::Acquired { fence: 7 })), [later, READ]);
        node.hear(entry(1));
        let ttl = Duration::from_secs(5).into();
        let extend = Command::Store(Operation::Extend { fence: 7, ttl });
        assert_eq!(node.hear(Input::Timer(Timer::Extend)), [extend, later]);
        assert_eq!(node.hear(said(Answer::Extended { held: false })), []);
        assert_eq!(node.hear(Input::Timer(Timer::Extend)), []);
        node.hear(obtained(2));
        assert_eq!(node.hear(said(Answer::Written)), [], "nothing is left to give back");
    }

    #[test]
    fn a_token_read_before_the_lease_is_not_looked_at_again() {
        let mut node = acquiring("read_before_lock = true");
        node.hear(said(Answer::Busy));
        let again = node.hear(Input::Timer(Timer::Wait));
        assert!(
            matches!(again[..], [Command::Store(Operation::Acquire { .. })]),
            "{again:?}"
        );
        assert_eq!(node.hear(said(Answer::Acquired { fence: 7 })), [ask(1)]);
    }

    #[test]
    fn a_holder_may_look_again_after_invalid_grant() {
        let why = Failure::InvalidGrant;
        assert_eq!(
            asking("").hear(invalid_grant()),
            [Command::FailParked { why }, release(7)]
        );
        let mut node = asking("on_invalid_grant = 'reread'");
        assert_eq!(node.hear(invalid_grant()), [READ]);
        assert_eq!(node.hear(entry(2)), [attempt(2), release(7)]);
    }

    #[test]
    fn who_is_stuck_fails_goes_alone_or_uses_the_stale_token() {
        let stuck = |when: &str| acquiring(&format!("wait = '0s'\nwhen_stuck = '{when}'")).hear(said(Answer::Busy));
        let why = Failure::Unreachable;
        assert_eq!(stuck("fail"), [Command::FailParked { why }]);
        assert_eq!(stuck("go_alone"), [ask(1)]);
        assert_eq!(stuck("use_stale"), [attempt(1)]);
    }

    #[test]
    fn a_planned_renewal_that_fails_is_tried_again() {
        let mut node = Node::new(lease("renew_ahead = '40s'"));
        node.hear(Input::Call { call: CALL });
        node.hear(entry(1));
        assert_eq!(node.hear(Input::Timer(Timer::Renew)), [READ]);
        let why = Failure::Unreachable;
        let quarter = Duration::from_secs(10);
        let again = Command::Arm {
            timer: Timer::Renew,
            delay: Delay::between(quarter, quarter),
        };
        assert_eq!(
            node.hear(said(Answer::Failed(Asked::Read))),
            [Command::FailParked { why }, again]
        );
    }

    #[test]
    fn a_failed_release_does_not_touch_the_next_round() {
        let mut node = asking("");
        node.hear(obtained(2));
        node.hear(said(Answer::Written));
        assert_eq!(node.hear(rejected(2)), [Command::Park { call: CALL }, READ]);
        assert_eq!(node.hear(said(Answer::Failed(Asked::Release))), []);
        assert_eq!(node.hear(entry(3)), [attempt(3)]);
    }

    #[test]
    fn an_answer_that_was_given_up_is_published_when_there_is_nothing_better() {
        let mut node = asking("");
        let late = Input::Token {
            call: None,
            tag: 0,
            grant: grant(2),
            took: crate::base::Rough::ZERO,
            late: true,
        };
        // The request that was sent in its place presents a spent refresh token.
        assert_eq!(node.hear(late), [attempt(2), write(2, When::Always)]);
        assert_eq!(node.hear(invalid_grant()), []);
        assert_eq!(node.hear(said(Answer::Written)), [release(7)]);
        // A lease that nobody waits for any more is given back.
        let mut node = acquiring("");
        assert_eq!(node.hear(late), [attempt(2), write(2, When::Always)]);
        assert_eq!(node.hear(said(Answer::Acquired { fence: 8 })), [release(8)]);
    }

    #[test]
    fn a_lease_that_never_ends_is_written_so() {
        assert_eq!(lease("ttl = 'never'").ttl, Ttl::Never);
        assert_eq!(lease("").ttl, Ttl::After(Duration::from_secs(10)));
        let error = toml::from_str::<Lease>("ttl = '5m'").unwrap_err().to_string();
        assert!(
            error.contains("did you mean `5min`") && error.contains("or `never`"),
            "{error}"
        );
    }
}
