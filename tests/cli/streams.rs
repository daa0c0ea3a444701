//! What is said beside the results: coloured where that is wanted, and left out where it is not.

use std::process::{Command, Output};

use tempfile::TempDir;

use super::{command, run_into, text};

const WRONG: &str = "name = \"a\"\nsumary = \"b\"\n";

/// The program, whatever this terminal asks of colours.
fn bare() -> Command {
    let mut command = command();
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(name);
    }
    command
}

fn validate(more: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, WRONG).unwrap();
    let mut command = command();
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(name);
    }
    let line = command
        .arg("validate")
        .arg(&file)
        .args(more)
        .envs(variables.iter().copied());
    line.output().unwrap()
}

#[test]
fn mistakes_are_coloured_where_it_is_wanted() {
    let coloured = |more: &[&str], variables: &[(&str, &str)]| {
        let output = validate(more, variables);
        assert_eq!(output.status.code(), Some(2));
        let said = text(&output.stderr);
        assert!(said.contains("summary"), "{said}");
        said.contains("\u{1b}[")
    };
    assert!(!coloured(&[], &[]), "no terminal");
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    // What is wrong with the line itself goes by the variables.
    let line = |variable: &str| {
        let mut command = bare();
        let output = command.args(["run", "--sed", "1"]).env(variable, "1").output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        text(&output.stderr).contains("\u{1b}[")
    };
    assert!(line("CLICOLOR_FORCE") && !line("NO_COLOR"));
}

#[test]
fn a_quiet_command_says_its_results_and_what_went_wrong() {
    let folder = TempDir::new().unwrap();
    let [loud, quiet] = [&[][..], &["--quiet"]].map(|more| run_into(folder.path(), more));
    assert!(text(&loud.stderr).contains("wrote "), "{}", text(&loud.stderr));
    assert_eq!(text(&quiet.stderr), "");
    assert_eq!(quiet.stdout, loud.stdout);
    assert!(!validate(&["-q"], &[]).stderr.is_empty());
}
