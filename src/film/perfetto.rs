//! A film as a trace for a viewer such as Perfetto: Chrome's JSON form of trace events.
//!
//! A process for each kind of party and one for the tokens; a thread for each node, with more where calls overlap. A call is a slice, in
//! it its attempts and its token requests; a token's life is a slice; an arrow leads from the token request that killed a token to the
//! end of that token's life.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::form::{Change, Film, PartyKind, Step, StepKind};

/// A stretch of time on one track.
#[derive(Clone, Debug)]
struct TraceSlice {
    from: u64,
    to: u64,
    name: String,
    details: Value,
    /// The token that it brings, for a token request.
    brings: Option<u64>,
    /// In it, one after another.
    parts: Vec<TraceSlice>,
}

/// Where a slice lies: process, thread, from, to.
type TracePlace = (u32, usize, u64, u64);

/// The trace events so far, and where the token requests lie that killers were issued for.
#[derive(Default)]
struct TraceEvents {
    list: Vec<Value>,
    requests: BTreeMap<u64, TracePlace>,
}

impl TraceSlice {
    fn new(from: u64, to: u64, name: String, details: Value) -> Self {
        Self {
            from,
            to: to.max(from),
            name,
            details,
            brings: None,
            parts: Vec::new(),
        }
    }

    /// Cuts its parts so that they lie within it, one after another.
    fn settle(&mut self) {
        self.parts.sort_by_key(|part| (part.from, part.to));
        let mut end = self.to;
        for part in self.parts.iter_mut().rev() {
            part.from = part.from.max(self.from).min(end);
            part.to = part.to.min(end).max(part.from);
            end = part.from;
        }
    }
}

/// Slices that may overlap, on as many lanes as it takes.
#[derive(Default)]
struct TraceTrack {
    slices: Vec<TraceSlice>,
}

impl TraceTrack {
    /// The slices by lane; on each they lie one after another.
    fn lanes(mut self) -> Vec<Vec<TraceSlice>> {
        self.slices.sort_by_key(|slice| (slice.from, slice.to));
        let mut lanes: Vec<Vec<TraceSlice>> = Vec::new();
        for slice in self.slices {
            let free = lanes
                .iter_mut()
                .find(|lane| lane.last().is_none_or(|last| last.to <= slice.from));
            match free {
                Some(lane) => lane.push(slice),
                None => lanes.push(vec![slice]),
            }
        }
        lanes
    }
}

/// What a process is called, and its number.
fn process(kind: PartyKind) -> (u32, &'static str) {
    match kind {
        PartyKind::Node => (1, "nodes"),
        PartyKind::Gateway => (2, "gateways"),
        PartyKind::TokenEndpoint => (3, "token endpoint"),
        PartyKind::Api => (4, "API"),
        PartyKind::Store => (5, "store"),
    }
}

const TOKENS: u32 = 6;

/// Lanes of one party at most: the thread of a lane is its party's times so many.
const LANES: usize = 1000;

/// The trace events of a film, as JSON. Instants are microseconds; a film without instants has one for each step.
pub fn perfetto(film: &Film) -> Value {
    let mut roll = TraceRoll::new(film);
    film.steps.iter().for_each(|step| roll.step(step));
    roll.finish();
    let mut events = TraceEvents::default();
    let mut kinds: BTreeMap<u32, &str> = BTreeMap::new();
    for (party, track) in std::mem::take(&mut roll.tracks) {
        let (pid, name) = process(film.parties[party].kind);
        kinds.insert(pid, name);
        events.put_track((pid, party), &film.parties[party].name, track);
    }
    let places = events.put_tokens(film, roll.end);
    if !places.is_empty() {
        kinds.insert(TOKENS, "tokens");
    }
    for (at, text) in &roll.faults {
        let fault = json!({ "ph": "i", "s": "g", "ts": micros(*at), "pid": 1, "tid": 0, "name": text, "cat": "fault" });
        events.list.push(fault);
    }
    events.put_arrows(film, &places);
    let named = kinds.iter().map(
        |(pid, name)| json!({ "ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": { "name": name } }),
    );
    let all: Vec<Value> = named.chain(events.list).collect();
    json!({
        "displayTimeUnit": "ms",
        "otherData": {
            "scenario": film.scenario, "strategy": film.strategy, "point": film.point,
            "replication": film.replication, "seed": film.seed,
        },
        "traceEvents": all,
    })
}

fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

/// Names a thread.
fn thread(pid: u32, tid: usize, name: &str) -> Value {
    json!({ "ph": "M", "name": "thread_name", "pid": pid, "tid": tid, "args": { "name": name } })
}

/// A lane's name: that of the first is the party's.
fn lane_name(name: &str, lane: usize) -> String {
    match lane {
        0 => name.to_owned(),
        _ => format!("{name} · {}", lane + 1),
    }
}

impl TraceEvents {
    fn put(&mut self, (pid, tid): (u32, usize), slice: &TraceSlice) {
        self.list.push(json!({
            "ph": "X", "cat": "run", "name": slice.name, "pid": pid, "tid": tid,
            "ts": micros(slice.from), "dur": micros(slice.to - slice.from), "args": slice.details,
        }));
        if let Some(token) = slice.brings {
            self.requests.insert(token, (pid, tid, slice.from, slice.to));
        }
        slice.parts.iter().for_each(|part| self.put((pid, tid), part));
    }

    fn put_track(&mut self, (pid, party): (u32, usize), name: &str, track: TraceTrack) {
        for (lane, mut slices) in track.lanes().into_iter().take(LANES).enumerate() {
            let tid = party * LANES + lane + 1;
            self.list.push(thread(pid, tid, &lane_name(name, lane)));
            for slice in &mut slices {
                slice.settle();
                self.put((pid, tid), slice);
            }
        }
    }

    /// The lives of the tokens, a track for each slot; where each token lies.
    fn put_tokens(&mut self, film: &Film, end: u64) -> BTreeMap<u64, TracePlace> {
        let mut tracks: BTreeMap<(u16, u16), TraceTrack> = BTreeMap::new();
        let name = |party: usize| film.parties[party].name.as_str();
        for life in &film.tokens {
            let (Some(from), Some(to)) = (life.born_ns, life.ends_ns) else {
                continue;
            };
            let issuer = life.issuer.map_or("a login", name);
            let details = json!({
                "token": life.token, "issued for": issuer, "death": life.death, "killer": life.killer,
                "killed by": life.killed_by.map(name),
            });
            let slice = TraceSlice::new(
                from,
                to.min(end.max(from)),
                format!("token {} ({issuer})", life.token),
                details,
            );
            tracks.entry((life.client, life.slot)).or_default().slices.push(slice);
        }
        let mut places = BTreeMap::new();
        for (number, ((client, slot), track)) in tracks.into_iter().enumerate() {
            for (lane, slices) in track.lanes().into_iter().take(LANES).enumerate() {
                let tid = number * LANES + lane + 1;
                self.list.push(thread(
                    TOKENS,
                    tid,
                    &lane_name(&format!("client {client}, slot {slot}"), lane),
                ));
                for slice in &slices {
                    self.put((TOKENS, tid), slice);
                    if let Some(token) = slice.details["token"].as_u64() {
                        places.insert(token, (TOKENS, tid, slice.from, slice.to));
                    }
                }
            }
        }
        places
    }

    /// From the request that a killer was issued for, where it leaves its node, to the last instant of the token that it killed.
    fn put_arrows(&mut self, film: &Film, places: &BTreeMap<u64, TracePlace>) {
        for life in &film.tokens {
            let request = life.killer.and_then(|killer| self.requests.get(&killer)).copied();
            let (Some((pid, tid, sent, _)), Some(&(to_pid, to_tid, born, ends))) = (request, places.get(&life.token))
            else {
                continue;
            };
            let last = ends.saturating_sub(1).max(born);
            for (ph, pid, tid, at) in [("s", pid, tid, sent.min(last)), ("f", to_pid, to_tid, last)] {
                self.list.push(json!({
                    "ph": ph, "cat": "kill", "name": "kills", "id": life.token, "pid": pid, "tid": tid, "ts": micros(at), "bp": "e",
                }));
            }
        }
    }
}

/// Follows the steps, and keeps what is open.
struct TraceRoll<'f> {
    film: &'f Film,
    tracks: BTreeMap<usize, TraceTrack>,
    calls: BTreeMap<u64, (usize, TraceSlice)>,
    faults: Vec<(u64, String)>,
    end: u64,
}

