//! What a node asks of the provider and of the store, from the request to what the node hears.

use std::sync::Arc;

use super::applied::Applied;
use super::connection::HttpClient;
use super::hearing::{self, Answered};
use super::machine::Told;
use super::mail::Trip;
use super::site::exchange;
use super::surroundings::Surroundings;
use crate::base::{NodeId, Time};
use crate::node::{Asker, Heard, StoreOperation, Ticket};
use crate::oauth::{AnswerKind, Reply, Token, TokenSlot};
use crate::store::{Answer, Operation};
use crate::trace::Event;
use crate::world::Leg;

/// A call of the API.
pub(super) async fn call(
    around: Arc<Surroundings>,
    http: HttpClient,
    node: NodeId,
    sent: Time,
    ticket: Ticket,
    token: Token,
) -> Option<(Told, Trip)> {
    let request = around.site.call(node, &around.site.texts.text(token).access);
    let (reply, trip) = match exchange(&http, request).await {
        Ok(answered) => (
            hearing::api(&around.site.dialect, &answered),
            trip(&around, [Leg::ApiRequest, Leg::ApiResponse], sent, &answered),
        ),
        // Nobody listens there: to a client a server that fails.
        Err(_broken) => (Reply::refused(AnswerKind::ServerError), Trip::default()),
    };
    Some((Told::Hear(Heard::Api { ticket, token, reply }), trip))
}

/// What a token request asks for.
pub(super) struct TokenRequest {
    pub client: u16,
    pub force: bool,
    pub slot: TokenSlot,
    /// Whose refresh token is presented.
    pub with: Option<Token>,
}

/// A token request.
pub(super) async fn token(
    around: Arc<Surroundings>,
    http: HttpClient,
    node: NodeId,
    sent: Time,
    asker: Asker,
    ask: TokenRequest,
) -> Option<(Told, Trip)> {
    let texts = &around.site.texts;
    let refreshes = around.plan.provider.rotation.is_some();
    let refresh = ask
        .with
        .filter(|_| refreshes)
        .and_then(|with| texts.text(with).refresh.clone());
    // Where there are only refreshes, a node without a refresh token asks in vain.
    let refresh = refresh.or_else(|| refreshes.then(|| "none".to_owned()));
    let request = around
        .site
        .token_request(node, ask.client, ask.slot, ask.force, refresh.as_deref());
    let (reply, trip) = match exchange(&http, request).await {
        Ok(answered) => {
            let reply = hearing::token(&around.site.dialect, &answered, texts);
            if let (Reply::Granted(grant), Some(decided)) = (reply, answered.decided) {
                around.issued(grant.token, decided);
            }
            (
                reply,
                trip(&around, [Leg::TokenRequest, Leg::TokenResponse], sent, &answered),
            )
        }
        Err(_broken) => (Reply::refused(AnswerKind::ServerError), Trip::default()),
    };
    if let (Reply::Granted(grant), Some(with)) = (reply, ask.with) {
        around.descends(grant.token, with);
    }
    Some((Told::Hear(Heard::Token { asker, reply }), trip))
}

/// An operation on the shared store, with the network that the scenario puts before it.
pub(super) async fn store(
    around: Arc<Surroundings>,
    node: NodeId,
    (sent, key): (Time, u64),
    store: u32,
    number: u8,
    operation: StoreOperation,
) -> Option<(Told, Trip)> {
    if !around.travel(Leg::StoreRequest, key).await {
        return None;
    }
    let before = around.clock.now();
    let applied = around.shelf.apply(before, store, node, operation).await?;
    let turned = before + around.clock.now().since(before).ratio(1, 2);
    note(&around, turned, operation, &applied);
    let answer = applied.answer;
    if !around.travel(Leg::StoreResponse, key).await {
        return None;
    }
    let trip = Trip::round([Leg::StoreRequest, Leg::StoreResponse], sent, turned);
    Some((Told::Hear(Heard::Store { number, answer }), trip))
}

/// What somebody notes who sees the store: a lease that had ended, and a token that was written over one that was issued later.
fn note(around: &Surroundings, now: Time, operation: StoreOperation, applied: &Applied) {
    match applied.answer {
        Answer::Released { held: false } | Answer::Extended { held: false } => around.note(now, &Event::LeaseLapsed),
        Answer::Written => {
            let written = match operation {
                Operation::Write { value, .. } => Some(value.token),
                _ => None,
            };
            around.written(now, written, applied.replaced);
        }
        _ => {}
    }
}

/// There and back; where the provider does not say when it decided, half of the time each.
fn trip(around: &Surroundings, legs: [Leg; 2], sent: Time, answered: &Answered) -> Trip {
    let half = || sent + around.clock.now().since(sent).ratio(1, 2);
    Trip::round(legs, sent, answered.decided.unwrap_or_else(half))
}
