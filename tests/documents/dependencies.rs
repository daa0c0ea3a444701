//! What the crates are that the program is built of.

use std::collections::BTreeSet;

use super::{installed, read, root};

/// The entries of a list in `deny.toml`.
fn denied(list: &str) -> BTreeSet<String> {
    let text = read(&root().join("deny.toml"));
    let (_, rest) = text.split_once(&format!("\n{list} = [\n")).expect("the list is there");
    let (entries, _) = rest.split_once("\n]").expect("the list ends");
    entries
        .lines()
        .map(|line| line.trim().trim_matches(['"', ',']).to_owned())
        .collect()
}

/// Whether one of the alternatives of a licence expression has nothing but what is allowed.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    let mut parts = plain.split(" AND ");
    parts.all(|part| part.split(" OR ").any(|one| allowed.contains(one.trim())))
}

/// What `cargo deny` would say, where it is not installed.
#[test]
fn dependencies_have_allowed_licences_and_one_version_each() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    // A build brings only the packages of its own platform.
    if !installed::is_there(
        "the packages of every platform (`cargo fetch --locked`)",
        output.status.success(),
    ) {
        return;
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo tells its packages");
    let packages = metadata["packages"].as_array().expect("packages");
    assert!(packages.len() > 50);
    let (allowed, mut several, mut exceptions) = (denied("allow"), denied("skip"), denied("exceptions"));
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for package in packages {
        let name = package["name"].as_str().expect("a name").to_owned();
        let licence = package["license"].as_str().unwrap_or("none");
        let excepted = format!("{{ allow = [\"{licence}\"], crate = \"{name}\" }}");
        assert!(
            is_allowed(licence, &allowed) || exceptions.remove(&excepted),
            "{name} is under {licence}"
        );
        if !seen.insert(name.clone()) {
            twice.insert(name);
        }
    }
    for name in &twice {
        assert!(several.remove(name), "{name} is there in several versions");
    }
    assert!(several.is_empty(), "strike from `skip` in deny.toml: {several:?}");
    assert!(
        exceptions.is_empty(),
        "strike from `exceptions` in deny.toml: {exceptions:?}"
    );
    // The test can fail.
    assert!(!is_allowed("GPL-3.0-only", &allowed) && !is_allowed("MIT AND GPL-3.0-only", &allowed));
    assert!(is_allowed("(MIT OR GPL-3.0-only) AND ISC", &allowed));
}
