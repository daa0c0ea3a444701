#![doc = include_str!("testing.md")]
#![doc = include_str!("mutations.md")]

mod alike;
pub mod laws;
mod plan;
mod report;

use crate::base::NodeId;
use crate::engine::check::expected::{Expectation, FAULTY};
use crate::engine::check::{self, FaultBudget, Needs, PropertyVerdict, State, System};
use crate::engine::fuzz::{self, Cases, FuzzOptions, SearchSpace, Walk};
use crate::node::{Memory, Names, Strategy};
use crate::oauth::Token;
use crate::property::{self, PROPERTIES};
use crate::provider::{Issuance, OnBadSlot, Reveals, RotationRule, Rule};
use crate::retry::Attempts;

pub use report::{ReportRow, StrategyReport};

/// What is expected of a strategy, and in which surroundings: by default two nodes with a call each that share an app under
/// "latest only", with a lost message and a crash.
#[derive(Clone, Debug)]
pub struct Expect<R = Issuance> {
    system: System<R>,
    breaks: Vec<String>,
    undecided: bool,
    seed: u64,
    cases: u64,
}

impl Default for Expect {
    fn default() -> Self {
        Self::under(Issuance::latest_only(crate::base::Duration::from_secs(3600)))
    }
}

impl Expect {
    /// The app has refresh tokens of this rule, which says what a refresh ends, and the access token expires once at least. Call
    /// [`Expect::with_faults`] before this.
    #[must_use]
    pub fn with_refresh_tokens(mut self, rotation: RotationRule) -> Self {
        self.system = self.system.rotating(Some(rotation));
        self
    }
}

impl<R: Rule> Expect<R> {
    /// The default surroundings under another rule of the provider.
    pub fn under(rule: R) -> Self {
        Self {
            system: System {
                needs: Needs {
                    store: false,
                    gateway: false,
                    apps: 1,
                },
                rule,
                rotation: None,
                reveals: Reveals::Nothing,
                store_operations: check::STORE_OPERATIONS,
                notes: check::NOTES,
                holder: check::HolderActs::Named,
                symmetric: false,
                on_bad_slot: OnBadSlot::Refuse,
                slots: 1,
                nodes: 2,
                calls: 1,
                kinds: Vec::new(),
                attempts: Attempts::UNBOUNDED,
                faults: FAULTY,
                most: 300_000,
            },
            breaks: Vec::new(),
            undecided: false,
            seed: 1,
            cases: 500,
        }
    }

    /// The nodes share a store.
    #[must_use]
    pub fn with_store(mut self) -> Self {
        self.system.needs.store = true;
        self
    }

    /// There is one more node, to which calls are forwarded or the renewing is left.
    #[must_use]
    pub fn with_gateway(mut self) -> Self {
        self.system.needs.gateway = true;
        self
    }

    /// This many registered copies of the app, and this many token slots in each.
    #[must_use]
    pub fn with_apps(mut self, apps: u16, slots: u16) -> Self {
        self.system.needs.apps = apps;
        self.system.slots = slots;
        self
    }

    /// This many nodes, from 1 to 4, with this many calls each, from 1 to 3.
    #[must_use]
    pub fn with_nodes(mut self, nodes: u32, calls: u32) -> Self {
        self.system.nodes = nodes;
        self.system.calls = calls;
        self
    }

    /// These faults at most.
    #[must_use]
    pub fn with_faults(mut self, faults: FaultBudget) -> Self {
        self.system.faults = faults;
        self
    }

    /// This property (`S1`) or law (`frugal`) is broken, and has to be: an expectation that no longer holds is an objection too.
    #[must_use]
    pub fn breaks(mut self, name: &str) -> Self {
        self.breaks.push(name.to_owned());
        self
    }

    /// The checker gives up after this many states: 300,000 unless this says otherwise.
    #[must_use]
    pub fn states(mut self, most: usize) -> Self {
        self.system.most = most;
        self
    }

    /// A node has at most this many store operations under way, and is deaf to all else while it has: 2 unless this says otherwise.
    /// Where that keeps something from happening, the checker searches again with more, until it keeps back nothing or until one
    /// more changes no verdict.
    #[must_use]
    pub fn store_operations(mut self, most: u8) -> Self {
        self.system.store_operations = most.max(1);
        self
    }

    /// Two nodes have at most this many notes under way to each other: 2 unless this says otherwise. As
    /// [`Expect::store_operations`].
    #[must_use]
    pub fn notes(mut self, most: u8) -> Self {
        self.system.notes = most.max(1);
        self
    }

    /// A property that the search leaves open (`?`) is no objection. Without this it is one: what has not been broken so far has not
    /// been shown to hold.
    #[must_use]
    pub fn or_undecided(mut self) -> Self {
        self.undecided = true;
        self
    }

