//! A run told so that a reader can follow it: who does what, step by step, with every token under one name throughout.

use crate::base::NodeId;
use crate::node::{Note, StoreAnswer, Strategy};
use crate::oauth::{At, Grant, Perceived, Perceptions, Reply, Slot, Token, TokenSlot};
use crate::provider::{Ledger, Rule};
use crate::store::{Answer, Operation};
use crate::trace::Event;
use crate::world::{Message, Renamed};

use super::action::Action;
use super::fault::Fault;
use super::host::{CheckHost, NOW};
use super::scene::{Line, Scene, Story};
use super::state::State;
use super::step::of_kind;
use super::trail::{Cycle, carried, taken_from};
use super::words::{after_wait, arriving, handed_back, logs_in, rang, step_of_job};
use super::{Counterexample, Setup, System};

/// Tells a run of this system.
pub fn narrate(setup: &Setup, example: &Counterexample) -> Story {
    match setup.mixed() {
        Some(mixed) => narrate_strategy(mixed, &setup.system, example),
        None => narrate_strategy(setup.coordination.clone(), &setup.system, example),
    }
}

/// [`narrate`] for a strategy that need not be one of the crate's own.
pub fn narrate_strategy<S: Strategy, R: Rule>(strategy: S, setup: &System<R>, example: &Counterexample) -> Story {
    let initial = State::initial(strategy, &setup.with_names());
    let mut narrator = Narrator::new(setup);
    let mut host = CheckHost::default();
    let mut state = initial;
    for (life, name) in state.world.server.provider.ledger.remembered().iter().zip(0..) {
        narrator.names.push((life.token, name));
    }
    let opening = Scene::of(&state, narrator.nodes, &narrator.names);
    let (mut lines, mut cycle) = (Vec::new(), Cycle::default());
    // In which step each message of the bag was sent.
    let mut sent = vec![None; state.bag.len()];
    for (step, &action) in example.way.iter().enumerate() {
        if step >= example.steps() {
            cycle.pass(&state, step, action);
        }
        let raw = state.step(action, &mut host);
        let own = taken_from(action).and_then(|place| sent.remove(place));
        sent.resize(raw.bag.len(), Some(step));
        let next = state.take(action, &mut host, |_, _, _| {});
        narrator.name_new_tokens(&host.events, &raw.world.server.provider.ledger);
        let line = narrator.line(&state, action, &host.events);
        narrator.rename(&host.renamed);
        let scene = Scene::of(&next, narrator.nodes, &narrator.names);
        lines.push(Line {
            sent: own,
            scene,
            ..line
        });
        sent = carried(raw, &sent, &next, &mut host.renamed);
        state = next;
    }
    Story {
        parties: narrator.parties(),
        opening,
        lines,
        around: example.around,
        owed: cycle.owed(),
        remark: example.remark.clone(),
    }
}

/// What tokens are called in the story.
struct Narrator {
    nodes: usize,
    workers: usize,
    uses_store: bool,
    /// Registered copies of the app, and slots of each.
    apps: u16,
    slots: u16,
    /// Names by the number that a token has now.
    names: Vec<(Token, u32)>,
    issued: u32,
}

impl Narrator {
    fn new<R>(setup: &System<R>) -> Self {
        let workers = setup.nodes as usize;
        Self {
            nodes: workers + usize::from(setup.needs.gateway),
            workers,
            uses_store: setup.needs.store,
            apps: setup.needs.apps,
            slots: setup.slots,
            names: Vec::new(),
            issued: 0,
        }
    }

    fn parties(&self) -> Vec<String> {
        let mut parties: Vec<_> = (0..self.nodes).map(|node| self.node(NodeId(node as u32))).collect();
        parties.extend(["token endpoint".to_owned(), "API".to_owned()]);
        parties.extend(self.uses_store.then(|| "store".to_owned()));
        parties
    }

    fn token_endpoint(&self) -> usize {
        self.nodes
    }