impl<'f> TraceRoll<'f> {
    fn new(film: &'f Film) -> Self {
        let begin = film.steps.first().map_or(0, at);
        let calls = film.opening.calls.iter().map(|call| {
            let slice = TraceSlice::new(
                call.arrived_ns.unwrap_or(begin),
                begin,
                format!("call {}", call.call),
                json!({}),
            );
            (call.call, (call.party, slice))
        });
        Self {
            film,
            tracks: BTreeMap::new(),
            calls: calls.collect(),
            faults: Vec::new(),
            end: film.steps.last().map_or(0, at),
        }
    }

    fn step(&mut self, step: &Step) {
        let now = at(step);
        match (step.kind, step.call) {
            (StepKind::CallArrives, Some(call)) => {
                let slice = TraceSlice::new(now, now, format!("call {call}"), json!({ "call": call }));
                self.calls.insert(call, (step.to, slice));
            }
            (StepKind::AttemptAnswered, Some(call)) => {
                let refused = self.answered(step).is_some_and(|served| served.refused);
                let token = step.token.unwrap_or_default();
                let name = format!("attempt, token {token}{}", if refused { ": refused" } else { "" });
                let details = json!({ "call": call, "token": step.token, "refused": refused });
                let slice = TraceSlice::new(self.departure(step), now, name, details);
                self.part(step.to, Some(call), slice);
            }
            (StepKind::TokenAnswered, call) => {
                let name = match step.token {
                    Some(token) => format!("token request: token {token}"),
                    None => "token request: refused".to_owned(),
                };
                let details = json!({ "call": call, "token": step.token });
                let mut slice = TraceSlice::new(self.departure(step), now, name, details);
                slice.brings = step.token;
                self.part(step.to, call, slice);
            }
            (StepKind::StoreAnswered, _) => {
                let slice = TraceSlice::new(
                    self.departure(step),
                    now,
                    step.text.clone(),
                    json!({ "token": step.token }),
                );
                self.part(step.to, None, slice);
            }
            (StepKind::TokenRequestArrives | StepKind::TokenRequestServed, _) => {
                let slice = TraceSlice::new(now, now, step.text.clone(), json!({ "token": step.token }));
                self.track(step.to, slice);
            }
            (StepKind::StoreOperation, _) => {
                let slice = TraceSlice::new(now, now, step.text.clone(), json!({ "token": step.token }));
                self.track(step.to, slice);
            }
            _ => {}
        }
        if step.fault {
            self.faults.push((now, step.text.clone()));
        }
        for change in &step.changes {
            if let Change::CallEnded { call, outcome } = change
                && let Some((party, mut slice)) = self.calls.remove(call)
            {
                slice.to = now;
                slice.details = json!({ "call": call, "outcome": outcome });
                self.track(party, slice);
            }
        }
    }

    /// The step at the other party that an answer comes from.
    fn answered(&self, step: &Step) -> Option<&'f Step> {
        self.film.step(step.sent?)
    }

    /// When that was sent which an answer is the answer to; the answer's own instant where the film does not go so far back.
    fn departure(&self, step: &Step) -> u64 {
        let mut sent = self.answered(step);
        // From the other party's steps to the one of the node that it began with.
        while let Some(served) = sent.filter(|served| served.from == step.to && served.to == step.from) {
            sent = served.sent.and_then(|sent| self.film.step(sent));
        }
        sent.map_or_else(|| at(step), at)
    }

    /// A part of a call where it is under way, or else a slice of its own.
    fn part(&mut self, party: usize, call: Option<u64>, slice: TraceSlice) {
        match call.and_then(|call| self.calls.get_mut(&call)) {
            Some((_, whole)) => whole.parts.push(slice),
            None => self.track(party, slice),
        }
    }

    fn track(&mut self, party: usize, slice: TraceSlice) {
        self.tracks.entry(party).or_default().slices.push(slice);
    }

    /// Calls that are still under way end with the film.
    fn finish(&mut self) {
        for (call, (party, mut slice)) in std::mem::take(&mut self.calls) {
            slice.to = self.end;
            slice.name = format!("call {call}, still under way");
            self.track(party, slice);
        }
    }
}

fn at(step: &Step) -> u64 {
    step.at_ns.unwrap_or(step.number * 1000)
}

#[cfg(test)]
mod tests;
