//! What happens in a run of the simulator, judged by the properties of the checker.

use tokenstorm::base::{Dice, Time};
use tokenstorm::engine::sim::{Watched, WatchedWorld, Watcher, keep_world, watch};
use tokenstorm::oauth::Token;
use tokenstorm::plan::Plan;
use tokenstorm::property::{History, Judge, PROPERTIES, StateView};
use tokenstorm::trace::Event;
use tokenstorm::world::{Message, carries};

/// Beside the properties: a grant is lost.
pub const GRANT_LOST: &str = "a grant lost";

/// Names of the properties that single events of a run break, with the instant of the first such event; looks at so many steps of the
/// run at most.
///
/// `S6` is of runs that nothing disturbs but planned renewals. No run of a scenario is known to be one, so `S6` is never among them.
pub fn broken(plan: &Plan, dice: Dice, most: u64) -> Vec<(&'static str, Time)> {
    let mut bench = Bench {
        history: History::new(plan.nodes()),
        before: None,
        under_way: Vec::new(),
        arriving: None,
        events: Vec::new(),
        broken: vec![None; PROPERTIES.len()],
        lost: None,
        left: most,
    };
    watch(plan, dice, &mut bench);
    let names = PROPERTIES.iter().map(|property| property.name);
    names
        .zip(bench.broken)
        .chain([(GRANT_LOST, bench.lost)])
        .filter_map(|(name, first)| Some((name, first?)))
        .collect()
}

struct Bench {
    history: History,
    before: Option<WatchedWorld>,
    /// Messages on their way, with the instants at which they arrive.
    under_way: Vec<(Time, Message)>,
    arriving: Option<Message>,
    events: Vec<Event>,
    broken: Vec<Option<Time>>,
    lost: Option<Time>,
    left: u64,
}

impl Watcher for Bench {
    fn begins(&mut self, _: Time, what: Watched<'_>, world: &WatchedWorld) {
        self.events.clear();
        self.left = self.left.saturating_sub(1);
        self.arriving = match what {
            Watched::Message(message) => Some(*message),
            _ => None,
        };
        keep_world(world, &mut self.before);
    }

    fn sent(&mut self, _: Time, message: &Message, arrives: Option<Time>) {
        self.under_way.extend(arrives.map(|at| (at, *message)));
    }

    fn told(&mut self, _: Time, event: &Event) {
        self.events.push(*event);
    }

    fn done(&mut self, now: Time, world: &WatchedWorld) {
        let before = self.before.as_ref().expect("a step begins before it is done");
        let moment = Moment {
            now,
            before,
            under_way: &self.under_way,
            after: world,
        };
        for event in &self.events {
            self.history.record(event);
            if matches!(event, Event::GrantLost { .. }) {
                self.lost.get_or_insert(now);
            }
            for (property, broken) in PROPERTIES.iter().zip(&mut self.broken) {
                if let Judge::Event(judge) = property.judge
                    && judge(event, &self.history, &moment) == Some(false)
                {
                    broken.get_or_insert(now);
                }
            }
        }
        let arrived = self.arriving.take();
        let place = arrived.and_then(|message| self.under_way.iter().position(|sent| *sent == (now, message)));
        if let Some(place) = place {
            self.under_way.swap_remove(place);
        }
        // What a crash made void never arrives.
        self.under_way.retain(|(at, _)| *at >= now);
    }

    fn has_seen_enough(&self) -> bool {
        self.left == 0
    }

    fn wants_details(&self) -> bool {
        true
    }
}

/// A step as the properties see it.
struct Moment<'a> {
    now: Time,
    before: &'a WatchedWorld,
    under_way: &'a [(Time, Message)],
    after: &'a WatchedWorld,
}

impl StateView for Moment<'_> {
    fn is_live(&self, token: Token) -> bool {
        self.after.server.provider.ledger.is_live(token, self.now)
    }

    fn was_known(&self, token: Token) -> bool {
        self.before.knows(token) || self.under_way.iter().any(|(_, message)| carries(message, token))
    }

    fn is_undisturbed(&self) -> bool {
        false
    }
}
