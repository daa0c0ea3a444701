//! The chain of events behind what became of a call: whose token request killed whose token, when, and what each node believed, back to
//! where it began.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::form::{Change, Film, Step, StepKind};
pub use super::phrases::instant;

/// Kills of the chain that are told in full; what lies before them is told where it began.
pub(super) const TOLD: usize = 3;

/// Steps of a call at its beginning, and at its end, that are told of one with more.
const ENDS: usize = 30;

/// Refusals of one call that are told.
pub(super) const REFUSALS: usize = 4;

/// One refusal, and who is behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Kill {
    /// The step in which the attempt was refused.
    pub refused: u64,
    /// The step in which the killer's token request was granted; or in which the token expired, or was taken back.
    pub killed: u64,
    /// The step in which the killer's request was sent, where there is a killer.
    pub asked: Option<u64>,
}

/// What led to the fate of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The call.
    pub call: u64,
    /// The steps that matter, in order.
    pub steps: Vec<u64>,
    /// Refusals back from the call's first one, the latest first: each was the reason of the request that killed the next one's token.
    pub kills: Vec<Kill>,
    /// The same in sentences: what became of the call, and what led to it.
    pub words: Vec<String>,
    /// Steps of the film from the first to the last of the chain that are not in it.
    pub left_out: u64,
}

impl Chain {
    /// The node at which the call arrived, where the film shows that.
    pub fn node<'f>(&self, film: &'f Film) -> Option<&'f str> {
        let mut own = self.steps.iter().filter_map(|step| film.step(*step));
        let arrives = own.find(|step| step.kind == StepKind::CallArrives && step.call == Some(self.call))?;
        Some(&film.parties[arrives.to].name)
    }
}

/// Follows a film back from a call. None where no step of the film is about the call.
pub fn chain(film: &Film, call: u64) -> Option<Chain> {
    let all: Vec<&Step> = film.steps.iter().filter(|step| is_about(step, call)).collect();
    let (first, last) = (all.first()?, all.last()?);
    let refusals: Vec<&Step> = all.iter().copied().filter(|step| step.refused).collect();
    let own: Vec<&Step> = match all.len() > 2 * ENDS {
        true => all[..ENDS].iter().chain(&all[all.len() - ENDS..]).copied().collect(),
        false => all.clone(),
    };
    let mut tracer = Tracer {
        film,
        steps: own.iter().map(|step| step.number).collect(),
    };
    for step in &own {
        let sent = step.sent.and_then(|sent| film.step(sent));
        tracer.steps.extend(sent.map(|sent| sent.number));
        // What was sent on an answer that others wait for too: where that answer comes from.
        let answer = sent.filter(|sent| matches!(sent.kind, StepKind::TokenAnswered | StepKind::StoreAnswered));
        tracer.steps.extend(answer.and_then(|answer| answer.sent));
    }
    let kills = refusals.first().map_or(Vec::new(), |step| tracer.back_from(step));
    for step in refusals.iter().take(REFUSALS) {
        if let Some(kill) = tracer.kill(step) {
            tracer.enter(&kill);
        }
    }
    kills.iter().take(TOLD).for_each(|kill| tracer.enter(kill));
    if let Some(root) = kills.last() {
        tracer.enter(root);
        tracer.steps.extend(root.asked.and_then(|asked| film.step(asked)?.sent));
    }
    tracer.outages(&own);
    tracer.requests(&own);
    let steps: Vec<u64> = tracer
        .steps
        .iter()
        .copied()
        .filter(|step| film.step(*step).is_some())
        .collect();
    let between = steps.last()? - steps.first()? + 1;
    let mut words = vec![tracer.arrival(first, call)];
    let mut told = refusals.iter().take(REFUSALS).map(|step| tracer.words(step));
    words.extend(told.next());
    words.extend(tracer.reasons(&kills));
    words.extend(tracer.origin(&kills));
    words.extend(told);
    match refusals.len().saturating_sub(REFUSALS) {
        0 => {}
        1 => words.push("One more of its attempts is refused in the same way.".to_owned()),
        more => words.push(format!("{more} more of its attempts are refused in the same way.")),
    }
    words.extend(tracer.others(&own));
    words.push(tracer.ending(last, call));
    Some(Chain {
        call,
        left_out: between - steps.len() as u64,
        steps,
        kills,
        words,
    })
}

/// Whether a step is about the call, or ends it.
fn is_about(step: &Step, call: u64) -> bool {
    let concerns = |change: &Change| match change {
        Change::CallEnded { call: ended, .. } => *ended == call,
        _ => false,
    };
    step.call == Some(call) || step.changes.iter().any(concerns)
}

