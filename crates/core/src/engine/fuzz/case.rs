//! What is drawn for one case: a small system, and a schedule of steps by name; and how a case shrinks.
//!
//! Every case favours other nodes, other messages and other faults, and leaves some faults out (swarm testing: Groce and
//! others, ISSTA 2012): what needs one thing to happen often and another never is found sooner than by fair dice.

use super::step::{Actor, ScheduleStep};
use super::walk::Walk;
use crate::base::{Dice, mix};
use crate::engine::check::PropertySet;
use crate::engine::check::{FAULTS, Fault, FaultBudget, State, System};
use crate::node::Strategy;
use crate::provider::{Issuance, Rule};

/// The parameters of a small system that are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemParams {
    /// Nodes at which calls arrive.
    pub nodes: u32,
    /// Calls at each node.
    pub calls: u32,
    /// Place of the provider's rule in [`SearchSpace::rules`].
    pub rule: usize,
    /// Faults of each kind that may happen.
    pub faults: FaultBudget,
}

/// A small system and a schedule for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The system.
    pub draw: SystemParams,
    /// The schedule; steps that cannot be taken are skipped.
    pub steps: Vec<ScheduleStep>,
}

/// The space that cases are drawn from: the largest system, with the most faults of each kind, and the rules to choose from.
#[derive(Clone, Debug)]
pub struct SearchSpace<S, R = Issuance> {
    /// The strategy of all nodes.
    pub strategy: S,
    /// The largest system.
    pub most: System<R>,
    /// Rules of the provider to choose from; the first is the plainest.
    pub rules: Vec<R>,
}

impl<S: Strategy, R: Rule> SearchSpace<S, R> {
    /// Nothing but the size and the faults is left to chance.
    pub fn of(strategy: S, most: System<R>) -> Self {
        let rules = vec![most.rule.clone()];
        Self { strategy, most, rules }
    }

    /// The system with these parameters.
    pub fn system(&self, draw: &SystemParams) -> System<R> {
        System {
            nodes: draw.nodes,
            calls: draw.calls,
            rule: self.rules[draw.rule].clone(),
            faults: draw.faults,
            ..self.most.clone()
        }
    }

    /// The state in which a run of the system with these parameters begins.
    pub fn initial(&self, draw: &SystemParams) -> State<S, R> {
        State::initial(self.strategy.clone(), &self.system(draw))
    }

    fn draw(&self, stream: &mut u64) -> SystemParams {
        let nodes = 1 + below(stream, self.most.nodes.into()) as u32;
        let calls = 1 + below(stream, self.most.calls.into()) as u32;
        let rule = below(stream, self.rules.len() as u64) as usize;
        // Nobody refreshes a token that is never refused.
        let needed = |fault| fault == Fault::Expiry && self.most.rotation.is_some();
        let mut faults = FaultBudget::NONE;
        // A kind that came later draws apart, and shifts no other draw.
        let mut later = mix(*stream);
        for &(fault, ..) in &FAULTS {
            let most = self.most.faults.left(fault);
            let stream = match fault {
                Fault::Elapse | Fault::Login => &mut later,
                _ => &mut *stream,
            };
            // Every other case is without this or that kind of fault.
            let (allowed, count) = (below(stream, 2) == 1, below(stream, most.into()));
            if most > 0 && (allowed || needed(fault)) {
                faults = faults.with(fault, 1 + count as u8);
            }
        }
        SystemParams {
            nodes,
            calls,
            rule,
            faults,
        }
    }
}

/// A number below the bound, by the next draw of the stream; every one as likely as another, to within 2^-64 of the bound.
fn below(stream: &mut u64, bound: u64) -> u64 {
    ((u128::from(Dice::next(stream)) * u128::from(bound)) >> 64) as u64
}

/// How often a walk goes back that has ended too soon, and how many steps at most.
const RETURNS: usize = 60;
const BACK: u64 = 24;

/// The preferences of one case among the steps that can be taken.
struct SwarmWeights(u64);

impl SwarmWeights {
    /// Whether a walk that has ended goes back and on, which one case in eight does.
    fn returns(&self) -> bool {
        const RETURN: u64 = u64::from_be_bytes(*b"\0\0return");
        mix(self.0 ^ RETURN).is_multiple_of(8)
    }

    /// The weight of a step against the others that can be taken.
    fn weight(&self, step: ScheduleStep) -> u64 {
        const SPREAD: [u64; 4] = [1, 3, 9, 27];
        let draw = |purpose: u64, of: u64| SPREAD[(mix(self.0 ^ mix((purpose << 32) | of)) >> 62) as usize];
        let who = match step.who() {
            Some(Actor::Worker(place)) => u64::from(place),
            Some(Actor::Gateway) => 255,
            None => 256,
        };
        let kind = match step {
            ScheduleStep::Of(fate, _, what, _) => (fate as u64) << 8 | what as u64,
            ScheduleStep::Crash(_) => 1 << 16,
            ScheduleStep::Lapse(_) => 2 << 16,
            ScheduleStep::Reclaim(_) => 3 << 16,
            ScheduleStep::Expire(_) => 4 << 16,
            ScheduleStep::Elapse => 5 << 16,
            ScheduleStep::LogIn => 6 << 16,
        };
        draw(1, who) * draw(2, kind)
    }
}

