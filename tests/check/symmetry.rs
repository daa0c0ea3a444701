//! Which node is which decides nothing: where states that differ only in that are taken for one, fewer states say the same.

use tokenstorm::engine::check::cast::{self, CAST, REFRESHERS};
use tokenstorm::engine::check::expected::{self, Expectation, LISTS};
use tokenstorm::engine::check::{self, Counterexample, Hands, Setup, State, Verdict};
use tokenstorm::property::{Judge, PROPERTIES, Runs};
use tokenstorm::with_strategy;

/// A run among nodes with names: whether its last step breaks an event's claim, or its cycle comes home and, where it is a
/// livelock, keeps nobody waiting.
fn is_a_run(setup: &Setup, claim: usize, example: &Counterexample) -> bool {
    let named = setup.system.with_names();
    with_strategy!(&setup.coordination, strategy => {
        #[allow(clippy::clone_on_copy)] // Most strategies are `Copy`, not all.
        let (mut state, mut hands) = (State::initial(strategy.clone(), &named), Hands::default());
        let (mut breaks, mut home) = (false, None);
        let (mut always, mut taken) = (u128::MAX, 0u128);
        for (step, &action) in example.way.iter().enumerate() {
            if step == example.steps() {
                home = Some(state.clone());
            }
            breaks = false;
            let mut actions = Vec::new();
            state.actions(&mut actions);
            assert!(actions.contains(&action), "step {step} can be taken");
            if home.is_some() {
                let own = actions.iter().filter(|action| action.fault().is_none());
                let enabled = own.fold(0, |labels, action| labels | 1 << check::label(&state, *action));
                always &= enabled;
                taken |= 1 << check::label(&state, action);
            }
            state = state.take(action, &mut hands, |event, facts, scene| {
                if let Judge::Event(judge) = PROPERTIES[claim].judge {
                    breaks |= judge(event, facts, scene) == Some(false);
                }
            });
        }
        match PROPERTIES[claim].judge {
            Judge::Event(_) => breaks,
            Judge::Runs(Runs::NoLivelock) => home == Some(state) && always & !taken == 0,
            Judge::Runs(_) => home.is_none_or(|home| home == state),
        }
    })
}

#[test]
fn which_node_is_which_decides_nothing() {
    const LARGEST: usize = if cfg!(debug_assertions) { 6_000 } else { 40_000 };
    let (mut with_names, mut without, mut runs) = (0, 0, 0);
    for (nodes, faults, _) in LISTS {
        for (name, _) in CAST.iter().chain(&REFRESHERS) {
            let Some(known) = expected::of(name, nodes, faults).filter(|known| known.states <= LARGEST) else {
                continue;
            };
            let mut setup = cast::setup(name, nodes, 1, faults).expect("a name of the cast");
            if setup.coordination.tells_nodes_apart() {
                continue;
            }
            setup.system.symmetric = true;
            let report = check::check(&setup, &());
            let what = format!("{name} among {nodes} with {faults}");
            assert!(report.complete && report.states <= known.states, "{what}");
            let orders: usize = (1..=nodes as usize).product();
            assert!(report.states * orders >= known.states, "{what}: {}", report.states);
            for (claim, (verdict, known)) in report.verdicts.iter().zip(known.verdicts).enumerate() {
                let what = format!("{what}: {}", PROPERTIES[claim].name);
                match (Expectation::from(verdict), known) {
                    // Of the cycles that are equally near, another one may be found.
                    (Expectation::Breaks(steps, around), Expectation::Breaks(known, with_names)) if with_names > 0 => {
                        assert_eq!(steps, known, "{what}");
                        assert!(around > 0, "{what}");
                    }
                    (found, known) => assert_eq!(found, known, "{what}"),
                }
                if let Verdict::Breaks(example) = verdict {
                    assert!(is_a_run(&setup, claim, example), "{what}");
                    let mut named = setup.clone();
                    named.system = setup.system.with_names();
                    assert_eq!(check::tell(&setup, example), check::tell(&named, example), "{what}");
                    runs += 1;
                }
            }
            with_names += known.states;
            without += report.states;
        }
    }
    assert!(runs > 100, "{runs} runs");
    assert!(
        without * 10 < with_names * 6,
        "{without} states instead of {with_names}"
    );
}
