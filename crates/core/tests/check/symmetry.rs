//! Which node is which decides nothing: where states that differ only in that are taken for one, fewer states say the same.

use tokenstorm::engine::check::expected::{self, Expectation, LISTS};
use tokenstorm::engine::check::systems;
use tokenstorm::engine::check::{self, Action, CheckHost, Counterexample, LabelSet, PropertyVerdict, Setup, State};
use tokenstorm::property::{Judge, PROPERTIES, Runs};

/// A run among nodes with names: whether its last step breaks an event's property, or its cycle comes home and, where it is a
/// livelock, keeps nobody waiting.
fn is_a_run(setup: &Setup, property: usize, example: &Counterexample) -> bool {
    let named = setup.system.with_names();
    let (mut state, mut host) = (State::initial(setup.coordination.clone(), &named), CheckHost::default());
    let (mut breaks, mut home) = (false, None);
    let (mut always, mut taken) = (LabelSet::ALL, LabelSet::NONE);
    for (step, &action) in example.way.iter().enumerate() {
        if step == example.steps() {
            home = Some(state.clone());
        }
        breaks = false;
        let mut actions = Vec::new();
        state.actions(&mut actions);
        let one_more = matches!(action, Action::Arrive(_));
        assert!(one_more || actions.contains(&action), "step {step} can be taken");
        if home.is_some() {
            let own = actions.iter().filter(|action| action.fault().is_none());
            let enabled = own.map(|action| check::label(&state, *action)).collect();
            always = always.and(enabled);
            taken = taken.with(check::label(&state, action));
        }
        state = state.take(action, &mut host, |event, history, scene| {
            if let Judge::Event(judge) = PROPERTIES[property].judge {
                breaks |= judge(event, history, scene) == Some(false);
            }
        });
    }
    match PROPERTIES[property].judge {
        Judge::Event(_) => breaks,
        Judge::Runs(Runs::NoLivelock) => home == Some(state) && always.is_within(taken),
        Judge::Runs(_) => home.is_none_or(|home| home == state),
    }
}

/// Nodes with names: as the lists say, which are about nodes without.
#[test]
fn which_node_is_which_decides_nothing() {
    const LARGEST: usize = if cfg!(debug_assertions) { 3_000 } else { 40_000 };
    let (mut with_names, mut without, mut runs) = (0, 0, 0);
    for (nodes, faults, list) in LISTS {
        for name in expected::names(list) {
            let known = expected::of(name, nodes, faults).expect("a line of the list");
            let named = systems::setup(name, nodes, 1, faults).expect("the name of a system");
            let setup = named.clone().without_names();
            if known.states > LARGEST || !setup.system.symmetric {
                continue;
            }
            let report = check::check(&named, &());
            let what = format!("{name} among {nodes} with {faults}");
            let orders: usize = (1..=nodes as usize).product();
            let possible = known.states..=known.states * orders;
            assert!(report.complete && possible.contains(&report.states), "{what}");
            for (property, (verdict, known)) in report.verdicts.iter().zip(known.verdicts).enumerate() {
                let what = format!("{what}: {}", PROPERTIES[property].name);
                match (Expectation::from(verdict), known) {
                    // Of the cycles that are equally near, another one may be found.
                    (Expectation::Breaks(steps, around), Expectation::Breaks(known, without)) if without > 0 => {
                        assert!(steps == known && around > 0, "{what}: {steps}+{around}");
                    }
                    (found, known) => assert_eq!(found, known, "{what}"),
                }
            }
            for (property, verdict) in check::check(&setup, &()).verdicts.iter().enumerate() {
                if let PropertyVerdict::Breaks(example) = verdict {
                    let what = format!("{what}: {}", PROPERTIES[property].name);
                    assert!(is_a_run(&setup, property, example), "{what}");
                    assert_eq!(
                        check::narrate(&setup, example),
                        check::narrate(&named, example),
                        "{what}"
                    );
                    runs += 1;
                }
            }
            with_names += report.states;
            without += known.states;
        }
    }
    assert!(runs > 100, "{runs} runs");
    assert!(
        without * 10 < with_names * 6,
        "{without} states instead of {with_names}"
    );
}
