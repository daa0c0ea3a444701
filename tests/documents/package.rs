//! The package that others build.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{files, root};

/// Whoever builds the package has what the code embeds, and nothing that only the repository needs.
#[test]
fn the_package_has_what_the_code_embeds_and_no_more() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--quiet"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("text");
    let listed: BTreeSet<PathBuf> = listed.lines().map(PathBuf::from).collect();
    let mut embedded = 0;
    for (path, text) in files(&["src"], "rs") {
        let folder = path.parent().unwrap();
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
            for part in folder.join(name).components() {
                match part {
                    std::path::Component::ParentDir => _ = whole.pop(),
                    part => whole.push(part),
                }
            }
            assert!(listed.contains(&whole), "{} embeds {}", path.display(), whole.display());
            embedded += 1;
        }
    }
    assert!(embedded > 50, "{embedded} files are embedded by name");
    for (path, _) in files(&["scenarios", "src/provider/profiles", "src/scenario/clients"], "toml") {
        assert!(listed.contains(&path), "{}", path.display());
    }
    for file in [
        "Cargo.toml",
        "build.rs",
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        assert!(listed.contains(Path::new(file)), "{file}");
    }
    let mut bytes = 0;
    for path in listed.iter().filter(|path| root().join(path).is_file()) {
        let needless = ["reports", "fuzz", "tests", "target", "benches", ".ci"];
        let first = path.iter().next().unwrap().to_str().unwrap();
        assert!(
            !needless.contains(&first),
            "{} need not be in the package",
            path.display()
        );
        let length = std::fs::metadata(root().join(path)).unwrap().len();
        assert!(length < 500_000, "{} has {length} bytes", path.display());
        bytes += length;
    }
    assert!(bytes < 10_000_000, "{bytes} bytes");
}
