//! `report.html` in a real browser: it asks nothing of any network, a column is sorted, a strategy leaves the charts, nothing runs over the
//! edge of a desk's or a telephone's screen, and axe finds no serious fault.

#[path = "common/installed.rs"]
mod installed;

use std::path::Path;
use std::process::Command;

use installed::{clients, is_there, program};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The page of a scenario, run into a folder.
fn page(folder: &Path, scenario: &str, replications: &str) -> String {
    let out = folder.join("out");
    let output = Command::new(env!("CARGO_BIN_EXE_tokenstorm"))
        .args(["run", scenario, "--replications", replications, "--out"])
        .arg(&out)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    out.join("report.html").to_str().unwrap().to_owned()
}

fn look(file: &str, width: &str, scheme: &str, picture: Option<&Path>) {
    let script = clients().join("report.mjs");
    std::fs::copy(root().join("tests/clients/report.mjs"), &script).unwrap();
    let mut command = Command::new("node");
    command
        .arg(&script)
        .args(["/usr/bin/chromium", file, width, scheme])
        .args(picture);
    let output = command.current_dir(clients()).output().unwrap();
    let [printed, told] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(
        printed.contains("report ok"),
        "{file} {width} {scheme}: {printed}{told}"
    );
}

/// With `UPDATE_PICTURES=1` the pictures of `reports/page/` are taken anew.
#[test]
fn the_page_of_a_run_is_read_on_every_screen() {
    let modules = clients().join("node_modules/axe-core");
    let there = is_there("axe-core (tests/clients/package.json)", modules.is_dir());
    if !there || !program("node") || !program("chromium") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = page(folder.path(), "scenarios/zoom/default.toml", "5");
    let length = std::fs::metadata(&file).unwrap().len();
    assert!(length < 500_000, "the page of the default run has {length} bytes");
    let pictures = std::env::var("UPDATE_PICTURES")
        .is_ok()
        .then(|| root().join("reports/page"));
    for width in ["390", "1440"] {
        for scheme in ["light", "dark"] {
            let kept = (width == "390") == (scheme == "dark");
            let picture = pictures.as_ref().filter(|_| kept);
            let picture = picture.map(|folder| folder.join(format!("{width}-{scheme}.png")));
            look(&file, width, scheme, picture.as_deref());
        }
    }
    for scenario in ["scenarios/questions/overlap.toml", "scenarios/storms/livelock.toml"] {
        let folder = tempfile::tempdir().unwrap();
        look(&page(folder.path(), scenario, "2"), "390", "dark", None);
    }
}
