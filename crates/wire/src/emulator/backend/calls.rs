//! Calls of the API: the check of their token, and who ended it.

use super::{Backend, Origin, Turn, turn};
use crate::base::Millis;
use crate::emulator::answer::Answer;
use crate::emulator::log::{Count, Happening};
use crate::emulator::step::{Outcome, Sender, Step};
use crate::emulator::texts::fingerprint;
use crate::oauth::{AnswerKind, At, Cause};

impl Backend {
    /// The client that a token was issued to; for one that is nobody's, none that there is.
    pub fn caller_client(&self, token: Option<u32>) -> u16 {
        token
            .and_then(|token| self.owner(token))
            .map_or(u16::MAX, |(client, _)| client)
    }

    /// Who makes a call, where that matters.
    pub fn api_sender(&self, from: Origin, token: Option<u32>) -> Option<Sender> {
        let matters = self.machine.provider().tells_senders_apart(At::Api);
        matters.then_some(Sender {
            address: from.caller,
            token,
            grant_type: None,
        })
    }

    /// A call reaches the API with this token; none where its text is nobody's.
    pub fn api_arrives(&mut self, from: Origin, token: Option<u32>) -> Turn {
        let now = self.now();
        self.log.count(from.caller, Count::Calls, 1);
        let client = self.caller_client(token);
        let step = Step::ApiArrives {
            request: from.request,
            client,
            from: self.api_sender(from, token),
        };
        let outcome = self.machine.take(now, &step);
        self.machine.take_notes();
        match outcome {
            Outcome::Refused(kind, wait) => {
                let answer = self.words(At::Api, kind, wait);
                if matches!(kind, AnswerKind::Throttled | AnswerKind::ThrottledInBody) {
                    self.log.count(from.caller, Count::Throttled, 1);
                }
                let (status, why) = (answer.status, kind.name());
                self.note(now, from, None, Happening::CallFailed { status, why });
                Turn::Answered(answer)
            }
            other => turn(&other),
        }
    }

    /// The API checks the token; none where its text is nobody's. Nothing where it is good.
    pub fn api_checks(&mut self, from: Origin, token: Option<u32>, text: &str) -> Option<Answer> {
        let now = self.now();
        let step = Step::ApiChecks {
            request: from.request,
            token: token.unwrap_or(0),
        };
        let outcome = self.machine.take(now, &step);
        self.machine.take_notes();
        let client = token.and_then(|token| self.owner(token)).map(|(client, _)| client);
        let cause = match (outcome, token) {
            (Outcome::Accepted, Some(token)) => {
                self.log.count(from.caller, Count::Accepted, 1);
                self.note(now, from, client, Happening::CallAccepted { token });
                self.hold(now, from.caller, token);
                return None;
            }
            (Outcome::Rejected(cause), _) => cause,
            _ => Cause::LongDead,
        };
        let kind = match cause {
            Cause::Expired => AnswerKind::Expired,
            _ => AnswerKind::Rejected,
        };
        let mut answer = self.words(At::Api, kind, Millis::ZERO);
        if text.is_empty() {
            // RFC 6750, section 3.1: without a token there is no error to tell of.
            for (name, value) in &mut answer.headers {
                if *name == "www-authenticate" {
                    *value = "Bearer".to_owned();
                }
            }
        }
        self.log.count(from.caller, Count::Rejected, 1);
        self.log.count(
            from.caller,
            Count::RejectedSuperseded,
            u64::from(cause == Cause::Superseded),
        );
        let what = Happening::CallRejected {
            token,
            fingerprint: fingerprint(text),
            status: answer.status,
            cause: cause.name(),
            killed_by: token.and_then(|token| self.stories.get(token)?.killed.clone()),
        };
        self.note(now, from, client, what);
        Some(answer)
    }
}
