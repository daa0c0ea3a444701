//! What came of an operation on the shared store.

use crate::node::{StoreAnswer, StoreOperation};
use crate::oauth::Token;
use crate::store::Answer;

/// What its node hears, and what only the store saw.
pub(super) struct Applied {
    pub answer: StoreAnswer,
    /// What lay there before a write.
    pub replaced: Option<Token>,
}

impl Applied {
    /// The store did not do it, or nobody knows.
    pub const fn failed(operation: StoreOperation) -> Self {
        Self {
            answer: Answer::Failed(operation.asked()),
            replaced: None,
        }
    }
}
