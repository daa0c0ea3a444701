//! The event log as server-sent events, for whoever looks on.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt as _};

use super::carry::Shared;

/// Events that are taken from the log at once.
const BATCH: usize = 256;

/// Events after this number, or from now on, as they happen. Whoever reads too slowly misses what the log has forgotten meanwhile,
/// as the numbers show.
pub(super) fn events(shared: Arc<Shared>, since: Option<u64>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (mut news, last) = {
        let backend = shared.backend();
        (backend.log.follow(), since.unwrap_or_else(|| backend.log.last()))
    };
    news.mark_changed();
    let batches = stream::unfold((shared, news, last), |(shared, mut news, last)| async move {
        loop {
            // The sender lives as long as what is shared.
            news.changed().await.ok()?;
            let entries: Vec<_> = shared.backend().log.since(last, BATCH).cloned().collect();
            let Some(latest) = entries.last().map(|entry| entry.number) else {
                continue;
            };
            if entries.len() == BATCH {
                news.mark_changed();
            }
            let told: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let data = serde_json::to_string(entry).unwrap_or_default();
                    Ok(Event::default().id(entry.number.to_string()).data(data))
                })
                .collect();
            return Some((stream::iter(told), (shared, news, latest)));
        }
    });
    Sse::new(batches.flatten()).keep_alive(KeepAlive::default())
}