/// All cases of a search space, as a strategy of proptest.
pub struct Cases<'a, S, R> {
    /// The space.
    pub ground: &'a SearchSpace<S, R>,
    /// Properties that are looked for.
    pub wanted: PropertySet,
    /// Steps of the longest schedule.
    pub longest: usize,
}

impl<S: Strategy, R: Rule> Cases<'_, S, R> {
    /// A random walk; its steps become the schedule. One case in eight goes back some steps where nothing can happen any more, and on from
    /// there by other draws: what can go on for ever, where most runs end soon, is found sooner.
    pub fn walk(&self, draw: &SystemParams, draw_key: u64) -> Walk<S, R> {
        let favour = SwarmWeights(mix(draw_key));
        let mut stream = draw_key;
        let mut walk = Walk::new(self.ground.initial(draw), self.wanted);
        self.go_on(&mut walk, &favour, &mut stream);
        let mut returns = if walk.wants_cycles() && favour.returns() {
            RETURNS
        } else {
            0
        };
        while returns > 0 && walk.taken.len() < self.longest && !walk.has_broken_any() {
            returns -= 1;
            let back = 1 + below(&mut stream, BACK.min(walk.taken.len() as u64)) as usize;
            let kept = walk.taken.len().saturating_sub(back);
            walk = Walk::repeated(self.ground.initial(draw), self.wanted, &walk.taken[..kept]);
            self.go_on(&mut walk, &favour, &mut stream);
        }
        walk
    }

    /// Walks on until nothing can happen any more, or the schedule is as long as it may be.
    fn go_on(&self, walk: &mut Walk<S, R>, favour: &SwarmWeights, stream: &mut u64) {
        let mut weights = Vec::new();
        while walk.taken.len() < self.longest && !walk.steps().is_empty() {
            weights.clear();
            weights.extend(walk.steps().iter().map(|&step| favour.weight(step)));
            let all: u64 = weights.iter().sum();
            let mut at = below(stream, all);
            let place = weights.iter().position(|&weight| {
                let here = at < weight;
                at = at.wrapping_sub(weight);
                here
            });
            walk.take_at(place.expect("the draw lies below the sum"));
        }
    }

    /// The case of a stream of draws.
    pub fn draw(&self, mut stream: u64) -> Case {
        let draw = self.ground.draw(&mut stream);
        let steps = self.walk(&draw, Dice::next(&mut stream)).taken;
        Case { draw, steps }
    }
}

/// A case that shrinks, as proptest has it: steps are taken away, many at once at first, one at a time in the end.
#[derive(Clone, Debug)]
pub struct Tree {
    case: Case,
    before: Option<Case>,
    /// Steps that are taken away at once, and where.
    chunk: usize,
    at: usize,
    /// Something could be taken away since the first place was tried.
    shrunk: bool,
}

impl Tree {
    /// A case of which nothing has been taken away yet.
    pub fn new(case: Case) -> Self {
        Self {
            chunk: case.steps.len().div_ceil(2),
            case,
            before: None,
            at: 0,
            shrunk: false,
        }
    }

    pub fn current(&self) -> &Case {
        &self.case
    }

    /// Takes the next steps away; nothing where all that could be taken away has been tried.
    pub fn simplify(&mut self) -> bool {
        self.shrunk |= self.before.take().is_some();
        if self.at >= self.case.steps.len() {
            if self.chunk <= 1 && !self.shrunk {
                return false;
            }
            self.chunk = (self.chunk / 2).max(1);
            (self.at, self.shrunk) = (0, false);
        }
        if self.case.steps.is_empty() {
            return false;
        }
        let end = (self.at + self.chunk).min(self.case.steps.len());
        self.before = Some(self.case.clone());
        self.case.steps.drain(self.at..end);
        true
    }

    /// Puts back what was taken away last: it matters.
    pub fn complicate(&mut self) {
        if let Some(before) = self.before.take() {
            self.case = before;
            self.at += self.chunk;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shrink(length: usize, breaks: impl Fn(&Case) -> bool) -> Case {
        let step = |place| ScheduleStep::Expire(place as u8);
        let draw = SystemParams {
            nodes: 2,
            calls: 1,
            rule: 0,
            faults: FaultBudget::NONE,
        };
        let steps = (0..length).map(step).collect();
        let mut tree = Tree::new(Case { draw, steps });
        while tree.simplify() {
            if !breaks(tree.current()) {
                tree.complicate();
                assert!(breaks(tree.current()), "back to what is known to break");
            }
        }
        tree.case
    }

    #[test]
    fn a_schedule_shrinks_to_the_steps_that_matter() {
        for length in 0..40 {
            let matters: Vec<_> = [3, 4, 17, 31]
                .into_iter()
                .filter(|&place| usize::from(place) < length)
                .collect();
            let all = |case: &Case| {
                matters
                    .iter()
                    .all(|&place| case.steps.contains(&ScheduleStep::Expire(place)))
            };
            let least: Vec<_> = matters.iter().map(|&place| ScheduleStep::Expire(place)).collect();
            assert_eq!(shrink(length, all).steps, least, "of {length}");
        }
    }
}
