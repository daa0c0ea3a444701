//! Who waits for the answer to a token request: what messages and events name it by.

use crate::base::CallId;

/// A call as a message names it: only while the stamp is the call's, the message concerns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// The call.
    pub call: CallId,
    /// The call's step at which the message was sent.
    pub stamp: u32,
}

/// Who waits for the answer to a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asker {
    /// One call.
    Call(Ticket),
    /// The node as a whole.
    Node {
        /// Tells its requests apart.
        number: u8,
        /// What its strategy calls the request; zero where it calls it nothing.
        tag: u8,
    },
}
