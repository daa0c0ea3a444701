//! The client zoo: libraries that nobody here wrote, several processes each, beside the emulator, and what the simulator says of their
//! profiles. The comparison takes minutes and writes `reports/zoo.md`; `benches/zoo.sh` installs what it needs and runs it.

#[path = "../common/installed.rs"]
mod installed;

mod animals;
mod compare;
mod visit;

use std::path::Path;
use std::sync::Mutex;

use animals::{ANIMALS, Animal};
use tokenstorm::scenario::{Scenario, clients};
use visit::{kill, scenario, visit};

fn read(text: &str, folder: &Path) -> Scenario {
    Scenario::parse("zoo", text, folder).unwrap_or_else(|error| panic!("{:?}\n{text}", miette::Report::new(error)))
}

/// A token, a 200 by it, and a refusal once somebody else's token has ended it: told by the provider, and answered by the client as its
/// profile says.
fn contract(animal: &Animal, key: &Path) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("calls.csv"), "timestamp,fleet\n0,p0\n").unwrap();
    let scenario = read(&scenario(animal, 1, 10, "1h", "calls.csv"), folder.path());
    let again = &scenario.file.strategy[0];
    let tries_again = again.retry.attempts().allow_another(1)
        && again.again_after.is_none_or(|bounds| bounds.refused_token != Some(0));
    let mut rejected = 0;
    // The second call comes well after the first has ended and the kill is done.
    let visited = visit(animal, &scenario, &[("main", vec![0.0, 6000.0])], key, |emulator, _| {
        std::thread::sleep(std::time::Duration::from_secs(5));
        kill(emulator, "main");
    });
    rejected += visited
        .seen
        .iter()
        .filter(|(.., what)| *what == visit::Seen::Rejected)
        .count();
    let mut calls = visited.calls.clone();
    calls.sort_by(|one, other| one.begun.total_cmp(&other.begun));
    let statuses: Vec<u16> = calls.iter().map(|call| call.status).collect();
    let name = animal.name;
    assert_eq!(statuses.len(), 2, "{name}: {statuses:?} {}", visited.complaints);
    assert_eq!(statuses[0], 200, "{name}: {}", visited.complaints);
    assert_eq!(
        rejected, 1,
        "{name}: the provider refuses the dead token once: {statuses:?}"
    );
    assert_eq!(
        statuses[1] == 200,
        tries_again,
        "{name}: {statuses:?} {}",
        visited.complaints
    );
}

#[test]
fn each_client_gets_a_token_and_hears_a_refusal_as_its_profile_says() {
    let folder = tempfile::tempdir().unwrap();
    let here: Vec<&Animal> = ANIMALS.iter().filter(|animal| animal.is_here()).collect();
    if here.is_empty() {
        return;
    }
    let key = animals::key(folder.path());
    let failed = Mutex::new(Vec::new());
    // A few at a time: each is a process of its own that takes a while to start.
    for few in here.chunks(4) {
        std::thread::scope(|scope| {
            for animal in few {
                let (key, failed) = (&key, &failed);
                scope.spawn(move || {
                    let tried = std::panic::catch_unwind(|| contract(animal, key));
                    if tried.is_err() {
                        failed.lock().unwrap().push(animal.name);
                    }
                });
            }
        });
    }
    assert_eq!(failed.into_inner().unwrap(), Vec::<&str>::new());
}

/// Ten at least, two of them in Rust, and each with a profile.
#[test]
fn the_zoo_is_as_large_as_it_says() {
    assert!(ANIMALS.len() >= 10);
    for animal in &ANIMALS {
        assert!(clients::find(animal.name).is_some(), "{} has no profile", animal.name);
    }
    assert!(ANIMALS.is_sorted_by(|one, other| one.name < other.name));
}
