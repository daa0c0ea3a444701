//! The fuzzer finds what the checker finds, as small as it can be.

use tokenstorm::engine::check::cast::{self, EACH_ONCE};
use tokenstorm::engine::check::{self, Budget, Verdict};
use tokenstorm::engine::fuzz::{self, Effort};
use tokenstorm::property::PROPERTIES;

fn fuzz(name: &str, nodes: u32, calls: u32, faults: Budget, cases: u64) -> fuzz::Report {
    let setup = cast::setup(name, nodes, calls, faults).unwrap();
    fuzz::fuzz_setup(&setup, &[setup.system.rule.clone()], &Effort::of(7, cases), &())
}

#[test]
fn look() {
    for (name, faults) in [
        ("naive", Budget::NONE),
        ("compare_first", Budget::NONE),
        ("shared_blind", Budget::NONE),
        ("wait_and_look", Budget::NONE),
        ("lease", "drop=1,crash=1".parse().unwrap()),
        ("lease_alone", Budget::NONE),
        ("lease", EACH_ONCE),
    ] {
        let start = std::time::Instant::now();
        let report = fuzz(name, 3, 2, faults, 500);
        println!("{name} {faults} {:?}", start.elapsed());
        let checked = (faults != EACH_ONCE).then(|| check::check(&cast::setup(name, 2, 1, faults).unwrap(), &()));
        for (place, property) in PROPERTIES.iter().enumerate() {
            let found = report.findings.iter().find(|f| f.claim == place);
            let c = checked.as_ref().map(|c| match &c.verdicts[place] {
                Verdict::Breaks(e) => format!("{}+{}", e.steps(), e.around),
                o => format!("{o:?}"),
            });
            println!(
                "  {} {:?} {:?}",
                property.name,
                found.map(|f| (
                    f.example.steps(),
                    f.example.around,
                    f.case.draw.nodes,
                    f.case.draw.calls,
                    f.number
                )),
                c
            );
        }
    }
}
