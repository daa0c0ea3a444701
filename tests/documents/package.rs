//! The packages that others build.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::{files, root};

/// Each package, the folder it lies in, and how many files at least its code embeds by their names.
const PACKAGES: [(&str, &str, usize); 4] = [
    ("tokenstorm", "", 40),
    ("tokenstorm-core", "crates/core", 50),
    ("tokenstorm-scenario", "crates/scenario", 16),
    ("tokenstorm-wire", "crates/wire", 1),
];

/// What a package consists of, from its folder on.
fn listed(package: &str) -> BTreeSet<PathBuf> {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "package",
            "--list",
            "--allow-dirty",
            "--offline",
            "--quiet",
            "--package",
            package,
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("text");
    listed.lines().map(PathBuf::from).collect()
}

/// Files that the code of a folder embeds by their names, from the repository's root on.
fn embedded(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    let code = folder.join("src");
    for (path, text) in files(&[code.to_str().expect("text")], "rs") {
        // What only tests embed is not built by others.
        let text = text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .expect("a text has a beginning");
        let calls = text
            .split("include_")
            .skip(1)
            .filter(|rest| rest.starts_with("str!(") || rest.starts_with("bytes!("));
        for call in calls {
            // A name that is put together by a macro stands in a list, and its folder is listed as a whole.
            let Some(name) = call.split_once("!(\"").filter(|(kind, _)| kind.len() < 6) else {
                continue;
            };
            let name = name.1.split('"').next().unwrap();
            let mut whole = PathBuf::new();
            for part in path.parent().unwrap().join(name).components() {
                match part {
                    Component::ParentDir => _ = whole.pop(),
                    part => whole.push(part),
                }
            }
            found.push((path.clone(), whole));
        }
    }
    found
}

/// Whoever builds the packages has what the code embeds, and nothing that only the repository needs.
#[test]
fn the_packages_have_what_the_code_embeds_and_no_more() {
    for (package, folder, least) in PACKAGES {
        let (listed, folder) = (listed(package), Path::new(folder));
        let embedded = embedded(folder);
        for (path, whole) in &embedded {
            let whole = whole.strip_prefix(folder).unwrap_or(whole);
            assert!(listed.contains(whole), "{} embeds {}", path.display(), whole.display());
        }
        assert!(
            embedded.len() >= least,
            "{package} embeds {} files by name",
            embedded.len()
        );
        for file in ["Cargo.toml", "LICENSE-MIT", "LICENSE-APACHE"] {
            assert!(listed.contains(Path::new(file)), "{package}: {file}");
        }
        let mut bytes = 0;
        for path in listed.iter().filter(|path| root().join(folder).join(path).is_file()) {
            let needless = ["reports", "fuzz", "tests", "target", "benches", ".ci", "crates"];
            let first = path.iter().next().unwrap().to_str().unwrap();
            assert!(
                !needless.contains(&first),
                "{} need not be in the package",
                path.display()
            );
            let length = std::fs::metadata(root().join(folder).join(path)).unwrap().len();
            assert!(length < 500_000, "{} has {length} bytes", path.display());
            bytes += length;
        }
        assert!(bytes < 10_000_000, "{bytes} bytes");
    }
}

#[test]
fn folders_that_are_embedded_by_a_list_are_whole() {
    for (package, folder, inner) in [
        ("tokenstorm", "", "scenarios"),
        ("tokenstorm-core", "crates/core", "src/provider/profiles"),
        ("tokenstorm-scenario", "crates/scenario", "src/scenario/clients"),
    ] {
        let listed = listed(package);
        let whole = Path::new(folder).join(inner);
        for (path, _) in files(&[whole.to_str().expect("text")], "toml") {
            let path = path.strip_prefix(folder).expect("it lies there");
            assert!(listed.contains(path), "{}", path.display());
        }
    }
    let listed = listed("tokenstorm");
    for file in ["build.rs", "README.md", "CHANGELOG.md"] {
        assert!(listed.contains(Path::new(file)), "{file}");
    }
}
