//! One step of a small system.

use super::fault::Fault;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The message or alarm at this place of the bag reaches its party.
    Deliver(u8),
    /// A planned renewal falls due.
    Renew(u8),
    /// A time-out strikes although the answer is still under way.
    Late(u8),
    /// The message at this place is lost.
    Lose(u8),
    /// The token request at this place is answered with a 429.
    Throttle(u8),
    /// This node loses its memory and its calls, and starts anew.
    Crash(u8),
    /// The lease of this store ends while its holder acts on it.
    Lapse(u8),
    /// The lease of this store ends, and no node acts on it any more.
    Reclaim(u8),
    /// The tokens of this bucket expire.
    Expire(u8),
    /// A long while passes with nothing under way: the periods end that the provider grants.
    Pass,
    /// They end while something is under way.
    Elapse,
    /// One more call arrives at this node, and nothing goes wrong any more: what a property asks about once all is quiet. No search takes
    /// it.
    Arrive(u8),
    /// The call at this place of the bag arrives, and is of this kind among [those](super::System::kinds) that it can be of.
    Begin(u8, u8),
    /// The user logs in again for whom the alarm at this place of the bag stands.
    LogIn(u8),
}

impl Action {
    /// The fault that it is, if it is one.
    pub const fn fault(self) -> Option<Fault> {
        match self {
            Self::Deliver(_) | Self::Begin(..) | Self::Reclaim(_) | Self::Pass | Self::Arrive(_) => None,
            Self::Renew(_) => Some(Fault::Renewal),
            Self::Late(_) => Some(Fault::Late),
            Self::Lose(_) => Some(Fault::Drop),
            Self::Throttle(_) => Some(Fault::Throttle),
            Self::Crash(_) => Some(Fault::Crash),
            Self::Lapse(_) => Some(Fault::Lapse),
            Self::Expire(_) => Some(Fault::Expiry),
            Self::Elapse => Some(Fault::Elapse),
            Self::LogIn(_) => Some(Fault::Login),
        }
    }
}
