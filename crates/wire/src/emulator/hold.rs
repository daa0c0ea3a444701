//! Requests that are stopped on their way until somebody lets them go: a latch with two sides, since whoever holds can also wait
//! until so many requests have come.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};

use super::step::Place;

/// Requests that can be held at once; more go on.
const MOST_HELD: usize = 10_000;
const MOST_HOLDS: usize = 1000;

/// Where on its way a request is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Point {
    /// Before anything has happened.
    #[default]
    Arrival,
    /// It has happened; the answer is on its way back.
    Answer,
}

/// Which requests are stopped.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    /// At which endpoint.
    pub at: Place,
    /// Where on their way; left out, before anything has happened.
    #[serde(default)]
    pub point: Point,
    /// Only those of this caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Only the first so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// A request that may be stopped.
#[derive(Clone, Copy)]
pub(super) struct Passing<'a> {
    pub at: Place,
    pub point: Point,
    pub request: u64,
    pub caller: &'a str,
}

struct Held {
    hold: u64,
    caller: String,
    go: oneshot::Sender<()>,
}

#[derive(Default)]
struct Table {
    last: u64,
    holds: BTreeMap<u64, Condition>,
    held: BTreeMap<u64, Held>,
}

#[derive(Default)]
pub(super) struct Holds {
    table: Mutex<Table>,
    changed: Notify,
    any: AtomicBool,
}

/// Which requests are let go.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Release {
    /// This one alone.
    pub request: Option<u64>,
    /// Those of this hold.
    pub hold: Option<u64>,
}

impl Holds {
    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether anything may be stopped.
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// From now on such requests are stopped; the number of the hold, unless there are too many.
    pub fn add(&self, condition: Condition) -> Option<u64> {
        let mut table = self.table();
        if table.holds.len() >= MOST_HOLDS {
            return None;
        }
        table.last += 1;
        let number = table.last;
        table.holds.insert(number, condition);
        self.any.store(true, Ordering::Release);
        Some(number)
    }

    /// What a request that passes waits for, if it is stopped.
    pub fn stop(&self, passing: Passing<'_>) -> Option<oneshot::Receiver<()>> {
        if !self.any() {
            return None;
        }
        let mut table = self.table();
        if table.held.len() >= MOST_HELD {
            return None;
        }
        let Passing {
            at,
            point,
            request,
            caller,
        } = passing;
        let (&hold, condition) = table.holds.iter_mut().find(|(_, condition)| {
            let theirs = condition.caller.as_deref().is_none_or(|wanted| wanted == caller);
            condition.at == at && condition.point == point && theirs && condition.count != Some(0)
        })?;
        condition.count = condition.count.map(|left| left - 1);
        let (go, wait) = oneshot::channel();
        let caller = caller.to_owned();
        table.held.insert(request, Held { hold, caller, go });
        drop(table);
        self.changed.notify_waiters();
        Some(wait)
    }

    /// Lets requests go: one, those of a hold, or all. The hold itself stays, unless all are let go: it is lifted then. How many
    /// went.
    pub fn release(&self, which: &Release) -> usize {
        let mut table = self.table();
        let all = which.request.is_none();
        if all {
            match which.hold {
                Some(hold) => drop(table.holds.remove(&hold)),
                None => table.holds.clear(),
            }
        }
        let wanted = |request: &u64, held: &Held| {
            which.request.is_none_or(|wanted| wanted == *request) && which.hold.is_none_or(|wanted| wanted == held.hold)
        };
        let going: Vec<u64> = table
            .held
            .iter()
            .filter(|(request, held)| wanted(request, held))
            .map(|(request, _)| *request)
            .collect();
        for request in &going {
            if let Some(held) = table.held.remove(request) {
                // Whoever waited may have gone.
                let _gone = held.go.send(());
            }
        }
        self.any
            .store(!table.holds.is_empty() || !table.held.is_empty(), Ordering::Release);
        drop(table);
        self.changed.notify_waiters();
        going.len()
    }

    /// All holds, and what each of them holds.
    pub fn told(&self) -> serde_json::Value {
        let table = self.table();
        let told = |number: u64, condition: &Condition| {
            let held = table.held.iter().filter(|(_, held)| held.hold == number);
            let held: Vec<_> = held
                .map(|(request, held)| serde_json::json!({"request": request, "caller": held.caller}))
                .collect();
            serde_json::json!({"hold": number, "condition": condition, "held": held})
        };
        table
            .holds
            .iter()
            .map(|(number, condition)| told(*number, condition))
            .collect()
    }

    /// Whether there is such a hold, or somebody whom it held before it was lifted.
    pub fn knows(&self, hold: u64) -> bool {
        let known = self.table().holds.contains_key(&hold);
        known || self.held_by(hold) > 0
    }

    /// How many requests a hold holds.
    pub fn held_by(&self, hold: u64) -> usize {
        self.table().held.values().filter(|held| held.hold == hold).count()
    }

    /// Waits until a hold holds so many requests.
    pub async fn until(&self, hold: u64, requests: usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.held_by(hold) >= requests {
                return;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passing(request: u64, caller: &str) -> Passing<'_> {
        Passing {
            at: Place::Token,
            point: Point::Arrival,
            request,
            caller,
        }
    }

    #[test]
    fn a_hold_stops_what_it_is_meant_for_and_lets_go_in_any_order() {
        let holds = Holds::default();
        assert!(holds.stop(passing(1, "a")).is_none());
        let condition = Condition {
            at: Place::Token,
            point: Point::Arrival,
            caller: None,
            count: Some(2),
        };
        let hold = holds.add(condition).unwrap();
        let other = Passing {
            at: Place::Api,
            ..passing(2, "a")
        };
        assert!(holds.stop(other).is_none(), "another endpoint");
        let mut first = holds.stop(passing(3, "a")).unwrap();
        let mut second = holds.stop(passing(4, "b")).unwrap();
        assert!(holds.stop(passing(5, "c")).is_none(), "only the first two");
        assert_eq!(holds.held_by(hold), 2);
        assert_eq!(
            holds.release(&Release {
                request: Some(4),
                hold: None
            }),
            1
        );
        assert!(second.try_recv().is_ok() && first.try_recv().is_err());
        assert_eq!(holds.release(&Release::default()), 1);
        assert!(first.try_recv().is_ok() && !holds.any());
    }
}