    /// The fuzzer draws this many cases, from this seed.
    #[must_use]
    pub fn cases(mut self, cases: u64, seed: u64) -> Self {
        (self.cases, self.seed) = (cases, seed);
        self
    }
}

/// The law that needs more than the simulator.
const AGREEMENT: (&str, &str) = (
    "agreement",
    "schedules by chance have the same effects in the checker and in the simulator",
);
/// The law that a checker needs which takes nodes that look alike for one.
const ALIKE: (&str, &str) = (
    "alike",
    "nodes that are said not to be told apart do the same in each other's place",
);
/// Schedules that are run in both.
const SCHEDULES: u64 = 32;

/// Names of all laws, with what they say.
fn law_names<S: Strategy>() -> impl Iterator<Item = (&'static str, &'static str)> {
    let laws = laws::of_strategies::<S>().into_iter();
    laws.map(|(name, about, _)| (name, about)).chain([AGREEMENT, ALIKE])
}

/// Runs a strategy through the laws of the simulator, the checker and the fuzzer, and says what was found.
///
/// # Panics
/// When an expectation names neither a property nor a law.
pub fn analyze<S: Strategy, R: Rule + Send + Sync>(strategy: S, expect: &Expect<R>) -> StrategyReport {
    for name in &expect.breaks {
        let is_law = law_names::<S>().any(|(law, _)| law == name);
        let known = is_law || PROPERTIES.iter().any(|property| property.name == name);
        assert!(known, "there is neither a property nor a law `{name}`");
    }
    let renames = renames(&strategy, &expect.system).map_err(|wrong| (AGREEMENT.0, wrong));
    let alike = || alike::alike(&strategy, &expect.system).map_err(|wrong| (ALIKE.0, wrong));
    if let Err((law, wrong)) = renames.and_then(|()| alike()) {
        // What a checker would find of it means nothing.
        return StrategyReport {
            states: 0,
            complete: false,
            doubt: None,
            rows: Vec::new(),
            objections: vec![format!("the law `{law}` is broken: {wrong}")],
            laws: vec![(law, wrong)],
        };
    }
    let (system, mut report) = search(&strategy, expect);
    let bench = laws::Bench {
        strategy: strategy.clone(),
        needs: expect.system.needs,
        slots: expect.system.slots,
    };
    let laws = laws::of_strategies::<S>().into_iter();
    let results = laws.map(|(name, _, law)| (name, law(&bench)));
    let results = results.chain([(AGREEMENT.0, agree(&strategy, expect))]);
    report.laws = results.filter_map(|(name, held)| Some((name, held.err()?))).collect();
    report.objections = objections(&strategy, (expect, system), &report);
    report
}

/// Names that differ for every token and every fence.
struct Others;

impl Names for Others {
    fn token(&mut self, token: Token) -> Token {
        Token::numbered(token.sequence() + 1000)
    }

    fn fence(&mut self, fence: u32) -> u32 {
        if fence == 0 { 0 } else { fence + 1000 }
    }
}

/// Whether the token that a node would send is renamed with its memory, at every step of a run without faults.
fn renames<S: Strategy, R: Rule>(strategy: &S, system: &System<R>) -> Result<(), String> {
    let calm = System {
        faults: FaultBudget::NONE,
        ..system.clone()
    };
    let mut walk = Walk::new(State::initial(strategy.clone(), &calm), 0);
    for step in 0..SCHEDULES as usize {
        let world = &walk.state.world;
        for node in world.fleets().iter().flat_map(|fleet| fleet.nodes.clone()) {
            let mut memory = *world.memory(NodeId(node));
            let before = memory.view().token.map(|token| Others.token(token));
            memory.rename(&mut Others);
            if memory.view().token != before {
                return Err("`rename` leaves out the token that `view` names".to_owned());
            }
        }
        let Some(count) = walk.steps().len().checked_sub(1) else {
            break;
        };
        walk.take_at(step % (count + 1));
    }
    Ok(())
}

/// Whether both engines do the same: a checker renames what a memory holds, so one that keeps a token from it differs.
fn agree<S: Strategy, R: Rule>(strategy: &S, expect: &Expect<R>) -> Result<(), String> {
    let ground = SearchSpace::of(strategy.clone(), expect.system.clone());
    let cases = Cases {
        ground: &ground,
        wanted: 0,
        longest: FuzzOptions::of(0, 0).longest,
    };
    for number in 0..SCHEDULES {
        let case = fuzz::drawn(&cases, expect.seed, number);
        let effects = fuzz::replay(strategy, &ground.system(&case.draw), &case.steps);
        let mut pairs = effects.checker.iter().zip(&effects.simulator);
        if let Some(((step, checker), (_, simulator))) = pairs.find(|(one, other)| one != other) {
            return Err(format!(
                "at step {step} `{checker}` in the checker is `{simulator}` in the simulator"
            ));
        }
        if effects.checker.len() != effects.simulator.len() {
            return Err("one of them goes on where the other has ended".to_owned());
        }
    }
    Ok(())
}