    fn api(&self) -> usize {
        self.nodes + 1
    }

    fn store(&self) -> usize {
        self.nodes + 2
    }

    fn node(&self, id: NodeId) -> String {
        if id.index() < self.workers {
            char::from(b'A' + (id.0 % 26) as u8).to_string()
        } else {
            "gateway".to_owned()
        }
    }

    /// Gives tokens that have just been issued the next names.
    fn name_new_tokens(&mut self, events: &[Event], ledger: &Ledger) {
        for event in events {
            let token = match event {
                Event::Issued { token, .. } => Some(*token),
                Event::LoggedIn { .. } => ledger.remembered().last().map(|life| life.token),
                _ => None,
            };
            if let Some(token) = token {
                self.issued += 1;
                self.names.push((token, self.issued));
            }
        }
    }

    fn rename(&mut self, renamed: &Renamed) {
        self.names = self
            .names
            .iter()
            .filter_map(|&(token, name)| Some((renamed.token(token)?, name)))
            .collect();
    }

    fn token(&self, token: Token) -> String {
        let known = self.names.iter().find(|(other, _)| *other == token);
        known.map_or_else(|| "an old token".to_owned(), |(_, name)| format!("t{name}"))
    }

    fn line<S: Strategy, R: Rule>(&self, state: &State<S, R>, action: Action, events: &[Event]) -> Line {
        let message = |place: u8| state.bag[usize::from(place)];
        let own = |column, text: String| (column, column, text);
        let (from, to, text) = match action {
            Action::Deliver(place) | Action::Renew(place) => self.delivery(state, &message(place), events),
            Action::Begin(place, kind) => self.delivery(state, &of_kind(&message(place), kind), events),
            Action::Late(place) => {
                let (from, to, text) = self.delivery(state, &message(place), events);
                (from, to, format!("{text}, although the answer is still under way"))
            }
            Action::Lose(place) => {
                let lost = message(place);
                let (from, to, _) = self.delivery(state, &lost, &[]);
                (from, to, format!("lost: {}", self.name(state, &lost)))
            }
            Action::Throttle(place) => {
                let (from, to, _) = self.delivery(state, &message(place), &[]);
                (from, to, "too many requests: answered with 429".to_owned())
            }
            Action::Crash(node) => own(
                usize::from(node),
                format!("{} crashes and starts anew", self.node(NodeId(node.into()))),
            ),
            Action::Lapse(_) => own(self.store(), "the lease lapses while its holder acts on it".to_owned()),
            Action::Reclaim(_) => own(self.store(), "the lease ends; nobody acts on it any more".to_owned()),
            Action::Arrive(node) => own(
                usize::from(node),
                format!(
                    "all is quiet, and one more call arrives at {}",
                    self.node(NodeId(node.into()))
                ),
            ),
            Action::Expire(bucket) => {
                let (app, slot) = (u16::from(bucket) / self.slots, u16::from(bucket) % self.slots);
                let of = self.slot(app, slot);
                own(self.token_endpoint(), format!("the live token{of} expires"))
            }
            Action::Pass => own(
                self.token_endpoint(),
                "a long while passes: leeways and overlaps end".to_owned(),
            ),
            Action::Elapse => own(self.token_endpoint(), "leeways and overlaps end meanwhile".to_owned()),
            Action::LogIn(_) => own(self.token_endpoint(), logs_in(self.issued)),
        };
        Line {
            from,
            to,
            text,
            fault: action.fault().is_some_and(|fault| fault != Fault::Login),
            sent: None,
            scene: Scene::default(),
        }
    }

