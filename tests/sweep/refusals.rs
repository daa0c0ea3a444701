//! What cannot be swept over is refused with a reason, before anything is run or touched.

use std::path::Path;

use tempfile::TempDir;

use crate::{done, files, scenario, sweep, text};

#[test]
fn mistakes_are_told_with_their_fix() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("out");
    for (more, told) in [
        (&[][..], &["nothing is swept over", "--param"][..]),
        (&["--param", "fleet.web.nodez=1,2"], &["unknown key `nodez`", "`nodes`"]),
        (
            &["--param", "fleet.wep.nodes=1,2"],
            &["no entry `wep`", "did you mean `web`?"],
        ),
        (
            &["--param", "fleet.web.nodes=1,many"],
            &["(sweep point fleet.web.nodes=many)"],
        ),
        (
            &["--param", "fleet.web.nodes=1..9"],
            &["fleet.web.nodes=1..9:10", "lhs:N"],
        ),
        (&["--param", "fleet.web.nodes=9..1:2"], &["smaller to a greater"]),
        (&["--param", "fleet.web.nodes"], &["KEY=V1,V2"]),
        (&["--param", "name=a,b"], &["`name` cannot be swept over"]),
        (&["--param", "fleet.web.nodes=1,2", "--sample", "sobol:9"], &["lhs:N"]),
        (
            &["--param", "fleet.web.nodes=1,2", "--shard", "3/2"],
            &["I from 1 to N"],
        ),
        (
            &["--param", "fleet.web.nodes=1,2", "--only", "nobody"],
            &["there is no strategy `nobody`"],
        ),
    ] {
        let output = sweep(&file, &out, more);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {errors}");
        told.iter()
            .for_each(|told| assert!(errors.contains(told), "{told}: {errors}"));
        assert!(!out.exists() && output.stdout.is_empty(), "{more:?}");
    }
}

#[test]
fn too_many_points_are_refused_with_what_they_would_take() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let out = folder.path().join("out");
    let axis = |key: &str| format!("{key}=1s..1000s:1000");
    let keys = ["provider.token_ttl", "run.drain", "run.duration"].map(axis);
    let line: Vec<&str> = keys.iter().flat_map(|key| ["--param", key]).collect();
    let output = sweep(&file, &out, &line);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    for told in [
        "1000000000 points",
        "take about",
        " d with",
        "--sample lhs:N",
        "--shard I/N",
    ] {
        assert!(errors.contains(told), "{told}: {errors}");
    }
    assert!(!out.exists());
    // What takes long is allowed when somebody says so, and not before.
    let output = sweep(&file, &out, &["--param", "fleet.web.nodes=1,2", "--max-events", "10"]);
    assert!(
        text(&output.stderr).contains("--max-events"),
        "{}",
        text(&output.stderr)
    );
}

/// A folder is one sweep: what differs is named, and nothing in it is touched.
#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let param = ["--param", "fleet.web.nodes=1,2"];
    let [whole, part, ran] = ["whole", "part", "ran"].map(|name| folder.path().join(name));
    done(sweep(&file, &whole, &param));
    done(sweep(&file, &part, &[&param[..], &["--shard", "1/2"]].concat()));
    let line = ["run", &crate::shown(&file), "--out", &crate::shown(&ran)];
    done(crate::tokenstorm(&line).output().expect("it runs"));
    let refused = |out: &Path, more: &[&str], told: &str| {
        let before = files(out);
        let output = sweep(&file, out, more);
        let errors = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(told) && errors.contains("--out"), "{told}: {errors}");
        assert!(files(out) == before);
    };
    refused(
        &whole,
        &["--param", "fleet.web.nodes=1,3"],
        "another choice of parameters",
    );
    refused(
        &whole,
        &[&param[..], &["--seed", "3"]].concat(),
        "another seed: 1, and not 3",
    );
    refused(
        &whole,
        &[&param[..], &["--replications", "3"]].concat(),
        "another number of replications",
    );
    refused(&whole, &[&param[..], &["--sample", "lhs:2"]].concat(), "another sample");
    refused(&part, &param, "shard 1/2, and not all points");
    refused(
        &part,
        &[&param[..], &["--shard", "2/2"]].concat(),
        "shard 1/2, and not shard 2/2",
    );
    refused(&ran, &param, "something else than a sweep");
    let file = scenario(folder.path(), "# edited\n");
    let output = sweep(&file, &whole, &param);
    assert!(
        text(&output.stderr).contains("another state of the scenario's file"),
        "{}",
        text(&output.stderr)
    );
}

/// Commands that draw or compare runs say what the folder of a sweep, or of a share of one, is.
#[test]
fn a_sweep_is_not_taken_for_a_run() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let param = ["--param", "fleet.web.nodes=1,2"];
    let [whole, part, new] = ["whole", "part", "new"].map(|name| folder.path().join(name));
    done(sweep(&file, &whole, &param));
    done(sweep(&file, &part, &[&param[..], &["--shard", "1/2"]].concat()));
    let [file, new] = [&file, &new].map(|path| crate::shown(path));
    for out in [&whole, &part].map(|path| crate::shown(path)) {
        for line in [
            &["report", &out][..],
            &["explain", &out],
            &["replay", &out],
            &["run", &file, "--baseline", &out, "--out", &new],
        ] {
            let output = crate::tokenstorm(line).output().expect("it runs");
            let errors = text(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{line:?}: {errors}");
            assert!(
                errors.contains("holds a sweep") && errors.contains("--row"),
                "{line:?}: {errors}"
            );
        }
    }
}

/// Where nothing can be written, it says so, and nothing half-written is left.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    let folder = TempDir::new().expect("a folder");
    let file = scenario(folder.path(), "");
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "").expect("it can be written");
    let output = sweep(&file, &taken.join("below"), &["--param", "fleet.web.nodes=1,2"]);
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("taken` is in the way"), "{errors}");
    // A full disk: what is finished until then stays, and the same command goes on.
    let out = folder.path().join("out");
    let line = format!(
        "ulimit -f 40; trap '' XFSZ; exec {} sweep {} --out {} --param provider.token_ttl=10s..90s:20 --threads 1",
        env!("CARGO_BIN_EXE_tokenstorm"),
        file.display(),
        out.display()
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &line])
        .output()
        .expect("bash runs");
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("points.journal") && errors.contains("is kept in"),
        "{errors}"
    );
    let journal = std::fs::read(out.join("points.journal")).expect("a journal");
    assert!(journal.ends_with(b"\n"), "no line is torn");
    let output = done(sweep(&file, &out, &["--param", "provider.token_ttl=10s..90s:20"]));
    assert!(
        text(&output.stderr).contains("going on after"),
        "{}",
        text(&output.stderr)
    );
    let calm = folder.path().join("calm");
    done(sweep(&file, &calm, &["--param", "provider.token_ttl=10s..90s:20"]));
    crate::same(&calm, &out);
}