/// The checker and the fuzzer, with the system that they have searched in the end.
fn search<S: Strategy, R: Rule + Send + Sync>(strategy: &S, expect: &Expect<R>) -> (System<R>, StrategyReport) {
    let nameless = System {
        symmetric: !strategy.tells_nodes_apart(),
        ..expect.system.clone()
    };
    let settled = check::settle(strategy, &nameless, &());
    let (checked, doubt) = (settled.report, settled.doubt);
    let ground = SearchSpace::of(strategy.clone(), settled.system.with_names());
    let fuzzed = fuzz::fuzz(&ground, &FuzzOptions::of(expect.seed, expect.cases), &());
    let decided = checked.complete && doubt.is_none();
    let rows = PROPERTIES
        .iter()
        .zip(checked.verdicts)
        .map(|(property, verdict)| ReportRow {
            property: property.name,
            title: property.title,
            verdict: Expectation::of(&verdict, decided),
            checked: match verdict {
                PropertyVerdict::Breaks(example) => Some(example),
                PropertyVerdict::Holds(_) | PropertyVerdict::NotReached | PropertyVerdict::Open(_) => None,
            },
            fuzzed: fuzzed.of(property.name).cloned(),
        });
    let report = StrategyReport {
        states: checked.states,
        complete: checked.complete,
        doubt,
        rows: rows.collect(),
        laws: Vec::new(),
        objections: Vec::new(),
    };
    (ground.most, report)
}

fn objections<S: Strategy, R: Rule>(
    strategy: &S,
    (expect, system): (&Expect<R>, System<R>),
    report: &StrategyReport,
) -> Vec<String> {
    let expected = |name: &str| expect.breaks.iter().any(|known| known == name);
    let mut objections = Vec::new();
    let ground = SearchSpace::of(strategy.clone(), system);
    let mut open = Vec::new();
    for row in &report.rows {
        let ReportRow { property, title, .. } = row;
        let (system, example) = match (&row.checked, &row.fuzzed, expected(property)) {
            (None, None, true) => {
                let but = match row.verdict {
                    Expectation::Open => format!("is not broken so far: {}", report.why_open()),
                    _ => "holds".to_owned(),
                };
                objections.push(format!("{property} ({title}) is expected to break, and {but}"));
                continue;
            }
            (None, None, false) => {
                open.extend((row.verdict == Expectation::Open).then_some(*property));
                continue;
            }
            (Some(_), _, true) | (_, Some(_), true) => continue,
            (Some(example), _, false) => (ground.most.clone(), example),
            (None, Some(finding), false) => (ground.system(&finding.case.draw), &finding.example),
        };
        let story = check::narrate_strategy(strategy.clone(), &system, example);
        let words = property::find(property).map_or_else(String::new, |known| check::explain(&story, known));
        objections.push(format!(
            "{property} ({title}) is broken:\n{}{words}",
            check::text(&story)
        ));
    }
    if !open.is_empty() && !expect.undecided {
        objections.push(format!("undecided: {}; {}", open.join(", "), report.why_open()));
    }
    for (name, about) in law_names::<S>() {
        let broken = report.laws.iter().find(|(broken, _)| *broken == name);
        match (broken, expected(name)) {
            (None, true) => objections.push(format!("the law `{name}` is expected to break, and holds: {about}")),
            (Some((_, wrong)), false) => objections.push(format!("the law `{name}` is broken: {about}; but {wrong}")),
            (None, false) | (Some(_), true) => {}
        }
    }
    objections
}

/// [`analyze`], for a test.
///
/// ```
/// # use tokenstorm_core as tokenstorm;
/// use tokenstorm::engine::check::FaultBudget;
/// use tokenstorm::strategy::{CompareFirst, Naive};
/// use tokenstorm::testing::{Expect, assert_strategy};
///
/// // One process alone, with two calls at once and no faults: quickly checked.
/// let alone = || Expect::default().with_nodes(1, 2).with_faults(FaultBudget::NONE).cases(20, 1);
/// let report = assert_strategy(CompareFirst {}, &alone());
/// assert!(report.complete);
///
/// // Without single-flight each of the two calls requests a token and kills the other's, perhaps for ever.
/// let broken = ["S3", "S4", "S6", "S9", "B1", "B2", "L2"];
/// assert_strategy(Naive {}, &broken.into_iter().fold(alone(), Expect::breaks));
/// ```
///
/// # Panics
/// When anything is not as expected, with the shortest run that shows it.
pub fn assert_strategy<S: Strategy, R: Rule + Send + Sync>(strategy: S, expect: &Expect<R>) -> StrategyReport {
    let report = analyze(strategy, expect);
    assert!(
        report.objections.is_empty(),
        "{report}\n{}",
        report.objections.join("\n\n")
    );
    report
}