    /// What is under way, as a noun.
    fn name<S: Strategy, R: Rule>(&self, state: &State<S, R>, message: &Message) -> String {
        let node = self.node(state.actor(message));
        match message {
            Message::ApiRequest { token, .. } => format!("{node}'s call with {}", self.token(*token)),
            Message::ApiResponse { .. } => format!("the API's answer to {node}"),
            Message::TokenRequest { .. } => format!("{node}'s token request"),
            Message::TokenResponse {
                reply: Reply::Granted(grant),
                ..
            } => {
                format!("the answer that brings {} to {node}", self.token(grant.token))
            }
            Message::TokenResponse { .. } => format!("the token endpoint's answer to {node}"),
            Message::StoreRequest { operation, .. } => format!("{node}: {}", self.operation(operation)),
            Message::StoreResponse { .. } => format!("the store's answer to {node}"),
            Message::Forward { .. } => format!("{node}'s call on its way to the gateway"),
            Message::Answered { .. } => format!("the gateway's answer to {node}"),
            Message::Note { from, note, .. } => format!("{} tells {node}: {}", self.node(*from), self.note(note)),
            _ => format!("an alarm of {node}"),
        }
    }

    fn delivery<S: Strategy, R: Rule>(
        &self,
        state: &State<S, R>,
        message: &Message,
        events: &[Event],
    ) -> (usize, usize, String) {
        let id = state.actor(message);
        let (column, node) = (id.index(), self.node(id));
        match message {
            Message::Arrival { group, .. } => (
                column,
                column,
                format!("{} arrives at {node}", arriving(&state.world, *group)),
            ),
            Message::ApiRequest { ticket, token, .. } => {
                let which = step_of_job(&state.world, *ticket);
                let accepted = events
                    .iter()
                    .any(|event| matches!(event, Event::AttemptAccepted { .. }));
                let verdict = if accepted { "accepted" } else { "refused" };
                (
                    column,
                    self.api(),
                    format!("{node} calls with {}{which}: {verdict}", self.token(*token)),
                )
            }
            Message::ApiResponse { ticket, token, reply } => {
                let text = self.api_answer(&node, *token, *reply);
                (self.api(), column, text + &step_of_job(&state.world, *ticket))
            }
            Message::TokenRequest { slot, .. } | Message::TokenServed { slot, .. } => {
                let request = format!("{node}'s request{}", self.slot_of(*slot));
                (column, self.token_endpoint(), self.commit(&request, events))
            }
            Message::TokenResponse { reply, .. } => {
                (self.token_endpoint(), column, self.token_answer(state, &node, *reply))
            }
            Message::StoreRequest { operation, .. } => {
                (column, self.store(), format!("{node} {}", self.operation(operation)))
            }
            Message::StoreResponse { answer, .. } => (self.store(), column, self.store_answer(&node, answer)),
            Message::Forward { gateway, .. } => (column, gateway.index(), format!("{node} hands its call over")),
            Message::Answered { ticket, succeeded } => {
                let gateway = state.world.fleets()[0].gateway.unwrap_or(id);
                let how = handed_back(&state.world, *ticket, *succeeded);
                (gateway.index(), column, format!("{node} {how}"))
            }
            Message::BackoffOver { ticket } => {
                (column, column, format!("{node} {}", after_wait(&state.world, *ticket)))
            }
            Message::AttemptTimedOut { .. } => (column, column, format!("{node} waits no longer for its call")),
            Message::TokenTimedOut { .. } => (column, column, format!("{node} waits no longer for a token")),
            Message::StoreTimedOut { .. } => (column, column, format!("{node} waits no longer for the store")),
            Message::TimerRang { timer, .. } => (column, column, format!("{node} {}", rang(*timer))),
            Message::Note { from, note, .. } => (
                from.index(),
                column,
                format!("{} tells {node}: {}", self.node(*from), self.note(note)),
            ),
            Message::LoginAgain { .. } => (column, column, "a user is to log in again".to_owned()),
        }
    }