/// Follows a film back, and keeps the steps that matter.
pub(super) struct Tracer<'f> {
    pub(super) film: &'f Film,
    steps: BTreeSet<u64>,
}

impl Tracer<'_> {
    pub(super) fn name(&self, party: usize) -> &str {
        &self.film.parties[party].name
    }

    fn enter(&mut self, kill: &Kill) {
        let sent = self.film.step(kill.refused).and_then(|step| step.sent);
        self.steps.extend(
            [Some(kill.refused), sent, Some(kill.killed), kill.asked]
                .into_iter()
                .flatten(),
        );
    }

    /// Who is behind a refusal, as far as the film goes back.
    fn kill(&self, refused: &Step) -> Option<Kill> {
        let life = self.film.token(refused.token?)?;
        let killed = match life.killer {
            Some(killer) => self.film.token(killer)?.born,
            None => life.doomed?,
        };
        // One that ended only later was refused because the API had not heard of it: nobody is behind that.
        let killing = self.film.step(killed).filter(|step| step.number < refused.number)?;
        Some(Kill {
            refused: refused.number,
            killed,
            // A request that had to wait for a server was sent when it arrived at the endpoint: what counts is why it left.
            asked: life.killer.and_then(|_| self.sender(killing)).map(|step| step.number),
        })
    }

    /// The step in which a token request left its node.
    fn sender(&self, killing: &Step) -> Option<&Step> {
        let mut sent = self.film.step(killing.sent?)?;
        while matches!(sent.kind, StepKind::TokenRequestArrives | StepKind::TokenRequestServed)
            && sent.from == killing.from
        {
            sent = self.film.step(sent.sent?)?;
        }
        Some(sent)
    }

    /// Refusals back from one: each was the reason of the request that killed the next one's token.
    fn back_from(&self, refused: &Step) -> Vec<Kill> {
        let (mut kills, mut next) = (Vec::new(), Some(refused.number));
        while let Some(step) = next.and_then(|number| self.film.step(number)) {
            let Some(kill) = self.kill(step) else { break };
            next = kill.asked.and_then(|asked| self.reason(asked));
            kills.push(kill);
        }
        kills
    }

    /// The refusal that made a node ask for a token in this step.
    fn reason(&self, asked: u64) -> Option<u64> {
        let mut step = self.film.step(asked)?;
        loop {
            if step.refused {
                return Some(step.number);
            }
            step = self.film.step(step.sent?)?;
        }
    }

    /// The outages that these steps meet, in one look through the film.
    fn outages(&mut self, own: &[&Step]) {
        let (mut down, mut own) = (BTreeMap::new(), own.iter().peekable());
        for step in &self.film.steps {
            match step.kind {
                StepKind::Outage => _ = down.insert(step.to, step.number),
                StepKind::OutageOver => _ = down.remove(&step.to),
                _ => {}
            }
            if own.next_if(|own| own.number == step.number).is_some() {
                let met = [step.from, step.to].into_iter().filter_map(|party| down.get(&party));
                self.steps.extend(met);
            }
        }
    }

    /// What these steps asked the token endpoint and the store for, and what of it never arrived.
    fn requests(&mut self, own: &[&Step]) {
        let mut senders: BTreeSet<u64> = own.iter().map(|step| step.number).collect();
        for step in &self.film.steps {
            let asks = matches!(
                step.kind,
                StepKind::TokenRequestArrives | StepKind::TokenRequestServed | StepKind::StoreOperation
            );
            if step.sent.is_some_and(|sent| senders.contains(&sent)) && (step.lost || asks) {
                self.steps.insert(step.number);
                senders.insert(step.number);
            }
        }
    }

    /// The step in which the node of an attempt got its token.
    pub(super) fn holds_since(&self, refused: &Step) -> Option<&Step> {
        let own = |change: &Change| matches!(change, Change::Node(node) if node.party == refused.from && node.token == refused.token);
        let heard = |step: &Step| {
            let hears = matches!(
                step.kind,
                StepKind::TokenAnswered | StepKind::StoreAnswered | StepKind::Note
            );
            hears && step.to == refused.from && step.token == refused.token
        };
        let before = || self.film.steps.iter().take_while(|step| step.number < refused.number);
        let kept = before().filter(|step| step.changes.iter().any(own)).last();
        // Who keeps no token has it from the answer that brought it.
        kept.or_else(|| before().filter(|step| heard(step)).last())
    }
}

#[cfg(test)]
mod tests;
