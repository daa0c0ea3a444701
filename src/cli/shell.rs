//! `tokenstorm completions` and `tokenstorm man`: what a shell and a manual want to know of the commands.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::Exit;
use super::say::{print, say};

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Whose
    shell: Shell,
}

pub(super) fn completions(arguments: &Completions) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut super::Arguments::command(),
        "tokenstorm",
        &mut text,
    );
    print(&String::from_utf8_lossy(&text))
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// A command; left out, the page of all of them
    command: Option<String>,
}

pub(super) fn man(arguments: &Man) -> Exit {
    let mut all = super::Arguments::command();
    all.build();
    let command = match &arguments.command {
        None => all,
        Some(name) => match all.find_subcommand(name) {
            Some(found) => found.clone(),
            None => {
                say!("error: there is no command `{name}`; `tokenstorm --help` lists them");
                return Exit::Usage;
            }
        },
    };
    let mut text = Vec::new();
    match clap_mangen::Man::new(command).render(&mut text) {
        Ok(()) => print(&String::from_utf8_lossy(&text)),
        Err(error) => {
            say!("error: {error}");
            Exit::Internal
        }
    }
}