    fn token_answer<S: Strategy, R: Rule>(&self, state: &State<S, R>, node: &str, reply: Reply<Grant>) -> String {
        match reply {
            Reply::Granted(grant) => {
                let dead = !state.world.server.provider.ledger.is_live(grant.token, NOW);
                let end = if dead { ", which is dead by now" } else { "" };
                format!("{node} receives {}{end}", self.token(grant.token))
            }
            Reply::Refused { kind, wait } => {
                let why = Perceptions::default().of(At::Token, kind).failure(wait);
                format!("{node} is told: {}", why.words())
            }
        }
    }

    fn api_answer(&self, node: &str, token: Token, reply: Reply<()>) -> String {
        let Reply::Refused { kind, .. } = reply else {
            return format!("{node} has its answer");
        };
        match Perceptions::default().of(At::Api, kind) {
            Perceived::Rejected => format!("{node} hears 401 for {}", self.token(token)),
            Perceived::Success => format!("{node} takes a refusal of another kind for a success"),
            _ => format!("{node} hears an error"),
        }
    }

    fn store_answer(&self, node: &str, answer: &StoreAnswer) -> String {
        match answer {
            Answer::Value(None) | Answer::Kept(None) => format!("{node} finds nothing"),
            Answer::Value(Some(entry)) => format!("{node} finds {}", self.token(entry.value.token)),
            Answer::Kept(Some(entry)) => {
                format!("{node} hears that {} lies there instead", self.token(entry.value.token))
            }
            Answer::Written => format!("{node} hears that it is written"),
            Answer::Acquired { .. } => format!("{node} has the lease"),
            Answer::Busy => format!("{node} hears that the lease is taken"),
            Answer::Extended { held } | Answer::Released { held } => {
                let how = if *held { "in time" } else { "too late" };
                format!("{node} hears that it was {how}")
            }
            Answer::Failed(_) => format!("{node} hears an error of the store"),
        }
    }

    /// Which slot of which app, where there are several.
    fn slot(&self, app: u16, slot: u16) -> String {
        match (self.apps > 1, self.slots > 1) {
            (false, false) => String::new(),
            (false, true) => format!(" for slot {slot}"),
            (true, false) => format!(" for app {app}"),
            (true, true) => format!(" for slot {slot} of app {app}"),
        }
    }

    fn slot_of(&self, slot: TokenSlot) -> String {
        let index = match slot.index {
            Slot::Index(index) => index,
            Slot::Unnamed | Slot::Misnamed(_) => 0,
        };
        self.slot(slot.app_copy, index)
    }

    fn commit(&self, request: &str, events: &[Event]) -> String {
        let issued = events.iter().find_map(|event| match event {
            Event::Issued { token, evicted, .. } => Some((*token, *evicted)),
            _ => None,
        });
        match issued {
            Some((token, Some(evicted))) => format!(
                "{request} commits: {} is issued, {} is dead",
                self.token(token),
                self.token(evicted)
            ),
            Some((token, None)) => format!("{request} commits: {} is issued", self.token(token)),
            None if events.iter().any(|event| matches!(event, Event::Returned)) => {
                format!("{request} is answered with the current token")
            }
            None => format!("{request} is refused"),
        }
    }

    fn operation(&self, operation: &crate::node::StoreOperation) -> String {
        match operation {
            Operation::Read => "looks into the store".to_owned(),
            Operation::Write { value, .. } => format!("writes {}", self.token(value.token)),
            Operation::Clear { .. } => "clears the store".to_owned(),
            Operation::Acquire { .. } | Operation::Lock => "asks for the lease".to_owned(),
            Operation::Extend { .. } => "extends the lease".to_owned(),
            Operation::Release { .. } | Operation::Unlock => "gives the lease back".to_owned(),
        }
    }

    fn note(&self, note: &Note) -> String {
        match note {
            Note::Token(shared) => format!("here is {}", self.token(shared.token)),
            Note::Wanted(Some(token)) => format!("{} will not do", self.token(*token)),
            Note::Wanted(None) => "a token is wanted".to_owned(),
            Note::Failed(why) => why.words().to_owned(),
        }
    }
}
