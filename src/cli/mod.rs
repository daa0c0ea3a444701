//! The command line: one file per subcommand. Results go to standard output, everything else to standard error; only this
//! room prints.

mod advise;
mod again;
mod bar;
mod check;
#[cfg(feature = "serve")]
mod command;
mod explain;
mod format;
mod fuzz;
mod init;
mod interrupt;
mod junit;
mod limits;
mod list;
#[cfg(all(feature = "live", feature = "serve"))]
mod live;
mod merge;
mod point;
mod precise;
#[cfg(feature = "live")]
mod probe;
mod rare;
mod replay;
mod report;
mod run;
mod say;
mod schema;
#[cfg(feature = "serve")]
mod serve;
mod shell;
mod show;
mod sweep;
#[cfg(feature = "ui")]
mod ui;
mod validate;

use std::process::ExitCode;

use anstream::AutoStream;
use clap::{ColorChoice, Parser, Subcommand};

/// What happens when many processes share one OAuth credential: simulate it, and compare the strategies.
#[derive(Debug, Parser)]
#[command(name = "tokenstorm", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    /// When messages are coloured: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        hide_possible_values = true,
        help_heading = EVERYWHERE
    )]
    color: ColorChoice,
    /// Say only what went wrong or bears on the results
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

/// Head of the options that every command has.
const EVERYWHERE: &str = "For every command";

/// The one table of them; the page `gates` of the manual has it too.
const EXIT_CODES: &str = concat!("Exit codes:\n", include_str!("exit_codes.txt"));

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios and compare their strategies
    Run(run::Arguments),
    /// Run a scenario at very many points, resumably, on one machine or on several
    Sweep(sweep::Arguments),
    /// Make one sweep of its shards
    Merge(merge::Arguments),
    /// Try every strategy and retry policy that a scenario allows, and recommend one, with reasons
    Advise(advise::Arguments),
    /// Estimate how rare a failed call or a livelock is that no run would wait for, by splitting the runs that come near it
    Rare(rare::Arguments),
    /// Print old results again, and draw their charts anew
    Report(report::Arguments),
    /// Tell what led to the failure of a call of an old result: whose token request killed whose token
    Explain(explain::Arguments),
    /// Run once more what a manifest tells, and hold every byte to it
    Replay(again::Arguments),
    /// Write a commented scenario to begin with, from flags or from answers
    Init(init::Arguments),
    /// Check scenario files without running them
    Validate(validate::Arguments),
    /// Search every order of deliveries and faults of a small system for what must not happen
    Check(check::Arguments),
    /// Try small systems and schedules by chance for what must not happen
    Fuzz(fuzz::Arguments),
    /// Emulate a provider over HTTP: real clients get tokens from it, and lose them by its rule
    #[cfg(feature = "serve")]
    Serve(serve::Arguments),
    /// Run strategies by the wall clock over HTTP and Redis, and compare what is measured with what was predicted
    #[cfg(all(feature = "live", feature = "serve"))]
    Live(live::Arguments),
    /// Find out over HTTP which rule a provider follows, and print it as the `[provider]` of a scenario
    #[cfg(feature = "live")]
    Probe(probe::Arguments),
    /// A node of a live run; `live --processes` starts it
    #[cfg(all(feature = "live", feature = "serve"))]
    #[command(name = live::node::COMMAND, hide = true)]
    LiveNode,
    /// Open the studio: a page in the browser where a scenario is changed and its figures follow
    #[cfg(feature = "ui")]
    Ui(ui::Arguments),
    /// List what can be named in a scenario
    List(list::Arguments),
    /// Tell all about one thing that can be named: a strategy, a retry policy, a workload, a provider, a metric
    Show(show::Arguments),
    /// Print the JSON schema of scenario files, or of what a command prints as JSON
    Schema(schema::Arguments),
    /// Print what a shell wants to complete these commands
    Completions(shell::Completions),
    /// Print a page of the manual, for `man -l -`
    Man(shell::Man),
}

/// How a command ended. The numbers are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    Ok = 0,
    Internal = 1,
    Usage = 2,
    AssertionFailed = 99,
    PropertyBroken = 100,
    #[cfg(all(feature = "live", feature = "serve"))]
    Disagree = 101,
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Whether the program would take these words for one of its commands; nothing is run. The documents are held to it by a test.
///
/// # Errors
/// What is wrong with them, as the program says it.
pub fn may_be_written(words: &[String]) -> Result<(), String> {
    let line = std::iter::once("tokenstorm").chain(words.iter().map(String::as_str));
    match Arguments::try_parse_from(line) {
        Err(error) if error.use_stderr() => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Colours mistakes in a scenario, or does not: as it is asked for, else by NO_COLOR, CLICOLOR, CLICOLOR_FORCE and the terminal. What is wrong
/// with a command line itself goes by these alone.
fn colour(choice: ColorChoice) {
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
    let color = AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    // It fails where there is one already, as in a second call within one process.
    let _ = miette::set_hook(Box::new(move |_| {
        Box::new(miette::MietteHandlerOpts::new().color(color).build())
    }));
}

/// Runs the command that the process was given.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    colour(arguments.color);
    if arguments.quiet {
        say::be_quiet();
    }
    match arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Merge(arguments) => merge::run(&arguments),
        Command::Advise(arguments) => advise::run(&arguments),
        Command::Rare(arguments) => rare::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => return serve::run(&arguments),
        #[cfg(all(feature = "live", feature = "serve"))]
        Command::Live(arguments) => live::run(&arguments),
        #[cfg(feature = "live")]
        Command::Probe(arguments) => probe::run(&arguments),
        #[cfg(all(feature = "live", feature = "serve"))]
        Command::LiveNode => live::node::run(),
        #[cfg(feature = "ui")]
        Command::Ui(arguments) => ui::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Show(arguments) => show::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Replay(arguments) => again::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Completions(arguments) => shell::completions(&arguments),
        Command::Man(arguments) => shell::man(&arguments),
    }
    .into()
}
