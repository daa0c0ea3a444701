//! A chain in sentences.

use super::chain::{Kill, REFUSALS, TOLD, Tracer};
use super::form::{Change, Step, StepKind};
use super::life::{Death, TokenLife};
use super::phrases::{instant, outcome, span};
use crate::base::Duration;
use crate::base::shown::capital;

fn at(step: &Step) -> String {
    step.at_ns.map_or(format!("step {}", step.number), instant)
}

fn after(earlier: u64, later: u64) -> String {
    span(Duration::from_nanos(later.saturating_sub(earlier)))
}

impl Tracer<'_> {
    /// How the call arrives.
    pub(super) fn arrival(&self, first: &Step, call: u64) -> String {
        let node = self.name(first.to);
        match first.kind {
            StepKind::CallArrives => format!("Call {call} arrives at {node} at {}.", at(first)),
            _ => format!("Call {call} has arrived before the first step that is kept."),
        }
    }

    /// How the call ends.
    pub(super) fn ending(&self, last: &Step, call: u64) -> String {
        let ended = last.changes.iter().find_map(|change| match change {
            Change::CallEnded { call: ended, outcome } if *ended == call => Some(*outcome),
            _ => None,
        });
        match ended {
            Some(how) => format!("At {} call {call} {}.", at(last), outcome(how)),
            None => format!("Call {call} has not ended within the steps that are kept."),
        }
    }

    /// What a node believed of the token that it sent.
    fn belief(&self, refused: &Step, life: &TokenLife) -> String {
        let node = self.name(refused.from);
        let sent = refused.sent.and_then(|sent| self.film.step(sent)).unwrap_or(refused);
        let since = match self.holds_since(refused) {
            Some(got) => format!("had had it since {}", at(got)),
            None => "had had it since before the first step that was looked at".to_owned(),
        };
        let good = match (life.expires_ns, sent.at_ns) {
            (Some(expires), Some(now)) if expires > now => {
                format!(
                    ", and believed it good for {} more when it sent it",
                    after(now, expires)
                )
            }
            (Some(expires), Some(now)) => {
                format!(
                    ", and sent it {} after the expiry that it had been told",
                    after(expires, now)
                )
            }
            _ => String::new(),
        };
        format!("The node, {node}, {since}{good}.")
    }

    /// A refusal in words.
    pub(super) fn words(&self, refused: &Step) -> String {
        let (when, node) = (at(refused), self.name(refused.from));
        let Some(life) = refused.token.and_then(|token| self.film.token(token)) else {
            return format!(
                "At {when} the API refuses the token of {node}, dead for so long that nothing is known of it."
            );
        };
        let (token, belief) = (life.token, self.belief(refused, life));
        let ends = life
            .ends_ns
            .zip(refused.at_ns)
            .map_or(String::new(), |(ends, now)| format!(", {} before", after(ends, now)));
        let sent = refused.sent.and_then(|sent| self.film.step(sent));
        let was_live = life
            .ends_ns
            .zip(sent.and_then(|sent| sent.at_ns))
            .is_some_and(|(ends, sent)| sent < ends);
        // One that ended only later was refused because this resource server had not heard of it.
        let is_dead = life.is_over(refused.at_ns);
        let late = match was_live && is_dead {
            true => " It was live when it was sent, and died on the way.",
            false => "",
        };
        let how = match (life.death.filter(|_| is_dead), life.killer, life.killed_by) {
            (Some(Death::Superseded), Some(killer), by) => {
                let whose = by.map_or("a login".to_owned(), |by| {
                    format!("a token request of {}", self.name(by))
                });
                self.superseded(&whose, killer, life, &ends)
            }
            (Some(Death::Superseded), ..) => format!("a newer token had taken its place{ends}"),
            (Some(Death::Revoked), ..) => format!("the provider had taken it back{ends}"),
            (Some(Death::Expired), ..) => format!("it had expired{}", ends.replacen(',', "", 1)),
            (None, ..) => "the API had not heard of it yet".to_owned(),
        };
        format!("At {when} the API refuses token {token} of {node}: {how}. {belief}{late}")
    }

    /// How a newer token took the place of one; `ends` is how long before its refusal it ended.
    fn superseded(&self, whose: &str, killer: u64, life: &TokenLife, ends: &str) -> String {
        let born = self.film.token(killer).and_then(|killer| killer.born_ns);
        let when = born.map_or(String::new(), |born| format!(" at {}", instant(born)));
        let (granted, token) = (format!("{whose} had been granted token {killer}{when}"), life.token);
        match life.ends_ns.is_some_and(|ends| born.is_some_and(|born| born < ends)) {
            false => format!("{granted}{ends}, and that killed token {token}"),
            true => format!(
                "{granted}, and the overlap that this left to token {token} had ended{}",
                ends.replacen(',', "", 1)
            ),
        }
    }

    /// Why the request was sent that killed a token, where a refusal was the reason.
    pub(super) fn reasons(&self, kills: &[Kill]) -> Vec<String> {
        let pairs = kills.iter().zip(kills.iter().skip(1)).take(TOLD - 1);
        let told = pairs.filter_map(|(kill, reason)| {
            let asked = self.film.step(kill.asked?)?;
            let refused = self.film.step(reason.refused)?;
            let life = self.film.token(refused.token?)?;
            let killer = life
                .killed_by
                .map_or("a login".to_owned(), |by| format!("a request of {}", self.name(by)));
            let (node, token) = (self.name(asked.to), life.token);
            let how = match (life.death, life.killer) {
                (Some(Death::Superseded), Some(newer)) => format!("{killer} had killed it by token {newer}"),
                (Some(Death::Expired), _) => "it had expired".to_owned(),
                (Some(Death::Revoked), _) => "the provider had taken it back".to_owned(),
                _ => "it was dead".to_owned(),
            };
            let killed = self.film.step(reason.killed)?;
            let when = killed.at_ns.map_or(String::new(), |at| format!(" at {}", instant(at)));
            let newer = self.film.step(kill.killed)?.token?;
            Some(format!(
                "{} had asked for token {newer} at {} because its own token {token} was refused at {}: {how}{when}.",
                capital(node),
                at(asked),
                at(refused),
            ))
        });
        told.collect()
    }

    /// What else went wrong for a call: requests that failed, waits that ended without an answer, what was lost.
    pub(super) fn others(&self, own: &[&Step]) -> Vec<String> {
        let told = own.iter().filter(|step| {
            let failed = step.kind == StepKind::TokenAnswered && step.token.is_none();
            step.lost || failed || step.kind == StepKind::TimedOut
        });
        let told = told.take(REFUSALS);
        told.map(|step| {
            let what = step.text.split("; ").next().unwrap_or_default();
            match what.strip_prefix("lost: ") {
                Some(what) => format!("At {} a message is lost: {what}.", at(step)),
                None => format!("At {}: {what}.", at(step)),
            }
        })
        .collect()
    }

    /// Where the chain begins.
    pub(super) fn origin(&self, kills: &[Kill]) -> Option<String> {
        let root = kills.last()?;
        let asked = root.asked.and_then(|asked| self.film.step(asked));
        let first = asked.or_else(|| self.film.step(root.killed))?;
        let is_whole = self.film.left_out.before == 0 || asked.is_some_and(|asked| asked.sent.is_none());
        Some(match (kills.len(), asked) {
            (1, None) => return None,
            (1, Some(_)) => format!("That request was sent at {}: {}.", at(first), first.text),
            (count, _) if is_whole => {
                format!(
                    "So it goes back, {count} tokens in a row, to {}: {}.",
                    at(first),
                    first.text
                )
            }
            (count, _) => format!(
                "So it goes back, {count} tokens in a row within the steps that were looked at, to {}: {}.",
                at(first),
                first.text
            ),
        })
    }
}
